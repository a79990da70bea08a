#!/bin/sh
# try-kernel.sh FOLDER: tries each means by which the machine would hold a host, and prints those that it refuses.
# Whatever is made here is taken back, or goes with its namespace.
set -u
folder=$(mktemp -d "$1/trial-XXXXXX")
mkdir "$folder/root"
trap 'rm -rf "$folder"' EXIT

lacks() { echo "$1"; }

try_loop_mount() { # as a host's root disk
  truncate -s 1M "$folder/disk.img"
  mkfs.ext4 -q "$folder/disk.img" && unshare --mount --propagation private mount -o loop "$folder/disk.img" "$folder/root"
}

try_overlay() { # as Docker's and as the tools' are
  unshare --mount --propagation private mount -t overlay -o "lowerdir=/usr:/var" trial "$folder/root"
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
  try_loop_mount || lacks 'loop devices that it may mount'
  try_overlay || lacks 'overlay mounts'
  try_namespaces || lacks 'namespaces of its own with devices and network links'
  try_cgroups || lacks 'writable cgroups, of version 2 or with a hierarchy for systemd'
  try_xfs || lacks 'the xfs filesystem'
} 2>/dev/null
