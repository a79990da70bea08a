# The app's environment: what Parameter Store has below the app's path, judged by what the configuration declares. Values stay
# in variables of this process and in pipes: not in an argument, not in a file, not in what a failure says.
source host/lib/aws.sh
source host/lib/database-url.sh

PARAMETER_PAGES=100
# What fits of the problems' list into a receipt's cause.
PROBLEMS_LENGTH=450

# Sets PARAMETERS: the answers of Parameter Store, one after the other.
environment::read() {
  local region=$AWS_SSM_REGION_NAME host next='' page
  PARAMETERS=''
  aws::read_credentials || phase::fail parameters-unreadable "The host cannot read $PARAMETER_PATH: $REPLY"
  aws::domain "$region"
  host=ssm.$region.$REPLY
  for ((page = 1; page <= PARAMETER_PAGES; page++)); do
    aws::call ssm "$host" "$region" AmazonSSM.GetParametersByPath \
      "{\"Path\":\"$PARAMETER_PATH\",\"Recursive\":true,\"WithDecryption\":true,\"MaxResults\":10$next}"
    if [[ $AWS_STATUS != 200 ]]; then
      aws::refusal
      phase::fail parameters-unreadable "The host cannot read $PARAMETER_PATH: $REPLY"
    fi
    PARAMETERS+=$AWS_ANSWER$'\n'
    if [[ ! $AWS_ANSWER =~ \"NextToken\":(\"[^\"]+\") ]]; then return; fi
    next=",\"NextToken\":${BASH_REMATCH[1]}"
  done
  phase::fail parameters-unreadable "$PARAMETER_PATH has more than $((PARAMETER_PAGES * 10)) parameters"
}

# Sets the array VARIABLES (NAME=value by name, defaults too), COUNT (of them from Parameter Store), VERSIONS (a JSON object),
# UNDECLARED (a JSON array of names) and DATABASE_CA_PEM; or fails with every problem there is.
environment::validate() {
  local -a judged=()
  mapfile -t judged < <(environment::judge)
  # The last line tells that jq has come to its end.
  if ((${#judged[@]} < 2)) || [[ ${judged[-1]} != end ]]; then
    phase::fail parameters-unreadable "What Parameter Store answers of $PARAMETER_PATH is no list of parameters"
  fi
  unset 'judged[-1]'
  if [[ ${judged[0]} == problems ]]; then environment::fail "${judged[@]:1}"; fi
  COUNT=${judged[1]} VERSIONS=${judged[2]} UNDECLARED=${judged[3]} DATABASE_CA_PEM=${judged[4]//\\n/$'\n'}
  VARIABLES=("${judged[@]:5}")
}

environment::fail() { # problems, each a line without a value
  local list='' problem left=$#
  for problem in "$@"; do
    if ((${#list} + ${#problem} > PROBLEMS_LENGTH)); then break; fi
    list+=${list:+; }$problem left=$((left - 1))
  done
  if ((left > 0)); then
    printf '%s\n' "$@" >&2
    list+="; and $left more, which the command's error output lists"
  fi
  phase::fail environment-invalid "Below $PARAMETER_PATH: $list"
}

environment::value() { # name; sets REPLY, empty if the app has no such variable
  local line
  for line in "${VARIABLES[@]}"; do
    if [[ $line == "$1="* ]]; then REPLY=${line#*=} && return; fi
  done
  REPLY=
}

environment::configured_mode() { # sets DATABASE_MODE_CONFIGURED
  DATABASE_MODE_CONFIGURED=postgres_only
  environment::value BOTH_DB
  if [[ $REPLY == true ]]; then DATABASE_MODE_CONFIGURED=try_postgres; fi
  environment::value USE_SQLITE
  if [[ $REPLY == true ]]; then DATABASE_MODE_CONFIGURED=sqlite_only; fi
}

environment::database_url() { # sets REPLY: DATABASE_URL as the app gets it, empty without one
  local authority=false
  if [[ $DATABASE_CA_PEM ]]; then authority=true; fi
  environment::value DATABASE_URL
  if [[ $REPLY ]]; then database_url::for_app "$REPLY" "$SSL_MODE" "$authority"; fi
}

# jq's own errors could quote a value.
environment::judge() {
  jq --slurp --raw-output --arg path "$PARAMETER_PATH/" --argjson declarations "$DECLARATIONS" --arg sslMode "$SSL_MODE" \
    "$ENVIRONMENT_RULES" < <(printf '%s' "$PARAMETERS") 2>/dev/null
}

# Docker's reader of env files takes a line up to 64 KiB as it is, once it is UTF-8 and has no line break; the kernel takes
# 128 KiB a variable and 2 MiB in all. Source: docker/cli, pkg/kvfile; execve(2).
# shellcheck disable=SC2016 # variables of jq
ENVIRONMENT_RULES='
  def ours: startswith("EDGEPAAS_") or IN("BUILD_VERSION", "CONTAINER_PORT", "DATABASE_URL_SQLITE", "FINAL_DB_MODE",
    "FINAL_DB_MODE_REASON", "RUN_MIGRATIONS");
  def text_problem:
    if utf8bytelength > 32768 then "is longer than 32768 bytes"
    elif test("[\n\r]") then "has a line break, which an env file cannot hold: encode the value"
    elif test("\u0000") then "has a NUL character, which no environment can hold: encode the value"
    elif test("\ufffd") then "has a character that is no text (U+FFFD): encode the value"
    else null end;
  def url_problems($authority):
    . as $url
    | ($url | split("?")[1:] | join("?") | split("&") | map(select(. != ""))) as $parameters
    | ($parameters | map(split("=")[0])) as $names
    | ($parameters | map(select(startswith("sslmode=")) | .[8:])) as $modes
    | ($modes[0] // if $authority then "verify-full" else $sslMode end) as $mode
    | (if $url | test("[\u0001-\u001f\u007f]") then "has a control character: percent-encode it" else empty end),
      (if $url | test("%(?![0-9A-Fa-f]{2})|%00") then "has a % that begins no percent-encoding: write %25" else empty end),
      (if $url | sub("^[^@]*@"; "") | split("/")[0] | split(",")
         | all(.[]; test("^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$"))
       then empty else "has a host that is no name or address, with a port or without" end),
      (if $parameters | all(.[]; test("^[a-z0-9_]+=")) then empty
       else "has a parameter that is not name=value with a name in lower case" end),
      ($names | unique[] | select(IN("host", "hostaddr", "port", "user", "password", "dbname", "service"))
        | "may not say \(.) after the ?, only before it"),
      ($names | unique[] | select(IN("passfile", "sslcert", "sslkey", "sslcrl", "sslcrldir"))
        | "may not name a file: remove \(.)"),
      ($names | unique[] | select(. == "sslrootcert")
        | "may not have sslrootcert: store the certificates as the parameter DATABASE_CA"),
      ($names | unique[] | select(. == "ssl") | "may not have ssl: write sslmode"),
      (if $modes | length > 1 then "has more than one sslmode" else empty end),
      (if $mode == "verify-full" or ($sslMode == "require" and ($mode | IN("require", "verify-ca"))) then empty
       else "has an sslmode weaker than \($sslMode)" end),
      (if ($mode | startswith("verify-")) and ($authority | not)
       then "needs the parameter DATABASE_CA: there is nothing to verify the database by" else empty end);
  def problems($authority):
    if .value == null then if .required then "is missing" else empty end
    else
      (if .stored and .type.sealed and (.sealed | not) then "must be a SecureString" else empty end),
      ((.value | text_problem) //
        if .type.pattern as $pattern | $pattern == "" or (.value | test($pattern)) then
          if .isUrl then .value | url_problems($authority) else empty end
        else "must be \(.type.is)" end)
    end;
  def printable: gsub("[^ -~]"; "?")[:64];
  def at_most($most): # the first texts, as JSON not longer than that, and how many more there are
    . as $all
    | (reduce .[] as $text ({list: [], full: false};
        if .full or (.list + [$text] | tojson | length > $most) then .full = true else .list += [$text] end) | .list)
    | . + if length < ($all | length) then ["and \(($all | length) - length) more"] else [] end;
  $declarations.variables as $declared
  | ($declared.DATABASE_URL.type == "postgres") as $hasDatabase
  | (reduce (.[].Parameters[]) as $parameter ({}; .[$parameter.Name | ltrimstr($path)] = $parameter)) as $stored
  | (if $hasDatabase then $stored.DATABASE_CA.Value // "" else "" end) as $authority
  | [$declared | keys[] as $name | .[$name] as $variable | $stored[$name] as $parameter
      | {$name, type: $declarations.types[$variable.type], required: ($variable.required // false),
         stored: ($parameter != null), sealed: ($parameter.Type == "SecureString"), version: $parameter.Version,
         value: (if $parameter then $parameter.Value else $variable.default end), isUrl: ($variable.type == "postgres")}] as $all
  | ($all | map(select(.value != null))) as $given
  | ([$all[] | "\(.name) \(problems($authority != ""))"]
      + [if $hasDatabase and ($given | any(.[]; .name == "DATABASE_URL" or (.name == "USE_SQLITE" and .value == "true")) | not)
         then "DATABASE_URL is missing: it is required unless USE_SQLITE is true" else empty end]
      + [$stored | keys[] | select(ours) | "\(printable) is set by EdgePaaS itself: remove the parameter"]
      + [if $authority == "" or ($authority | utf8bytelength <= 32768 and test(
           "^[ \r\n]*(-----BEGIN CERTIFICATE-----[\r\n]+[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----[ \r\n]*)+$"))
         then empty else "DATABASE_CA must be certificates in PEM, and nothing else" end]
      + [if ($given | map(.name, .value | utf8bytelength) | add // 0) > 1048576
         then "the values together are longer than 1048576 bytes" else empty end]) as $problems
  | if $problems != [] then "problems", $problems[]
    else
      "valid",
      ($given | map(select(.stored)) | length),
      ([$given[] | select(.stored) | {key: .name, value: .version}]
        + [$stored.DATABASE_CA | select($authority != "") | {key: "DATABASE_CA", value: .Version}] | from_entries | tojson),
      ([$stored | keys[] | select((in($declared) or ours or ($hasDatabase and . == "DATABASE_CA")) | not) | printable]
        | at_most(600) | tojson),
      ($authority | split("\r") | join("") | tojson[1:-1]),
      ($given[] | "\(.name)=\(.value)")
    end, "end"'
