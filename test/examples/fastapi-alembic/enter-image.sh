#!/bin/sh
# enter-image.sh ROOT APP DATA PLACE COMMAND...: runs a command as a container of the image would, as this very process. The root
# stays as it is: what is written goes to memory. PLACE is docker or another. Runs in a mount namespace of its own.
set -eu
root=$1 app=$2 data=$3 place=$4
shift 4
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
cd /mnt/root
mkdir -p app data/sqlite dev proc
mount --bind "$app" app
mount --bind "$data" data/sqlite
mount --rbind /dev dev
mount -t tmpfs tmpfs dev/shm
mount --rbind /proc proc
if [ "$place" = docker ]; then touch .dockerenv; fi
exec chroot --userspec=10001:10001 . "$@"
