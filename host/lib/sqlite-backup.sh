# The SQLite file before a candidate starts on it: its folder, and a copy that goes back further than the candidate.
source host/lib/sqlite.sh
source host/lib/package.sh

SQLITE_BACKUPS_KEPT=5
SQLITE_MARGIN_BYTES=$((64 << 20))
# Together less than what start-candidate may take beside the candidate's own start.
SQLITE_LOCK_SECONDS=10 # until a file that somebody else has locked is given up
SQLITE_FREE_SECONDS=10 # and one for every 16 MiB of the file
SQLITE_FREE_SECONDS_MOST=110
SQLITE_HOLD_SECONDS=3 # in which the live release cannot write
SQLITE_COPY_SECONDS=120
SQLITE_CHECK_SECONDS=90

sqlite_backup::prepare() { # sets SQLITE_BACKUP, empty if there is nothing to copy
  sqlite::locate
  volume::is_mounted || sqlite_backup::fail "the volume is not mounted at $VOLUME"
  sqlite_backup::make_folders
  sqlite_backup::make
  sqlite_backup::let_everyone_write
}

# Any user of a container may write into its folder, and no other user of the host comes as far as that.
sqlite_backup::make_folders() {
  mkdir -p "$SQLITE_FOLDER" "$SQLITE_BACKUPS" || sqlite_backup::fail "$SQLITE_FOLDER cannot be made"
  chmod 700 "$VOLUME/edgepaas" "$SQLITE_BACKUPS"
  chmod 777 "$SQLITE_FOLDER"
}

# Once a deployment: a run that follows a killed one would copy what the candidate has written.
sqlite_backup::make() {
  SQLITE_BACKUP=''
  if [[ -L $SQLITE_FILE || (-e $SQLITE_FILE && ! -f $SQLITE_FILE) ]]; then sqlite_backup::fail "$SQLITE_FILE is no file"; fi
  if [[ ! -s $SQLITE_FILE ]]; then return; fi
  SQLITE_BACKUP=$SQLITE_BACKUPS/$DEPLOYMENT_ID.db
  if [[ -e $SQLITE_BACKUP ]]; then return; fi
  package::provide_program sqlite3 sqlite
  rm -f "$SQLITE_BACKUPS"/*.new*
  sqlite_backup::require_room
  phase::say "Copying $SQLITE_FILE to $SQLITE_BACKUP"
  sqlite_backup::copy
  sqlite_backup::check
  sync "$SQLITE_BACKUP.new"
  mv -fT "$SQLITE_BACKUP.new" "$SQLITE_BACKUP"
  sync "$SQLITE_BACKUPS"
  sqlite_backup::prune
}

sqlite_backup::require_room() { # sets SQLITE_BYTES, of the file and its WAL
  SQLITE_BYTES=$(stat --format %s "$SQLITE_FILE")
  if [[ -e $SQLITE_FILE-wal ]]; then SQLITE_BYTES=$((SQLITE_BYTES + $(stat --format %s "$SQLITE_FILE-wal" || printf 0))); fi
  host::free_bytes "$VOLUME"
  if ((FREE_BYTES >= SQLITE_BYTES + SQLITE_MARGIN_BYTES)); then return; fi
  phase::fail disk-full "A copy of $SQLITE_FILE needs $(((SQLITE_BYTES + SQLITE_MARGIN_BYTES) >> 20)) MiB and the volume has \
$((FREE_BYTES >> 20)) MiB free: prune or grow it"
}

# The live release goes on writing. In WAL mode nobody waits for a reader, so it is made within one transaction. Outside it, the
# copy of a file that changes begins anew and nobody waits; only if that comes to no end do the writers wait, and not for long.
# Source: SQLite, "Using the SQLite Online Backup API" and "Write-Ahead Logging".
sqlite_backup::copy() {
  local copy=".backup main '$SQLITE_BACKUP.new'"
  local whole="BEGIN;"$'\n'"SELECT count(*) FROM sqlite_master;"$'\n'"$copy"
  sqlite_backup::run $((SQLITE_LOCK_SECONDS * 2)) "$SQLITE_FILE" 'PRAGMA journal_mode;' || sqlite_backup::fail "$REPLY"
  if [[ $REPLY == wal ]]; then
    sqlite_backup::run "$SQLITE_COPY_SECONDS" "$SQLITE_FILE" "$whole" || sqlite_backup::fail "$REPLY"
    return
  fi
  local seconds=$((SQLITE_FREE_SECONDS + (SQLITE_BYTES >> 24)))
  if ((seconds > SQLITE_FREE_SECONDS_MOST)); then seconds=$SQLITE_FREE_SECONDS_MOST; fi
  if sqlite_backup::run "$seconds" "$SQLITE_FILE" "$copy"; then return; fi
  phase::say "The copy begins anew within a transaction: $REPLY"
  rm -f "$SQLITE_BACKUP".new*
  if sqlite_backup::hold "$whole"; then return; fi
  case $REPLY in
    'it did not end'* | *locked*) REPLY+=', while the live release writes without a pause: let the app set PRAGMA journal_mode=WAL' ;;
  esac
  sqlite_backup::fail "$REPLY"
}

# A copy that nobody writes needs no lock, and no WAL beside it.
sqlite_backup::check() {
  chmod 600 "$SQLITE_BACKUP.new"
  sqlite_backup::run "$SQLITE_CHECK_SECONDS" "file:$SQLITE_BACKUP.new?immutable=1" 'PRAGMA integrity_check(1);' || sqlite_backup::fail "$REPLY"
  if [[ $REPLY == ok ]]; then return; fi
  sqlite_backup::fail "the file is damaged (${REPLY//$'\n'/ })"
}

# Sets REPLY: what sqlite3 answers, or why it did not.
sqlite_backup::run() { # seconds, file, statements
  local code=0
  REPLY=$(sqlite_backup::become_sqlite "$@") || code=$?
  if ((code == 124 || code == 137)); then REPLY="it did not end within $1 s"; fi
  ((code == 0))
}

# For a subshell. A file that a container made is not to lead anywhere else.
sqlite_backup::become_sqlite() { # seconds, file, statements
  umask 077
  exec timeout --foreground --kill-after=1 "$1" sqlite3 -batch -bail -nofollow -init /dev/null -cmd ".timeout ${SQLITE_LOCK_SECONDS}000" \
    "$2" <<<"$3" 2>&1
}

# As `run`, but its seconds begin with the first answer: until then it waits for its own lock, and nobody for it.
sqlite_backup::hold() { # statements, the first of which answers
  local said session rest='' late=0 code=0
  exec {said}< <(sqlite_backup::become_sqlite $((SQLITE_LOCK_SECONDS + SQLITE_HOLD_SECONDS + 1)) "$SQLITE_FILE" "$1")
  session=$!
  IFS= read -r -u "$said" REPLY || true
  IFS= read -r -d '' -t "$SQLITE_HOLD_SECONDS" -u "$said" rest || late=$?
  if ((late > 128)); then kill "$session" || true; fi
  exec {said}<&-
  wait "$session" || code=$?
  REPLY+=$rest
  if ((late > 128)); then REPLY="it did not end within $SQLITE_HOLD_SECONDS s"; fi
  ((code == 0))
}

sqlite_backup::fail() { # why
  rm -f "$SQLITE_BACKUPS"/*.new*
  if [[ $1 == *'disk is full'* ]]; then
    phase::fail disk-full "The volume has no room for a copy of $SQLITE_FILE ($1): prune or grow it"
  fi
  phase::fail sqlite-backup-failed "$SQLITE_FILE could not be copied before the release starts on it: $1"
}

sqlite_backup::prune() { # by the number of the deployment
  local file number
  local -a backups=()
  for file in "$SQLITE_BACKUPS/$APP"-*.db; do
    number=${file##*-}
    backups[10#${number%.db}]=$file
  done
  for number in "${!backups[@]}"; do
    if ((${#backups[@]} <= SQLITE_BACKUPS_KEPT)); then return; fi
    rm -f "${backups[number]}"
    unset "backups[$number]"
  done
}

# The next release may run as another user than the last. What is opened is looked at again before its mode changes: the
# container may have put a link there.
sqlite_backup::let_everyone_write() {
  local file descriptor
  while IFS= read -r -d '' file; do
    exec {descriptor}<>"$file" || continue
    if [[ $(readlink "/proc/$$/fd/$descriptor") == "$SQLITE_FOLDER"/* ]]; then chmod a+rw "/proc/$$/fd/$descriptor"; fi
    exec {descriptor}>&-
  done < <(find "$SQLITE_FOLDER" -maxdepth 1 -type f ! -perm -666 -print0)
}
