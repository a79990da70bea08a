#!/bin/sh
# enter-builder.sh ROOT FOLDER COMMAND...: runs a program in a copy of the builder's file system that ends with it; FOLDER is its /mnt
# and working directory. Runs in namespaces of its own, so that nothing needs unmounting.
set -eu
root=$1 folder=$2
shift 2
cd "$root/mnt" # beneath the lower layer, which does not see what is mounted there
mount -t tmpfs tmpfs .
cd "$root/mnt"
mkdir upper work root
mount -t overlay -o "lowerdir=$root,upperdir=upper,workdir=work" builder root
cd root
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs run
mount --bind "$folder" mnt
cp -L /etc/resolv.conf /etc/hosts etc/
exec chroot . sh -c 'cd /mnt && exec "$@"' sh "$@"
