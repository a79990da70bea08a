#!/bin/sh
# remove-host.sh NAME FOLDER LINK: waits until its stdin is closed, which happens when the rehearsal destroys the host,
# but just as well when the rehearsal is killed; then removes all that a host leaves on the machine.
set -u
name=$1 folder=$2 link=$3
cat >/dev/null

cgroups=$(awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts)

own_processes() {
  for point in $cgroups; do
    find "$point/$name" -name cgroup.procs -exec cat {} + 2>/dev/null
  done | sort -u
}

remove_cgroups() {
  for point in $cgroups; do
    if [ -d "$point/$name" ]; then find "$point/$name" -depth -type d -exec rmdir {} +; fi
  done
}

detach_volume() {
  losetup --noheadings --output NAME --associated "$folder/volume.img" | while read -r device; do losetup --detach "$device"; done
}

until [ -z "$(own_processes)" ]; do
  own_processes | xargs kill -KILL 2>/dev/null
  sleep 0.02
done
ip link delete "$link" 2>/dev/null
if [ -e "$folder/volume.img" ]; then detach_volume; fi
remove_cgroups
rm -rf --one-file-system "$folder"
rmdir "$(dirname "$folder")" 2>/dev/null
exit 0
