#!/bin/sh
# unpack-package.sh PACKAGE FOLDER: unpacks a package of this machine's Debian into FOLDER and installs nothing. Where apt has no
# lists yet, it gets some beside the folder: this runs without root, and leaves the machine as it was.
set -eu
package=$1 folder=$2
aside=$folder.$$
trap 'rm -rf "$aside"' EXIT
mkdir -p "$aside/lists/partial" "$aside/archives/partial"
cd "$aside"
apt() { apt-get -qq -o APT::Sandbox::User=root "$@"; }
apt_aside() { apt -o Dir::State::Lists="$aside/lists" -o Dir::Cache="$aside" "$@"; }
apt download "$package" 2>/dev/null || { apt_aside update && apt_aside download "$package"; }
dpkg-deb --extract "$package"_*.deb "$aside/unpacked"
rm -rf "$folder"
mv "$aside/unpacked" "$folder"
