#!/usr/bin/env bash
# The one way into the app, on a laptop, in Docker and under EdgePaaS: finds out where it runs, has Python write one file of
# database and runtime facts, sources it, and becomes the command. What it says goes to stderr: stdout is the command's.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

place::detect() { # exports APP_PLACE
  if [[ -n ${EDGEPAAS_APP:-} ]]; then
    export APP_PLACE=edgepaas
  elif [[ -e /.dockerenv || -e /run/.containerenv ]]; then
    export APP_PLACE=docker
  else
    export APP_PLACE=laptop
  fi
}

# In memory where there is such a place, and gone as soon as it is read: it has the database's password.
facts::load() {
  local folder=${TMPDIR:-/tmp} file child
  if [[ -w /dev/shm ]]; then folder=/dev/shm; fi
  file=$(mktemp "$folder/app-facts.XXXXXX")
  # In the background, since a shell hears no signal while it waits for a command of the foreground.
  python3 -m app.runtime_facts "$file" &
  child=$!
  # shellcheck disable=SC2064 # the values of now
  trap "kill $child 2>/dev/null; rm -f '$file'; exit 143" TERM INT
  if ! wait "$child"; then
    rm -f "$file"
    exit 1
  fi
  # shellcheck disable=SC1090 # made just now
  source "$file"
  rm -f "$file"
  trap - TERM INT
}

# EdgePaaS migrates from the outside, once a deployment; a laptop has nobody else to do it.
migrations::run() {
  if [[ ${RUN_MIGRATIONS:-false} == true && $FINAL_DB_MODE != sqlite_only && ${1:-} != alembic ]]; then
    alembic upgrade head >&2
  fi
}

place::detect
facts::load
if (($# == 0)); then set -- python3 -m app.serve; fi
migrations::run "$@"
exec "$@"
