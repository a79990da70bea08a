#!/bin/sh
# download-packages.sh IMAGE: every .deb that a deployment installs on a bare host, with all it depends on.
# Runs in a mount namespace of its own.
set -eu
image=$1
: "${PACKAGES:?}"

cd "$image"
mkdir -p apt/debian/pool download/upper download/work download/root
mount -t overlay -o volatile,lowerdir=base,upperdir=download/upper,workdir=download/work download download/root
mount -t proc proc download/root/proc
mount --rbind /dev download/root/dev
cp -L /etc/resolv.conf download/root/etc/resolv.conf
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
chroot download/root apt-get -q update
# shellcheck disable=SC2086 # a list of words
chroot download/root apt-get -q -y --no-install-recommends --download-only --reinstall install $PACKAGES
mv download/upper/var/cache/apt/archives/*.deb apt/debian/pool/
