#!/bin/bash
# bake: watches the release under real traffic: its container, its health, and what Nginx answers for it. It only watches,
# so it holds no lock meanwhile, and it changes nothing: the way back is revert's.
source host/lib/phase.sh
source host/lib/slot.sh
source host/lib/health.sh
source host/lib/traffic.sh
source host/lib/access-log.sh

LOOK_SECONDS=0.25
HEALTH_FAILURES=3 # in a row, a second apart

bake::holds() {
  traffic::read_move && slot::look "$MOVE_TO" && slot::is_ours && docker::is_running "$CONTAINER"
}

bake::begin() {
  traffic::read_move || phase::fail candidate-died 'This deployment has no release under traffic on the host'
  SLOT=$MOVE_TO
  live_slot::port "$SLOT"
  SLOT_PORT=$REPLY
  access_log::count_before
  access_log::open
}

bake::watch() {
  local deadline next=0 failures=0
  clock::in "$BAKE_SECONDS"
  deadline=$REPLY
  while true; do
    bake::look
    if clock::is_past "$next"; then
      next=$((NOW + 1000))
      bake::ask
      phase::refuse_stale_fence
      phase::refuse_withdrawn
    fi
    if clock::is_past "$deadline"; then return; fi
    phase::sleep "$LOOK_SECONDS"
  done
}

bake::look() {
  slot::look "$SLOT"
  if slot::is_ours && docker::is_running "$CONTAINER"; then return; fi
  local how
  docker::says "$CONTAINER"
  how=$REPLY
  slot::last_words "$SLOT"
  phase::fail candidate-died "The release died under traffic: $how. Its last words: ${REPLY:-(none)}"
}

bake::ask() {
  access_log::advance "$SLOT_PORT"
  bake::judge_errors
  if health::ask "$SLOT_PORT" 5; then failures=0 && return; fi
  failures=$((failures + 1))
  bake::look
  if ((failures < HEALTH_FAILURES)); then return; fi
  health::says
  phase::fail health-check-failed "The release is no longer healthy under traffic: $REPLY, $failures times in a row"
}

bake::judge_errors() {
  access_log::errors_rose "$LOG_REQUESTS" "$LOG_5XX" || return 0
  phase::fail error-rate-rose "Since the switch $LOG_5XX of $LOG_REQUESTS requests ended in 5xx, before it \
$BEFORE_5XX of $BEFORE_REQUESTS"
}

phase::begin bake repositoryUri digest bluePort greenPort healthPath healthTimeout bakeSeconds
phase::enter_app
phase::skip_if_done bake::holds
bake::begin
lock::release
bake::watch
lock::take_app
phase::check_fence
phase::skip_if_done bake::holds
access_log::advance "$SLOT_PORT"
bake::judge_errors
access_log::facts
phase::done "{$REPLY}"
