#!/bin/sh
# enter-dnf.sh IMAGE FOLDER SIZE: runs bash's script on stdin in a copy of dnf's root that ends with it; FOLDER is its /mnt, and
# SIZE what may be written. Runs in namespaces of its own, without a network.
set -eu
image=$1 folder=$2 size=$3
cd "$image"
mount -t tmpfs -o "size=$size" tmpfs work
mkdir work/upper work/work
mount -t overlay -o lowerdir=tools:base,upperdir=work/upper,workdir=work/work dnf root
mount -t proc proc root/proc
mount --rbind /dev root/dev
mount -t tmpfs tmpfs root/run
mount --bind "$folder" root/mnt
exec chroot root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C bash -c 'cd /mnt && exec bash -s'
