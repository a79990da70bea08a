# Phases that change the host hold its lock alone; phases of an app share it and hold the app's own lock. The locks end
# with the process and with the programs it started, so nothing is left to clean up.

LOCK_APP_SECONDS=40
LOCK_HOST_SECONDS=300 # another app's migration may be running

# Nobody but root may open a lock: to read it would be enough to hold it.
lock::take_host() {
  umask 077
  exec {LOCK_HOST}>>"$STATE/lock"
  umask 022
  lock::wait "$LOCK_HOST" "$LOCK_HOST_SECONDS" 'another phase on this host'
}

lock::take_app() {
  umask 077
  exec {LOCK_HOST}>>"$STATE/lock" {LOCK_APP}>>"$APP_STATE/lock"
  umask 022
  lock::wait "$LOCK_HOST" "$LOCK_APP_SECONDS" 'a phase that changes this host' --shared
  until flock --wait "$LOCK_APP_SECONDS" "$LOCK_APP"; do lock::require_twin; done
  (umask 077 && mkdir -p "$RUNTIME")
  printf '%s\n' "$DEPLOYMENT_ID $PHASE $FENCE" >"$RUNTIME/at-work-$APP"
}

# What is sent twice, since SSM's first answer was lost, is done by the first: its result is awaited, as long as the agent lets.
lock::require_twin() {
  if [[ -e $RUNTIME/at-work-$APP && $(<"$RUNTIME/at-work-$APP") == "$DEPLOYMENT_ID $PHASE $FENCE" ]]; then return; fi
  phase::fail host-busy "Waited $LOCK_APP_SECONDS s for another phase of $APP on this host to end"
}

# While a phase only watches, other phases may run; a newer one that did is noticed by its fence.
lock::release() {
  exec {LOCK_HOST}>&- {LOCK_APP}>&-
}

lock::wait() { # descriptor, seconds, who, flock's options
  flock --wait "$2" "${@:4}" "$1" || phase::fail host-busy "Waited $2 s for $3 to end"
}
