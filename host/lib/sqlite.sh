# The app's SQLite file: on the volume, the same for both slots, so that it outlasts every release. Whether a release uses it
# stands in its env file.
source host/lib/env.sh
source host/lib/volume.sh

SQLITE_IN_CONTAINER=/data/sqlite

sqlite::locate() { # sets SQLITE_FOLDER, SQLITE_FILE and SQLITE_BACKUPS
  SQLITE_FOLDER=$VOLUME/edgepaas/$APP/sqlite SQLITE_BACKUPS=$VOLUME/edgepaas/$APP/backups
  SQLITE_FILE=$SQLITE_FOLDER/app.db
}

sqlite::is_used() { # by this release
  env::value FINAL_DB_MODE "$ENV_FILE"
  [[ $REPLY == sqlite_only ]]
}
