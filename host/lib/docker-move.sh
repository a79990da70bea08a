# Moves the data of a Docker that was here before EdgePaaS onto the volume. The old data stay until Docker runs on the new.
# A volume that brings data of its own, from a host before this one, keeps those.
source host/lib/docker-setup.sh
source host/lib/package.sh

# Says that the copy on the volume is not complete.
MOVING=$STATE/moving

docker_move::to_volume() { # sets MOVED
  MOVED=false
  docker_move::find_roots
  if ! docker_move::is_needed; then return; fi
  docker_move::require_idle
  package::install rsync jq
  docker_move::require_room
  phase::say "Moving $OLD_DOCKER_ROOT and $OLD_CONTAINERD_ROOT onto the volume"
  systemctl stop docker.socket docker.service containerd.service
  : >"$MOVING"
  docker_move::copy "$OLD_DOCKER_ROOT" "$DOCKER_ROOT"
  docker_move::copy "$OLD_CONTAINERD_ROOT" "$CONTAINERD_ROOT"
  docker_setup::bind_to_volume
  docker_setup::merge_daemon_config
  docker_setup::apply volume-mount-failed
  rm -rf --one-file-system "$OLD_DOCKER_ROOT" "$OLD_CONTAINERD_ROOT"
  rm -f "$MOVING"
  MOVED=true
}

docker_move::is_needed() {
  if [[ $OLD_DOCKER_ROOT == "$DOCKER_ROOT" || ! -e $OLD_DOCKER_ROOT ]]; then return 1; fi
  [[ -e $MOVING || ! $(ls -A "$DOCKER_ROOT") ]]
}

docker_move::find_roots() { # sets OLD_DOCKER_ROOT and OLD_CONTAINERD_ROOT
  local line
  OLD_DOCKER_ROOT=/var/lib/docker OLD_CONTAINERD_ROOT=/var/lib/containerd
  if [[ -e $DAEMON_FILE && $(<"$DAEMON_FILE") =~ \"data-root\"[[:space:]]*:[[:space:]]*\"([^\"]+)\" ]]; then
    OLD_DOCKER_ROOT=${BASH_REMATCH[1]}
  fi
  if [[ ! -e /etc/containerd/config.toml ]]; then return; fi
  while IFS= read -r line; do
    if [[ $line =~ ^root\ *=\ *\"([^\"]+)\" ]]; then OLD_CONTAINERD_ROOT=${BASH_REMATCH[1]}; fi
  done </etc/containerd/config.toml
}

# Even with live-restore a running container holds on to its files in the old place.
docker_move::require_idle() {
  if ! pgrep containerd-shim >/dev/null; then return; fi
  phase::fail containers-would-stop "Containers run here, and moving Docker's data to the volume would stop them: \
stop them when it suits, then deploy again"
}

docker_move::require_room() {
  local needed=0 bytes root
  for root in "$OLD_DOCKER_ROOT" "$OLD_CONTAINERD_ROOT"; do
    if [[ ! -e $root ]]; then continue; fi
    read -r bytes _ < <(du --summarize --block-size=1 "$root")
    ((needed += bytes))
  done
  host::free_bytes "$VOLUME"
  if ((needed < FREE_BYTES)); then return; fi
  phase::fail disk-full "Docker's data take $((needed >> 20)) MiB and the volume has $((FREE_BYTES >> 20)) MiB free: prune or grow it"
}

docker_move::copy() { # from, to
  if [[ -e $1 ]]; then rsync -aHAXS --numeric-ids --delete "$1/" "$2/"; fi
}
