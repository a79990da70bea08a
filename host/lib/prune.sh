# Clears away what deployments of this app have left that nobody goes back to, whether they succeeded or not: images, env files,
# receipts. What a killed run has begun, the next one ends: a deployment's receipts go last, and by them it is found again.
source host/lib/docker.sh

# Stays: this deployment, those whose containers are on the slots, and the images of the releases that were live last.
prune::older() {
  local folder number
  local -a numbers=()
  KEPT=' ' KEPT_LIVE=' ' KEPT_IMAGES=' '
  prune::keep_slots || return 0
  prune::keep "$DEPLOYMENT_ID"
  for folder in "$APP_STATE"/receipts/*; do numbers+=("${folder##*-}"); done
  mapfile -t numbers < <(printf '%s\n' "${numbers[@]}" | sort -rn)
  prune::keep_live "${numbers[@]}"
  for number in "${numbers[@]}"; do
    if ((number < ${DEPLOYMENT_ID##*-})); then prune::deployment "$APP-$number"; fi
  done
}

# Without Docker's word on what is on the slots, nothing is cleared away.
prune::keep_slots() {
  local index
  docker::get "/containers/edgepaas-$APP-blue/json" "/containers/edgepaas-$APP-green/json"
  for index in 0 1; do
    if [[ ! ${DOCKER_STATUSES[index]-} =~ ^(200|404)$ ]]; then return 1; fi
    docker::text "${DOCKER_ANSWERS[index]}" edgepaas.deployment
    if [[ $REPLY ]]; then prune::keep "$REPLY"; fi
  done
}

prune::keep() { # deployment
  KEPT+="$1 "
  prune::read_image "$1"
  KEPT_IMAGES+="$REPLY "
}

# A release was live if its deployment has moved traffic to it and not taken it back. Of several deployments of one release
# the newest keeps its receipts, which name the image; the secrets are read anew when it is deployed again.
prune::keep_live() { # numbers of deployments, newest first
  local number images=' ' left=$KEPT_RELEASES
  for number in "$@"; do
    if [[ ! -e $APP_STATE/receipts/$APP-$number/switch-traffic.json ]]; then continue; fi
    prune::read_image "$APP-$number"
    if [[ ! $REPLY || $images == *" $REPLY "* ]]; then continue; fi
    images+="$REPLY " KEPT_IMAGES+="$REPLY " KEPT_LIVE+="$APP-$number "
    left=$((left - 1))
    if ((left == 0)); then return; fi
  done
}

prune::deployment() { # id
  if [[ $KEPT == *" $1 "* ]]; then return; fi
  prune::read_image "$1"
  if [[ $REPLY && $KEPT_IMAGES != *" $REPLY "* ]]; then
    phase::say "Removing the image of $1"
    docker::call DELETE "/images/$REPLY" 300
    # 409: a container that is not ours is made of it.
    case $DOCKER_STATUS in 200 | 404 | 409) ;; *) return ;; esac
  fi
  rm -rf "$APP_STATE/env/$1".*
  if [[ $KEPT_LIVE != *" $1 "* ]]; then rm -rf "$APP_STATE/receipts/$1"; fi
}

prune::read_image() { # id; REPLY is its image as it was pulled, or empty
  REPLY=''
  if [[ -e $APP_STATE/receipts/$1/image ]]; then REPLY=$(<"$APP_STATE/receipts/$1/image"); fi
}
