# What runs where on this host, for the causes of a way back that failed.
source host/lib/slot.sh
source host/lib/health.sh
source host/lib/traffic.sh

# Sets STANDING (2: healthy, 1: running, 0: neither) and REPLY: release and state, in words.
standing::read() { # slot
  local release how
  slot::look "$1"
  live_slot::port "$1"
  health::ask "$REPLY" 2 || true
  standing::judge
  how=$REPLY
  if [[ $CONTAINER_STATUS != 200 ]]; then return; fi
  docker::text "$CONTAINER" edgepaas.build-version
  release=${REPLY:0:40}
  docker::text "$CONTAINER" edgepaas.digest
  REPLY="${release:-no release} (${REPLY:0:19}), $how"
}

standing::judge() { # from the container and the answer to the question for its health; sets STANDING and REPLY
  STANDING=0 REPLY=empty
  if [[ $CONTAINER_STATUS == 404 ]]; then return; fi
  if [[ $HTTP_STATUS == 200 ]]; then STANDING=2 REPLY=healthy && return; fi
  if [[ $HTTP_STATUS != 000 ]]; then STANDING=1 REPLY="running, its health path answers $HTTP_STATUS" && return; fi
  REPLY='Docker does not answer'
  if [[ $CONTAINER_STATUS != 200 ]]; then return; fi
  docker::says "$CONTAINER"
  REPLY=${REPLY#it is }
  if ! docker::is_up "$CONTAINER"; then return; fi
  STANDING=1 REPLY='running, its health path does not answer'
}

standing::tell() { # sets REPLY
  local blue
  standing::read blue
  blue=$REPLY
  standing::read green
  local slots="blue: $blue; green: $REPLY"
  traffic::read_serving
  REPLY="Port 80 answers ${HTTP_STATUS/000/nothing}, from ${SERVING/none/no release}; $slots"
}
