# Commands of the app's migrations, each in a container of the new image that no client needs to stay for: what kills this
# script leaves the container and its output to the next run. What they say is read without the values of the env file.
source host/lib/docker.sh
source host/lib/redact.sh
source host/lib/database-url.sh
source host/lib/database-lock.sh

MIGRATION_STOP_SECONDS=5
MIGRATION_CONTAINERS=() MIGRATION_AT_WORK=false
# Read back from Docker, bounded, and gone with the container, wherever the host's Docker sends logs.
MIGRATION_LOGGING=(--log-driver json-file --log-opt max-size=1m --log-opt max-file=2)

# From the env file: DATABASE_MODE, MAX_RETRIES, RETRY_INTERVAL, and how this host and the migration reach the database.
migration::read_settings() {
  migration::read_setting FINAL_DB_MODE DATABASE_MODE
  if [[ $DATABASE_MODE == sqlite_only ]]; then return; fi
  migration::read_setting MAX_RETRIES MAX_RETRIES
  migration::read_setting RETRY_INTERVAL RETRY_INTERVAL
  migration::read_setting DATABASE_URL MIGRATION_URL
  env::value PGOPTIONS "$ENV_FILE"
  MIGRATION_OPTIONS=$REPLY DATABASE_AUTHORITY=''
  database_url::parse "$MIGRATION_URL" || phase::fail database-refused 'DATABASE_URL is no URL of a Postgres database'
  if [[ -e $ENV_AUTHORITY ]]; then DATABASE_AUTHORITY=$ENV_AUTHORITY; fi
  env::mount_authority
  migration::prepare_connection
}

migration::read_setting() { # name in the env file, our variable
  env::value "$1" "$ENV_FILE"
  if [[ ! $REPLY ]]; then phase::fail phase-crashed "The release's env file has no $1"; fi
  printf -v "$2" %s "$REPLY"
}

# Its sessions are known by their name, and wait for no lock of a table while others queue behind them. In a URL both would
# count more than in the environment.
migration::prepare_connection() {
  local url=$MIGRATION_URL wait="-c lock_timeout=${LOCK_TIMEOUT}s"
  MIGRATION_NAME=edgepaas-migration-$DEPLOYMENT_ID
  MIGRATION_OPTIONS+=${MIGRATION_OPTIONS:+ }$wait
  if [[ $url =~ ^([^?]*)\?(.*\&)?application_name=[^\&]*(.*)$ ]]; then
    url="${BASH_REMATCH[1]}?${BASH_REMATCH[2]}application_name=$MIGRATION_NAME${BASH_REMATCH[3]}"
  fi
  if [[ $url =~ ^([^?]*\?(.*\&)?options=[^\&]*)(.*)$ ]]; then
    url="${BASH_REMATCH[1]}%20-c%20lock_timeout%3D${LOCK_TIMEOUT}s${BASH_REMATCH[3]}"
  fi
  MIGRATION_URL=$url
}

# Starts a command; 1 if it cannot be run, why in REPLY.
migration::start() { # what for, command as a JSON array
  local said container=edgepaas-$APP-migration-$1
  local -a command=()
  mapfile -t command < <(jq --raw-output '.[]' <<<"$2")
  docker::remove "$container" 0
  MIGRATION_CONTAINERS+=("$container")
  said=$(PGAPPNAME=$MIGRATION_NAME PGOPTIONS=$MIGRATION_OPTIONS DATABASE_URL=$MIGRATION_URL docker create --pull never \
    --name "$container" --label "edgepaas.migration=$APP" --label "edgepaas.deployment=$DEPLOYMENT_ID" \
    --env-file "$ENV_FILE" --env PGAPPNAME --env PGOPTIONS --env DATABASE_URL "${MIGRATION_LOGGING[@]}" "${AUTHORITY_MOUNT[@]}" \
    "$REPOSITORY_URI@$DIGEST" "${command[@]}" 2>&1) || migration::fail_unrunnable "${said##*docker: }"
  docker::call POST "/containers/$container/start"
  if [[ $DOCKER_STATUS == 204 ]]; then return; fi
  docker::message
  migration::fail_unrunnable "$REPLY"
}

migration::fail_unrunnable() { # what Docker said
  redact::text "$1"
  case $REPLY in
    *'Cannot connect to the Docker daemon'* | *'error during connect'* | 'Docker answered 000')
      phase::fail docker-not-ready 'Docker went away as a command of the migrations began: deploy again once it is back' ;;
  esac
  MIGRATION_AT_WORK=false
  case $REPLY in
    *'no space left on device'*) phase::fail disk-full "Docker's volume is full: prune or grow it" ;;
    *) phase::fail image-not-runnable "Docker cannot run a command of the migrations: ${REPLY%%$'\n'*}" ;;
  esac
}

# Waits for its end; sets ENDED: its exit code, or `late`, `unlocked` (the lock of the database is gone) or `removed`.
migration::await() { # what for, the moment at which it must have ended
  local pause=0.05 ask_at grace=$MIGRATION_STOP_SECONDS
  clock::in 1
  ask_at=$REPLY ENDED=''
  while [[ ! $ENDED ]]; do
    phase::sleep "$pause"
    migration::look "$1"
    if [[ $ENDED ]]; then return; fi
    if clock::is_past "$2"; then ENDED=late; fi
    if clock::is_past "$ask_at"; then
      ask_at=$((NOW + 1000)) pause=0.2
      if database_lock::is_lost; then ENDED=unlocked grace=0; fi
    fi
  done
  docker::call POST "/containers/edgepaas-$APP-migration-$1/stop?t=$grace"
}

migration::look() { # what for; sets ENDED once it has, and WANTED_MEMORY
  docker::get "/containers/edgepaas-$APP-migration-$1/json"
  local answer=${DOCKER_ANSWERS[0]:-}
  case ${DOCKER_STATUSES[0]:-000} in
    404) ENDED=removed ;;
    200)
      docker::text "$answer" Status
      if [[ $REPLY == exited || $REPLY == dead ]] && [[ $answer =~ \"ExitCode\":([0-9]+) ]]; then ENDED=${BASH_REMATCH[1]}; fi
      WANTED_MEMORY=false
      if docker::is_true "$answer" OOMKilled; then WANTED_MEMORY=true; fi
      ;;
  esac
}

# Sets SAID, what it printed, and COMPLAINT, the end of all it wrote; clears it away.
migration::collect() { # what for
  local container=edgepaas-$APP-migration-$1
  if ! migration::read_words "$container" && [[ $ENDED =~ ^[0-9]+$ ]]; then
    if [[ ${DOCKER_STATUSES[0]:-000} == 404 ]]; then ENDED=removed && return; fi
    phase::fail docker-not-ready 'Docker does not tell what a command of the migrations said: see journalctl --unit docker, and deploy again'
  fi
  redact::text "$COMPLAINT"
  COMPLAINT=$REPLY
  docker::remove "$container" 0
  if $DOCKER_REMOVED || [[ $ENDED =~ ^[0-9]+$ ]]; then return; fi
  phase::fail docker-not-ready "Docker went away while a command of the migrations was at work: deploy again once it is back. A \
migration that goes on keeps the lock of the database until it has ended"
}

# What could not be read, while Docker was restarted, is not taken for silence.
migration::read_words() { # container; sets SAID and COMPLAINT, empty if it fails
  SAID='' COMPLAINT=''
  for _ in first second third; do
    if SAID=$(docker logs "$1" 2>/dev/null) && COMPLAINT=$(docker logs --tail 30 "$1" 2>&1 | tail -c 4000); then
      SAID=${SAID:0:4000}
      return
    fi
    docker::get_patiently "/containers/$1/json"
  done
  return 1
}

# However the script ends. A migration that is still at work keeps the lock, and its keeper gives it back.
migration::leave() {
  local container
  for container in "${MIGRATION_CONTAINERS[@]}"; do
    if [[ $container == *-migration-run ]] && $MIGRATION_AT_WORK; then return; fi
    docker::remove "$container" 0
  done
  database_lock::release
}

# Nothing of it goes on in the server: a backend notices only after its statement that its client is gone. Of this deployment,
# or of any: under the lock, what still goes by the name was left by one whose host has died.
migration::end_sessions() { # pattern of names
  local ask deadline
  clock::in 10
  deadline=$REPLY
  ask="SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name ~ '^$1\$' AND datname = current_database()"
  until database::ask "$ask" && [[ $DATABASE_ANSWER == 0 ]]; do
    if clock::is_past "$deadline" || [[ $DATABASE_STATE != reached ]]; then return 1; fi
    phase::sleep 0.1
  done
}

# What a run that was killed, and its keeper with it, left at work.
migration::clear_leftovers() {
  local id
  local -a ids=()
  mapfile -t ids < <(docker ps --all --quiet --no-trunc --filter "label=edgepaas.migration=$APP")
  for id in "${ids[@]}"; do docker::remove "$id" "$MIGRATION_STOP_SECONDS"; done
  migration::end_sessions 'edgepaas-migration-[a-z0-9-]+' || true
}

# Sorted, one plus sign between; sets REVISION, or returns 1.
migration::read_revision() { # what a command printed
  local -a found=()
  mapfile -t found < <(awk 'NF { print $1 }' <<<"$1" | sort -u)
  REVISION=$(IFS=+ && printf '%s' "${found[*]}")
  [[ $REVISION =~ ^[A-Za-z0-9_.+-]{0,200}$ ]]
}

# Did the connection fail it, rather than what it did? Only then may it be tried again.
migration::lost_connection() { # of the one last collected
  if [[ $ENDED == late ]]; then return 1; fi
  # One that ended the session of the lock as well came from the server, whatever the app calls it.
  if ! database_lock::is_held; then return; fi
  if ! database::ask 'SELECT 1'; then
    [[ $DATABASE_STATE == unreachable ]]
    return
  fi
  case $COMPLAINT in
    *'server closed the connection'* | *'terminating connection due to administrator'* | *'terminating connection because'* | \
      *'could not connect to server'* | *'onnection refused'* | *'onnection reset'* | *'SSL connection has been closed'* | *'SSL SYSCALL error'* | \
      *'the database system is '* | *'could not receive data from server'* | *'could not send data to server'* | *'to server was lost'* | \
      *'onnection timed out'* | *'timeout expired'* | *'connection was closed'* | *'Connection terminated'*) ;;
    *) return 1 ;;
  esac
}

migration::says() { # seconds it had; REPLY is how the one last collected ended
  case $ENDED in
    late) REPLY="did not end within $1 s and was stopped" ;;
    unlocked) REPLY='was stopped, for the lock of the database was lost' ;;
    removed) REPLY='was removed by somebody' ;;
    137) REPLY='was killed (exit code 137)' ;;
    *) REPLY="ended with exit code $ENDED" ;;
  esac
  if [[ $ENDED == 137 ]] && $WANTED_MEMORY; then REPLY='was killed for want of memory (exit code 137)'; fi
}
