# Takes an app's secrets, by the release's env file, out of what the app has written.
source host/lib/env.sh
source host/lib/percent.sh

# Set by EdgePaaS, or the same in every app: hidden, they would only make unreadable what an app says.
REDACT_HARMLESS='^(BUILD_VERSION|CONTAINER_PORT|ENV|FINAL_DB_MODE|FINAL_DB_MODE_REASON|DATABASE_URL_SQLITE|USE_SQLITE|BOTH_DB|MAX_RETRIES|RETRY_INTERVAL|RUN_MIGRATIONS|EDGEPAAS_[A-Z_]+)='
# What an app wrote is read from its end, at most 4,000 bytes.
REDACT_WHOLE=3900

# Sets REPLY. A first line that was cut may begin within a secret, and goes.
redact::text() { # text
  local text=$1 secret
  if ((${#text} >= REDACT_WHOLE)); then text=${text#*$'\n'}; fi
  if ((${#text} >= REDACT_WHOLE)) && [[ $text != *$'\n'* ]]; then text='(a line too long to tell)'; fi
  redact::read_secrets
  for secret in "${SECRETS[@]}"; do text=${text//"$secret"/***}; done
  REPLY=$text
}

# Sets SECRETS, the longest first: one may be a part of another.
redact::read_secrets() {
  local line
  SECRETS=()
  env::file
  if [[ ! -e $ENV_FILE ]]; then return; fi
  while IFS= read -r line; do
    if [[ ! $line =~ $REDACT_HARMLESS ]]; then redact::add_value "${line#*=}"; fi
  done <"$ENV_FILE"
}

# A value, and a URL's password by itself, as it is written and as it is meant.
redact::add_value() { # value
  local password
  redact::add_secret "$1"
  if [[ ! $1 =~ ://[^:/@]*:([^/]+)@ ]]; then return; fi
  password=${BASH_REMATCH[1]}
  redact::add_secret "$password"
  percent::decode "$password"
  redact::add_secret "$REPLY"
}

redact::add_secret() { # text; also as JSON and the like quote it
  local quoted=${1//\\/\\\\}
  quoted=${quoted//\"/\\\"}
  if ((${#1} < 4)) || [[ $1 =~ ^(true|false)$ ]]; then return; fi
  redact::insert_secret "$1"
  if [[ $quoted != "$1" ]]; then redact::insert_secret "$quoted"; fi
}

redact::insert_secret() { # text, before those that are shorter
  local index
  for ((index = 0; index < ${#SECRETS[@]}; index++)); do
    if ((${#SECRETS[index]} < ${#1})); then break; fi
  done
  SECRETS=("${SECRETS[@]:0:index}" "$1" "${SECRETS[@]:index}")
}

# The end says why something died; cut after redacting, or half a secret would stay. Sets REPLY.
redact::end() { # text
  REPLY=$1
  if ((${#1} > 400)); then REPLY="...${1: -400}"; fi
}
