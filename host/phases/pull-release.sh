#!/bin/bash
# pull-release: the image, by digest, after checking that it fits; nothing is left of one that cannot run here.
source host/lib/phase.sh
source host/lib/volume.sh
source host/lib/image.sh
source host/lib/registry.sh

MARGIN_BYTES=$((256 << 20))

pull_release::holds() {
  image::look
  [[ $IMAGE_STATUS == 200 ]]
}

# Retire deletes by these notes what no release needs any more, and nothing that is not ours.
pull_release::note_image() {
  file::replace "$RECEIPTS/image" "$REPOSITORY_URI@$DIGEST"$'\n'
}

# Layers are kept compressed while they are unpacked, to about twice that.
pull_release::require_room() {
  local needed=$((COMPRESSED_BYTES * 3 + MARGIN_BYTES))
  if ((FREE_BYTES >= needed)); then return; fi
  phase::fail disk-full "The image needs $((needed >> 20)) MiB and Docker's volume has $((FREE_BYTES >> 20)) MiB free: prune or grow it"
}

pull_release::pull() {
  local said
  registry::log_in
  phase::say "Pulling $REPOSITORY_URI@$DIGEST"
  said=$(docker pull --quiet "$REPOSITORY_URI@$DIGEST" 2>&1) || pull_release::explain "$said"
  image::look
}

pull_release::explain() { # what docker said
  local said=${1##*$'\n'}
  case $said in
    *'no space left on device'*) phase::fail disk-full "Docker's volume filled up during the pull: prune or grow it" ;;
    *'no matching manifest'* | *'does not match the specified platform'*)
      phase::fail image-architecture-mismatch "The image is not built for this host's architecture ($HOSTTYPE)" ;;
    *[Uu]nauthorized* | *'no basic auth credentials'* | *denied* | *'authorization'*)
      phase::fail registry-login-failed "The registry refuses the host: $said" ;;
    *) phase::fail pull-failed "Docker could not pull the image: $said" ;;
  esac
}

phase::begin pull-release repositoryUri digest compressedBytes
phase::enter_app
phase::skip_if_done pull_release::holds
pull_release::note_image
host::free_bytes "$VOLUME"
PULLED=false
image::look
if [[ $IMAGE_STATUS != 200 ]]; then
  pull_release::require_room
  pull_release::pull
  PULLED=true
fi
image::require_architecture
image::require_command
phase::done "{\"pulled\":$PULLED,\"freeBytes\":$FREE_BYTES}"
