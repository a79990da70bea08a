# Moves traffic by the flag files: Nginx looks at them for each request, so nothing is reloaded and no connection closed.
source host/lib/clock.sh
source host/lib/http.sh
source host/lib/file.sh

NGINX_RESTART_SECONDS=10

traffic::send_to() { # slot, or none; each way is one atomic change of the flags
  case $1 in
    green) : >"$TRAFFIC/green" ;;
    blue) rm -f "$TRAFFIC/green" ;;
    none) rm -f "$TRAFFIC/live" ;;
  esac
  if [[ $1 != none && ! -e $TRAFFIC/live ]]; then : >"$TRAFFIC/live"; fi
}

# Asks Nginx on port 80 until the slot answers; Nginx names the upstream to callers from this host only. One that is restarted
# lets nobody in while its old connections end, for five seconds by Debian's unit: that long more it is waited for.
traffic::prove() { # slot, seconds
  local deadline more=$NGINX_RESTART_SECONDS
  clock::in "$2"
  deadline=$REPLY
  until traffic::is_served_by "$1"; do
    if clock::is_past "$deadline"; then
      if ((more == 0)) || [[ $(ss -Hltn 'sport = :80') ]]; then
        traffic::is_served_by "$1" # it may listen only since it was asked last
        return
      fi
      deadline=$((NOW + more * 1000)) more=0
    fi
    phase::sleep 0.01
  done
}

traffic::is_served_by() { # slot
  traffic::ask
  if [[ $1 == none ]]; then
    [[ $HTTP_STATUS == 503 && ! $UPSTREAM ]]
    return
  fi
  live_slot::port "$1"
  [[ $UPSTREAM == "127.0.0.1:$REPLY" ]]
}

traffic::ask() { # sets UPSTREAM: the slots' addresses that Nginx tried, in order
  http::get 127.0.0.1 80 "$HEALTH_PATH" "$SERVER_NAME" 5
  http::header x-edgepaas-upstream
  UPSTREAM=$REPLY
}

# Sets SERVING: the slot whose answer port 80 gives, none for the plain 503 page, or unknown.
traffic::read_serving() {
  traffic::ask
  SERVING=unknown
  # Neither slot took the request, and the answer is Nginx's own.
  if [[ $UPSTREAM == *,* && $HTTP_STATUS == 502 ]]; then return; fi
  case ${UPSTREAM##* } in
    "127.0.0.1:$BLUE_PORT") SERVING=blue ;;
    "127.0.0.1:$GREEN_PORT") SERVING=green ;;
    '') if [[ $HTTP_STATUS == 503 ]]; then SERVING=none; fi ;;
  esac
}

traffic::read_server_name() { # sets SERVER_NAME: a name that leads to the app's server, if there is one
  local line
  SERVER_NAME=edgepaas.invalid
  if [[ ! -e $SITE_FILE ]]; then return; fi
  while IFS= read -r line; do
    if [[ ! $line =~ ^\ *server_name\ ([^\ \;]+) ]]; then continue; fi
    http::name_for "${BASH_REMATCH[1]}"
    SERVER_NAME=$REPLY
    return
  done <"$SITE_FILE"
}

# What must be known to come back, written before the flags change.
traffic::note_move() { # from, to
  (umask 077 && mkdir -p "$RUNTIME")
  printf '%s\n' "$DEPLOYMENT_ID" >"$RUNTIME/moved-$APP"
  access_log::position
  file::replace "$RECEIPTS/move" "$1 $2 $LOG_INODE $LOG_OFFSET"$'\n'
}

# A boot empties /run.
traffic::was_moved_in_this_boot() {
  [[ -e $RUNTIME/moved-$APP && $(<"$RUNTIME/moved-$APP") == "$DEPLOYMENT_ID" ]]
}

traffic::read_move() { # sets MOVE_FROM, MOVE_TO, LOG_INODE and LOG_OFFSET
  MOVE_FROM=none MOVE_TO=none LOG_INODE=0 LOG_OFFSET=0
  if [[ ! -e $RECEIPTS/move ]]; then return 1; fi
  read -r MOVE_FROM MOVE_TO LOG_INODE LOG_OFFSET <"$RECEIPTS/move"
}
