# The EBS volume that holds Docker: where it is mounted and whether it is.

VOLUME=/mnt/docker-data
VOLUME_LABEL=docker-data
# On the volume itself and written last: whoever finds it knows that the volume is mounted and was proven to work.
VOLUME_SENTINEL=$VOLUME/.docker-data-ready
DOCKER_ROOT=$VOLUME/docker
CONTAINERD_ROOT=$VOLUME/containerd

volume::is_ready() {
  volume::is_mounted && [[ -e $VOLUME_SENTINEL ]]
}

volume::is_mounted() {
  [[ $(</proc/self/mounts) == *" $VOLUME "* ]]
}
