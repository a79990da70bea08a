#!/bin/bash
# resolve-env: writes the release's env file from the app's path in Parameter Store, after judging all of it. No value leaves
# this process but into that file, which only root can read.
source host/lib/phase.sh
source host/lib/environment.sh
source host/lib/env.sh
source host/lib/sqlite.sh
source host/lib/live-slot.sh
source host/lib/hmac.sh

# Characters of the versions that a receipt has room for.
VERSIONS_LENGTH=700

resolve_env::holds() {
  [[ -e $ENV_FILE ]]
}

# Which database it is was decided before, for all hosts; somebody may have changed the parameters since.
resolve_env::require_url() {
  if [[ $DATABASE_MODE == none || $DATABASE_MODE == sqlite_only ]]; then return; fi
  environment::value DATABASE_URL
  if [[ ! $REPLY ]]; then environment::fail 'DATABASE_URL is missing: it was there when this deployment began'; fi
}

# Sets ENV_LINES, in the order of the file: what EdgePaaS sets, then the app's own by name.
resolve_env::compose() {
  local line
  resolve_env::own_lines
  for line in "${VARIABLES[@]}"; do
    if [[ $DATABASE_MODE != none && $line == DATABASE_URL=* ]]; then resolve_env::add_url; else ENV_LINES+=("$line"); fi
  done
}

resolve_env::own_lines() {
  live_slot::read
  live_slot::port "$IDLE_SLOT"
  ENV_LINES=("BUILD_VERSION=$BUILD_VERSION" "CONTAINER_PORT=$CONTAINER_PORT" "EDGEPAAS_APP=$APP"
    "EDGEPAAS_DEPLOYMENT_ID=$DEPLOYMENT_ID" "EDGEPAAS_SLOT=$IDLE_SLOT" "EDGEPAAS_SLOT_PORT=$REPLY")
  if [[ $DATABASE_MODE == none ]]; then return; fi
  # EdgePaaS runs the migrations, once and under a lock: an image that would run them at its start must not.
  ENV_LINES+=("FINAL_DB_MODE=$DATABASE_MODE" "FINAL_DB_MODE_REASON=$DATABASE_REASON" RUN_MIGRATIONS=false)
  if [[ $DATABASE_MODE == sqlite_only ]]; then ENV_LINES+=(DATABASE_URL_SQLITE="sqlite:///$SQLITE_IN_CONTAINER/app.db"); fi
}

# With SQLite the app gets no way to Postgres at all.
resolve_env::add_url() {
  if [[ $DATABASE_MODE == sqlite_only ]]; then return; fi
  environment::database_url
  ENV_LINES+=("DATABASE_URL=$REPLY")
}

# The env file comes last: it is what says that this phase is done.
resolve_env::write() {
  local content
  (umask 077 && mkdir -p "${ENV_FILE%/*}")
  if [[ $DATABASE_CA_PEM ]]; then
    file::replace "$ENV_AUTHORITY" "$DATABASE_CA_PEM"$'\n' 644
  else
    rm -f "$ENV_AUTHORITY"
  fi
  printf -v content '%s\n' "${ENV_LINES[@]}"
  file::replace "$ENV_FILE" "$content"
}

# Sets FINGERPRINT. With a plain checksum whoever reads the history could try out weak secrets.
resolve_env::fingerprint() {
  local content
  resolve_env::read_key
  printf -v content '%s\n' "${VARIABLES[@]}" "$DATABASE_CA_PEM"
  hmac::sha256 "$FINGERPRINT_KEY" "$content"
  FINGERPRINT=$REPLY
}

# Made once. Apps resolve side by side: whoever links first has made it.
resolve_env::read_key() { # sets FINGERPRINT_KEY, 32 bytes in hex
  local key=$STATE/fingerprint-key
  FINGERPRINT_KEY=
  if [[ ! -e $key ]]; then
    file::replace "$key.$APP" "$(od --address-radix=n --format=x1 --read-bytes=32 /dev/urandom | tr -d ' \n')"
    ln -T "$key.$APP" "$key" || [[ -e $key ]]
    rm -f "$key.$APP"
    sync "$STATE"
  fi
  FINGERPRINT_KEY=$(<"$key")
  if [[ ! $FINGERPRINT_KEY =~ ^[0-9a-f]{64}$ ]]; then phase::fail phase-crashed "$key is not a key: remove it"; fi
}

resolve_env::facts() { # sets REPLY
  printf -v REPLY '{"databaseMode":"%s","parameters":%d,"fingerprint":"%s","undeclared":%s' \
    "$DATABASE_MODE" "$COUNT" "$FINGERPRINT" "$UNDECLARED"
  if ((${#VERSIONS} <= VERSIONS_LENGTH)); then REPLY+=",\"versions\":$VERSIONS"; fi
  REPLY+='}'
}

phase::begin resolve-env parameterPath declarations sslMode bluePort greenPort buildVersion containerPort databaseMode databaseReason
phase::enter_app
env::file
phase::skip_if_done resolve_env::holds
environment::read
environment::validate
resolve_env::require_url
resolve_env::compose
resolve_env::fingerprint
resolve_env::write
resolve_env::facts
phase::done "$REPLY"
