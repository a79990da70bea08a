#!/bin/bash
# revert: brings traffic back to the release before, proves it through port 80 and removes the candidate. It works from
# what the host knows, wherever the deployment stopped; having nothing to do is success.
source host/lib/phase.sh
source host/lib/slot.sh
source host/lib/site.sh
source host/lib/health.sh
source host/lib/traffic.sh
source host/lib/access-log.sh
source host/lib/broken-live.sh
source host/lib/drain.sh
source host/lib/standing.sh

PROOF_SECONDS=5

revert::holds() {
  local slot
  for slot in blue green; do
    slot::look "$slot"
    if [[ $CONTAINER_STATUS == 000 ]] || slot::is_ours; then return 1; fi
  done
}

# A release that meets a newer schema than its own may lose data silently: only a person can say that it does not.
revert::require_schema() {
  if [[ $SCHEMA != newer || $MOVE_FROM == none || $LIVE_SLOT != "$MOVE_TO" ]] || ! $SWITCHED; then return; fi
  revert::fail "The release before was made for an older schema and was not declared to run on this one \
(database.migrations.olderReleaseRuns): traffic stays on $MOVE_TO. Deploy a release that runs on the schema as it is"
}

# What was undone is no release that served.
revert::void_receipts() {
  rm -f "$RECEIPTS"/{start-candidate,switch-traffic,bake,retire}.json "$RECEIPTS"/*.new
}

# Sets SWITCHED. The note outlasts a kill between the way back and its receipt.
revert::recall() {
  traffic::read_move || true
  live_slot::read
  SWITCHED=false
  if [[ -e $RECEIPTS/reverting ]]; then SWITCHED=true; fi
  if [[ $MOVE_TO == none || $LIVE_SLOT != "$MOVE_TO" ]]; then return; fi
  slot::look "$MOVE_TO"
  # A container of a later deployment on that slot is not ours to take traffic from.
  if [[ $CONTAINER_STATUS != 200 ]] || slot::is_ours; then SWITCHED=true; fi
}

revert::go_back() { # sets BACK_MS
  BACK_MS=0
  if ! $SWITCHED; then return; fi
  phase::note reverting
  if [[ $MOVE_FROM != none ]] && ! revert::wake_previous; then revert::make_do "$REPLY"; fi
  local started
  clock::mark
  started=$REPLY
  traffic::send_to "$MOVE_FROM"
  traffic::prove "$MOVE_FROM" "$PROOF_SECONDS" ||
    revert::fail "Traffic was sent back to ${MOVE_FROM/none/no release}, but port 80 answers from elsewhere"
  clock::since "$started"
  BACK_MS=$REPLY
  sync "$TRAFFIC"
}

revert::wake_previous() { # 1: it does not serve, and why in REPLY
  live_slot::port "$MOVE_FROM"
  local port=$REPLY deadline
  if health::ask "$port" 5; then return; fi
  slot::look "$MOVE_FROM" # so that Docker has the time to come back from a restart
  docker::end_forgotten "$CONTAINER"
  docker::call POST "/containers/edgepaas-$APP-$MOVE_FROM/start"
  if [[ ! $DOCKER_STATUS =~ ^(204|304)$ ]]; then
    docker::message
    REPLY="The release before cannot be started on $MOVE_FROM (${REPLY:0:150})"
    return 1
  fi
  clock::in "$HEALTH_TIMEOUT"
  deadline=$REPLY
  until health::ask "$port" 5; do
    if clock::is_past "$deadline"; then
      health::says
      REPLY="The release before on $MOVE_FROM is not healthy ($REPLY)"
      return 1
    fi
    phase::sleep 0.05
  done
}

# The host goes on with what is healthy, or else with what runs, be it sick; with the release before if both do.
revert::make_do() { # why the release before does not serve
  local before why=$1 slot=$MOVE_FROM
  standing::read "$MOVE_FROM"
  before=$STANDING
  standing::read "$MOVE_TO"
  if ((STANDING > before)); then slot=$MOVE_TO; fi
  if [[ $slot != "$LIVE_SLOT" ]] && ((STANDING + before > 0)); then
    traffic::send_to "$slot"
    traffic::prove "$slot" "$PROOF_SECONDS" || true
    sync "$TRAFFIC"
    LIVE_SLOT=$slot
  fi
  revert::fail "$why: traffic is on $LIVE_SLOT"
}

revert::fail() { # why
  standing::tell
  local told=$REPLY
  live_slot::read
  slot::look "$LIVE_SLOT"
  if [[ $LIVE_SLOT == none || $CONTAINER_STATUS == 200 ]]; then
    docker::text "$CONTAINER" edgepaas.digest
    LIVE_DIGEST=$REPLY
  fi
  phase::fail revert-failed "$1. $told"
}

revert::remove_candidate() {
  local slot
  live_slot::read
  for slot in blue green; do
    if [[ $slot == "$LIVE_SLOT" ]]; then continue; fi
    slot::look "$slot"
    revert::require_docker
    if ! slot::is_ours; then continue; fi
    live_slot::port "$slot"
    if $SWITCHED; then drain::await "$REPLY" "$DRAIN_TIMEOUT"; fi
    # Again, should Docker be restarted meanwhile.
    for _ in first second; do
      docker::remove "edgepaas-$APP-$slot" "$STOP_TIMEOUT"
      slot::look "$slot"
      revert::require_docker
      if ! slot::is_ours; then continue 2; fi
    done
    revert::fail "The candidate on $slot could not be removed"
  done
}

# A Docker that is down would bring the candidate back when it returns.
revert::require_docker() {
  if [[ $CONTAINER_STATUS =~ ^(200|404)$ ]]; then return; fi
  revert::fail "Docker does not answer ($CONTAINER_STATUS), so the candidate cannot be removed"
}

revert::count() {
  LOG_REQUESTS=0 LOG_5XX=0 LOG_499=0
  if ! $SWITCHED; then return; fi
  live_slot::port "$MOVE_TO"
  access_log::open
  access_log::advance "$REPLY"
}

# Traffic that never moved stayed with what the migration broke.
revert::count_broken() { # sets SINCE_MIGRATION
  SINCE_MIGRATION=''
  if $SWITCHED; then return; fi
  local requests=$LOG_REQUESTS status5xx=$LOG_5XX status499=$LOG_499
  broken_live::count "$LIVE_SLOT"
  SINCE_MIGRATION=$REPLY LOG_REQUESTS=$requests LOG_5XX=$status5xx LOG_499=$status499
}

revert::report() {
  local digest='' newer=false
  if [[ $SCHEMA == newer-safe && $LIVE_SLOT != none ]]; then newer=true; fi
  slot::look "$LIVE_SLOT"
  docker::text "$CONTAINER" edgepaas.digest
  digest=$REPLY
  access_log::facts
  phase::done "{\"switched\":$SWITCHED,\"liveSlot\":\"$LIVE_SLOT\",\"liveDigest\":\"$digest\",\"backMs\":$BACK_MS,\"onNewerSchema\":$newer,$REPLY$SINCE_MIGRATION}"
}

phase::begin revert bluePort greenPort healthPath healthTimeout drainTimeout stopTimeout schema
FILES_NEEDED=false # traffic goes back also on a host whose disk is full
phase::enter_app
phase::skip_if_done revert::holds
phase::note withdrawn
site::path
traffic::read_server_name
revert::recall
revert::require_schema
revert::void_receipts
revert::go_back
revert::remove_candidate
revert::count
revert::count_broken
revert::report
