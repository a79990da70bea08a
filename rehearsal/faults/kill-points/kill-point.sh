# shellcheck shell=bash disable=SC2153 # KILL_STEP and its like are of the environment
# What bash sources before a phase's script (BASH_ENV): it ends the script, or the host, at the KILL_STEP-th line that the script
# comes to for the first time. Loops so count once, however often they go round. Nothing else of the script changes.
unset BASH_ENV
set -o functrace
KILL_SEEN=() KILL_COUNT=0

kill_point::step() { # line
  [[ -v RECEIPT ]] || return 0 # so far the script has only read its parameters
  KILL_SEEN[$1]=1
  ((++KILL_COUNT != KILL_STEP)) || kill_point::kill
  if [[ $KILL_RECORD ]]; then printf . >>"$KILL_RECORD"; fi
}

kill_point::kill() {
  case $KILL_WHAT in
    script) kill -KILL 0 ;;
    # In the midst of what comes next. It holds none of the script's output.
    later) { sleep "$KILL_DELAY"; kill -KILL 0; } </dev/null >/dev/null 2>&1 3>&- & ;;
    # The kernel ends all of the host soon after, and until then the script must not go on.
    host) systemctl reboot --force --force; sleep infinity ;;
  esac
}

trap '[[ ${KILL_SEEN[LINENO]-} ]] || kill_point::step "$LINENO"' DEBUG
