# Logs Docker in to Amazon ECR by the instance role, into a folder in memory that is gone when the phase ends.
source host/lib/aws.sh

registry::log_in() { # sets DOCKER_CONFIG
  local host=${REPOSITORY_URI%%/*} region
  REGISTRY_FOLDER=$RUNTIME/registry-$APP
  trap 'rm -rf "$REGISTRY_FOLDER"' EXIT
  rm -rf "$REGISTRY_FOLDER" # of a run that was killed
  (umask 077 && mkdir -p "$REGISTRY_FOLDER")
  DOCKER_CONFIG=$REGISTRY_FOLDER
  if [[ ! $host =~ ^[0-9]{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$ ]]; then return; fi
  region=${BASH_REMATCH[1]}
  registry::fetch_token "$region"
  (umask 077 && printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$host" "$REPLY" >"$REGISTRY_FOLDER/config.json")
}

registry::fetch_token() { # region; sets REPLY to base64 of AWS:password, as Docker's configuration wants it
  local region=$1
  aws::read_credentials || phase::fail registry-login-failed "The host cannot log in to Amazon ECR: $REPLY"
  aws::domain "$region"
  aws::call ecr "api.ecr.$region.$REPLY" "$region" \
    AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken '{}'
  if [[ $AWS_STATUS == 200 && $AWS_ANSWER =~ \"authorizationToken\"\ *:\ *\"([^\"]+)\" ]]; then
    REPLY=${BASH_REMATCH[1]//\\/}
    return
  fi
  aws::refusal
  phase::fail registry-login-failed "Amazon ECR gives the host no login: $REPLY"
}
