# The release's env file: the only place on the host where an app's secrets are at rest. Beside it, the certificates that its
# database is verified by.

AUTHORITY_IN_CONTAINER=/etc/edgepaas/database-ca.pem

env::file() { # sets ENV_FILE and ENV_AUTHORITY
  env::file_of "$DEPLOYMENT_ID"
  ENV_FILE=$REPLY
  ENV_AUTHORITY=${REPLY%.env}.ca.pem
}

env::file_of() { # deployment; sets REPLY
  REPLY=$APP_STATE/env/$1.env
}

env::value() { # name, file; sets REPLY, empty if there is no such line or no file
  local line
  REPLY=''
  if [[ ! -e $2 ]]; then return; fi
  while IFS= read -r line; do
    if [[ $line == "$1="* ]]; then REPLY=${line#*=} && return; fi
  done <"$2"
}

# z: SELinux lets every container of the app read them.
env::mount_authority() { # sets AUTHORITY_MOUNT, empty if there are none
  AUTHORITY_MOUNT=()
  if [[ -e $ENV_AUTHORITY ]]; then AUTHORITY_MOUNT=(--volume "$ENV_AUTHORITY:$AUTHORITY_IN_CONTAINER:ro,z"); fi
}
