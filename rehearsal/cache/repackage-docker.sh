#!/bin/bash
# repackage-docker.sh, in the tools root with the image's apt/ folder as working directory. Docker's own packages may be
# out of reach, so Debian's builds of the same programs take their names, files divided among them as Docker does.
set -Eeuo pipefail
architecture=$(dpkg --print-architecture)
version=5:$(dpkg-deb --field debian/pool/docker.io_*.deb Version | sed 's/[+-].*//')-1~rehearsal
pool=docker/linux/debian/pool
mkdir -p "$pool"

unpack() { # name in Debian, folder
  dpkg-deb --raw-extract debian/pool/"$1"_*.deb "$2"
  rm -r "$2/DEBIAN/md5sums" # it names files that move
}

write_control() { # name, further fields
  mkdir -p "/tmp/$1/DEBIAN"
  cat >"/tmp/$1/DEBIAN/control" <<CONTROL
Package: $1
Version: $version
Architecture: $architecture
Maintainer: EdgePaaS rehearsal <rehearsal@localhost>
$2
Description: stands for Docker's package of this name; holds Debian's build
CONTROL
}

build() { # name; uncompressed, as it never leaves this machine
  dpkg-deb --root-owner-group -Znone --build "/tmp/$1" "$pool/$1_${version#*:}_$architecture.deb" >/dev/null
}

unpack docker.io /tmp/docker-ce
mkdir -p /tmp/docker-ce-cli/usr
install -D /tmp/docker-ce/usr/bin/docker /tmp/docker-ce-cli/usr/bin/docker
rm /tmp/docker-ce/usr/bin/docker
unpack containerd /tmp/containerd.io
dpkg-deb --extract debian/pool/runc_*.deb /tmp/containerd.io

libraries='libc6, libdevmapper1.02.1, libsystemd0, libseccomp2'
write_control docker-ce "Pre-Depends: init-system-helpers
Depends: containerd.io, docker-ce-cli, iptables, adduser, tini, $libraries
Conflicts: docker.io
Replaces: docker.io"
write_control docker-ce-cli "Depends: $libraries
Conflicts: docker.io
Replaces: docker.io"
write_control containerd.io "Depends: $libraries
Provides: containerd, runc
Conflicts: containerd, runc
Replaces: containerd, runc"
write_control docker-buildx-plugin 'Enhances: docker-ce-cli'
write_control docker-compose-plugin 'Enhances: docker-ce-cli'
for name in docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin; do build "$name"; done
