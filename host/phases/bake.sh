#!/bin/bash
# bake: watches the release under real traffic: its container, its health, and what Nginx answers for it. It only watches,
# so it holds no lock meanwhile, and it changes nothing: the way back is revert's.
source host/lib/phase.sh
source host/lib/slot.sh
source host/lib/health.sh
source host/lib/site.sh
source host/lib/traffic.sh
source host/lib/access-log.sh

LOOK_SECONDS=0.25
# Of the last questions for its health, a second apart, so many without a good answer: one that is slow is not held against it.
RECENT_QUESTIONS=10 RECENT_FAILURES=3
OVERTIME_SECONDS=6
PROOF_SECONDS=5

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
  bake::forgive_boot
}

# What was asked of a host that was booting is no fault of the release.
bake::forgive_boot() {
  local deadline
  if traffic::was_moved_in_this_boot; then return; fi
  clock::in "$HEALTH_TIMEOUT"
  deadline=$REPLY
  until health::ask "$SLOT_PORT" 5 || clock::is_past "$deadline"; do phase::sleep "$LOOK_SECONDS"; done
  access_log::judge_what_begins "$SLOT_PORT"
}

bake::watch() { # sets RECENT: a dot for each good answer, an x for each other
  local deadline next=0
  RECENT=''
  clock::in "$BAKE_SECONDS"
  deadline=$REPLY
  until bake::is_over "$deadline"; do
    bake::look
    if clock::is_past "$next"; then
      next=$((NOW + 1000))
      bake::ask
      phase::refuse_stale_fence
      phase::refuse_withdrawn
    fi
    phase::sleep "$LOOK_SECONDS"
  done
}

# It ends with a good answer; with doubts it lasts a little longer.
bake::is_over() { # deadline
  clock::is_past "$1" && [[ $RECENT == *. ]] || return 1
  [[ $RECENT != *x* ]] || clock::is_past $(($1 + OVERTIME_SECONDS * 1000))
}

bake::look() {
  slot::look "$SLOT"
  if ! slot::is_dead && { slot::is_ours || [[ $CONTAINER_STATUS == 000 ]]; }; then return; fi
  local how
  docker::says "$CONTAINER"
  how=$REPLY
  slot::last_words "$SLOT"
  phase::fail candidate-died "The release died under traffic: $how. Its last words: ${REPLY:-(none)}"
}

bake::ask() {
  access_log::advance "$SLOT_PORT"
  bake::judge_errors
  if health::ask "$SLOT_PORT" 5; then
    bake::require_version
    RECENT+=.
  else
    bake::look
    RECENT+=x
  fi
  if ((${#RECENT} > RECENT_QUESTIONS)); then RECENT=${RECENT:1}; fi
  local failures=${RECENT//./}
  if ((${#failures} < RECENT_FAILURES)); then return; fi
  health::says
  phase::fail health-check-failed "The release is no longer healthy under traffic: $REPLY, and ${#failures} of the last ${#RECENT} \
questions had no good answer"
}

bake::require_version() {
  health::read_version
  if [[ ! $REPORTED_VERSION || $REPORTED_VERSION == "$BUILD_VERSION" ]]; then return; fi
  phase::fail identity-mismatch "The app says under traffic that it is version ${REPORTED_VERSION:0:128} and not $BUILD_VERSION"
}

# Somebody may have stopped Nginx, or changed its configuration or the flags.
bake::prove() {
  site::path
  traffic::read_server_name
  if traffic::prove "$SLOT" "$PROOF_SECONDS"; then return; fi
  phase::fail switch-not-proven "Port 80 does not answer from slot $SLOT any more (status $HTTP_STATUS, by ${UPSTREAM:-nobody}): is Nginx \
as it was?"
}

bake::judge_errors() {
  access_log::errors_rose || return 0
  local since='the switch'
  if [[ $LOG_JUDGED_FROM != 0 ]]; then since='the host has booted'; fi
  phase::fail error-rate-rose "Since $since $LOG_JUDGED_5XX of $LOG_JUDGED requests ended in 5xx, before the switch \
$BEFORE_5XX of $BEFORE_REQUESTS"
}

phase::begin bake repositoryUri digest bluePort greenPort healthPath healthTimeout buildVersion bakeSeconds
phase::enter_app
phase::skip_if_done bake::holds
bake::begin
lock::release
bake::watch
bake::prove
lock::take_app
phase::check_fence
phase::skip_if_done bake::holds
access_log::advance "$SLOT_PORT"
bake::judge_errors
access_log::facts
phase::done "{$REPLY}"
