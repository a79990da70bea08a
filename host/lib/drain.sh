# Waits for the requests that Nginx has under way on a slot. Streams and sockets last until the deadline; the app itself
# ends them when it is asked to stop.
source host/lib/clock.sh

drain::await() { # port, seconds; sets DRAIN_MS and OPEN_AT_DEADLINE
  local started deadline zeros=0
  clock::mark
  started=$REPLY
  clock::in "$2"
  deadline=$REPLY OPEN_AT_DEADLINE=0
  while ((zeros < 3)); do
    drain::count "$1"
    if ((OPEN == 0)); then zeros=$((zeros + 1)); else zeros=0; fi
    if clock::is_past "$deadline"; then
      OPEN_AT_DEADLINE=$OPEN
      break
    fi
    if ((zeros < 3)); then phase::sleep 0.05; fi
  done
  clock::since "$started"
  DRAIN_MS=$REPLY
}

drain::count() { # port; sets OPEN
  local -a connections=()
  mapfile -t connections < <(ss -Htn state established "dst 127.0.0.1 and dport = :$1")
  OPEN=${#connections[@]}
}
