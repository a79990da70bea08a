#!/bin/sh
# build-builder.sh IMAGE FOLDER: FOLDER/base becomes a copy of IMAGE's bare host with what a machine that builds images has: the
# distribution's PACKAGES, and Docker from IMAGE's own package repositories. Runs in namespaces of its own.
set -eu
image=$1 folder=$2
: "${PACKAGES:?}" "${RELEASE:?}" "${MIRROR:?}"

cp -a "$image/base" "$folder/base"
cd "$folder/base"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mkdir run/apt
mount --bind "$image/apt" run/apt
cp -L /etc/resolv.conf etc/resolv.conf
printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d # start no service
chmod +x usr/sbin/policy-rc.d
mv etc/apt/sources.list run/sources.list
cat >etc/apt/sources.list <<SOURCES
deb $MIRROR $RELEASE main
deb [trusted=yes] file:/run/apt/docker/linux/debian $RELEASE stable
SOURCES

install_packages() {
  DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot . apt-get -q -y --no-install-recommends \
    -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--path-exclude=/usr/share/doc/* \
    -o Dpkg::Options::=--path-exclude=/usr/share/man/* -o Dpkg::Options::=--path-exclude=/usr/share/locale/* install "$@"
}

chroot . apt-get -q update
# shellcheck disable=SC2086 # a list of words
install_packages $PACKAGES docker-ce docker-ce-cli containerd.io
chroot . systemctl enable docker
chroot . apt-get clean
mv run/sources.list etc/apt/sources.list
rm -rf var/lib/apt/lists/* var/log/* usr/share/python3-awscli/examples
rm -f etc/resolv.conf usr/sbin/policy-rc.d
touch etc/.updated var/.updated
umount -R dev proc run
