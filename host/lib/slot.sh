# What runs on the two slots of an app.
source host/lib/live-slot.sh
source host/lib/docker.sh
source host/lib/redact.sh

slot::look() { # slot; sets CONTAINER_STATUS (200: there is one) and CONTAINER
  docker::get_patiently "/containers/edgepaas-$APP-$1/json"
  slot::take_answer
}

# A Docker that errs can tell no more than one that is away.
slot::take_answer() {
  CONTAINER_STATUS=${DOCKER_STATUSES[0]:-000} CONTAINER=${DOCKER_ANSWERS[0]:-}
  if [[ ! $CONTAINER_STATUS =~ ^(200|404)$ ]]; then CONTAINER_STATUS=000; fi
}

# A Docker that is away cannot tell, and its containers run on.
slot::is_dead() { # of the container last looked at
  [[ $CONTAINER_STATUS != 000 ]] && ! docker::is_running "$CONTAINER"
}

slot::is_ours() { # of the container last looked at: did this deployment start it?
  [[ $CONTAINER_STATUS == 200 && $CONTAINER == *"\"edgepaas.deployment\":\"$DEPLOYMENT_ID\""* ]]
}

# Looks at the container on a slot and at the image it must be made of; sets CONTAINER_STATUS, CONTAINER and IS_RELEASE.
# A container that was asked for by the digest is made of it. Where images are in containerd, the default from Docker 29 on, an
# image's id is the digest of its index or of its manifest, whichever was pulled, so equal ids are not the only proof.
slot::identify() { # slot
  docker::get_patiently "/containers/edgepaas-$APP-$1/json" "/images/$REPOSITORY_URI@$DIGEST/json"
  slot::take_answer
  IS_RELEASE=false
  local wanted
  docker::text "${DOCKER_ANSWERS[1]:-}" Id
  wanted=$REPLY
  docker::text "$CONTAINER" Image
  if [[ $wanted && $REPLY == "$wanted" || $CONTAINER == *"\"Image\":\"$REPOSITORY_URI@$DIGEST\""* ]]; then IS_RELEASE=true; fi
}

# The last lines a container wrote, without the values of its env file; sets REPLY.
slot::last_words() { # slot
  local text
  text=$(docker logs --tail 12 "edgepaas-$APP-$1" 2>&1 | tail -c 4000 || true)
  redact::text "$text"
  redact::end "$REPLY"
}
