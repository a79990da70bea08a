# The image of the release, as Docker on this host has it.
source host/lib/docker.sh

image::look() { # sets IMAGE_STATUS and IMAGE
  docker::get_patiently "/images/$REPOSITORY_URI@$DIGEST/json"
  IMAGE_STATUS=${DOCKER_STATUSES[0]:-000} IMAGE=${DOCKER_ANSWERS[0]:-}
}

image::remove() {
  docker::call DELETE "/images/$REPOSITORY_URI@$DIGEST"
}

# Of an image that Docker does not tell of, nothing can be said.
image::require_told() {
  if [[ $IMAGE_STATUS == 200 ]]; then return; fi
  phase::fail pull-failed "Docker does not tell of the image that it pulled ($IMAGE_STATUS): see journalctl --unit docker, and deploy again"
}

image::require_architecture() {
  local wanted=${HOSTTYPE/x86_64/amd64}
  wanted=${wanted/aarch64/arm64}
  docker::text "$IMAGE" Architecture
  if [[ $REPLY == "$wanted" ]]; then return; fi
  local found=$REPLY
  image::remove
  phase::fail image-architecture-mismatch "The image is built for ${found:-no architecture} and this host is $wanted: build it for linux/$wanted"
}

# What is to run may be an entrypoint of the image or its command; `Config` is what a container gets, while the
# `ContainerConfig` that older Dockers also tell is how the image was built.
image::require_command() {
  local config=${IMAGE#*\"Config\":}
  if [[ $config =~ \"(Cmd|Entrypoint)\":\[\" ]]; then return; fi
  image::remove
  phase::fail image-not-runnable 'The image has neither an entrypoint nor a command: give its Dockerfile a CMD'
}
