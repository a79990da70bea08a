# Phases that change the host hold its lock alone; phases of an app share it and hold the app's own lock. The locks end
# with the process and with the programs it started, so nothing is left to clean up.

LOCK_APP_SECONDS=40
LOCK_HOST_SECONDS=300 # another app's migration may be running
LOCK_NOTE=''

# Nobody but root may open a lock: to read it would be enough to hold it.
lock::take_host() {
  umask 077
  exec {LOCK_HOST}>>"$STATE/lock"
  umask 022
  lock::take "$LOCK_HOST" "$LOCK_HOST_SECONDS" 'another phase on this host' "$RUNTIME/at-work"
}

lock::take_app() {
  umask 077
  exec {LOCK_HOST}>>"$STATE/lock" {LOCK_APP}>>"$APP_STATE/lock"
  umask 022
  flock --shared --wait "$LOCK_APP_SECONDS" "$LOCK_HOST" || lock::fail "$LOCK_APP_SECONDS" 'a phase that changes this host'
  lock::take "$LOCK_APP" "$LOCK_APP_SECONDS" "another phase of $APP on this host" "$RUNTIME/at-work-$APP"
}

# What is sent twice, since SSM's first answer was lost, is done by the first: the second waits for it, as long as the agent lets,
# and then says the same, by the receipt or by the verdict that it left.
lock::take() { # descriptor, seconds, who, file of the note on who is at work
  if ! flock --nonblock "$1"; then
    until flock --wait "$2" "$1"; do
      if ! lock::read_twin "$4"; then lock::fail "$2" "$3"; fi
      lock::repeat_verdict # the first may only be clearing up
      if [[ ! -e /proc/$LEFT ]]; then lock::fail "$2" "$3"; fi
    done
    if lock::read_twin "$4"; then lock::repeat_verdict; fi
  fi
  LOCK_NOTE=$4
  lock::note $$
}

lock::repeat_verdict() {
  if [[ $LEFT != '{'* ]]; then return; fi
  phase::say 'The same phase was sent before, and has its verdict: this is what it said'
  printf '%s\n' "$LEFT" >&3
  exit 1
}

lock::fail() { # seconds, who
  phase::fail host-busy "Waited $1 s for $2 to end"
}

# A hint: without it the second of two is busy, or begins anew.
lock::note() { # our process id, or our verdict, a line of JSON
  if [[ $LOCK_NOTE ]]; then
    { (umask 077 && mkdir -p "$RUNTIME") && printf '%s\n' "$DEPLOYMENT_ID $PHASE $FENCE" "$1" >"$LOCK_NOTE"; } ||
      phase::say "Could not write $LOCK_NOTE"
  fi
}

# Sets LEFT, the note of the one that was sent for the same; fails if the last one at work was another.
lock::read_twin() { # file of the note
  local who
  LEFT=''
  if [[ ! -e $1 ]]; then return 1; fi
  { read -r who && read -r LEFT; } <"$1" || return 1
  [[ $who == "$DEPLOYMENT_ID $PHASE $FENCE" ]]
}

# While a phase only watches, other phases may run; a newer one that did is noticed by its fence.
lock::release() {
  exec {LOCK_HOST}>&- {LOCK_APP}>&-
  LOCK_NOTE=''
}
