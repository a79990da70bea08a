# One migration of a database at a time, whatever app, host or deployment it is of: a session holds an advisory lock of the
# database. It is a psql in a session of its own that ends with its input, and the other end of that is held by the script and
# by a keeper. So what kills the script, or its process group, leaves the lock with the container that is still at work. The
# lock is the session's: behind a pooler that hands out its sessions by the transaction it holds nothing.
source host/lib/clock.sh
source host/lib/database.sh
source host/lib/docker.sh

DATABASE_LOCK_KEY=7306078180876575091 # the letters of "edgepaas", read as a number
# So long may the database hang, and the connection to it take: keepalives end a session that is dead after 25 s.
LOCK_SILENCE_SECONDS=30
LOCK_QUESTION="(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid())"
LOCK_SESSION='' LOCK_KEEPER='' LOCK_ASKED='' LOCK_COUNT=0

# Asked for again and again: a session that waits in the server would hold a snapshot, for which the CREATE INDEX CONCURRENTLY
# of the one that has the lock waits. Source: PostgreSQL, "Building Indexes Concurrently".
database_lock::take() { # seconds
  clock::in "$1"
  local deadline=$REPLY said=''
  until database_lock::try; do
    if clock::is_past "$deadline"; then database_lock::fail "$1"; fi
    if [[ ! $said ]]; then said=yes && phase::say 'Another migration of this database is under way: waiting for its end'; fi
    phase::sleep 0.5
  done
}

# A standby grants locks as well, which nobody else sees.
database_lock::try() {
  if [[ ! $LOCK_SESSION ]]; then database_lock::open; fi
  if database_lock::ask "CASE WHEN NOT pg_is_in_recovery() THEN pg_try_advisory_lock($DATABASE_LOCK_KEY) END" && [[ $REPLY ]]; then
    [[ $REPLY == t ]]
    return
  fi
  database_lock::close
  database_lock::require_database
  return 1
}

# Asks until a Postgres that can be written to takes the options that the migration will have. A pooler may not.
database_lock::require_database() { # what else to say, the moment until which to ask (optional)
  local attempt
  for ((attempt = 1; ; attempt++)); do
    if database_lock::reach_primary; then return; fi
    if [[ $DATABASE_STATE == refused ]]; then phase::fail database-refused "Postgres refuses the connection: $REPLY"; fi
    phase::say "Postgres is out of reach at attempt $attempt of $MAX_RETRIES: $REPLY"
    if ((attempt >= MAX_RETRIES)) || { [[ ${2:-} ]] && clock::is_past "$2"; }; then break; fi
    phase::sleep "$RETRY_INTERVAL"
  done
  phase::fail database-unreachable "Postgres is out of reach after $attempt attempts: $REPLY${1:-}"
}

database_lock::reach_primary() {
  local -a PG_OTHERS=("${PG_OTHERS[@]}")
  database_lock::take_options
  database::ask 'SELECT pg_is_in_recovery()' || return
  if [[ $DATABASE_ANSWER == f ]]; then return; fi
  DATABASE_STATE=unreachable REPLY='it answers as a standby'
  return 1
}

# Those of a URL count more than those of the environment.
database_lock::take_options() { # into PG_OTHERS
  local other options=$MIGRATION_OPTIONS
  for other in "${PG_OTHERS[@]}"; do
    if [[ $other == PGOPTIONS=* ]]; then options="${other#*=} -c lock_timeout=${LOCK_TIMEOUT}s"; fi
  done
  PG_OTHERS+=("PGOPTIONS=$options")
}

# An anonymous pipe, opened for both ways so that it always has a reader; psql opens it once more to read, and so sees its end.
database_lock::open() {
  exec {LOCK_ASK}<> <(:)
  exec {LOCK_TOLD}< <(database_lock::session)
  LOCK_SESSION=$!
  # An idle session has a time limit only since PostgreSQL 14. What that answers has no tag.
  printf '%s\n' "SET statement_timeout = 0; SET lock_timeout = 0; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3; SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout';" >&"$LOCK_ASK"
}

# shellcheck disable=SC2093 # psql takes the place of this subshell
database_lock::session() {
  trap - ERR
  database_lock::take_options
  DATABASE_APPLICATION=edgepaas-lock-$DEPLOYMENT_ID database::export_connection
  exec <"/dev/fd/$LOCK_ASK" 2>/dev/null 3>&- {LOCK_ASK}>&- {LOCK_HOST}>&- {LOCK_APP}>&-
  exec setsid "${DATABASE_CLIENT[@]}" 'keepalives_idle=10 keepalives_interval=5 keepalives_count=3'
}

database_lock::ask() { # an expression; sets REPLY; 1: the session is gone, or as good as that
  database_lock::send "$1"
  database_lock::hear "$LOCK_SILENCE_SECONDS"
}

# With a tag, for an answer may come when nobody waits for it any more.
database_lock::send() { # an expression; sets LOCK_ASKED
  clock::read
  LOCK_COUNT=$((LOCK_COUNT + 1)) LOCK_SENT=$NOW
  LOCK_ASKED="=$BASHPID.$LOCK_COUNT"
  printf "SELECT '%s', %s;\n" "$LOCK_ASKED" "$1" >&"$LOCK_ASK"
}

database_lock::hear() { # seconds; sets REPLY, the answer to what was last asked; 1: the session is gone, 2: none yet
  local line code
  while true; do
    code=0
    IFS= read -r -t "$1" -u "$LOCK_TOLD" line || code=$?
    if ((code > 128)); then return 2; fi
    if ((code > 0)); then return 1; fi
    if [[ $line != "$LOCK_ASKED|"* ]]; then continue; fi
    REPLY=${line#*|} LOCK_ASKED=''
    return
  done
}

database_lock::is_held() {
  [[ $LOCK_SESSION ]] && database_lock::ask "$LOCK_QUESTION" && [[ $REPLY == 1 ]]
}

# Without waiting for it, lest a migration be stopped because its database takes a breath, or run on past its time: an answer
# that is not there yet is looked for at the next call.
database_lock::is_lost() {
  local code=0
  if [[ ! $LOCK_SESSION ]]; then return; fi
  if [[ ! $LOCK_ASKED ]]; then database_lock::send "$LOCK_QUESTION"; fi
  database_lock::hear 0.3 || code=$?
  if ((code == 0)); then
    [[ $REPLY != 1 ]]
  else
    clock::read
    ((code == 1 || NOW - LOCK_SENT > LOCK_SILENCE_SECONDS * 1000))
  fi
}

database_lock::close() {
  if [[ ! $LOCK_SESSION ]]; then return; fi
  exec {LOCK_ASK}>&- {LOCK_TOLD}<&-
  kill "$LOCK_SESSION" 2>/dev/null || true
  LOCK_SESSION='' LOCK_ASKED=''
}

database_lock::release() {
  if [[ $LOCK_KEEPER ]]; then kill -KILL "$LOCK_KEEPER" 2>/dev/null || true; fi
  LOCK_KEEPER=''
  database_lock::close
}

database_lock::fail() { # seconds
  local holders="SELECT DISTINCT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted
    AND (classid::bigint << 32) + objid::bigint = $DATABASE_LOCK_KEY AND application_name ~ '^edgepaas-lock-[a-z0-9-]+$'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1"
  database::ask "$holders" || DATABASE_ANSWER=''
  local deployment=${DATABASE_ANSWER#edgepaas-lock-}
  phase::fail migration-locked "Another migration of this database${deployment:+, of deployment $deployment,} did not end within $1 s"
}

# In a session of its own, without any of our descriptors but those of the lock.
database_lock::start_keeper() { # seconds that a migration may run
  if [[ $LOCK_KEEPER ]]; then return; fi
  local functions
  clock::in "$1"
  functions=$(declare -f clock::read clock::is_past database_lock::keep database_lock::send database_lock::hear database_lock::is_lost \
    database_lock::find_work docker::call)
  LOCK_SESSION=$LOCK_SESSION LOCK_ASK=$LOCK_ASK LOCK_TOLD=$LOCK_TOLD LOCK_ASKED='' LOCK_COUNT=0 LOCK_QUESTION=$LOCK_QUESTION \
    LOCK_SILENCE_SECONDS=$LOCK_SILENCE_SECONDS DOCKER_SOCKET=$DOCKER_SOCKET CONTAINERD_TASKS=$CONTAINERD_TASKS \
    MIGRATION_NAME=$MIGRATION_NAME KEEP_UNTIL=$REPLY SCRIPT=$$ setsid bash -c "$functions; database_lock::keep" \
    <&- >/dev/null 2>&1 3>&- {LOCK_HOST}>&- {LOCK_APP}>&- &
  LOCK_KEEPER=$!
  disown "$LOCK_KEEPER"
}

# Watches in the script's stead once that is gone: until no container of the migration runs, twice, since a start may be under
# way, or for ten seconds if Docker is going away. One that lost the lock, or is at work for longer than it may, is ended.
database_lock::keep() {
  local parent idle=0 nothing pause id
  exec {pause}<> <(:)
  while ((idle < 20)); do
    read -r -t 0.5 -u "$pause" nothing || true
    read -r _ _ _ parent _ </proc/self/stat
    if ((parent == SCRIPT)); then continue; fi
    if clock::is_past $((KEEP_UNTIL + 600000)); then return; fi
    database_lock::find_work
    if [[ ! $WORK ]]; then
      docker::call GET /_ping 5
      idle=$((idle + (DOCKER_STATUS == 200 ? 10 : 1)))
      continue
    fi
    idle=0
    if ! clock::is_past "$KEEP_UNTIL" && ! database_lock::is_lost; then continue; fi
    for id in $WORK; do
      docker::call POST "/containers/$id/stop?t=5" 30
      if [[ -e $CONTAINERD_TASKS/$id ]]; then ctr --timeout 30s --namespace moby tasks delete --force "$id"; fi
    done
  done
}

# Sets WORK: the ids of the migration's containers that run. containerd knows of those, too, that Docker has forgotten, and when it
# is away; their environment tells whose they are.
database_lock::find_work() {
  local bundle
  WORK=''
  while IFS= read -r bundle; do
    bundle=${bundle%/config.json}
    # Who cleans up after one that has ended is Docker.
    if [[ -e $bundle/init.pid && ! -e /proc/$(<"$bundle/init.pid") ]]; then continue; fi
    WORK+=" ${bundle##*/}"
  done < <(grep --files-with-matches --no-messages --fixed-strings "\"PGAPPNAME=$MIGRATION_NAME\"" "$CONTAINERD_TASKS"/*/config.json)
}
