#!/bin/bash
# start-candidate: the release on the idle slot, its health and identity proven there. Traffic does not move. If it does not
# come up, the idle slot is empty afterwards.
source host/lib/phase.sh
source host/lib/slot.sh
source host/lib/env.sh
source host/lib/health.sh
source host/lib/traffic.sh
source host/lib/candidate.sh
source host/lib/sqlite-backup.sh

start_candidate::holds() {
  docker::text "$FACTS" slot
  slot::look "$REPLY"
  slot::is_ours && docker::is_running "$CONTAINER"
}

# A command that arrives late must not take the way back for an idle slot.
start_candidate::require_not_switched() {
  if ! traffic::read_move; then return; fi
  live_slot::read
  if [[ $LIVE_SLOT == "$MOVE_TO" ]]; then
    phase::fail candidate-died "The candidate has taken traffic on $MOVE_TO already and is not as it was started"
  fi
}

start_candidate::await_health() { # sets READY_MS
  local started looked=0
  clock::mark
  started=$REPLY
  until health::ask "$SLOT_PORT" 5; do
    clock::since "$started"
    READY_MS=$REPLY
    if ((READY_MS - looked > 300)); then
      looked=$READY_MS
      slot::look "$SLOT"
      if slot::is_dead; then candidate::fail_dead; fi
    fi
    if ((READY_MS > HEALTH_TIMEOUT * 1000)); then candidate::fail_unhealthy; fi
    if ((READY_MS < 5000)); then phase::sleep 0.02; else phase::sleep 0.1; fi
  done
  clock::since "$started"
  READY_MS=$REPLY
}

start_candidate::prove_identity() {
  slot::identify "$SLOT"
  if [[ $CONTAINER_STATUS == 000 ]]; then candidate::fail docker-not-ready 'Docker does not answer any more: see journalctl --unit docker, and deploy again'; fi
  if slot::is_dead; then candidate::fail_dead; fi
  $IS_RELEASE || candidate::fail identity-mismatch "The container on $SLOT is not made of $DIGEST"
  candidate::require_written
  health::read_version
  if [[ ! $REPORTED_VERSION || $REPORTED_VERSION == "$BUILD_VERSION" ]]; then return; fi
  candidate::fail identity-mismatch "The app says it is version $REPORTED_VERSION and not $BUILD_VERSION: is BUILD_VERSION built into it?"
}

phase::begin start-candidate repositoryUri digest bluePort greenPort healthPath healthTimeout buildVersion \
  containerPort memoryMb cpus stopTimeout
phase::enter_app
env::file
phase::skip_if_done start_candidate::holds
start_candidate::require_not_switched
live_slot::read
SLOT=$IDLE_SLOT
live_slot::port "$SLOT"
SLOT_PORT=$REPLY
SQLITE_BACKUP=''
if sqlite::is_used; then sqlite_backup::prepare; fi
docker::remove "edgepaas-$APP-$SLOT"
candidate::run
start_candidate::await_health
start_candidate::prove_identity
json::string "$REPORTED_VERSION" 128
phase::done "{\"slot\":\"$SLOT\",\"readyMs\":$READY_MS,\"reportedVersion\":$REPLY,\"sqliteBackup\":\"$SQLITE_BACKUP\"}"
