#!/bin/bash
# retire: lets the release before finish what it serves, stops it, keeps its container and image for the way back, and
# clears away what lies further back.
source host/lib/phase.sh
source host/lib/slot.sh
source host/lib/traffic.sh
source host/lib/access-log.sh
source host/lib/drain.sh
source host/lib/prune.sh

retire::holds() {
  traffic::read_move || return 1
  slot::look "$MOVE_FROM"
  [[ $CONTAINER_STATUS != 000 ]] && ! docker::is_true "$CONTAINER" Running
}

retire::require_moved() {
  traffic::read_move || true
  live_slot::read
  if [[ $LIVE_SLOT == none || $LIVE_SLOT != "$MOVE_TO" ]]; then
    phase::fail retire-failed "Traffic is on ${LIVE_SLOT/none/no slot} and not on a slot of this deployment: nothing was stopped"
  fi
  slot::look "$MOVE_TO"
  if [[ $CONTAINER_STATUS == 000 ]] || docker::is_up "$CONTAINER"; then return; fi # a Docker that is away stops nothing either
  docker::says "$CONTAINER"
  phase::fail retire-failed "The release on $MOVE_TO does not run any more ($REPLY): the release before was not stopped, and answers for it"
}

# Other phases may run while streams take their time, so what was true is asked again afterwards.
retire::drain() {
  lock::release
  live_slot::port "$MOVE_FROM"
  drain::await "$REPLY" "$DRAIN_TIMEOUT"
  lock::take_app
  phase::check_fence
  phase::skip_if_done retire::holds
  retire::require_moved
}

retire::stop() {
  docker::call POST "/containers/edgepaas-$APP-$MOVE_FROM/stop?t=$STOP_TIMEOUT" $((STOP_TIMEOUT + 30))
  case $DOCKER_STATUS in 204 | 304 | 404) return ;; esac
  docker::message
  phase::fail retire-failed "The release before on $MOVE_FROM did not stop: $REPLY"
}

phase::begin retire bluePort greenPort drainTimeout stopTimeout keptReleases
phase::enter_app
phase::skip_if_done retire::holds
retire::require_moved
DRAIN_MS=0 OPEN_AT_DEADLINE=0
if [[ $MOVE_FROM != none ]]; then
  retire::drain
  retire::stop
fi
prune::older
access_log::open
access_log::advance any
access_log::facts
phase::done "{\"slot\":\"$MOVE_FROM\",\"drainMs\":$DRAIN_MS,\"openAtDeadline\":$OPEN_AT_DEADLINE,$REPLY}"
