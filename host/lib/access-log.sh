# Counts what Nginx answered, from the app's access log: msec, status, request time, upstream addresses, tab-separated.

access_log::name() { # sets LOG_FILE
  LOG_FILE=/var/log/nginx/edgepaas-$APP.log
}

access_log::position() { # sets LOG_INODE and LOG_OFFSET: the end of the log
  access_log::name
  LOG_INODE=0 LOG_OFFSET=0
  if [[ ! -e $LOG_FILE ]]; then return; fi
  read -r LOG_INODE LOG_OFFSET < <(stat --format '%i %s' "$LOG_FILE")
}

# Opens the log at LOG_OFFSET of the file LOG_INODE, which may have been rotated meanwhile: to .1, or to -20260131 where
# logrotate dates its files, as on RHEL and its kin. Counts start at zero.
access_log::open() {
  access_log::name
  LOG_REQUESTS=0 LOG_5XX=0 LOG_499=0
  local file inode
  for file in "$LOG_FILE" "$LOG_FILE"[.-]*; do
    if [[ ! -e $file ]]; then continue; fi
    inode=$(stat --format %i "$file")
    if [[ $inode != "$LOG_INODE" ]]; then continue; fi
    exec {LOG_FD}<"$file"
    access_log::seek
    return
  done
  exec {LOG_FD}< <(:)
}

access_log::seek() {
  dd iflag=skip_bytes skip="$LOG_OFFSET" count=0 status=none <&"$LOG_FD"
}

# Adds what was logged since the last call and was sent to the port first (or to any).
access_log::advance() { # port, or any
  access_log::count "$1"
  if [[ ! -e $LOG_FILE || $LOG_FILE -ef /dev/fd/$LOG_FD ]]; then return; fi
  exec {LOG_FD}<&-
  exec {LOG_FD}<"$LOG_FILE"
  access_log::count "$1"
}

access_log::count() {
  local requests status5xx status499
  read -r requests status5xx status499 < <(access_log::tally "$1" <&"$LOG_FD")
  ((LOG_REQUESTS += requests, LOG_5XX += status5xx, LOG_499 += status499)) || true
}

access_log::tally() {
  awk -F '\t' -v first="127.0.0.1:$1" -v any="$1" '
    any == "any" ? $4 != "-" : ($4 == first || index($4, first ",") == 1) {
      requests++
      if ($2 >= 500) status5xx++
      if ($2 == 499) status499++
    }
    END { print requests + 0, status5xx + 0, status499 + 0 }'
}

# How the release before did: the requests in the last 256 KiB before the switch; sets BEFORE_REQUESTS and BEFORE_5XX.
access_log::count_before() {
  local span=262144
  BEFORE_REQUESTS=0 BEFORE_5XX=0
  access_log::open
  if ((LOG_OFFSET < span)); then span=$LOG_OFFSET; fi
  if [[ ! -f /dev/fd/$LOG_FD ]]; then return; fi
  read -r BEFORE_REQUESTS BEFORE_5XX _ < <(tail -c +$((LOG_OFFSET - span + 1)) "/dev/fd/$LOG_FD" |
    head -c "$span" | access_log::tally any)
  exec {LOG_FD}<&-
}

LEAST_ERRORS=3

# Rose: above twice the share of the release before, and five points more. An app may answer 503 as a matter of course.
access_log::errors_rose() { # requests and 5xx of now, against BEFORE_REQUESTS and BEFORE_5XX
  local before=$((BEFORE_REQUESTS > 0 ? BEFORE_REQUESTS : 1))
  (($2 >= LEAST_ERRORS && $2 * 20 * before > $1 * (40 * BEFORE_5XX + before)))
}

access_log::facts() { # REPLY is the part of the facts that every watching phase gives
  printf -v REPLY '"requests":%d,"status5xx":%d,"status499":%d' "$LOG_REQUESTS" "$LOG_5XX" "$LOG_499"
}
