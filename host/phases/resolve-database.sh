#!/bin/bash
# resolve-database: which database the release uses, decided on one host for all of them. Postgres out of reach may be waited
# for, and lets an app that allows it start on SQLite; a Postgres that refuses the app does neither.
source host/lib/phase.sh
source host/lib/environment.sh
source host/lib/package.sh
source host/lib/database.sh
source host/lib/sqlite.sh
source host/lib/live-slot.sh
source host/lib/docker.sh

resolve_database::choose() { # sets MODE and REASON
  environment::configured_mode
  MODE=$DATABASE_MODE_CONFIGURED REASON='configured: USE_SQLITE is true' DATABASE_ATTEMPTS=0
  if [[ $MODE == sqlite_only ]]; then return; fi
  database::install_client
  resolve_database::read_connection
  if resolve_database::reach; then
    REASON='Postgres answers'
  elif [[ $DATABASE_STATE == refused ]]; then
    phase::fail database-refused "Postgres does not let the app in: $REPLY. Correct DATABASE_URL below $PARAMETER_PATH, or the server"
  else
    resolve_database::fall_back
  fi
}

resolve_database::read_connection() {
  environment::database_url
  database_url::parse "$REPLY"
  DATABASE_AUTHORITY=''
  if [[ ! $DATABASE_CA_PEM ]]; then return; fi
  DATABASE_AUTHORITY=$RECEIPTS/database-ca.pem
  file::replace "$DATABASE_AUTHORITY" "$DATABASE_CA_PEM"
}

# Other phases of this host need not wait for Postgres.
resolve_database::reach() {
  local attempts code=0
  environment::value MAX_RETRIES
  attempts=$REPLY
  environment::value RETRY_INTERVAL
  lock::release
  database::reach "$attempts" "$REPLY" || code=$?
  local why=$REPLY
  lock::take_app
  phase::check_fence
  phase::skip_if_done true
  REPLY=$why
  return "$code"
}

resolve_database::fall_back() {
  REASON="Postgres is out of reach after $DATABASE_ATTEMPTS attempts: $REPLY"
  if ((DATABASE_ATTEMPTS == 1)); then REASON=${REASON/attempts/attempt}; fi
  if [[ $MODE == try_postgres ]]; then MODE=sqlite_only && return; fi
  phase::fail database-unreachable "$REASON. Is it running, and does its network let this host in?"
}

# Each host would have a file of its own, and a person would see now the one and now the other.
resolve_database::require_one_host() {
  if [[ $MODE != sqlite_only || $HOST_COUNT == 1 || $SQLITE_ON_MANY_HOSTS == true ]]; then return; fi
  phase::fail sqlite-on-many-hosts "The release would use SQLite on $HOST_COUNT hosts, each with a file of its own ($REASON): \
use Postgres or one host, or set database.sqliteOnManyHosts"
}

resolve_database::note() { # sets NOTE: what the live release has written and this one will not see
  NOTE=''
  live_slot::read
  if [[ $LIVE_SLOT == none ]]; then return; fi
  docker::get "/containers/edgepaas-$APP-$LIVE_SLOT/json"
  docker::text "${DOCKER_ANSWERS[0]:-}" edgepaas.deployment
  env::file_of "$REPLY"
  env::value FINAL_DB_MODE "$REPLY"
  sqlite::locate
  case $REPLY-$MODE in
    sqlite_only-sqlite_only) ;;
    sqlite_only-*) if [[ -e $SQLITE_FILE ]]; then NOTE="data written to SQLite stays in $SQLITE_FILE on the host"; fi ;;
    ?*-sqlite_only) NOTE='data in Postgres is not in the SQLite file' ;;
  esac
}

phase::begin resolve-database parameterPath declarations sslMode hostCount sqliteOnManyHosts
phase::enter_app
# Decided once: hosts may have been told, whatever has become of Postgres.
phase::skip_if_done true
package::provide_program jq jq
environment::read
environment::validate
resolve_database::choose
resolve_database::require_one_host
resolve_database::note
json::string "$REASON"
REASON=$REPLY
json::string "$NOTE"
phase::done "{\"configured\":\"$DATABASE_MODE_CONFIGURED\",\"mode\":\"$MODE\",\"reason\":$REASON,\"note\":$REPLY,\"attempts\":$DATABASE_ATTEMPTS}"
