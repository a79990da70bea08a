#!/bin/bash
# pull-release: the image, by digest, after judging that it fits; nothing is left of one that cannot run here, nor of deployments
# that failed before.
source host/lib/phase.sh
source host/lib/volume.sh
source host/lib/image.sh
source host/lib/registry.sh
source host/lib/pull-size.sh
source host/lib/prune.sh

pull_release::holds() {
  image::look
  [[ $IMAGE_STATUS == 200 ]]
}

# Retire deletes by these notes what no release needs any more, and nothing that is not ours.
pull_release::note_image() {
  file::replace "$RECEIPTS/image" "$REPOSITORY_URI@$DIGEST"$'\n'
}

# What failed deployments have left makes room before one is refused for want of it; otherwise it goes after the pull, which may
# need the same layers.
pull_release::require_room() {
  if pull_release::fits; then return; fi
  prune::older
  if pull_release::fits; then return; fi
  phase::fail disk-full "The pull needs $((NEEDED_BYTES >> 20)) MiB of Docker's volume ($((COMPRESSED >> 20)) MiB for $MISSING, \
$((UNPACKED >> 20)) MiB unpacked, and a margin), and $((FREE_BYTES >> 20)) MiB are free: remove from $VOLUME what is not needed, or grow it"
}

pull_release::fits() {
  pull_size::measure
  host::free_bytes "$VOLUME"
  ((FREE_BYTES >= NEEDED_BYTES))
}

pull_release::pull() {
  local said
  phase::say "Pulling $REPOSITORY_URI@$DIGEST: $MISSING, $((COMPRESSED >> 10)) KiB"
  said=$(docker pull --quiet "$REPOSITORY_URI@$DIGEST" 2>&1) || pull_release::explain "$said"
  image::look
}

pull_release::explain() { # what docker said
  local said=${1##*$'\n'}
  prune::older
  case $said in
    *'no space left on device'*) pull_release::fail_full ;;
    *'no matching manifest'* | *'does not match the specified platform'*)
      phase::fail image-architecture-mismatch "The image is not built for this host's architecture ($HOSTTYPE)" ;;
    *[Uu]nauthorized* | *'no basic auth credentials'* | *denied* | *'authorization'*)
      phase::fail registry-login-failed "The registry refuses the host: $said" ;;
    *) phase::fail pull-failed "Docker could not pull the image: $said" ;;
  esac
}

pull_release::fail_full() {
  host::free_bytes "$VOLUME"
  phase::fail disk-full "Docker's volume filled up during the pull, which needs $((NEEDED_BYTES >> 20)) MiB; now $((FREE_BYTES >> 20)) MiB are \
free: stop what else writes to $VOLUME, remove what is not needed, or grow it"
}

phase::begin pull-release repositoryUri digest compressedBytes keptReleases
phase::enter_app
phase::skip_if_done pull_release::holds
pull_release::note_image
host::free_bytes "$VOLUME"
PULLED=false
image::look
if [[ $IMAGE_STATUS != 200 ]]; then
  registry::log_in
  pull_release::require_room
  pull_release::pull
  PULLED=true
fi
prune::older
image::require_told
image::require_architecture
image::require_command
phase::done "{\"pulled\":$PULLED,\"freeBytes\":$FREE_BYTES}"
