#!/bin/sh
# build-base.sh TARGET: what a bare Debian cloud image holds, and nothing a deployment has to install.
set -eu
target=$1
: "${RELEASE:?}" "${MIRROR:?}" "${DEBOOTSTRAP:?}"

sh "$DEBOOTSTRAP" --variant=minbase \
  --include=systemd,systemd-sysv,dbus,udev,kmod,procps,iproute2,ca-certificates,curl,gpg,gpgv,e2fsprogs,netbase \
  "$RELEASE" "$target" "$MIRROR"

cd "$target"
rm -rf var/cache/apt/archives/*.deb var/lib/apt/lists/* usr/share/doc/* usr/share/man/* usr/share/locale/*
rm -f etc/resolv.conf etc/machine-id etc/hostname
# udevd hears of every device of the machine: without the stock rules it leaves all of them alone.
rm -f usr/lib/udev/rules.d/*.rules
mkdir -p etc/systemd/system/systemd-udev-trigger.service.d
cat >etc/systemd/system/systemd-udev-trigger.service.d/own-volume-only.conf <<'UNIT'
[Unit]
ConditionPathExists=/run/udev/coldplug
[Service]
ExecStart=
ExecStart=/bin/sh -c 'udevadm trigger --action=add --settle $(cat /run/udev/coldplug)'
UNIT
# Kernel and clock are the machine's; the rest would only slow the boot.
for unit in systemd-sysctl.service systemd-modules-load.service systemd-timesyncd.service console-getty.service \
  getty.target systemd-logind.service sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
  sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer; do
  ln -sf /dev/null "etc/systemd/system/$unit"
done
touch etc/.updated var/.updated
