#!/bin/bash
# mount-volume: puts the roots of Docker and containerd on the host's EBS volume. Formats only what is provably blank.
source host/lib/phase.sh
source host/lib/package.sh
source host/lib/volume.sh
source host/lib/block-device.sh
source host/lib/docker-setup.sh
source host/lib/docker-move.sh

ATTACH_SECONDS=20
DEVICE_SECONDS=30
# Says that this volume was proven blank and is being formatted: what a killed mkfs leaves is ours to overwrite.
FORMATTING=$STATE/formatting

mount_volume::holds() {
  volume::is_ready && docker_setup::is_bound
}

mount_volume::prepare_filesystem() { # sets FORMATTED and UUID
  FORMATTED=false
  block_device::find "$VOLUME_IDS" "$ATTACH_SECONDS"
  block_device::probe
  if mount_volume::is_ours; then
    UUID=$FOUND_UUID FILESYSTEM=$FOUND_TYPE
    return
  fi
  if [[ $FOUND ]] && ! mount_volume::was_formatting; then
    phase::fail foreign-filesystem "Volume $VOLUME_ID holds $FOUND. It was left alone: back up what is on it and run \
\`wipefs --all $DEVICE\`, or give the host a blank volume"
  fi
  mount_volume::format
}

mount_volume::is_ours() {
  [[ $FOUND_LABEL == "$VOLUME_LABEL" && $FOUND_TYPE =~ ^(xfs|ext4)$ ]] && ! mount_volume::was_formatting
}

mount_volume::was_formatting() {
  [[ -e $FORMATTING && $(<"$FORMATTING") == "$VOLUME_ID" && ${FOUND_TYPE:-$FILESYSTEM} == "$FILESYSTEM" ]]
}

mount_volume::format() {
  if [[ $FILESYSTEM == xfs ]]; then package::provide xfsprogs; else package::provide e2fsprogs; fi
  phase::say "Volume $VOLUME_ID ($DEVICE) is blank: making $FILESYSTEM on it"
  file::replace "$FORMATTING" "$VOLUME_ID"$'\n'
  case $FILESYSTEM in
    xfs) mkfs.xfs -q -f -L "$VOLUME_LABEL" "$DEVICE" ;;
    ext4) mkfs.ext4 -q -F -L "$VOLUME_LABEL" "$DEVICE" ;;
  esac || phase::fail volume-mount-failed "Could not make $FILESYSTEM on $VOLUME_ID"
  sync "$DEVICE"
  rm "$FORMATTING"
  FORMATTED=true
  UUID=$(blkid --probe --output value --match-tag UUID "$DEVICE")
}

# By UUID; a host whose volume is gone must still boot, so that its agent can say so.
mount_volume::write_fstab() {
  local line fstab='' entry="UUID=$UUID $VOLUME $FILESYSTEM defaults,nofail,x-systemd.device-timeout=${DEVICE_SECONDS}s 0 0"
  touch /etc/fstab
  while IFS= read -r line || [[ $line ]]; do
    if [[ ! $line =~ ^[^#]*[[:space:]]${VOLUME}[[:space:]] ]]; then fstab+=$line$'\n'; fi
  done </etc/fstab
  if [[ $(</etc/fstab)$'\n' == "$fstab$entry"$'\n' ]]; then return; fi
  file::replace /etc/fstab "$fstab$entry"$'\n' 644
  if selinux::is_on; then restorecon /etc/fstab; fi
  systemctl daemon-reload
}

mount_volume::mount() {
  local said
  mkdir -p "$VOLUME"
  if ! volume::is_mounted; then
    said=$(mount "$VOLUME" 2>&1) || phase::fail volume-mount-failed "Could not mount $VOLUME_ID at $VOLUME: $said"
  fi
  [[ $(findmnt --noheadings --output UUID "$VOLUME") == "$UUID" ]] ||
    phase::fail volume-mount-failed "Another filesystem than that of $VOLUME_ID is mounted at $VOLUME: unmount it"
  mkdir -p "$DOCKER_ROOT" "$CONTAINERD_ROOT"
  chmod 711 "$DOCKER_ROOT" "$CONTAINERD_ROOT"
}

phase::begin mount-volume volumeIds filesystem
phase::enter_host
distribution::require
phase::skip_if_done mount_volume::holds
mount_volume::prepare_filesystem
mount_volume::write_fstab
mount_volume::mount
docker_setup::label
docker_move::to_volume
docker_setup::bind_to_volume
file::replace "$VOLUME_SENTINEL" "$VOLUME_ID $UUID"$'\n' 644
phase::done "{\"volumeId\":\"$VOLUME_ID\",\"uuid\":\"$UUID\",\"formatted\":$FORMATTED,\"moved\":$MOVED}"
