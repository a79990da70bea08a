# The app's SQLite file: on the volume, the same for both slots, so that it outlasts every release. Whether a release uses it
# stands in its env file.
source host/lib/volume.sh

sqlite::locate() { # sets SQLITE_FOLDER, SQLITE_FILE and SQLITE_BACKUPS
  SQLITE_FOLDER=$VOLUME/edgepaas/$APP/sqlite SQLITE_BACKUPS=$VOLUME/edgepaas/$APP/backups
  SQLITE_FILE=$SQLITE_FOLDER/app.db
}

sqlite::read_mode() { # env file; sets REPLY: its FINAL_DB_MODE, or empty
  local line
  REPLY=''
  if [[ ! -e $1 ]]; then return; fi
  while IFS= read -r line; do
    if [[ $line == FINAL_DB_MODE=* ]]; then REPLY=${line#*=} && return; fi
  done <"$1"
}

sqlite::is_used() { # by this release
  sqlite::read_mode "$ENV_FILE"
  [[ $REPLY == sqlite_only ]]
}
