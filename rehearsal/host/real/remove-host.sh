#!/bin/sh
# remove-host.sh NAME FOLDER: waits until its stdin is closed, which is when the rehearsal destroys the host but just as
# well when the rehearsal is killed, and then removes all that this host has on the machine. May be run again.
set -u
name=$1 folder=$2
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

detach_volume() { # by its file, as another host may have been given the number since
  losetup --noheadings --output NAME --associated "$folder/volume.img" | xargs -r -n 1 losetup --detach
}

until [ -z "$(own_processes)" ]; do
  own_processes | xargs kill -KILL 2>/dev/null
  sleep 0.02
done
ip link delete "edgepaas${name##*-}" 2>/dev/null # it goes with its namespace, but some time later
if [ -e "$folder/volume.img" ]; then detach_volume; fi
remove_cgroups
rm -rf --one-file-system "$folder"
rmdir "$(dirname "$folder")" 2>/dev/null
exit 0
