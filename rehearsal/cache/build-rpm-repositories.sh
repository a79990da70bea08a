#!/bin/bash
# build-rpm-repositories.sh, in the root of dnf-root.ts: two repositories of packages that hold nothing but their names.
# /srv/os stands for a distribution's; /srv/docker is laid out and signed as Docker's package host is.
set -Eeuo pipefail
: "${OS_PACKAGES:?}" "${DOCKER_PACKAGES:?}" "${DOCKER_FOLDERS:?}"
export GNUPGHOME=/root/.gnupg
work=$(mktemp -d)

build() { # folder, name, lines of the spec; FILES are what it holds
  printf '%s\n' "Name: $2" 'Version: 1' 'Release: 1' "Summary: stands for $2" 'License: none' 'BuildArch: noarch' "${@:3}" \
    '%description' "Stands for $2." '%files' ${FILES:+"$FILES"} >"$work/$2.spec"
  rpmbuild -bb --quiet --define "_topdir $work" --define "_rpmdir $1" --define '_build_name_fmt %%{NAME}.rpm' "$work/$2.spec"
}

index() { # folder
  createrepo_c --quiet --general-compress-type gz "$1"
}

mkdir -m 700 "$GNUPGHOME"
gpg --batch --passphrase '' --quick-generate-key 'Docker of the test' rsa2048 sign never
gpg --with-colons --fingerprint | awk -F: '$1 == "fpr" { print $10; exit }' >/srv/docker-key-fingerprint

mkdir -p /srv/os /srv/signed
for name in $OS_PACKAGES; do build /srv/os "$name"; done
build /srv/os needy 'Requires: nowhere-to-be-found'
# At work from /run/slow on, until something is written to /run/go.
build /srv/os slow 'Provides: /bin/sh' '%post' 'touch /run/slow; read -r line </run/go'
FILES=/zeros build /srv/os enormous '%install' 'mkdir -p %{buildroot}' 'truncate --size 64M %{buildroot}/zeros'
index /srv/os

for name in $DOCKER_PACKAGES; do build /srv/signed "$name"; done
rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name Docker of the test' --addsign /srv/signed/*.rpm
for folder in $DOCKER_FOLDERS; do
  stable=/srv/docker/linux/$folder/$(uname -m)/stable
  mkdir -p "$stable"
  cp /srv/signed/*.rpm "$stable"
  index "$stable"
  gpg --export --armor >"/srv/docker/linux/${folder%%/*}/gpg"
done
gpgconf --kill all
rm -rf "$work"
