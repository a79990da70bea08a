#!/bin/bash
# sign-repositories.sh, in the tools root with the image's apt/ folder as working directory. Lays out two repositories,
# each signed by its own key: debian/ stands for the distribution's mirror, docker/ for Docker's package host.
set -Eeuo pipefail
: "${RELEASE:?}"
architecture=$(dpkg --print-architecture)
export GNUPGHOME=/tmp/gnupg
mkdir -m 700 "$GNUPGHOME"

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

sign_repository debian main 'Rehearsal Debian mirror'
gpg --export 'Rehearsal Debian mirror' >debian-mirror-key.gpg
sign_repository docker/linux/debian stable 'Rehearsal Docker release'
gpg --export --armor 'Rehearsal Docker release' >docker/linux/debian/gpg
gpg --with-colons --fingerprint 'Rehearsal Docker release' | awk -F: '$1 == "fpr" { print $10; exit }' >docker-key-fingerprint
gpgconf --kill all
