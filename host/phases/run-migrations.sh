#!/bin/bash
# run-migrations: the app's migrations in the new image, under a lock of the database, before any traffic moves. It never undoes
# and never resets: what failed stays as the database left it, and its revision is named.
source host/lib/phase.sh
source host/lib/migration.sh
source host/lib/live-health.sh

REVISION_SECONDS=60

run_migrations::skip() { # why
  phase::say "Nothing is migrated: $1"
  LOG_REQUESTS=0 LOG_5XX=0 LOG_499=0 LIVE=none
  run_migrations::finish "$1"
}

run_migrations::finish() { # why nothing was migrated, or an empty text
  access_log::facts
  phase::done "{\"skipped\":\"$1\",\"from\":\"$FROM\",\"to\":\"$CURRENT\",\"attempts\":$ATTEMPTS,\"live\":\"$LIVE\",$REPLY}"
}

run_migrations::lock() { # moment until which to wait for it
  clock::read
  local left=$((($1 - NOW) / 1000))
  database_lock::take $((left > 0 ? left : 0))
  database_lock::start_keeper "$MIGRATION_TIMEOUT"
  migration::clear_leftovers
}

run_migrations::read_revisions() { # moment until which to wait for the lock, should it be lost; sets CURRENT, where the database is, and HEAD, where the image brings it
  migration::start head "$HEAD_COMMAND"
  run_migrations::read_current "$1"
  clock::in "$REVISION_SECONDS"
  migration::await head "$REPLY"
  migration::collect head
  run_migrations::take_revision 'the revision the image brings'
  HEAD=$REVISION
}

run_migrations::read_current() { # moment until which to wait for the lock, should it be lost; sets CURRENT
  local attempt
  for ((attempt = 1; ; attempt++)); do
    run_migrations::ask_current
    if [[ $ENDED == 0 ]] || ((attempt >= MAX_RETRIES)) || ! migration::lost_connection; then break; fi
    run_migrations::reconnect "$1"
  done
  if [[ $COMPLAINT =~ Can\'t\ locate\ revision\ identified\ by\ \'([A-Za-z0-9_.-]{1,64})\' ]]; then
    run_migrations::judge_older "${BASH_REMATCH[1]}"
  fi
  run_migrations::take_revision 'the revision of the database'
  CURRENT=$REVISION
}

run_migrations::ask_current() {
  migration::start current "$CURRENT_COMMAND"
  clock::in "$REVISION_SECONDS"
  migration::await current "$REPLY"
  migration::collect current
}

run_migrations::take_revision() { # which; of the command last collected; sets REVISION
  if [[ $ENDED == 0 ]] && migration::read_revision "$SAID"; then return; fi
  redact::end "$COMPLAINT"
  local words=$REPLY
  case $ENDED in
    0) phase::fail migration-failed "The command that prints $1 printed something else: nothing was migrated" ;;
    126 | 127) phase::fail image-not-runnable "The command that prints $1 is not in the image (exit code $ENDED): $words" ;;
  esac
  migration::says "$REVISION_SECONDS"
  phase::fail migration-failed "The command that prints $1 $REPLY; nothing was migrated. Its last words: ${words:-(none)}"
}

run_migrations::judge_older() { # revision
  if [[ $OLDER_RELEASE_RUNS != true ]]; then
    phase::fail schema-ahead "The database is at $1, which this release does not know, and it was not declared that it runs on a \
newer schema (database.migrations.olderReleaseRuns): deploy a release that knows $1"
  fi
  phase::say "This release is older than the schema ($1) and is declared to run on it"
  FROM=$1 CURRENT=$1
  run_migrations::skip older-release
}

run_migrations::reconnect() { # moment until which to wait for the database, and for the lock
  phase::say "The connection to the database was lost: once more in $RETRY_INTERVAL s"
  phase::sleep "$RETRY_INTERVAL"
  database_lock::require_database "; it was lost meanwhile, at ${CURRENT:-no revision} or after it. The next deployment goes on from there" "$1"
  if database_lock::is_held; then return; fi
  database_lock::release
  run_migrations::lock "$1"
}

# A run that was killed has noted where the database was and how the live release did, before it changed anything.
run_migrations::recall() {
  FROM=$CURRENT
  if [[ ! -e $RECEIPTS/migrating ]]; then return 1; fi
  read -r FROM LIVE LOG_INODE LOG_OFFSET BEFORE_REQUESTS BEFORE_5XX <"$RECEIPTS/migrating"
  FROM=${FROM%,} ATTEMPTS=1
}

run_migrations::note() {
  live_health::note
  file::replace "$RECEIPTS/migrating" "$FROM, $LIVE $LOG_INODE $LOG_OFFSET $BEFORE_REQUESTS $BEFORE_5XX"$'\n'
}

run_migrations::migrate() {
  clock::in "$MIGRATION_TIMEOUT"
  local deadline=$REPLY
  while [[ $CURRENT != "$HEAD" ]]; do
    ATTEMPTS=$((ATTEMPTS + 1))
    clock::read
    phase::say "Migrating from ${CURRENT:-an empty database} to $HEAD, for at most $(((deadline - NOW) / 1000)) s"
    run_migrations::run "$deadline"
    if [[ $ENDED != 0 ]]; then run_migrations::require_retry "$deadline"; fi
    local ended=$ENDED
    run_migrations::read_current "$deadline"
    if [[ $ended == 0 && $CURRENT != "$HEAD" ]]; then
      phase::fail migration-failed "The migration ended well, but the database is at ${CURRENT:-no revision} and the image brings $HEAD"
    fi
  done
}

run_migrations::run() { # moment at which it must have ended
  MIGRATION_AT_WORK=true
  migration::start run "$MIGRATION_COMMAND"
  migration::await run "$1"
  migration::collect run
  MIGRATION_AT_WORK=false
  migration::end_sessions "$MIGRATION_NAME" || phase::say 'Its sessions in the server could not be ended'
}

run_migrations::require_retry() { # moment at which the migration must have ended
  phase::say "$COMPLAINT"
  if ((ATTEMPTS < MAX_RETRIES)) && ! clock::is_past $(($1 - RETRY_INTERVAL * 1000)) && migration::lost_connection; then
    run_migrations::reconnect "$1"
    return
  fi
  local how words
  redact::end "$COMPLAINT"
  words=${REPLY:-(none)}
  case $ENDED in 126 | 127) phase::fail image-not-runnable "The migration command is not in the image (exit code $ENDED): $words" ;; esac
  migration::says "$MIGRATION_TIMEOUT"
  how="The migration $REPLY"
  if ((ATTEMPTS > 1)); then how+=", at attempt $ATTEMPTS"; fi
  run_migrations::tell_revision
  how+="; $REPLY"
  if [[ $REVISION != "$CURRENT" ]]; then live_health::compare; fi
  if [[ $LIVE == broken-by-migration ]]; then how+=". That broke the live release: $LOG_5XX of $LOG_REQUESTS requests ended in 5xx$LIVE_SAYS"; fi
  phase::fail migration-failed "$how. Its last words: $words"
}

run_migrations::tell_revision() { # sets REPLY, and REVISION if it is known
  REVISION=$CURRENT
  REPLY="where the database is, nobody could tell (it was at ${CURRENT:-no revision})"
  if ! database::ask 'SELECT 1'; then return; fi
  run_migrations::ask_current
  if [[ $ENDED != 0 ]] || ! migration::read_revision "$SAID"; then
    REVISION=$CURRENT REPLY="where the database is, its command could not tell (it was at ${CURRENT:-no revision})"
    return
  fi
  REPLY="the database is at ${REVISION:-no revision}"
  if [[ $REVISION == "$CURRENT" ]]; then REPLY+=', as before'; else REPLY+=", and was at ${CURRENT:-no revision}"; fi
}

run_migrations::compare() {
  live_health::compare
  if [[ $LIVE != broken-by-migration ]]; then return; fi
  REPLY="The migration from ${FROM:-an empty database} to $CURRENT broke the live release: $LOG_5XX of $LOG_REQUESTS requests ended in 5xx \
since it began$LIVE_SAYS"
  if [[ $WHEN_LIVE_BREAKS == stop ]]; then phase::fail migration-broke-live "$REPLY. The database stays at $CURRENT"; fi
  phase::say "$REPLY: going forward to the candidate"
}

phase::begin run-migrations repositoryUri digest bluePort greenPort healthPath healthTimeout migrationCommand currentCommand headCommand \
  migrationTimeout lockTimeout whenLiveBreaks olderReleaseRuns
phase::enter_app
env::file
phase::skip_if_done true
FROM='' CURRENT='' ATTEMPTS=0
migration::read_settings
if [[ $DATABASE_MODE == sqlite_only ]]; then run_migrations::skip sqlite_only; fi
trap migration::leave EXIT
database_lock::require_database
clock::in "$MIGRATION_TIMEOUT"
LOCK_DEADLINE=$REPLY
run_migrations::lock "$LOCK_DEADLINE"
run_migrations::read_revisions "$LOCK_DEADLINE"
live_health::read_slot
if ! run_migrations::recall; then
  if [[ $CURRENT == "$HEAD" ]]; then run_migrations::skip nothing-pending; fi
  run_migrations::note
fi
run_migrations::migrate
database_lock::release
run_migrations::compare
run_migrations::finish ''
