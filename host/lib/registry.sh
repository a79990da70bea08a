# Amazon ECR by the instance role: Docker's login, in a folder in memory that is gone when the phase ends, and questions of our own.
source host/lib/aws.sh

MANIFEST_TYPES='application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, '
MANIFEST_TYPES+='application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'

registry::log_in() { # sets DOCKER_CONFIG and REGISTRY_LOGIN
  local host=${REPOSITORY_URI%%/*} region
  REGISTRY_FOLDER=$RUNTIME/registry-$APP
  trap 'rm -rf "$REGISTRY_FOLDER"' EXIT
  rm -rf "$REGISTRY_FOLDER" # of a run that was killed
  (umask 077 && mkdir -p "$REGISTRY_FOLDER")
  DOCKER_CONFIG=$REGISTRY_FOLDER REGISTRY_LOGIN=''
  if [[ ! $host =~ ^[0-9]{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$ ]]; then return; fi
  region=${BASH_REMATCH[1]}
  registry::fetch_token "$region"
  REGISTRY_LOGIN=$REPLY
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

# Asks for something of the image's repository; sets REPLY, empty if there is no answer or a refusal. A blob's readers ECR sends
# on to S3, to which curl does not give the login.
registry::ask() { # path
  REPLY=$(registry::curl < <(registry::url "$1")) || REPLY=''
}

# The last four bytes of blobs, each into its file, all at once; one that cannot be had so leaves no file, or a longer one.
registry::fetch_ends() { # pairs of a blob's digest and a file
  while (($#)); do
    registry::url "blobs/$1"
    printf 'output = "%s"\n' "$2"
    shift 2
  done | registry::curl --parallel --range -4 || true
}

registry::url() { # path
  printf 'url = "https://%s/v2/%s/%s"\n' "${REPOSITORY_URI%%/*}" "${REPOSITORY_URI#*/}" "$1"
}

registry::curl() { # options; URLs come by stdin, and the login by a pipe
  curl --silent --fail --location --max-time 20 --max-filesize $((4 << 20)) --header "Accept: $MANIFEST_TYPES" \
    --config <(printf 'header = "Authorization: Basic %s"\n' "$REGISTRY_LOGIN") --config - "$@"
}
