#!/bin/sh
# build-tools.sh IMAGE: programs the rehearsal needs and the machine may lack, as a layer over the bare base.
# Runs in a mount namespace of its own.
set -eu
image=$1
: "${TOOLS:?}"

cd "$image"
mkdir -p tools work root
mount -t overlay -o volatile,lowerdir=base,upperdir=tools,workdir=work tools root
mount -t proc proc root/proc
mount --rbind /dev root/dev
cp -L /etc/resolv.conf root/etc/resolv.conf
printf '#!/bin/sh\nexit 101\n' >root/usr/sbin/policy-rc.d # start no service
chmod +x root/usr/sbin/policy-rc.d
mkdir -p root/etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >root/etc/postgresql-common/createcluster.d/none.conf # each run makes its own
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
chroot root apt-get -q update
# shellcheck disable=SC2086 # a list of words
chroot root apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io install $TOOLS
chroot root apt-get clean
rm -rf root/var/lib/apt/lists/*
rm -f root/usr/lib/*-linux-gnu/libLLVM-* # PostgreSQL's compiler of queries, which is off: 110 MB
