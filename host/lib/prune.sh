# Clears away what deployments of this app before the last two have left: images, env files, receipts.
source host/lib/slot.sh

prune::older() { # slot of the release before, which stays whole
  local folder id kept_deployment kept_images
  slot::look "$1"
  docker::text "$CONTAINER" edgepaas.deployment
  kept_deployment=$REPLY
  prune::read_image "$kept_deployment"
  kept_images=" $REPLY "
  prune::read_image "$DEPLOYMENT_ID"
  kept_images+="$REPLY "
  for folder in "$APP_STATE"/receipts/*; do
    id=${folder##*/}
    if ((${id##*-} >= ${DEPLOYMENT_ID##*-})) || [[ $id == "$kept_deployment" ]]; then continue; fi
    prune::deployment "$id"
  done
}

prune::deployment() { # id
  prune::read_image "$1"
  if [[ $REPLY && $kept_images != *" $REPLY "* ]]; then
    phase::say "Removing the image of $1"
    docker::call DELETE "/images/$REPLY" 300
    # 409: a container of another app is made of it.
    case $DOCKER_STATUS in 200 | 404 | 409) ;; *) return ;; esac
  fi
  rm -rf "$APP_STATE/env/$1".* "$APP_STATE/receipts/$1"
}

prune::read_image() { # id; REPLY is its image as it was pulled, or empty
  REPLY=''
  if [[ -e $APP_STATE/receipts/$1/image ]]; then REPLY=$(<"$APP_STATE/receipts/$1/image"); fi
}
