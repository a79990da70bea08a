#!/bin/sh
# Builds an app's image, pushes it to ECR, and says how its deployment ended: from GitHub, any other CI or a laptop.
# POSIX shell in one file, for dash, bash and busybox. See actions/README.md, or push-image.sh --help.
set -eu

print_help() {
  cat <<'HELP'
push-image.sh version [options]                      make BUILD_VERSION; needs no credential
push-image.sh push --app NAME [options] [-- docker build options]
                                                     build, push, and with --wait wait for the outcome
push-image.sh wait --app NAME --build-version V --digest D [options]
                                                     wait for the outcome of a push that was made

Each option is an environment variable too: --no-cache is EDGEPAAS_NO_CACHE=true. An empty value counts as not given.

  --app NAME          as in edgepaas.config.ts
  --stack NAME        of CloudFormation (EdgePaas)
  --region REGION     (AWS_REGION, AWS_DEFAULT_REGION, or the AWS CLI's own)
  --role ARN          on GitHub: taken with the job's OIDC token, which needs "permissions: id-token: write"
  --build-version V   the image's tag (the commit's SHA; with --no-cache six random hexadecimal digits)
  --latest            the version is "latest"; not with --no-cache
  --no-cache          build everything anew, from base images pulled anew
  --context DIR       what is built (.)
  --file FILE         (DIR/Dockerfile)
  --platform P        linux/amd64 or linux/arm64 (what the hosts are)
  --wait              until the deployment has ended
  --timeout SECONDS   for --wait (3600)
  --digest D          sha256:..., for the command wait: what was pushed
  EDGEPAAS_BUILD_OPTIONS        options of docker build, one a line
  EDGEPAAS_POLL_SECONDS         between two looks at the deployment (5)

stdout has only lines name=value: build-version, image, digest; with --wait also deployment, outcome, execution-url.
Exit codes: 0 live, or pushed without --wait; 1 the deployment failed, and the last line says why; 2 wrong usage, or something is
missing, and nothing was changed; 3 superseded by a newer push; 4 no outcome in time; 5 the build, the push, an AWS call or
the machine failed.
HELP
}

main() {
  ended='' folder='' sleeper=''
  trap clean_up EXIT
  trap 'end 129' HUP
  trap 'end 130' INT
  trap 'end 143' TERM
  read_environment
  read_options "$@"
  check_values
  case $command in
    version) make_version; stop_on_problems; tell_version ;;
    push) push_image ;;
    wait) wait_for_push ;;
  esac
}

push_image() {
  make_version
  check_prerequisites
  tell_version
  open_folder
  take_role || fail 5 "$reason"
  read_settings
  check_tag
  log_in
  build_image
  check_image
  renew_role || fail 5 "$reason"
  mark_ledger
  push_built
  tell_push
  if [ "$wait" = false ]; then
    summarize "pushed$effect"
  else
    [ "$unchanged" = false ] || settle_unchanged
    await_outcome
  fi
}

wait_for_push() {
  [ -n "$build_version" ] || add_problem 'build-version is missing: give --build-version, as the push printed it'
  [ -n "$digest" ] || add_problem 'digest is missing: give --digest, as the push printed it'
  check_prerequisites
  open_folder
  take_role || fail 5 "$reason"
  read_settings
  from_deployment='deployment#' from_request='request#' unchanged=false
  await_outcome
}

# --- words -----------------------------------------------------------------------------------------------------------------

say() { printf 'push-image: %s\n' "$1" >&2; }

on_github() { [ "${GITHUB_ACTIONS:-}" = true ]; }

# A text of another's making, on one line: without control characters, and without what a GitHub runner takes for a command.
printable() { printf '%s' "$1" | LC_ALL=C tr '\000-\037\177' ' ' | LC_ALL=C sed 's/##\[/## [/g'; }

# What a program said in a file, the same way.
last_words() { printable "$(cat "$1")" | LC_ALL=C sed -e 's/^ *//' -e 's/ *$//'; }

# A value as an error shows it.
quoted() { printf '"%s"' "$(printable "$1" | LC_ALL=C cut -c 1-60)"; }

# As a GitHub runner unescapes it. Source: actions/runner, ActionCommand.cs.
annotate() { ! on_github || printf '::%s::%s\n' "$1" "$(printable "$2" | sed 's/%/%25/g')" >&2; }

mask() { ! on_github || printf '::add-mask::%s\n' "$1" >&2; }

# fail CODE TEXT
fail() {
  annotate error "$2"
  say "$2"
  end "$1"
}

# Ends on purpose. What comes to clean_up otherwise was ended by a command that failed unforeseen, with a code that means nothing.
end() {
  ended=true
  exit "$1"
}

clean_up() {
  [ -z "$sleeper" ] || kill "$sleeper" 2>/dev/null || :
  [ -z "$folder" ] || rm -rf "$folder"
  [ -n "$ended" ] || fail 5 'a command failed on this machine, as said above: is a disk full, or a file or folder not to be written?'
}

add_problem() { problems="$problems
  $1"; }

stop_on_problems() {
  [ -z "$problems" ] || fail 2 "nothing was done:$problems"
}

# emit NAME VALUE: for whoever called, and for the job's next steps.
emit() {
  printf '%s=%s\n' "$1" "$2"
  [ -z "${GITHUB_OUTPUT:-}" ] || printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# --- options and values ----------------------------------------------------------------------------------------------------

read_environment() {
  problems='' command='' waiting=''
  app=${EDGEPAAS_APP:-} stack=${EDGEPAAS_STACK:-EdgePaas} role=${EDGEPAAS_ROLE:-}
  region=${EDGEPAAS_REGION:-${AWS_REGION:-${AWS_DEFAULT_REGION:-}}}
  build_version=${EDGEPAAS_BUILD_VERSION:-} digest=${EDGEPAAS_DIGEST:-}
  latest=${EDGEPAAS_LATEST:-false} no_cache=${EDGEPAAS_NO_CACHE:-false} wait=${EDGEPAAS_WAIT:-false}
  context=${EDGEPAAS_CONTEXT:-.} file=${EDGEPAAS_FILE:-} platform=${EDGEPAAS_PLATFORM:-}
  timeout=${EDGEPAAS_TIMEOUT:-3600} poll_seconds=${EDGEPAAS_POLL_SECONDS:-5}
  build_options=${EDGEPAAS_BUILD_OPTIONS:-}
}

# What follows "--" joins the build options, one a line.
read_options() {
  command=${1:-}
  case $command in
    version | push | wait) shift ;;
    -h | --help | help) print_help; end 0 ;;
    *) refuse_usage "$(quoted "$command") is no command: use version, push or wait" ;;
  esac
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) print_help; end 0 ;;
      --latest) latest=true ;;
      --no-cache) no_cache=true ;;
      --wait) wait=true ;;
      --) shift && add_build_options "$@" && return ;;
      --app | --stack | --region | --role | --build-version | --context | --file | --platform | --timeout | --digest)
        [ -n "${2:-}" ] || refuse_usage "$1 has no value: write $1 VALUE"
        set_option "$1" "$2" && shift ;;
      *) refuse_usage "$(quoted "$1") is no option" ;;
    esac
    shift
  done
}

refuse_usage() { fail 2 "$1; push-image.sh --help lists all"; }

set_option() {
  case $1 in
    --app) app=$2 ;;
    --stack) stack=$2 ;;
    --region) region=$2 ;;
    --role) role=$2 ;;
    --build-version) build_version=$2 ;;
    --context) context=$2 ;;
    --file) file=$2 ;;
    --platform) platform=$2 ;;
    --timeout) timeout=$2 ;;
    --digest) digest=$2 ;;
  esac
}

new_line='
' tab=$(printf '\t')
add_build_options() {
  for option; do
    case $option in *"$new_line"*) refuse_usage 'an option of docker build has a line break' ;; esac
    build_options=${build_options:+$build_options$new_line}$option
  done
}

# consists_of VALUE CHARACTERS: as a bracket expression has them, a hyphen last. In the C locale: elsewhere "a-z" may have more.
consists_of() (
  LC_ALL=C
  case $1 in '' | *[!$2]*) exit 1 ;; esac
)

# check_form NAME VALUE FORM PROBLEM
check_form() {
  [ -z "$2" ] || "is_$3" "$2" || add_problem "$1 = $(quoted "$2") $4"
}

is_version() { consists_of "$1" 'A-Za-z0-9_.-' && [ ${#1} -le 128 ] && case $1 in [.-]*) return 1 ;; esac; }
is_app() {
  consists_of "$1" 'a-z0-9-' && [ ${#1} -ge 2 ] && [ ${#1} -le 32 ] && case $1 in [0-9-]* | *-) return 1 ;; esac
}
is_stack() { consists_of "$1" 'A-Za-z0-9-' && [ ${#1} -le 61 ] && case $1 in [0-9-]*) return 1 ;; esac; }
is_region() {
  consists_of "$1" 'a-z0-9-' && [ ${#1} -le 32 ] || return 1
  case $1 in [0-9-]* | *- | *--*) return 1 ;; *-*-[0-9]*) ;; *) return 1 ;; esac
}
is_role() {
  consists_of "$1" 'A-Za-z0-9+=,.@_:/-' && [ ${#1} -le 600 ] || return 1
  case $1 in arn:aws*:iam::[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]:role/?*) ;; *) return 1 ;; esac
}
is_platform() { [ "$1" = linux/amd64 ] || [ "$1" = linux/arm64 ]; }
is_switch() { [ "$1" = true ] || [ "$1" = false ]; }
is_number() { consists_of "$1" '0-9' && [ ${#1} -le 5 ] && [ "$1" -le 86400 ] && case $1 in 0*) return 1 ;; esac; }
is_digest() { consists_of "${1#sha256:}" 'a-f0-9' && [ ${#1} -eq 71 ] && [ "$1" != "${1#sha256:}" ]; }
is_commit() { consists_of "$1" 'a-f0-9' && { [ ${#1} -eq 40 ] || [ ${#1} -eq 64 ]; }; }

# All that is wrong with the values is told at once, and nothing has been done yet.
check_values() {
  check_form build-version "$build_version" version 'is no image tag: up to 128 letters, digits, "_", "." and "-", no "." or "-" first'
  check_form app "$app" app 'is no app: 2 to 32 lower-case letters, digits, hyphens, a letter first, as in edgepaas.config.ts'
  check_form stack "$stack" stack 'is no stack name: use stackName of edgepaas.config.ts'
  check_form region "$region" region 'is no region: use a name such as eu-central-1'
  check_form role "$role" role 'is no ARN of a role: copy the output of the stack'
  check_form platform "$platform" platform 'is no platform: use linux/amd64 or linux/arm64'
  check_form digest "$digest" digest 'is no digest: use "sha256:" and 64 hexadecimal digits, as the push printed it'
  check_form timeout "$timeout" number 'is no time: use 1 to 86400 seconds'
  check_form poll-seconds "$poll_seconds" number 'is no time: use 1 to 86400 seconds'
  check_form latest "$latest" switch 'is neither true nor false'
  check_form no-cache "$no_cache" switch 'is neither true nor false'
  check_form wait "$wait" switch 'is neither true nor false'
  check_version_choice
  [ "$command" = version ] || [ -n "$app" ] || add_problem 'app is missing: give --app NAME'
}

check_version_choice() {
  [ "$latest" = true ] || return 0
  [ -z "$build_version" ] || add_problem 'latest and build-version are both given: choose one'
  [ "$no_cache" = false ] || add_problem 'latest and no-cache are both given: a build without cache has a version of its own'
}

# --- the version -----------------------------------------------------------------------------------------------------------

# Before any credential: what a secret is part of, a CI may withhold from whoever needs it.
make_version() {
  [ -z "$problems" ] || return 0
  if [ -n "$build_version" ]; then
    return
  elif [ "$latest" = true ]; then
    build_version=latest
  elif [ "$no_cache" = true ]; then
    build_version=$(make_digits 3)
  elif [ -n "${GITHUB_SHA:-}" ]; then
    take_commit GITHUB_SHA "$GITHUB_SHA"
  elif [ -n "${CI_COMMIT_SHA:-}" ]; then
    take_commit CI_COMMIT_SHA "$CI_COMMIT_SHA"
  elif [ -n "${CODEBUILD_RESOLVED_SOURCE_VERSION:-}" ]; then
    take_commit CODEBUILD_RESOLVED_SOURCE_VERSION "$CODEBUILD_RESOLVED_SOURCE_VERSION"
  else
    take_commit_of_folder
  fi
}

# Random bytes as hexadecimal digits.
make_digits() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

take_commit() {
  if is_commit "$2"; then build_version=$2; else add_problem "$1 = $(quoted "$2") is no commit: give --build-version"; fi
}

# A folder with changes is not its commit. What git does not know may be part of the image, or nothing to do with it.
take_commit_of_folder() {
  if ! command -v git >/dev/null; then
    add_problem 'git is missing, and there is no other version: install it, or give --build-version'
  elif ! commit=$(git -C "$context" rev-parse --verify HEAD 2>&1); then
    add_problem "no commit in $(quoted "$context") ($(printable "$commit")): commit, or give --build-version"
  elif [ -n "$(git -C "$context" status --porcelain --untracked-files=no -- .)" ]; then
    add_problem "$(quoted "$context") has changes that are in no commit: commit them, or give --build-version"
  else
    take_commit HEAD "$commit"
    [ -z "$(git -C "$context" ls-files --others --exclude-standard)" ] ||
      say "$(quoted "$context") has files that git does not know: what .dockerignore does not name of them goes into the image"
  fi
}

tell_version() {
  emit build-version "$build_version"
  [ -z "${GITHUB_ENV:-}" ] || printf 'BUILD_VERSION=%s\n' "$build_version" >>"$GITHUB_ENV"
  say "BUILD_VERSION is $build_version"
}

# --- what must be there ----------------------------------------------------------------------------------------------------

# All that is missing, at once, before anything is done.
check_prerequisites() {
  find_region
  if [ "$command" = push ]; then
    check_docker
    check_context
  fi
  check_aws
  stop_on_problems
}

find_region() {
  [ -n "$region" ] || region=$(aws configure get region 2>/dev/null) || :
  [ -n "$region" ] || add_problem 'region is missing: give --region, or set AWS_REGION'
  export AWS_REGION="${region:-us-east-1}" AWS_DEFAULT_REGION="${region:-us-east-1}" AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off
}

check_docker() {
  if ! command -v docker >/dev/null; then
    add_problem 'docker is missing: install Docker (https://docs.docker.com/engine/install)'
    return
  fi
  docker version >/dev/null 2>&1 ||
    add_problem 'docker has no engine that answers: start it, and look at "docker version"'
  # From 23 on the client builds with its plugin; before, BuildKit was in the engine.
  client=$(docker --version 2>/dev/null | sed -n 's/^Docker version \([0-9][0-9]*\)\..*/\1/p')
  [ "${client:-0}" -lt 23 ] || docker buildx version >/dev/null 2>&1 ||
    add_problem 'docker has no buildx: install docker-buildx-plugin (https://docs.docker.com/build/install-buildx)'
}

check_context() {
  if [ ! -d "$context" ]; then
    add_problem "context = $(quoted "$context") is no folder: give --context"
  elif [ ! -f "${file:=$context/Dockerfile}" ]; then
    add_problem "file = $(quoted "$file") is not there: write a Dockerfile, or give --file"
  fi
}

check_aws() {
  [ -z "$role" ] || check_token
  if ! command -v aws >/dev/null; then
    add_problem 'aws is missing: install the AWS CLI (https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html)'
  elif [ -z "$role" ] && ! identity=$(aws sts get-caller-identity --output text 2>&1); then
    add_problem "AWS credentials are missing or of no use ($(printable "$identity")): run \"aws configure\" or \"aws sso login\", or on GitHub give --role"
  fi
}

check_token() {
  [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:+${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-}}" ] ||
    add_problem 'role is given, and there is no token to take it: give the GitHub job "permissions: id-token: write"; elsewhere leave --role out and give the AWS CLI credentials'
  command -v curl >/dev/null || add_problem 'curl is missing, and --role needs it: install it'
}

# A folder of this run's own, for what must be a file; it goes with the run, whatever ends it.
open_folder() {
  umask 077
  folder=$(mktemp -d "${TMPDIR:-/tmp}/push-image.XXXXXX")
  access_key=''
}

# --- AWS -------------------------------------------------------------------------------------------------------------------

# The credentials of the role reach the AWS CLI alone: no build, no plugin and no later step of the job.
call_aws() {
  if [ -z "$access_key" ]; then
    aws "$@"
  else
    AWS_ACCESS_KEY_ID=$access_key AWS_SECRET_ACCESS_KEY=$secret_key AWS_SESSION_TOKEN=$session_token aws "$@"
  fi
}

# ask AWS-ARGUMENTS...: sets `answer`, or `reason` and fails.
ask() {
  answer=$(call_aws "$@" --output text 2>"$folder/error") || {
    reason=$(last_words "$folder/error")
    return 1
  }
}

# demand WHAT AWS-ARGUMENTS...: as ask, and without an answer there is no going on.
demand() {
  what=$1
  shift
  ask "$@" || fail 5 "could not $what: $reason"
}

# Sets the credentials, or `reason` and fails.
take_role() {
  [ -n "$role" ] || return 0
  fetch_token || return 1
  ask sts assume-role-with-web-identity --role-arn "$role" --web-identity-token "file://$folder/token" \
    --role-session-name "push-image-$app" --duration-seconds 3600 \
    --query 'Credentials.[AccessKeyId, SecretAccessKey, SessionToken]' ||
    refuse_role "take the role $role (does its app have this repository and branch under \"github\" in edgepaas.config.ts?): $reason" ||
    return 1
  rm "$folder/token"
  read -r access_key secret_key session_token <<ANSWER
$answer
ANSWER
  role_taken=$(date +%s)
  mask "$access_key"
  mask "$secret_key"
  mask "$session_token"
}

# The bearer token goes through stdin: a command line can be read by everybody on the machine.
fetch_token() {
  curl --silent --show-error --fail --max-time 30 --retry 3 --config - >"$folder/answer" 2>"$folder/error" <<CONFIG ||
url = "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com"
header = "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN"
CONFIG
    refuse_role "get the job's OIDC token: $(last_words "$folder/error")" || return 1
  sed -n 's/.*"value" *: *"\([^"]*\)".*/\1/p' "$folder/answer" >"$folder/token"
  rm "$folder/answer"
  [ -s "$folder/token" ] || refuse_role "get the job's OIDC token: the answer has none" || return 1
  mask "$(cat "$folder/token")"
}

refuse_role() {
  reason="could not $1"
  return 1
}

# An hour is what GitHub's role lasts.
renew_role() {
  [ -z "$role" ] || [ $(($(date +%s) - role_taken)) -lt 2700 ] || take_role
}

# What contracts/push-settings.ts writes.
read_settings() {
  parameter=/edgepaas-push/$stack/$app
  demand "read the parameter $parameter (is \"$app\" an app of the stack \"$stack\" in $region, and the stack deployed?)" \
    ssm get-parameter --name "$parameter" --query Parameter.Value
  settings=$answer
  find_setting repositoryUri '*/*' 'A-Za-z0-9._:/-' && repository_uri=$value
  find_setting deployTags '*' 'A-Za-z0-9_.* -' && deploy_tags=$value
  find_setting ledgerTable '*' 'A-Za-z0-9_.-' && ledger_table=$value
  find_setting platform 'linux/*' 'a-z0-9/' && of_hosts=$value
  platform=${platform:-$of_hosts}
  registry=${repository_uri%%/*} repository=${repository_uri#*/}
  [ "$platform" = "$of_hosts" ] || say "builds for $platform, and the hosts of $app are $of_hosts"
}

# find_setting NAME PATTERN CHARACTERS: sets `value`.
find_setting() {
  value=$(printf '%s\n' "$settings" | sed -n "s/^$1=//p")
  # shellcheck disable=SC2254 # it is a pattern
  case $value in $2) ! consists_of "$value" "$3" || return 0 ;; esac
  fail 5 "the parameter $parameter has no $1, or one of another form: deploy the stack again"
}

# --- the build -------------------------------------------------------------------------------------------------------------

# As contracts/tag-rules.ts decides it.
deploys() (
  set -f
  case " $deploy_tags " in *' * '*) case $1 in sha256-*) exit 1 ;; *) exit 0 ;; esac ;; esac
  for glob in $deploy_tags; do
    # shellcheck disable=SC2254 # it is a pattern
    case $1 in $glob) exit 0 ;; esac
  done
  exit 1
)

check_tag() {
  ! deploys "$build_version" || return 0
  nothing="a push of the tag $build_version deploys nothing: deployTags of $app are $deploy_tags, and sha256-... is what signatures are called"
  [ "$wait" = false ] || fail 2 "$nothing. Choose another version, or leave --wait out"
  say "$nothing"
}

log_in() {
  copy_docker_config
  call_aws ecr get-login-password >"$folder/password" 2>"$folder/error" ||
    fail 5 "could not get a password for $registry: $(last_words "$folder/error")"
  docker login --username AWS --password-stdin "$registry" <"$folder/password" >"$folder/login" 2>&1 ||
    fail 5 "could not log in to $registry: $(last_words "$folder/login")"
  rm "$folder/password"
}

# The user's own configuration is not touched: the login goes into a copy, and whatever else is there is linked.
copy_docker_config() {
  users=$(cd "${DOCKER_CONFIG:-${HOME:-/}/.docker}" 2>/dev/null && pwd) || users=''
  export DOCKER_CONFIG="$folder/docker"
  mkdir "$DOCKER_CONFIG"
  [ -n "$users" ] || return 0
  for entry in "$users"/* "$users"/.[!.]*; do
    [ ! -e "$entry" ] || [ "${entry##*/}" = config.json ] || ln -s "$entry" "$DOCKER_CONFIG/"
  done
  [ ! -f "$users/config.json" ] || without_helper "$users/config.json" >"$DOCKER_CONFIG/config.json"
}

# Without a credential helper for this registry: it would keep the password in the user's keychain, or refuse to. An empty name is
# none, and Docker adds up a key that is there twice. Source: docker/cli, getConfiguredCredentialStore; Go's encoding/json.
without_helper() {
  tr '\n\r\t' '   ' <"$1" |
    sed -e "s/} *\$/,\"credHelpers\":{\"$registry\":\"\"}}/" -e 's/^ *{ *,/{/'
}

build_image() {
  image=$repository_uri:$build_version
  set -- --platform "$platform" --file "$file" --tag "$image" --build-arg "BUILD_VERSION=$build_version" \
    --label "org.opencontainers.image.version=$build_version" --build-arg BUILDKIT_INLINE_CACHE=1
  if [ "$no_cache" = true ]; then
    set -- "$@" --no-cache --pull
  else
    find_cache
    [ -z "$cache" ] || set -- "$@" --cache-from "$repository_uri@$cache"
  fi
  while IFS= read -r option; do
    [ -z "$option" ] || set -- "$@" "$option"
  done <<OPTIONS
$build_options
OPTIONS
  say "building $image for $platform"
  run_docker build "$@" -- "$context" || fail 5 'the build failed: see what docker build says above'
}

# Its words are for people, and no commands to a GitHub runner. The builder of the current context, whose images can be pushed.
run_docker() {
  pause_commands=$(make_digits 16)
  ! on_github || printf '::stop-commands::%s\n' "$pause_commands" >&2
  code=0
  DOCKER_BUILDKIT=1 BUILDX_BUILDER=default docker "$@" >&2 || code=$?
  ! on_github || printf '::%s::\n' "$pause_commands" >&2
  return $code
}

# The cache is in the image that was pushed last, of those that deploy.
find_cache() {
  cache=''
  if ! ask ecr describe-images --repository-name "$repository" --page-size 1000 \
    --query "imageDetails[?imageTags].[imagePushedAt, imageDigest, join(' ', imageTags)]"; then
    say "no cache: $reason"
    return
  fi
  cache=$(printf '%s\n' "$answer" | LC_ALL=C sort -r | find_deployed)
  is_digest "$cache" || cache=''
}

# Lines of time, digest, tags.
find_deployed() {
  while read -r _ candidate tags; do
    for tag in $tags; do
      ! deploys "$tag" || { printf '%s' "$candidate" && return; }
    done
  done
}

check_image() {
  docker image inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$image" >"$folder/environment" 2>"$folder/error" ||
    fail 5 "docker does not have the image it built: $(last_words "$folder/error")"
  # shellcheck disable=SC2016 # the Dockerfile's variable
  grep -qFx "BUILD_VERSION=$build_version" "$folder/environment" ||
    fail 5 'the image does not have BUILD_VERSION in its environment, and was not pushed. Its Dockerfile needs these two lines in the last stage: "ARG BUILD_VERSION" and "ENV BUILD_VERSION=${BUILD_VERSION}"'
}

# --- the push --------------------------------------------------------------------------------------------------------------

# What the repository and the ledger know before the push: what is newer may be its work. Requests sort by the time of their event,
# in whole seconds, so that the mark is the beginning of a second.
mark_ledger() {
  demand "ask what the tag $build_version is so far" ecr batch-get-image --repository-name "$repository" \
    --image-ids "imageTag=$build_version" --query 'images[0].imageId.imageDigest' --accepted-media-types \
    application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.index.v1+json \
    application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.distribution.manifest.list.v2+json
  digest_before=$answer
  [ "$wait" = true ] || return 0
  find_newest 'deployment#' && newest_deployment=$newest
  find_newest 'request#' && newest_request=$newest
  from_deployment="$newest_deployment!" from_request=${newest_request%%.*}
}

# Sets `newest` to the newest key with this prefix, or to the prefix.
find_newest() {
  query 1 "$1" "$1~" 'Items[0].sk.S' || fail 5 "could not read the ledger: $reason"
  case $answer in "$1"*) newest=$answer ;; *) newest=$1 ;; esac
}

push_built() {
  say "pushing $image"
  { run_docker push "$image" 2>&1 || : >"$folder/refused"; } | tee "$folder/pushed" >&2
  [ ! -e "$folder/refused" ] || fail 5 'the push failed: see what docker push says above'
  digest=$(sed -n 's/^.*: digest: \(sha256:[0-9a-f]*\) size: .*$/\1/p' "$folder/pushed" | tail -n 1)
  is_digest "$digest" || fail 5 'the push went well, and docker push told no digest: see what it says above'
  rm -rf "$DOCKER_CONFIG" # the password, which would be there until the wait is over
  unset DOCKER_CONFIG
  emit image "$repository_uri@$digest"
  emit digest "$digest"
}

tell_push() {
  unchanged=false
  if [ "$digest" = "$digest_before" ]; then
    unchanged=true effect=": the tag $build_version was this image already, and such a push deploys nothing"
  elif deploys "$build_version"; then
    effect=" to be deployed by digest"
  else
    effect=": its tag deploys nothing"
  fi
  say "pushed$effect: $repository_uri@$digest"
}

# --- the outcome -----------------------------------------------------------------------------------------------------------

# query LIMIT FROM TO QUERY: of the app's items from one sort key to another, the newest first.
query() {
  ask dynamodb query --table-name "$ledger_table" --consistent-read --no-scan-index-forward --no-paginate --limit "$1" \
    --key-condition-expression 'pk = :pk AND sk BETWEEN :from AND :to' \
    --expression-attribute-values "{\":pk\":{\"S\":\"app#$app\"},\":from\":{\"S\":\"$2\"},\":to\":{\"S\":\"$3\"}}" \
    --query "$4"
}

# read_item KEY QUERY
read_item() {
  ask dynamodb get-item --table-name "$ledger_table" --consistent-read \
    --key "{\"pk\":{\"S\":\"app#$app\"},\"sk\":{\"S\":\"$1\"}}" --query "$2"
}

# Until the ledger has an outcome. A look may fail, as networks do; five in a row do not go unnoticed.
await_outcome() {
  say "waiting for the deployment of $app $build_version, at most $timeout s"
  deadline=$(($(date +%s) + timeout)) failures=0 told='' superseded_by=''
  until look && is_final "$outcome"; do
    [ "$failures" -lt 5 ] || fail 5 "could not read the ledger: $reason"
    [ "$(date +%s)" -lt "$deadline" ] || give_up
    pause
  done
  conclude
}

pause() {
  sleep "$poll_seconds" &
  sleeper=$!
  wait "$sleeper"
  sleeper=''
}

is_final() { case $1 in '' | None | Running) return 1 ;; esac; }

# Sets deployment, execution and outcome as far as they are known.
look() {
  outcome='' deployment='' execution='' failures=$((failures + 1))
  renew_role || return 1
  [ "$unchanged" = false ] || find_waiting || return 1
  find_deployment || return 1
  [ -n "$outcome" ] || find_refused || return 1
  [ "$unchanged$outcome$waiting" != true ] ||
    fail 4 "$build_version is not what serves, and this push does not deploy it: $by_hand"
  [ -n "$outcome" ] || tell_holder || return 1
  failures=0
}

# Hosts that appear later are brought to the current release by deployments of their own.
not_catching_up="request.M.trigger.S!='catch-up'"

# The newest deployment of this version and digest since the mark.
find_deployment() {
  query 100 "$from_deployment" 'deployment#~' \
    "Items[?request.M.buildVersion.S=='$build_version' && request.M.digest.S=='$digest' && $not_catching_up] | [0].[sk.S, deploymentId.S, executionArn.S, outcome.S]" ||
    return 1
  [ "$answer" != None ] || return 0
  read -r key deployment execution outcome <<ANSWER
$answer
ANSWER
  is_final "$outcome" || tell_once "$deployment is running: $(link "$execution")"
}

# A request that was answered without a deployment: refused, as while the app is on hold; or a newer one took its place; or
# EventBridge delivered it twice and the other one waits to be deployed, which is then the newest, and of the same time.
find_refused() {
  mine="request.M.buildVersion.S=='$build_version' && request.M.digest.S=='$digest'"
  query 100 "$from_request" 'request#~' \
    "(Items[?$mine && outcome.S=='Failed'] || Items[?$mine]) | [0].[sk.S, outcome.S, request.M.executionArn.S, request.M.order.S, by.S]" ||
    return 1
  [ "$answer" != None ] || return 0
  IFS=$tab read -r key ending execution order by <<ANSWER
$answer
ANSWER
  if [ "$ending" = Failed ]; then outcome=Failed; else judge_superseded; fi
}

judge_superseded() {
  superseded_by=$by execution=''
  read_item newest 'Item.requestOrder.S' || return 1
  [ "${answer%% *}" != "${order%% *}" ] || deploys_another "$by" || return 0
  outcome=Superseded execution=$by
}

deploys_another() {
  query 100 "$from_deployment" 'deployment#~' \
    "Items[?executionArn.S=='$1' && (request.M.buildVersion.S!='$build_version' || request.M.digest.S!='$digest')] | [0].sk.S" &&
    [ "$answer" != None ]
}

tell_holder() {
  read_item lease 'Item.[deploymentId.S, executionArn.S, open.S]' || return 1
  read -r holder held_by open <<ANSWER
$answer
ANSWER
  if [ "${open:-None}" = open ]; then
    tell_once "$holder is being deployed, and goes first: $(link "$held_by")"
  else
    tell_once 'no deployment has begun yet'
  fi
}

tell_once() {
  [ "$1" = "$told" ] || say "$1"
  told=$1
}

# Each partition of AWS has a console of its own.
link() {
  case $region in cn-*) domain=amazonaws.cn ;; us-gov-*) domain=amazonaws-us-gov.com ;; *) domain=aws.amazon.com ;; esac
  printf 'https://%s.console.%s/states/home?region=%s#/v2/executions/details/%s' "$region" "$domain" "$region" "$1"
}

# ECR tells nobody of a push that changes nothing, so it starts no deployment. One that is on its way is waited for, and so is a
# request that has none yet: it may be for this image.
settle_unchanged() {
  read_item current 'Item.[deploymentId.S, buildVersion.S, digest.S]' || fail 5 "could not read the ledger: $reason"
  read -r deployment current_version current_digest <<ANSWER
$answer
ANSWER
  if [ "${current_version:-} ${current_digest:-}" = "$build_version $digest" ]; then tell_current; fi
  from_deployment=$newest_deployment outcome='' told=''
  { find_waiting && find_deployment; } || fail 5 "could not read the ledger: $reason"
  [ "$outcome" = Running ] || from_deployment="$newest_deployment!"
  from_request="request#${order%% *}"
}

# Sets `waiting` and its `order` if the newest request that was let in has no deployment yet. Asked before those are looked through,
# since it may get one meanwhile.
find_waiting() {
  read_item newest 'Item.[executionArn.S, requestOrder.S]' || return 1
  IFS=$tab read -r waiting order <<ANSWER
$answer
ANSWER
  query 100 'deployment#' 'deployment#~' "Items[?$not_catching_up] | [0].executionArn.S" || return 1
  case $waiting in None | "$answer") waiting='' ;; esac
}

tell_current() {
  execution='' outcome=Succeeded key=$(printf 'deployment#%09d' "${deployment##*-}")
  read_item "$key" 'Item.executionArn.S' && execution=$answer
  conclude
}

by_hand="start an execution of the stack's state machine with {\"app\": ..., \"buildVersion\": ...}"

give_up() {
  if [ -n "$superseded_by" ]; then
    outcome=Superseded execution=$superseded_by
    conclude
  elif [ -n "$deployment" ]; then
    fail 4 "$deployment has not ended within $timeout s, and goes on: $(link "$execution")"
  fi
  fail 4 "no deployment of $build_version $digest within $timeout s; see the app's rule in EventBridge, or $by_hand"
}

# Tells the outcome, and ends.
conclude() {
  [ -z "$deployment" ] || emit deployment "$deployment"
  emit outcome "$outcome"
  emit execution-url "$(link "$execution")"
  case $outcome in
    Succeeded) conclude_success ;;
    Superseded) conclude_failure 3 warning "Superseded: superseded: a newer request took its place: $(link "$execution")" ;;
    *) conclude_failure 1 error "$(describe_failure)" ;;
  esac
}

conclude_success() {
  read_item "$key" 'Item.closed.M.warning.S' || answer=None
  say "$app $build_version is live: $deployment, $(link "$execution")"
  summarize "$outcome"
  case $answer in '' | None) end 0 ;; esac
  annotate warning "$answer"
  say "warning: $(printable "$answer")"
  end 0
}

# The last line on stderr is the cause, whoever reads it.
conclude_failure() {
  say "see $(link "$execution")"
  summarize "$3"
  annotate "$2" "$3"
  printf '%s\n' "$3" >&2
  end "$1"
}

# OUTCOME: FAILURE ID: CAUSE
describe_failure() {
  read_item "$key" "(Item.closed.M.failure || Item.failure).M.[[Error.S], [Cause.S]] || [['unknown'], ['the ledger has no cause']]" ||
    answer="unknown${new_line}the ledger cannot be read: $reason"
  cause=$(printf '%s\n' "$answer" | sed 1d)
  printf '%s: %s: %s' "$outcome" "$(printable "${answer%%"$new_line"*}")" "$(printable "${cause#"$outcome: "}")"
}

# A table for the summary of a GitHub job.
summarize() {
  [ -n "${GITHUB_STEP_SUMMARY:-}" ] || return 0
  {
    printf '| %s | %s |\n| --- | --- |\n' "$app" "$build_version"
    printf '| image | %s@%s |\n' "$repository_uri" "$digest"
    [ -z "${execution:-}" ] || printf '| execution | [%s](%s) |\n' "${deployment:-$outcome}" "$(link "$execution")"
    printf '\n    %s\n' "$1"
  } >>"$GITHUB_STEP_SUMMARY"
}

main "$@"
ended=true
