#!/bin/bash
# sign-repositories.sh, in the tools root with the image's apt/ folder as working directory. Lays out two repositories,
# each signed by its own key: debian/ stands for the distribution's mirror, docker/ for Docker's package host.
set -Eeuo pipefail
: "${RELEASE:?}"
architecture=$(dpkg --print-architecture)
export GNUPGHOME=/tmp/gnupg
mkdir -m 700 "$GNUPGHOME"

build_package() { # name, dependencies: an empty package whose dependencies are Debian's builds of the same programs
  mkdir -p "/tmp/$1/DEBIAN"
  cat >"/tmp/$1/DEBIAN/control" <<CONTROL
Package: $1
Version: $docker_version
Architecture: $architecture
Maintainer: EdgePaaS rehearsal <rehearsal@localhost>
Depends: $2
Description: stands for Docker's package of this name, brings Debian's build
CONTROL
  dpkg-deb --root-owner-group -Zgzip --build "/tmp/$1" "docker/linux/debian/pool/$1_${docker_version#*:}_$architecture.deb"
}

sign_repository() { # folder, component, owner
  gpg --batch --passphrase '' --quick-generate-key "$3" ed25519 sign never
  cd "$1"
  local index=dists/$RELEASE/$2/binary-$architecture
  mkdir -p "$index"
  apt-ftparchive packages pool >"$index/Packages"
  gzip -k "$index/Packages"
  apt-ftparchive -o "APT::FTPArchive::Release::Suite=$RELEASE" -o "APT::FTPArchive::Release::Codename=$RELEASE" \
    -o "APT::FTPArchive::Release::Components=$2" -o "APT::FTPArchive::Release::Architectures=$architecture" \
    release "dists/$RELEASE" >/tmp/Release
  mv /tmp/Release "dists/$RELEASE/Release"
  gpg --batch --local-user "$3" --clearsign --output "dists/$RELEASE/InRelease" "dists/$RELEASE/Release"
  cd - >/dev/null
}

docker_version=5:$(dpkg-deb --field debian/pool/docker.io_*.deb Version | sed 's/[+-].*//')-rehearsal
mkdir -p docker/linux/debian/pool
build_package docker-ce 'docker.io, docker-ce-cli, containerd.io, iptables'
build_package docker-ce-cli docker.io
build_package containerd.io 'containerd, runc'
build_package docker-buildx-plugin docker-ce-cli
build_package docker-compose-plugin docker-ce-cli

sign_repository debian main 'Rehearsal Debian mirror'
gpg --export 'Rehearsal Debian mirror' >debian-mirror-key.gpg
sign_repository docker/linux/debian stable 'Rehearsal Docker release'
gpg --export --armor 'Rehearsal Docker release' >docker/linux/debian/gpg
gpg --with-colons --fingerprint 'Rehearsal Docker release' | awk -F: '$1 == "fpr" { print $10; exit }' >docker-key-fingerprint
gpgconf --kill all
