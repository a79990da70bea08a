#!/bin/sh
# try-kernel.sh FOLDER: tries each means by which the machine would hold a host, and prints those that it refuses.
# Whatever is made here is taken back, or goes with its namespace.
set -u
folder=$(mktemp -d "$1/trial-XXXXXX")
trap 'rmdir "$folder"/* "$folder" 2>/dev/null' EXIT

lacks() { echo "$1"; }

try_loop_device() {
  truncate -s 1M "$folder.img"
  device=$(losetup --find --show "$folder.img" 2>/dev/null)
  rm -f "$folder.img"
  [ -n "$device" ] && losetup --detach "$device"
}

try_overlay() { # as a host's disk: over a folder of the cache
  mkdir "$folder/upper" "$folder/work" "$folder/root"
  unshare --mount --propagation private mount -t overlay -o "volatile,lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" \
    trial "$folder/root"
  tried=$?
  rm -rf "$folder/upper" "$folder/work"
  return $tried
}

try_namespaces() {
  unshare --mount --uts --ipc --pid --net --cgroup --fork sh -c '
    mount -t tmpfs trial /proc/sys && mknod /proc/sys/null c 1 3 && : >/proc/sys/null &&
    ip link add trial type veth peer name trial-peer'
}

try_cgroups() { # systemd needs the second version, or a first one with its own hierarchy
  points=$(awk '$3 == "cgroup2" || ($3 == "cgroup" && $4 ~ /name=systemd/) { print $2 }' /proc/self/mounts)
  [ -n "$points" ] || return 1
  for point in $points; do
    mkdir "$point/edgepaas-trial-$$" && rmdir "$point/edgepaas-trial-$$" || return 1
  done
}

try_xfs() { # what volumes are made with
  grep -qw xfs /proc/filesystems || modprobe --quiet xfs
}

{
  try_loop_device || lacks 'loop devices'
  try_overlay || lacks 'overlay mounts over the disk of this folder'
  try_namespaces || lacks 'namespaces of its own with devices and network links'
  try_cgroups || lacks 'writable cgroups, of version 2 or with a hierarchy for systemd'
  try_xfs || lacks 'the xfs filesystem'
} 2>/dev/null
