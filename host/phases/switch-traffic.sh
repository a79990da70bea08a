#!/bin/bash
# switch-traffic: sends traffic to the candidate by the flag and proves it through port 80.
source host/lib/phase.sh
source host/lib/slot.sh
source host/lib/site.sh
source host/lib/traffic.sh
source host/lib/access-log.sh
source host/lib/broken-live.sh

PROOF_SECONDS=5

switch_traffic::holds() {
  traffic::read_move || return 1
  live_slot::read
  [[ $LIVE_SLOT == "$MOVE_TO" ]] || return 1
  slot::look "$LIVE_SLOT"
  slot::is_ours && docker::is_running "$CONTAINER"
}

switch_traffic::require_candidate() { # sets FROM and TO
  phase::read_facts start-candidate || phase::fail candidate-died 'No candidate of this deployment is on the host'
  docker::text "$FACTS" slot
  TO=$REPLY
  slot::identify "$TO"
  if [[ $CONTAINER_STATUS == 000 ]]; then phase::fail docker-not-ready 'Docker does not answer: traffic was not moved'; fi
  if ! slot::is_ours || ! docker::is_running "$CONTAINER"; then
    docker::says "$CONTAINER"
    phase::fail candidate-died "The candidate on $TO no longer runs: $REPLY"
  fi
  $IS_RELEASE || phase::fail identity-mismatch "The container on $TO is not made of $DIGEST"
}

# A run that was killed after it had moved traffic has noted where traffic came from.
switch_traffic::note() {
  live_slot::read
  FROM=$LIVE_SLOT
  if traffic::read_move && [[ $LIVE_SLOT == "$TO" ]]; then
    FROM=$MOVE_FROM
  else
    traffic::note_move "$FROM" "$TO"
  fi
}

switch_traffic::move() { # sets SWITCH_MS and LIVE_AT
  clock::mark
  local started=$REPLY
  traffic::send_to "$TO"
  if ! traffic::prove "$TO" "$PROOF_SECONDS"; then switch_traffic::take_back; fi
  LIVE_AT=$((${EPOCHREALTIME/./} / 1000))
  clock::since "$started"
  SWITCH_MS=$REPLY
  sync "$TRAFFIC"
}

switch_traffic::take_back() {
  local answered="status $HTTP_STATUS, by ${UPSTREAM:-nobody}" now="traffic is back on ${FROM/none/no release}" holder
  site::port_80_holder
  holder=$REPLY
  traffic::send_to "$FROM"
  traffic::prove "$FROM" "$PROOF_SECONDS" || now="the flag is back on ${FROM/none/no release}, and now it answers $HTTP_STATUS, by ${UPSTREAM:-nobody}"
  # Clients that an Nginx let in were sent to the candidate all that time: the way back counts what became of them.
  if [[ $holder == nginx ]]; then phase::note reverting; else rm -f "$RECEIPTS/move"; fi
  phase::fail switch-not-proven "Port 80 did not answer from slot $TO in time ($answered): $now"
}

phase::begin switch-traffic repositoryUri digest bluePort greenPort healthPath healthTimeout
phase::enter_app
phase::skip_if_done switch_traffic::holds
site::path
traffic::read_server_name
switch_traffic::require_candidate
switch_traffic::note
switch_traffic::move
broken_live::count "$FROM"
phase::done "{\"from\":\"$FROM\",\"to\":\"$TO\",\"switchMs\":$SWITCH_MS,\"liveAt\":$LIVE_AT$REPLY}"
