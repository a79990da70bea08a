# The image of the release, as Docker on this host has it.
source host/lib/docker.sh

image::look() { # sets IMAGE_STATUS and IMAGE
  docker::get "/images/$REPOSITORY_URI@$DIGEST/json"
  IMAGE_STATUS=${DOCKER_STATUSES[0]:-000} IMAGE=${DOCKER_ANSWERS[0]:-}
}

image::remove() {
  docker::call DELETE "/images/$REPOSITORY_URI@$DIGEST"
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
