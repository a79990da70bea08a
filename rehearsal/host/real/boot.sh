#!/bin/sh
# boot.sh NAME FOLDER: PID 1 of the new namespaces until systemd takes its place. Every mount is made in here, so that
# the machine sees none of them and none can outlive the host.
set -eu
name=$1 folder=$2
read -r outer_pid _ </proc/self/stat # /proc is still the machine's, so this is the pid the machine knows
cgroups=$(awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) ~ /^cgroup2?$/) print $(i + 1), $5, $(i + 3) }' /proc/self/mountinfo)
echo "$outer_pid"
read -r _ # the network is connected

mount_disk() {
  mount --make-rprivate /
  # The loop device goes with the mount. No barriers, as no power cut is rehearsed and the machine's disk may be slow.
  mount -o loop,nobarrier disk.img root
  if [ -d seed ]; then cp -a seed/. root/ && rm -r seed; fi
}

mount_kernel_filesystems() {
  mount -t proc proc root/proc
  mount -t sysfs sysfs root/sys
  mount -t tmpfs -o mode=755 tmpfs root/run
  mount -t tmpfs -o mode=1777 tmpfs root/tmp
  # The machine's own settings are read-only here, but the network's belong to this namespace.
  mount --bind root/proc/sys root/proc/sys
  mount -o remount,bind,ro root/proc/sys
  mount --bind /proc/sys/net root/proc/sys/net
}

make_devices() {
  mount -t tmpfs -o mode=755 dev root/dev
  mkdir root/dev/pts root/dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts root/dev/pts
  mount -t tmpfs shm root/dev/shm
  ln -s pts/ptmx root/dev/ptmx
  ln -s /proc/self/fd root/dev/fd
  ln -s fd/0 root/dev/stdin
  ln -s fd/1 root/dev/stdout
  ln -s fd/2 root/dev/stderr
  mknod -m 666 root/dev/null c 1 3
  mknod -m 666 root/dev/zero c 1 5
  mknod -m 666 root/dev/full c 1 7
  mknod -m 666 root/dev/random c 1 8
  mknod -m 666 root/dev/urandom c 1 9
  mknod -m 666 root/dev/tty c 5 0
  : >root/dev/console
  # Without this file systemd believes that no udev will run, and waits for no device: sd_device_monitor_new().
  mkdir root/run/udev
  : >root/run/udev/control
}

mount_cgroups() { # the same hierarchies as the machine's, each rooted at this host's own cgroup
  if ! echo "$cgroups" | grep -q '^cgroup '; then
    mount -t cgroup2 cgroup2 root/sys/fs/cgroup
    return
  fi
  mount -t tmpfs -o mode=755 cgroup root/sys/fs/cgroup
  echo "$cgroups" | while read -r type point options; do
    hierarchy=root/sys/fs/cgroup/${point##*/}
    mkdir "$hierarchy"
    case $type in
      cgroup) mount -t cgroup -o "$(echo "${options#rw,}" | sed 's/,release_agent=[^,]*//')" cgroup "$hierarchy" ;;
      cgroup2) mount -t cgroup2 cgroup2 "$hierarchy" ;;
    esac
  done
}

become_root() {
  cd root
  mkdir -p .machine
  pivot_root . .machine
  cd /
  umount -l /.machine
  rmdir /.machine
}

cd "$folder"
hostname "$name"
mount_disk
mount_kernel_filesystems
make_devices
mount_cgroups
if [ -s attached ]; then sh ./attach-volume.sh root; fi
become_root
exec env -i container=rehearsal PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd </dev/null >/dev/null 2>&1
