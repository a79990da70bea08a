#!/bin/sh
# attach-volume.sh ROOT, in the host's folder: what the kernel and udev's stock rules do on an EC2 host when a volume
# is attached. The host's own udevd keeps the links up to date from then on, as after mkfs.
set -eu
root=$1
read -r volume loop <attached

mknod -m 660 "$root/dev/loop$loop" b 7 "$loop"
mkdir -p "$root/run/udev/rules.d"
cat >"$root/run/udev/rules.d/60-ebs-volume.rules" <<RULES
SUBSYSTEM!="block", GOTO="end"
KERNEL!="loop$loop", GOTO="end"
ACTION=="remove", GOTO="end"
OPTIONS+="watch", TAG+="systemd"
SYMLINK+="nvme1n1 disk/by-id/nvme-Amazon_Elastic_Block_Store_$(echo "$volume" | tr -d -)"
IMPORT{builtin}="blkid"
ENV{ID_FS_UUID_ENC}=="?*", SYMLINK+="disk/by-uuid/\$env{ID_FS_UUID_ENC}"
ENV{ID_FS_LABEL_ENC}=="?*", SYMLINK+="disk/by-label/\$env{ID_FS_LABEL_ENC}"
LABEL="end"
RULES
# For the service that replays the devices at boot: of the machine's devices only this one is the host's.
echo "/sys/block/loop$loop" >"$root/run/udev/coldplug"
