#!/bin/sh
# write-in-root.sh IMAGE SCRIPT: runs a script of the tools layer over the bare base, and what it writes stays in that layer.
# Runs in a mount namespace of its own.
set -eu
image=$1 script=$2
cd "$image"
rm -rf work/work # what a volatile overlay leaves there lets no other begin
mount -t overlay -o volatile,lowerdir=base,upperdir=tools,workdir=work tools root
mount -t proc proc root/proc
mount --rbind /dev root/dev
chroot root env HOME=/root LC_ALL=C bash "$script"
