#!/bin/bash
# resolve-env: writes the release's env file from the app's path in Parameter Store. No value leaves this process but into
# that file, which only root can read.
source host/lib/phase.sh
source host/lib/aws.sh
source host/lib/env.sh

MAXIMUM_PAGES=100

resolve_env::holds() {
  [[ -e $ENV_FILE ]]
}

# Sets PAGES: the answers of Parameter Store, one after the other.
resolve_env::read_pages() {
  local region=$AWS_SSM_REGION_NAME host next='' page
  PAGES=''
  aws::read_credentials || phase::fail parameters-unreadable "The host cannot read $PARAMETER_PATH: $REPLY"
  aws::domain "$region"
  host=ssm.$region.$REPLY
  for ((page = 1; page <= MAXIMUM_PAGES; page++)); do
    aws::call ssm "$host" "$region" AmazonSSM.GetParametersByPath \
      "{\"Path\":\"$PARAMETER_PATH\",\"Recursive\":true,\"WithDecryption\":true,\"MaxResults\":10$next}"
    if [[ $AWS_STATUS != 200 ]]; then
      aws::refusal
      phase::fail parameters-unreadable "The host cannot read $PARAMETER_PATH: $REPLY"
    fi
    PAGES+=$AWS_ANSWER$'\n'
    if [[ ! $AWS_ANSWER =~ \"NextToken\":(\"[^\"]+\") ]]; then return; fi
    next=",\"NextToken\":${BASH_REMATCH[1]}"
  done
  phase::fail parameters-unreadable "$PARAMETER_PATH has more than $((MAXIMUM_PAGES * 10)) parameters"
}

# Sets VARIABLES (lines as docker's --env-file reads them, sorted) and COUNT.
resolve_env::represent() {
  local lines first
  VARIABLES="BUILD_VERSION=$BUILD_VERSION"$'\n'"CONTAINER_PORT=$CONTAINER_PORT"$'\n' COUNT=0
  if [[ $PAGES != *'"Name"'* ]]; then return; fi
  lines=$(jq --slurp --raw-output --arg path "$PARAMETER_PATH/" --arg version "$BUILD_VERSION" \
    --arg port "$CONTAINER_PORT" "$REPRESENT" < <(printf '%s' "$PAGES"))
  first=${lines%%$'\n'*}
  if [[ ! $first =~ ^[0-9]+$ ]]; then
    phase::fail parameter-not-representable "Below $PARAMETER_PATH, $first"
  fi
  COUNT=$first VARIABLES=${lines#*$'\n'}$'\n'
}

# The first line is the count, or the names of what an env file cannot hold and why: names, never values.
# shellcheck disable=SC2016 # variables of jq
REPRESENT='
  [.[].Parameters[] | {name: (.Name | ltrimstr($path)), value: .Value}] as $all
  | ($all | map(.name | select(test("^[A-Za-z_][A-Za-z0-9_]*$") | not)) | join(", ")) as $unnameable
  | ($all | map(.name | select(IN("BUILD_VERSION", "CONTAINER_PORT"))) | join(", ")) as $reserved
  | ($all | map(select(.value | test("[\n\r]")).name) | join(", ")) as $broken
  | if $unnameable != "" then "\($unnameable): no name of a variable, which has letters, digits and _ only"
    elif $reserved != "" then "\($reserved): set by EdgePaaS itself, remove it"
    elif $broken != "" then "\($broken): a line break, which an env file cannot hold; encode the value"
    else ($all | length),
      ($all + [{name: "BUILD_VERSION", value: $version}, {name: "CONTAINER_PORT", value: $port}]
        | sort_by(.name)[] | "\(.name)=\(.value)")
    end'

resolve_env::write() {
  (umask 077 && mkdir -p "${ENV_FILE%/*}")
  file::replace "$ENV_FILE" "$VARIABLES" 600
}

phase::begin resolve-env buildVersion containerPort parameterPath
phase::enter_app
env::file
phase::skip_if_done resolve_env::holds
resolve_env::read_pages
resolve_env::represent
resolve_env::write
phase::done "{\"parameters\":$COUNT}"
