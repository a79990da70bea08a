#!/bin/sh
# debootstrap-other.sh ARGUMENTS...: debootstrap with the key and the components of another distribution than Debian 12. SUITE_SCRIPT is
# how its releases are made, since debootstrap may be older than the release.
set -eu
: "${REAL_DEBOOTSTRAP:?}" "${KEYRING:?}" "${AREAS:?}" "${SUITE_SCRIPT:?}"
scripts=${DEBOOTSTRAP_DIR:-/usr/share/debootstrap}/scripts
exec sh "$REAL_DEBOOTSTRAP" --keyring="$KEYRING" --components="$AREAS" "$@" "$scripts/$SUITE_SCRIPT"
