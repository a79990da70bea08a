#!/bin/bash
# run-migrations: the app's migration command in the new image, before any traffic moves.
source host/lib/phase.sh
source host/lib/docker.sh
source host/lib/env.sh

run_migrations::holds() {
  true
}

# A run that was killed may have left its container at work.
run_migrations::remove_leftovers() {
  local id
  local -a ids=()
  mapfile -t ids < <(docker ps --all --quiet --filter "label=edgepaas.migration=$APP")
  for id in "${ids[@]}"; do docker::remove "$id" 5; done
}

run_migrations::run() { # sets CODE and OUTPUT, its end
  local container=edgepaas-$APP-migration-$FENCE file=$RECEIPTS/migration-output
  local -a command=()
  mapfile -t command < <(jq --raw-output '.[]' < <(printf '%s' "$MIGRATION_COMMAND"))
  if ((${#command[@]} == 0)); then phase::fail migration-failed 'The app has no migration command'; fi
  phase::say "Running the migration command, for at most $MIGRATION_TIMEOUT s"
  CODE=0
  timeout --kill-after=10 "$MIGRATION_TIMEOUT" docker run --rm --pull never --name "$container" \
    --label "edgepaas.migration=$APP" --env-file "$ENV_FILE" "$REPOSITORY_URI@$DIGEST" "${command[@]}" 2>&1 |
    tail -c 4000 >"$file" || CODE=${PIPESTATUS[0]}
  docker::remove "$container" 5
  env::redact "$(<"$file")"
  env::end "$REPLY"
  OUTPUT=$REPLY
  rm -f "$file"
}

run_migrations::judge() {
  case $CODE in
    0) return ;;
    126 | 127) phase::fail image-not-runnable "Docker cannot run the migration command (exit code $CODE): ${OUTPUT#*docker: }" ;;
  esac
  if ((CODE == 124 || SECONDS >= MIGRATION_TIMEOUT)); then
    phase::fail migration-failed "The migration did not end within $MIGRATION_TIMEOUT s: $OUTPUT"
  fi
  phase::fail migration-failed "The migration ended with exit code $CODE: $OUTPUT"
}

phase::begin run-migrations repositoryUri digest migrationCommand migrationTimeout
phase::enter_app
env::file
phase::skip_if_done run_migrations::holds
run_migrations::remove_leftovers
run_migrations::run
run_migrations::judge
phase::done '{"exitCode":0}'
