#!/bin/bash
# inspect: reports what the host has and lacks, and changes nothing, not even EdgePaaS's own state; so it takes no lock.
source host/lib/phase.sh
source host/lib/preflight.sh
source host/lib/volume.sh
source host/lib/slot.sh
source host/lib/site.sh

# Docker, Nginx and their packages need about this much; on a prepared host only state and logs grow.
BYTES_TO_PREPARE=$((500 << 20))
BYTES_TO_SERVE=$((32 << 20))

inspect::look() {
  local program
  missing=()
  volume::is_ready || missing+=("the volume is not mounted at $VOLUME")
  live_slot::read
  docker::get /info "/containers/edgepaas-$APP-$LIVE_SLOT/json"
  inspect::check_docker "${DOCKER_ANSWERS[0]:-}"
  inspect::read_live_digest "${DOCKER_ANSWERS[1]:-}"
  for program in jq ss; do
    command -v "$program" >/dev/null || missing+=("$program is not installed")
  done
  site::path
  site::render
  site::is_loaded || inspect::explain_site
}

inspect::check_docker() { # answer to /info
  docker::text "$1" ServerVersion
  if [[ ! $REPLY ]]; then missing+=('Docker does not answer') && return; fi
  docker::is_true "$1" LiveRestoreEnabled || missing+=('live-restore is off in Docker')
  docker::text "$1" DockerRootDir
  [[ $REPLY == "$DOCKER_ROOT" ]] || missing+=("Docker keeps its data in $REPLY and not on the volume")
}

inspect::read_live_digest() { # answer to the live container
  live_digest=
  if [[ $1 =~ \"edgepaas.digest\":\"(sha256:[a-f0-9]{64})\" ]]; then live_digest=${BASH_REMATCH[1]}; fi
}

inspect::explain_site() {
  site::port_80_holder
  if [[ $REPLY && $REPLY != nginx ]]; then
    phase::fail port-80-taken "Port 80 is held by \`$REPLY\`: stop it, or move it to another port, for Nginx needs this one"
  fi
  missing+=("Nginx does not have the site of $APP as configured")
}

inspect::check_disk() {
  local needed=$BYTES_TO_SERVE
  if ((${#missing[@]})); then needed=$BYTES_TO_PREPARE; fi
  host::free_bytes /
  if ((FREE_BYTES < needed)); then
    phase::fail disk-full "The root disk has $((FREE_BYTES >> 20)) MiB free and needs $((needed >> 20)) MiB: free some, or grow it"
  fi
  if volume::is_mounted; then host::free_bytes "$VOLUME"; fi
}

inspect::report() {
  local prepared=true words distribution
  if ((${#missing[@]})); then prepared=false; fi
  json::list "${missing[@]}"
  words=$REPLY
  json::string "$DISTRIBUTION $DISTRIBUTION_VERSION"
  distribution=$REPLY
  host::architecture
  printf -v REPLY '{"prepared":%s,"missing":%s,"distribution":%s,"architecture":"%s","liveSlot":"%s","liveDigest":"%s","freeBytes":%d}' \
    "$prepared" "$words" "$distribution" "$REPLY" "$LIVE_SLOT" "$live_digest" "$FREE_BYTES"
  phase::answer 'done' "$REPLY"
}

phase::begin inspect bluePort greenPort serverNames bodySizeLimit connectTimeout readTimeout sendTimeout
phase::refuse_stale_fence
distribution::require
preflight::require
inspect::look
inspect::check_disk
inspect::report
