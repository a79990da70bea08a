#!/bin/sh
# fetch-shellcheck.sh FOLDER: unpacks Debian's shellcheck package into FOLDER. apt keeps its lists there too, so that this runs
# without root and on a machine that has never run `apt-get update`.
set -eu
folder=$1
aside=$folder.$$
trap 'rm -rf "$aside"' EXIT
mkdir -p "$aside/lists/partial" "$aside/archives/partial"
cd "$aside"
apt() { apt-get -qq -o Dir::State::Lists="$aside/lists" -o Dir::Cache="$aside" "$@"; }
apt-get -qq download shellcheck 2>/dev/null || { apt update && apt download shellcheck; }
dpkg-deb --extract shellcheck_*.deb "$aside/unpacked"
rm -rf "$folder"
mv "$aside/unpacked" "$folder"
