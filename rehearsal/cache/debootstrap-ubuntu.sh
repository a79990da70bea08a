#!/bin/sh
# debootstrap-ubuntu.sh ARGUMENTS...: debootstrap with Ubuntu's own key and all of its free packages.
set -eu
: "${REAL_DEBOOTSTRAP:?}" "${KEYRING:?}"
exec sh "$REAL_DEBOOTSTRAP" --keyring="$KEYRING" --components=main,universe "$@"
