# Waits for the requests that Nginx has under way on a slot. Streams and sockets last until the deadline; the app itself
# ends them when it is asked to stop.

drain::await() { # port, seconds; sets DRAIN_MS and OPEN_AT_DEADLINE
  local started=${EPOCHREALTIME/./} deadline zeros=0
  deadline=$((started + $2 * 1000000))
  OPEN_AT_DEADLINE=0
  while ((zeros < 3)); do
    drain::count "$1"
    if ((OPEN == 0)); then zeros=$((zeros + 1)); else zeros=0; fi
    if ((${EPOCHREALTIME/./} >= deadline)); then
      OPEN_AT_DEADLINE=$OPEN
      break
    fi
    if ((zeros < 3)); then phase::sleep 0.05; fi
  done
  DRAIN_MS=$(((${EPOCHREALTIME/./} - started) / 1000))
}

drain::count() { # port; sets OPEN
  local -a connections=()
  mapfile -t connections < <(ss -Htn state established "dst 127.0.0.1 and dport = :$1")
  OPEN=${#connections[@]}
}
