#!/bin/bash
# inspect: reports what the host has and lacks, and changes nothing, not even EdgePaaS's own state; so it takes no lock.
source host/lib/phase.sh
source host/lib/preflight.sh
source host/lib/volume.sh
source host/lib/slot.sh
source host/lib/site.sh
source host/lib/traffic.sh

# Docker, Nginx and their packages need about this much; on a prepared host only state and logs grow.
BYTES_TO_PREPARE=$((500 << 20))
BYTES_TO_SERVE=$((32 << 20))
NGINX_TEST_SECONDS=10 # names in its configuration may have to be resolved

inspect::look() {
  local program
  missing=()
  volume::is_ready || missing+=("the volume is not mounted at $VOLUME")
  live_slot::read
  docker::get /info "/containers/edgepaas-$APP-blue/json" "/containers/edgepaas-$APP-green/json"
  inspect::check_docker "${DOCKER_ANSWERS[0]:-}"
  inspect::read_slots "${DOCKER_ANSWERS[1]:-}" "${DOCKER_ANSWERS[2]:-}"
  for program in jq ss; do
    command -v "$program" >/dev/null || missing+=("$program is not installed")
  done
  site::path
  site::render
  site::is_loaded || inspect::explain_site
  traffic::read_server_name
  traffic::read_serving
  inspect::test_nginx
}

inspect::check_docker() { # answer to /info
  docker::text "$1" ServerVersion
  if [[ ! $REPLY ]]; then missing+=('Docker does not answer') && return; fi
  docker::is_true "$1" LiveRestoreEnabled || missing+=('live-restore is off in Docker')
  docker::text "$1" DockerRootDir
  [[ $REPLY == "$DOCKER_ROOT" ]] || missing+=("Docker keeps its data in $REPLY and not on the volume")
}

# Without a live slot both are idle.
inspect::read_slots() { # answers to blue and green; sets live_digest, live_deployment, live_running and idle_running
  local live='' idle=$1$2
  case $LIVE_SLOT in
    blue) live=$1 idle=$2 ;;
    green) live=$2 idle=$1 ;;
  esac
  docker::text "$live" edgepaas.digest
  live_digest=$REPLY
  docker::text "$live" edgepaas.deployment
  live_deployment=$REPLY live_running=false idle_running=false
  if docker::is_up "$live"; then live_running=true; fi
  if docker::is_true "$idle" Running; then idle_running=true; fi
}

# One that somebody broke does no harm until Nginx is loaded or started anew.
inspect::test_nginx() { # sets nginx_config_valid
  nginx_config_valid=true
  if ! command -v nginx >/dev/null; then return; fi
  timeout "$NGINX_TEST_SECONDS" nginx -t -q || nginx_config_valid=false
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
  local prepared=true words distribution facts
  if ((${#missing[@]})); then prepared=false; fi
  json::list "${missing[@]}"
  words=$REPLY
  json::string "$DISTRIBUTION $DISTRIBUTION_VERSION"
  distribution=$REPLY
  host::architecture
  printf -v facts '{"prepared":%s,"missing":%s,"distribution":%s,"architecture":"%s","liveSlot":"%s","liveDigest":"%s"' \
    "$prepared" "$words" "$distribution" "$REPLY" "$LIVE_SLOT" "$live_digest"
  printf -v REPLY ',"liveDeployment":"%s","liveRunning":%s,"idleRunning":%s,"serving":"%s","servingStatus":%d,"nginxConfigValid":%s,"freeBytes":%d}' \
    "$live_deployment" "$live_running" "$idle_running" "$SERVING" "$((10#$HTTP_STATUS))" "$nginx_config_valid" "$FREE_BYTES"
  phase::answer 'done' "$facts$REPLY"
}

phase::begin inspect bluePort greenPort serverNames bodySizeLimit connectTimeout readTimeout sendTimeout healthPath
phase::refuse_stale_fence
distribution::require
preflight::require
inspect::look
inspect::check_disk
inspect::report
