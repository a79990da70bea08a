#!/bin/sh
# python-root.sh TARGET: a Debian with Python and the packages of the FastAPI example, as an image holds it and as small as it
# gets. Runs in namespaces of its own.
set -eu
target=$1
: "${RELEASE:?}" "${MIRROR:?}" "${DEBOOTSTRAP:?}" "${PACKAGES:?}"

sh "$DEBOOTSTRAP" --variant=minbase --include="$PACKAGES" "$RELEASE" "$target" "$MIRROR"

# The user of the example's Dockerfile, and the place of its SQLite file.
chroot "$target" useradd --uid 10001 --user-group --no-create-home --home-dir /app --shell /usr/sbin/nologin app
chroot "$target" install -d -o app -g app /data/sqlite
# Compiled here: a container's user could not keep what it compiles, and would do so at each start. Not by the times of the
# sources, which a layer leaves out.
chroot "$target" python3 -m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python3 /usr/lib/python3.11

cd "$target"
umount proc sys 2>/dev/null || true
# No container installs anything, and nobody reads a manual in one.
chroot . dpkg --purge --force-all apt libapt-pkg6.0 debian-archive-keyring gpgv e2fsprogs logsave libext2fs2 >/dev/null
rm -rf debootstrap var/cache/* var/lib/apt var/log/* boot home media opt srv usr/share/doc usr/share/man usr/share/locale \
  usr/share/info usr/share/i18n usr/share/zoneinfo usr/lib/*/gconv var/lib/dpkg/info/*.md5sums var/lib/dpkg/*-old
rm -rf etc/resolv.conf etc/hostname etc/machine-id etc/*- dev/* run/* tmp/*
