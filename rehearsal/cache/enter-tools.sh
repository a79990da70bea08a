#!/bin/sh
# enter-tools.sh IMAGE FOLDER COMMAND...: runs a program of the tools layer, FOLDER being its /mnt and working directory.
# Runs in a mount namespace of its own, so that nothing needs unmounting.
set -eu
image=$1 folder=$2
shift 2
cd "$image"
mount -t overlay -o lowerdir=tools:base tools root
mount --rbind /proc root/proc
mount --rbind /dev root/dev
mount -t tmpfs tmpfs root/tmp
mount -t tmpfs tmpfs root/run
mount --bind "$folder" root/mnt
exec chroot root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C sh -c 'cd /mnt && exec "$@"' sh "$@"
