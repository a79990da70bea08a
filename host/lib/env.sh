# The release's env file: the only place on the host where an app's secrets are at rest.
source host/lib/percent.sh

# Set by EdgePaaS, or the same in every app: hidden, they would only make unreadable what an app says.
ENV_HARMLESS='^(BUILD_VERSION|CONTAINER_PORT|ENV|FINAL_DB_MODE|FINAL_DB_MODE_REASON|DATABASE_URL_SQLITE|USE_SQLITE|BOTH_DB|MAX_RETRIES|RETRY_INTERVAL|RUN_MIGRATIONS|EDGEPAAS_[A-Z_]+)='
# What an app wrote is read from its end, at most 4,000 bytes.
ENV_WHOLE=3900

env::file() { # sets ENV_FILE, and ENV_AUTHORITY, the certificates beside it
  ENV_FILE=$APP_STATE/env/$DEPLOYMENT_ID.env
  ENV_AUTHORITY=$APP_STATE/env/$DEPLOYMENT_ID.ca.pem
}

# What an app writes may repeat its secrets; sets REPLY. A first line that was cut may begin within one, and goes.
env::redact() { # text
  local text=$1 secret
  if ((${#text} >= ENV_WHOLE)); then text=${text#*$'\n'}; fi
  if ((${#text} >= ENV_WHOLE)) && [[ $text != *$'\n'* ]]; then text='(a line too long to tell)'; fi
  env::read_secrets
  for secret in "${SECRETS[@]}"; do text=${text//"$secret"/***}; done
  REPLY=$text
}

# Sets SECRETS, the longest first: one may be a part of another.
env::read_secrets() {
  local line
  SECRETS=()
  env::file
  if [[ ! -e $ENV_FILE ]]; then return; fi
  while IFS= read -r line; do
    if [[ ! $line =~ $ENV_HARMLESS ]]; then env::add_secrets "${line#*=}"; fi
  done <"$ENV_FILE"
}

# A value, and a URL's password by itself, as it is written and as it is meant.
env::add_secrets() { # value
  local password
  env::add_secret "$1"
  if [[ ! $1 =~ ://[^:/@]*:([^/]+)@ ]]; then return; fi
  password=${BASH_REMATCH[1]}
  env::add_secret "$password"
  percent::decode "$password"
  env::add_secret "$REPLY"
}

env::add_secret() { # text; also as JSON and the like quote it
  local quoted=${1//\\/\\\\}
  quoted=${quoted//\"/\\\"}
  if ((${#1} < 4)) || [[ $1 =~ ^(true|false)$ ]]; then return; fi
  env::insert_secret "$1"
  if [[ $quoted != "$1" ]]; then env::insert_secret "$quoted"; fi
}

env::insert_secret() { # text, before those that are shorter
  local index
  for ((index = 0; index < ${#SECRETS[@]}; index++)); do
    if ((${#SECRETS[index]} < ${#1})); then break; fi
  done
  SECRETS=("${SECRETS[@]:0:index}" "$1" "${SECRETS[@]:index}")
}

# The end says why something died; cut after redacting, or half a secret would stay. Sets REPLY.
env::end() { # text
  REPLY=$1
  if ((${#1} > 400)); then REPLY="...${1: -400}"; fi
}
