# The candidate's container: how it is started, and how it is cleared away with a cause when it does not come up.
source host/lib/slot.sh
source host/lib/env.sh
source host/lib/sqlite.sh

candidate::run() {
  candidate::choose_logging
  candidate::choose_mounts
  until candidate::start; do
    if ! candidate::outlast_restart && ! candidate::free_port; then candidate::explain_refusal; fi
  done
}

candidate::start() { # sets RUN_CODE and RUN_SAID
  RUN_CODE=0 RUN_COUNT=$((${RUN_COUNT:-0} + 1))
  RUN_SAID=$(docker run --detach --pull never --name "edgepaas-$APP-$SLOT" \
    --label "edgepaas.app=$APP" --label "edgepaas.slot=$SLOT" --label "edgepaas.deployment=$DEPLOYMENT_ID" \
    --label "edgepaas.build-version=$BUILD_VERSION" --label "edgepaas.digest=$DIGEST" \
    --publish "127.0.0.1:$SLOT_PORT:$CONTAINER_PORT" --restart unless-stopped --stop-timeout "$STOP_TIMEOUT" \
    --memory "${MEMORY_MB}m" --cpus "$CPUS" --env-file "$ENV_FILE" "${LOGGING[@]}" "${MOUNTS[@]}" \
    "$REPOSITORY_URI@$DIGEST" 2>&1) || RUN_CODE=$?
  ((RUN_CODE == 0))
}

# Whoever restarts Docker cuts off what it was asked meanwhile.
candidate::outlast_restart() { # fails if that is not how it is, or not any more
  case $RUN_SAID in
    *'Cannot connect to the Docker daemon'* | *'error during connect'* | *EOF* | *'is already in use by container'*) ;;
    *) return 1 ;;
  esac
  ((RUN_COUNT < 4)) || return 1
  docker::get_patiently /_ping
  [[ ${DOCKER_STATUSES[0]:-000} == 200 ]] || return 1
  docker::remove "edgepaas-$APP-$SLOT" 0
}

# A Docker that lost its host while it started a container removes what is left of it at its next start, but keeps its port
# until the start after that. Containers live through one. Source: https://github.com/moby/moby/issues/36591
candidate::free_port() { # fails if that is not how it is, or did not help
  [[ ! ${PORT_FREED-} ]] || return 1
  [[ $RUN_SAID == *'port is already allocated'* ]] || return 1
  candidate::read_port_holder
  [[ $REPLY == *dockerd* && ! $(docker ps --quiet --filter "publish=$SLOT_PORT") ]] || return 1
  docker::get /info
  docker::is_true "${DOCKER_ANSWERS[0]:-}" LiveRestoreEnabled || return 1
  phase::say "Docker keeps port $SLOT_PORT for a container that is gone: it is restarted"
  docker::remove "edgepaas-$APP-$SLOT"
  systemctl restart docker.service
  PORT_FREED=yes
}

# Bounded logs, unless the host's Docker sends its logs elsewhere.
candidate::choose_logging() { # sets LOGGING
  LOGGING=()
  if [[ -e /etc/docker/daemon.json && $(</etc/docker/daemon.json) =~ \"log-driver\":\ *\"(json-file|local)\" ]]; then
    LOGGING=(--log-opt max-size=10m --log-opt max-file=3)
  fi
}

# The authority of its database where DATABASE_URL says it is, and its SQLite file where DATABASE_URL_SQLITE does; z, so that
# SELinux lets every container of the app have them.
candidate::choose_mounts() { # sets MOUNTS
  env::mount_authority
  MOUNTS=("${AUTHORITY_MOUNT[@]}")
  if ! sqlite::is_used; then return; fi
  sqlite::locate
  MOUNTS+=(--volume "$SQLITE_FOLDER:$SQLITE_IN_CONTAINER:z")
}

# Docker lists what it has written down. A container that it has not, it forgets at its next restart, and with it the port.
# Source: moby, Container.CheckpointTo.
candidate::require_written() { # of the container last looked at
  docker::text "$CONTAINER" Id
  local id=$REPLY
  docker::get_patiently /containers/json
  if [[ ${DOCKER_ANSWERS[0]:-} == *"\"Id\":\"$id\""* ]]; then return; fi
  if host::find_full_disk; then candidate::fail disk-full "$REPLY: Docker could not write down that the candidate runs"; fi
  candidate::fail docker-not-ready 'Docker has not written down that the candidate runs: see journalctl --unit docker, and deploy again'
}

candidate::explain_refusal() {
  local said=${RUN_SAID##*docker: }
  said=${said%%$'\n'*}
  case $said in
    *'address already in use'* | *'port is already allocated'*)
      candidate::read_port_holder
      candidate::fail slot-port-taken "Port $SLOT_PORT of slot $SLOT is held by $REPLY: stop it, or give the app another slot port" ;;
    *'no space left on device'*) candidate::fail disk-full "Docker's volume is full: prune or grow it" ;;
    *'Cannot connect to the Docker daemon'* | *'error during connect'*)
      candidate::fail docker-not-ready 'Docker does not answer any more: see journalctl --unit docker, and deploy again' ;;
    *'No such image'* | *'Unable to find image'*) candidate::fail image-not-runnable 'The image is not on the host: it was removed after the pull' ;;
  esac
  if ((RUN_CODE == 126 || RUN_CODE == 127)) || [[ $said == *'exec format error'* || $said == *'no command specified'* ]]; then
    candidate::fail image-not-runnable "Docker cannot run the image: $said"
  fi
  candidate::fail candidate-died "Docker could not start the container: $said"
}

candidate::read_port_holder() { # sets REPLY
  REPLY='another program'
  if [[ $(ss -Hltnp "sport = :$SLOT_PORT") =~ users:\(\(\"([^\"]+)\",pid=([0-9]+) ]]; then
    REPLY="\`${BASH_REMATCH[1]}\` (pid ${BASH_REMATCH[2]})"
  fi
}

candidate::fail_dead() { # of the container last looked at
  local how
  docker::says "$CONTAINER"
  how=$REPLY
  slot::last_words "$SLOT"
  if [[ $REPLY == *'exec format error'* ]]; then
    candidate::fail image-not-runnable 'The image is not built for this host: exec format error'
  fi
  candidate::fail candidate-died "The candidate died before it was healthy: $how. Its last words: ${REPLY:-(none)}"
}

candidate::fail_unhealthy() {
  local last
  health::says
  last=$REPLY
  slot::last_words "$SLOT"
  candidate::fail health-check-failed "The candidate was not healthy within $HEALTH_TIMEOUT s: $last. Its last words: ${REPLY:-(none)}"
}

candidate::fail() { # failure id, cause; leaves nothing behind
  docker::remove "edgepaas-$APP-$SLOT" 2
  phase::fail "$1" "$2"
}
