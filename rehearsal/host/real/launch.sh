#!/bin/sh
# launch.sh NAME FOLDER: joins cgroups of its own, so that the new cgroup namespace is rooted there, and starts the host.
set -eu
name=$1 folder=$2
here=$(dirname "$0")

join() { # a cgroup directory of the machine
  mkdir -p "$1/$name"
  for setting in cpuset.cpus cpuset.mems; do # empty in a new v1 cgroup, which then accepts no process
    if [ -e "$1/$setting" ]; then cat "$1/$setting" >"$1/$name/$setting"; fi
  done
  echo $$ >"$1/$name/cgroup.procs"
}

while read -r _ point type _; do
  case $type in cgroup | cgroup2) join "$point" ;; esac
done </proc/self/mounts

# If the rehearsal dies, unshare dies, and with it PID 1 and so every process, mount and link of the host.
exec setpriv --pdeathsig KILL \
  unshare --mount --uts --ipc --pid --net --cgroup --fork --kill-child=KILL sh "$here/boot.sh" "$name" "$folder"
