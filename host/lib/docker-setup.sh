# How Docker must be set up to serve without interruption, and the care its restart takes.
source host/lib/clock.sh
source host/lib/docker.sh
source host/lib/volume.sh
source host/lib/file.sh
source host/lib/selinux.sh

DAEMON_FILE=/etc/docker/daemon.json
DOCKER_READY_SECONDS=60

# With nofail the host boots without its volume; Docker must then wait, or it would start on the empty root disk.
# containerd's root is told here, for its own file belongs to its package.
docker_setup::unit() { # docker or containerd; sets UNIT_FILE and UNIT
  UNIT_FILE=/etc/systemd/system/$1.service.d/edgepaas.conf
  UNIT="[Unit]"$'\n'"RequiresMountsFor=$VOLUME"
  if [[ $1 == docker ]]; then return; fi
  UNIT+=$'\n\n'"[Service]"$'\n'"ExecStart="$'\n'"ExecStart=/usr/bin/containerd --root $CONTAINERD_ROOT"
}

# The roots need the labels of the places they take, which only the package container-selinux knows. A new filesystem has no
# label at its top.
docker_setup::label() {
  if ! selinux::is_on; then return; fi
  restorecon "$VOLUME"
  selinux::label_as "$DOCKER_ROOT" /var/lib/docker
  selinux::label_as "$CONTAINERD_ROOT" /var/lib/containerd
}

docker_setup::is_bound() {
  local service
  for service in docker containerd; do
    docker_setup::unit "$service"
    [[ -e $UNIT_FILE && $(<"$UNIT_FILE") == "$UNIT" ]] || return 1
  done
}

# A containerd that comes back with another root knows nothing of the containers it ran.
docker_setup::bind_to_volume() {
  local service
  if docker_setup::is_bound; then return; fi
  docker_setup::require_idle "moving Docker to the volume"
  for service in docker containerd; do
    docker_setup::unit "$service"
    mkdir -p "${UNIT_FILE%/*}"
    file::replace "$UNIT_FILE" "$UNIT"$'\n' 644
  done
  systemctl daemon-reload
}

# A running container has a shim, also while Docker is down.
docker_setup::has_containers() {
  grep --quiet --no-messages '^containerd-shim' /proc/[0-9]*/comm
}

# Even with live-restore, a running container holds on to its files in the old place.
docker_setup::require_idle() { # what is to be done
  if ! docker_setup::has_containers; then return; fi
  phase::fail containers-would-stop "Containers run here, and $1 would stop them: stop them when it suits, then deploy again"
}

# What stands in daemon.json stays, but for what serving without interruption needs. Sets DAEMON_CONFIG.
docker_setup::merge_daemon_config() { # failure id, should the file be unreadable
  local present='{}'
  if [[ -s $DAEMON_FILE ]]; then present=$(<"$DAEMON_FILE"); fi
  DAEMON_CONFIG=$(jq --arg root "$DOCKER_ROOT" '
    . + {"data-root": $root, "live-restore": true, "userland-proxy": false}
    | .["log-driver"] //= "json-file"
    | if .["log-driver"] | IN("json-file", "local")
      then .["log-opts"] = {"max-size": "10m", "max-file": "3"} + .["log-opts"] else . end' <<<"$present") ||
    phase::fail "$1" "$DAEMON_FILE is not valid JSON: mend it"
}

docker_setup::is_current() {
  [[ -e $DAEMON_FILE && $(<"$DAEMON_FILE") == "$DAEMON_CONFIG" ]]
}

# Containers survive a restart of Docker only if the running Docker, not its file, says live-restore.
docker_setup::require_safe_restart() { # what is to be done
  if ! docker_setup::has_containers; then return; fi
  docker::get /info
  docker::text "${DOCKER_ANSWERS[0]}" DockerRootDir
  if [[ $REPLY == "$DOCKER_ROOT" ]] && docker::is_true "${DOCKER_ANSWERS[0]}" LiveRestoreEnabled; then return; fi
  phase::fail containers-would-stop "Containers run here, and $1 would stop them: set \"live-restore\": true in $DAEMON_FILE, \
run \`systemctl reload docker\`, or stop them yourself"
}

docker_setup::write_daemon_config() {
  local mode=644
  mkdir -p "${DAEMON_FILE%/*}"
  if [[ -e $DAEMON_FILE ]]; then mode=$(stat --format %a "$DAEMON_FILE"); fi
  file::replace "$DAEMON_FILE" "$DAEMON_CONFIG"$'\n' "$mode"
}

# Writes the merged configuration and restarts Docker with it; puts the old one back if Docker does not take it.
docker_setup::apply() { # what failed, in case it does
  local old=
  if [[ -e $DAEMON_FILE ]]; then old=$(<"$DAEMON_FILE"); fi
  docker_setup::write_daemon_config
  docker_setup::restart || true
  if docker_setup::is_right; then return; fi
  phase::say "$DOCKER_PROBLEM; its old configuration is put back"
  if [[ $old ]]; then file::replace "$DAEMON_FILE" "$old"$'\n' 644; else rm -f "$DAEMON_FILE"; fi
  docker_setup::restart || true
  phase::fail "$1" "$DOCKER_PROBLEM"
}

docker_setup::restart() {
  systemctl reset-failed docker.service containerd.service 2>/dev/null || true
  systemctl stop docker.socket docker.service containerd.service
  systemctl start containerd.service docker.service
}

# Believes only what the running Docker says of itself; sets DOCKER_VERSION or DOCKER_PROBLEM.
docker_setup::is_right() {
  local info
  DOCKER_VERSION='' DOCKER_PROBLEM=''
  if ! docker_setup::await; then docker_setup::explain "does not answer after $DOCKER_READY_SECONDS s"; fi
  info=${DOCKER_ANSWERS[0]}
  docker::text "$info" ServerVersion
  DOCKER_VERSION=$REPLY
  docker::is_true "$info" LiveRestoreEnabled || docker_setup::explain 'runs without live-restore'
  docker::text "$info" DockerRootDir
  [[ $REPLY == "$DOCKER_ROOT" ]] || docker_setup::explain "keeps its data in ${REPLY:-no known place} and not in $DOCKER_ROOT"
  [[ -e $CONTAINERD_ROOT/io.containerd.metadata.v1.bolt ]] || docker_setup::explain "has a containerd that does not use $CONTAINERD_ROOT"
  [[ ! $DOCKER_PROBLEM ]]
}

docker_setup::await() {
  clock::in "$DOCKER_READY_SECONDS"
  local deadline=$REPLY
  until docker::get /info && [[ ${DOCKER_STATUSES[0]} == 200 ]]; do
    if clock::is_past "$deadline" || systemctl is-failed --quiet docker.service; then return 1; fi
    phase::sleep 0.1
  done
}

docker_setup::explain() { # the first thing wrong
  local said
  if [[ $DOCKER_PROBLEM ]]; then return; fi
  said=$(journalctl --unit docker --unit containerd --priority err --lines 2 --output cat --no-pager 2>/dev/null || true)
  DOCKER_PROBLEM="Docker $1${said:+: ${said//$'\n'/; }}"
}
