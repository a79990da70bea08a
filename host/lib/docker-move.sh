# Moves the data of a Docker that was here before EdgePaaS onto the volume. The old data stay until Docker runs on the new.
# A volume that brings data of its own, from a host before this one, keeps those.
source host/lib/docker-setup.sh
source host/lib/package.sh

# Names the two old roots while the move is under way. daemon.json changes only when the copy is complete: which root it
# names tells a run that follows a killed one whether to copy again or to go on from the copy.
MOVING=$STATE/moving

docker_move::to_volume() { # sets MOVED
  MOVED=false
  docker_move::find_roots
  if ! docker_move::is_needed; then return; fi
  package::provide rsync jq
  if [[ $CURRENT_ROOT != "$DOCKER_ROOT" ]]; then docker_move::copy_roots; fi
  docker_move::use_copy
  rm -rf --one-file-system "$OLD_DOCKER_ROOT" "$OLD_CONTAINERD_ROOT" || phase::say "Not all of $OLD_DOCKER_ROOT could be removed"
  rm -f "$MOVING"
  MOVED=true
}

docker_move::find_roots() { # sets CURRENT_ROOT, OLD_DOCKER_ROOT and OLD_CONTAINERD_ROOT
  local line
  CURRENT_ROOT=/var/lib/docker OLD_CONTAINERD_ROOT=/var/lib/containerd
  if [[ -e $DAEMON_FILE && $(<"$DAEMON_FILE") =~ \"data-root\"[[:space:]]*:[[:space:]]*\"([^\"]+)\" ]]; then
    CURRENT_ROOT=${BASH_REMATCH[1]}
  fi
  OLD_DOCKER_ROOT=$CURRENT_ROOT
  if [[ -e $MOVING ]]; then read -r OLD_DOCKER_ROOT OLD_CONTAINERD_ROOT <"$MOVING" && return; fi
  if [[ ! -e /etc/containerd/config.toml ]]; then return; fi
  while IFS= read -r line; do
    if [[ $line =~ ^root\ *=\ *\"([^\"]+)\" ]]; then OLD_CONTAINERD_ROOT=${BASH_REMATCH[1]}; fi
  done </etc/containerd/config.toml
}

docker_move::is_needed() {
  if [[ -e $MOVING ]]; then return; fi
  [[ $CURRENT_ROOT != "$DOCKER_ROOT" && -e $CURRENT_ROOT && ! $(ls -A "$DOCKER_ROOT") ]]
}

docker_move::copy_roots() {
  docker_setup::require_idle "moving Docker's data to the volume"
  docker_move::require_room
  phase::say "Moving $OLD_DOCKER_ROOT and $OLD_CONTAINERD_ROOT onto the volume"
  file::replace "$MOVING" "$OLD_DOCKER_ROOT $OLD_CONTAINERD_ROOT"$'\n'
  systemctl stop docker.socket docker.service containerd.service
  docker_move::copy "$OLD_DOCKER_ROOT" "$DOCKER_ROOT"
  docker_move::copy "$OLD_CONTAINERD_ROOT" "$CONTAINERD_ROOT"
}

docker_move::use_copy() {
  docker_setup::merge_daemon_config volume-mount-failed
  if docker_setup::is_bound && docker_setup::is_current && docker_setup::is_right; then return; fi
  docker_setup::bind_to_volume
  docker_setup::apply volume-mount-failed
}

docker_move::require_room() {
  local needed=0 bytes root
  for root in "$OLD_DOCKER_ROOT" "$OLD_CONTAINERD_ROOT"; do
    if [[ ! -e $root ]]; then continue; fi
    read -r bytes _ < <(du --summarize --block-size=1 "$root")
    needed=$((needed + bytes))
  done
  host::free_bytes "$VOLUME"
  if ((needed < FREE_BYTES)); then return; fi
  phase::fail disk-full "Docker's data take $((needed >> 20)) MiB and the volume has $((FREE_BYTES >> 20)) MiB free: prune or grow it"
}

docker_move::copy() { # from, to
  if [[ -e $1 ]]; then rsync -aHAXS --numeric-ids --delete "$1/" "$2/"; fi
}
