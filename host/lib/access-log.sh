# Counts what Nginx answered, from the app's access log: msec, status, request time, upstream addresses, tab-separated.

access_log::name() { # sets LOG_FILE and LOG_FILES: what it was rotated to comes after it
  LOG_FILE=/var/log/nginx/edgepaas/$APP.log
  LOG_FILES=("$LOG_FILE" "$LOG_FILE".{1..4})
}

# The end of the log. When a file was born tells it from one that has its inode after it.
access_log::position() { # sets LOG_INODE and LOG_OFFSET
  access_log::name
  LOG_INODE=0 LOG_OFFSET=0
  if [[ ! -e $LOG_FILE ]]; then return; fi
  read -r LOG_INODE LOG_OFFSET < <(stat --format '%i.%W %s' "$LOG_FILE")
}

# Opens the log at LOG_OFFSET of the file LOG_INODE, which may have been rotated meanwhile, also more than once. Counts start
# at zero. Sets LOG_FDS: all that is open, the newest first.
access_log::open() {
  access_log::name
  LOG_REQUESTS=0 LOG_5XX=0 LOG_499=0 LOG_FDS=()
  LOG_JUDGED_FROM=0 LOG_JUDGED=0 LOG_JUDGED_5XX=0
  local file
  for file in "${LOG_FILES[@]}"; do
    if ! access_log::is_noted "$file"; then continue; fi
    access_log::open_file "$file" || return 0
    dd iflag=skip_bytes skip="$LOG_OFFSET" count=0 status=none <&"$LOG_FD"
    LOG_FDS=("$LOG_FD")
    return
  done
}

access_log::is_noted() { # file
  [[ -e $1 && $(stat --format %i.%W "$1") == "$LOG_INODE" ]]
}

access_log::open_file() { # sets LOG_FD
  { exec {LOG_FD}<"$1"; } 2>/dev/null
}

# Adds what was logged since the last call and was sent to the port first (or to any). A file that was rotated away stays open,
# for until Nginx has heard of it a last line may come.
access_log::advance() { # port, or any
  local descriptor
  access_log::follow
  for descriptor in "${LOG_FDS[@]}"; do access_log::count "$1" "$descriptor"; done
}

# What was answered until now is counted, and held against nobody.
access_log::judge_anew() { # port, or any
  access_log::advance "$1"
  LOG_JUDGED=0 LOG_JUDGED_5XX=0
}

# Nor is what was asked until now, which may end only after seconds.
access_log::judge_what_begins() { # port, or any
  LOG_JUDGED_FROM=$EPOCHREALTIME
  access_log::judge_anew "$1"
}

# Opens what is newer than all that is open; a file may be rotated at this moment, and be met again under its next name.
access_log::follow() {
  local file last=''
  local -a opened=()
  for file in "${LOG_FILES[@]}"; do
    if [[ ${LOG_FDS[0]-} && $file -ef /dev/fd/${LOG_FDS[0]} ]]; then break; fi
    if [[ $last && $file -ef /dev/fd/$last ]] || ! access_log::open_file "$file"; then continue; fi
    opened+=("$LOG_FD") last=$LOG_FD
  done
  LOG_FDS=("${opened[@]}" "${LOG_FDS[@]}")
}

access_log::count() {
  local requests status5xx status499 judged judged5xx
  read -r requests status5xx status499 judged judged5xx < <(access_log::tally "$1" "$LOG_JUDGED_FROM" <&"$2")
  ((LOG_REQUESTS += requests, LOG_5XX += status5xx, LOG_499 += status499)) || true
  ((LOG_JUDGED += judged, LOG_JUDGED_5XX += judged5xx)) || true
}

# The clock may be set back meanwhile: then what is judged begins before that moment, but ends before it too.
access_log::tally() { # port, or any; moment from which on to judge what begins (optional)
  awk -F '\t' -v first="127.0.0.1:$1" -v any="$1" -v since="${2:-0}" '
    any == "any" ? $4 != "-" : ($4 == first || index($4, first ",") == 1) {
      requests++
      if ($2 >= 500) status5xx++
      if ($2 == 499) status499++
      if ($1 >= since && $1 - $3 < since) next
      judged++
      if ($2 >= 500) judged5xx++
    }
    END { print requests + 0, status5xx + 0, status499 + 0, judged + 0, judged5xx + 0 }'
}

# How the release before did: the requests in the last 256 KiB before the switch; sets BEFORE_REQUESTS and BEFORE_5XX.
access_log::count_before() {
  access_log::name
  read -r BEFORE_REQUESTS BEFORE_5XX _ < <(access_log::before 262144 | access_log::tally any)
}

access_log::before() { # bytes
  local index
  for index in "${!LOG_FILES[@]}"; do
    if ! access_log::is_noted "${LOG_FILES[index]}"; then continue; fi
    { tail -c "$1" "${LOG_FILES[index + 1]-/dev/null}" 2>/dev/null || true; head -c "$LOG_OFFSET" "${LOG_FILES[index]}"; } | tail -c "$1"
    return
  done
}

LEAST_ERRORS=3

# Rose: above twice the share of the release before, and five points more. An app may answer 503 as a matter of course.
access_log::errors_rose() { # LOG_JUDGED_5XX of LOG_JUDGED, against BEFORE_5XX of BEFORE_REQUESTS
  local before=$((BEFORE_REQUESTS > 0 ? BEFORE_REQUESTS : 1))
  ((LOG_JUDGED_5XX >= LEAST_ERRORS && LOG_JUDGED_5XX * 20 * before > LOG_JUDGED * (40 * BEFORE_5XX + before)))
}

access_log::facts() { # REPLY is the part of the facts that every watching phase gives
  printf -v REPLY '"requests":%d,"status5xx":%d,"status499":%d' "$LOG_REQUESTS" "$LOG_5XX" "$LOG_499"
}
