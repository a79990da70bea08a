# The release's env file: the only place on the host where an app's secrets are at rest.

env::file() { # sets ENV_FILE
  ENV_FILE=$APP_STATE/env/$DEPLOYMENT_ID.env
}

# What an app writes may repeat its secrets, a URL's password also by itself; sets REPLY.
env::redact() { # text
  local text=$1 line value
  env::file
  if [[ -e $ENV_FILE ]]; then
    while IFS= read -r line; do
      if [[ $line == BUILD_VERSION=* || $line == CONTAINER_PORT=* ]]; then continue; fi
      value=${line#*=}
      if ((${#value} >= 4)); then text=${text//"$value"/***}; fi
      if [[ $value =~ ://[^:/@]*:([^/]{4,})@ ]]; then text=${text//"${BASH_REMATCH[1]}"/***}; fi
    done <"$ENV_FILE"
  fi
  REPLY=$text
}

# The end says why something died; cut after redacting, or half a secret would stay. Sets REPLY.
env::end() { # text
  REPLY=$1
  if ((${#1} > 400)); then REPLY="...${1: -400}"; fi
}
