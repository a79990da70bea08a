# The frame of every phase: parameters in, one receipt out. stdout belongs to the receipt, stderr to people.
# Functions give their answers in variables and never run in a subshell, where a named failure could not end the phase.
source host/lib/clock.sh
source host/lib/json.sh
source host/lib/host.sh
source host/lib/file.sh
source host/lib/lock.sh
source host/lib/parameters.sh

set -Eeuo pipefail
shopt -s inherit_errexit
umask 022
exec 3>&1 1>&2

# First of all: where the host's language is German, say, EPOCHREALTIME has a comma.
export LC_ALL=C
clock::mark
PHASE_STARTED=$REPLY
STATE=/var/lib/edgepaas
RUNTIME=/run/edgepaas
# The agent sets no HOME; root's own registry logins and their helpers have no part in a deployment.
export HOME=/root DOCKER_CONFIG=$RUNTIME/no-docker-config
# On Ubuntu the agent is a snap, whose own programs must not come first.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
trap 'phase::crash "$LINENO" "$BASH_COMMAND"' ERR

phase::begin() { # name, parameters beside those that every phase takes
  PHASE=$1 APP=unknown DEPLOYMENT_ID=unknown-0 FENCE=1
  parameters::read_identity
  parameters::read "${@:2}"
  APP_STATE=$STATE/apps/$APP
  RECEIPTS=$APP_STATE/receipts/$DEPLOYMENT_ID
  RECEIPT=$RECEIPTS/$PHASE.json
}

# An app's phases exclude each other, and anything that changes the host; other apps go on.
phase::enter_app() {
  phase::make_folders
  lock::take_app
  phase::check_fence
}

phase::enter_host() {
  phase::make_folders
  lock::take_host
  phase::check_fence
}

phase::make_folders() {
  local said
  if [[ -d $RECEIPTS ]]; then return; fi
  if said=$({ mkdir -p "$APP_STATE" && umask 077 && mkdir -p "$RECEIPTS"; } 2>&1); then return; fi
  # A disk that was full may have room again by now.
  if [[ $said == *'No space left on device'* ]]; then phase::fail disk-full "$said: free some of the disk, or grow it, then deploy again"; fi
  phase::fail phase-crashed "$said"
}

# A greater fence means that a newer deployment, or the closing of this one, has been here.
phase::check_fence() {
  phase::refuse_stale_fence
  phase::refuse_withdrawn
  if ((SEEN_FENCE < FENCE)); then file::replace "$APP_STATE/fence" "$FENCE"$'\n'; fi
}

phase::refuse_stale_fence() { # sets SEEN_FENCE
  SEEN_FENCE=0
  if [[ -e $APP_STATE/fence ]]; then read -r SEEN_FENCE <"$APP_STATE/fence"; fi
  if ((SEEN_FENCE > FENCE)); then
    phase::fail fence-stale "This host has seen fence $SEEN_FENCE of $APP, which is newer than $FENCE: nothing was done"
  fi
}

# SSM may deliver late what was sent before the way back: nothing of a deployment begins anew after it.
phase::refuse_withdrawn() {
  if [[ $PHASE == revert || ! -e $RECEIPTS/withdrawn ]]; then return; fi
  phase::fail fence-stale "This host has taken $DEPLOYMENT_ID back since $PHASE was sent: nothing was done"
}

# A name alone, for which even a full disk has room as a rule.
phase::note() { # withdrawn: the deployment goes back; reverting: it had moved traffic
  { : >"$RECEIPTS/$1"; } || phase::say "Could not note that the deployment is $1"
  sync "$RECEIPTS"
}

# Answers from the receipt if this deployment has done the phase and `still_holds`, a predicate, agrees.
phase::skip_if_done() {
  local facts
  if ! phase::read_facts "$PHASE"; then return; fi
  facts=$FACTS
  if ! "$1"; then return; fi
  phase::answer already-done "$facts"
  exit 0
}

phase::read_facts() { # a phase that this deployment may have done; sets FACTS, a JSON object
  FACTS=
  if [[ ! -e $RECEIPTS/$1.json ]]; then return 1; fi
  FACTS=$(<"$RECEIPTS/$1.json")
  FACTS=${FACTS#*\"facts\":}
  FACTS=${FACTS%\}}
}

phase::done() { # facts as a JSON object
  phase::compose 'done' "$1"
  file::replace "$RECEIPT" "$REPLY"$'\n'
  phase::answer 'done' "$1"
  exit 0
}

phase::answer() { # result, facts
  phase::compose "$1" "$2"
  printf '%s\n' "$REPLY" >&3
}

phase::compose() { # result, facts; the facts come last, so that a receipt can be taken apart without jq
  clock::since "$PHASE_STARTED"
  printf -v REPLY '{"phase":"%s","deploymentId":"%s","fence":%d,"result":"%s","ms":%d,"facts":%s}' \
    "$PHASE" "$DEPLOYMENT_ID" "$FENCE" "$1" "$REPLY" "$2"
}

phase::fail() { # failure id, cause for a person; LIVE_DIGEST, if it is known what has the traffic nonetheless
  trap - ERR
  if [[ ${2,,} == *'no space left on device'* && $1 != disk-full ]] && host::find_full_disk; then
    set -- disk-full "$2. $REPLY"
  fi
  json::string "$2" 600
  local cause=$REPLY verdict
  clock::since "$PHASE_STARTED"
  printf -v verdict '{"phase":"%s","deploymentId":"%s","fence":%d,"result":"failed","failure":"%s","cause":%s,"ms":%d%s}' \
    "$PHASE" "$DEPLOYMENT_ID" "$FENCE" "$1" "$cause" "$REPLY" "${LIVE_DIGEST+,\"liveDigest\":\"$LIVE_DIGEST\"}"
  printf '%s\n' "$verdict" >&3
  lock::note "$verdict"
  printf '%s: %s\n' "$1" "$2" >&2
  exit 1
}

phase::crash() { # line, command as written in the script: no values
  local code=$?
  if ((BASHPID != $$)); then exit "$code"; fi
  local cause="Line $1 of the script: \`${2%%$'\n'*}\` ended with $code"
  if host::find_full_disk; then phase::fail disk-full "$REPLY. $cause"; fi
  phase::fail phase-crashed "$cause"
}

phase::sleep() { # seconds, without starting a process
  local nothing
  if [[ ! -v SLEEP_FD ]]; then exec {SLEEP_FD}<> <(:); fi
  read -r -t "$1" -u "$SLEEP_FD" nothing || true
}

phase::say() {
  printf '%s\n' "$*" >&2
}
