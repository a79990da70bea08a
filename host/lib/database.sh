# Asks the app's Postgres, from this host and by its client alone: a server is never installed. What psql says names hosts and
# users, so it stays here; a reason is in words of our own, for it goes into the receipt, the history and the app's /health.

DATABASE_CONNECT_SECONDS=5 # for each address of each host
DATABASE_SECONDS=15        # for a question in all
DATABASE_CLIENT=(psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --set VERBOSITY=sqlstate)

# Needs host/lib/package.sh, which a phase that only asks has no room for.
database::install_client() {
  package::provide_program psql postgresql-client
}

# For the child alone: call it in a subshell that then becomes psql. From PG_HOST and its like, which database_url::parse sets;
# DATABASE_AUTHORITY is a file of certificates, or empty. Nothing of this machine's own settings or of root's files has a part.
database::export_connection() {
  local name
  for name in "${!PG@}"; do export -n "${name?}"; done
  export PGGSSENCMODE=disable
  for name in "${PG_OTHERS[@]}"; do export "${name?}"; done
  export PGHOST=$PG_HOST PGPORT=$PG_PORT PGUSER=$PG_USER PGPASSWORD=$PG_PASSWORD PGDATABASE=$PG_DATABASE
  export PGSSLMODE=$PG_SSLMODE PGSSLROOTCERT=${DATABASE_AUTHORITY:-/nonexistent/root.crt}
  export PGPASSFILE=/dev/null PGSSLCERT=/nonexistent/client.crt
  export PGCONNECT_TIMEOUT=$DATABASE_CONNECT_SECONDS PGAPPNAME=${DATABASE_APPLICATION:-edgepaas-$DEPLOYMENT_ID}
}

# Sets DATABASE_ANSWER; or returns 1 with DATABASE_STATE (unreachable: it may pass; refused: it will not by itself) and why in
# REPLY.
database::ask() { # SQL, without secrets
  local said code complaint
  DATABASE_STATE=reached
  said=$(database::exchange "$1")
  complaint=${said%%$'\036'*} said=${said#*$'\036'}
  code=${said%%$'\036'*} DATABASE_ANSWER=${said#*$'\036'}
  if ((code == 0)); then return; fi
  if ((code == 124 || code == 137)); then complaint="timeout expired after $DATABASE_SECONDS s"; fi
  database::explain "$complaint"
  return 1
}

# Prints what psql complains of, its exit code, and what it answers. It is in the script's own process group, so that what
# ends the one ends the other.
database::exchange() { # SQL
  local answer code=0
  database::export_connection
  {
    answer=$(timeout --foreground --kill-after=1 "$DATABASE_SECONDS" "${DATABASE_CLIENT[@]}" <<<"$1" 2>&5) || code=$?
  } 5>&1
  printf '\036%d\036%s' "$code" "$answer"
}

# Asks until Postgres answers, again only while it is out of reach. Sets DATABASE_ATTEMPTS; fails as `ask` does.
database::reach() { # attempts, seconds between them
  for ((DATABASE_ATTEMPTS = 1; ; DATABASE_ATTEMPTS++)); do
    if database::ask 'SELECT 1'; then return; fi
    phase::say "Postgres is $DATABASE_STATE at attempt $DATABASE_ATTEMPTS of $1: $REPLY"
    if [[ $DATABASE_STATE == refused ]] || ((DATABASE_ATTEMPTS >= $1)); then return 1; fi
    phase::sleep "$2"
  done
}

# Sets DATABASE_STATE and REPLY. A refusal by one of several hosts counts before the silence of another, and what is not known
# is a refusal: to fall back to SQLite for a reason that stays would hide it.
database::explain() { # what psql said
  DATABASE_STATE=refused
  if [[ $1 =~ (ERROR|FATAL|PANIC):\ +([0-9A-Z]{5})($'\n'|$) ]]; then
    database::explain_sqlstate "${BASH_REMATCH[2]}"
  elif database::explain_refusal "$1"; then
    return
  elif database::explain_silence "$1"; then
    DATABASE_STATE=unreachable
  else
    REPLY='the server refuses the connection'
  fi
}

# Source: PostgreSQL's documentation, appendix A.
database::explain_sqlstate() { # five characters
  REPLY="the query fails with SQLSTATE $1"
  case $1 in
    08* | 57P0[1-5]) DATABASE_STATE=unreachable REPLY='the connection was cut' ;;
    53300) DATABASE_STATE=unreachable REPLY='too many connections' ;;
  esac
}

# Source: PostgreSQL, src/interfaces/libpq/fe-connect.c, fe-secure-openssl.c, src/backend/libpq/auth.c, utils/init/postinit.c
database::explain_refusal() {
  case $1 in
    *'authentication failed'* | *'no password supplied'* | *'role "'*'" does not exist'*) REPLY='the password is refused' ;;
    *'database "'*'" does not exist'*) REPLY='the database does not exist' ;;
    *'server does not support SSL'*) REPLY='the server has no SSL' ;;
    *'certificate verify failed'*) REPLY='the certificate is not trusted' ;;
    *'does not match host name'*) REPLY='the certificate is for another name' ;;
    *'root certificate file'*) REPLY='no certificate authority is given' ;;
    *'unsupported startup parameter'* | *'command-line options'*) REPLY='a proxy stands before the database and takes no options' ;;
    *'pg_hba.conf'*) REPLY='no rule of the server lets this host and user in' ;;
    *'permission denied for database'* | *'is not permitted to log in'*) REPLY='the user may not connect to the database' ;;
    *'is not currently accepting connections'*) REPLY='the database accepts no connections' ;;
    *'invalid response to SSL negotiation'* | *'expected authentication request'*) REPLY='what answers is not Postgres' ;;
    *) return 1 ;;
  esac
}

database::explain_silence() {
  case $1 in
    *'is starting up'* | *'not yet accepting connections'*) REPLY='it is starting up' ;;
    *'is shutting down'*) REPLY='it is shutting down' ;;
    *'in recovery mode'*) REPLY='it is recovering' ;;
    *'too many clients'* | *'connection slots are reserved'* | *'too many connections for'*) REPLY='too many connections' ;;
    *'could not translate host name'*) REPLY='the name is not resolved' ;;
    *'Connection refused'*) REPLY='connection refused' ;;
    *'timeout expired after'*) REPLY="no answer within $DATABASE_SECONDS s" ;;
    *'timeout expired'*) REPLY="no answer within $DATABASE_CONNECT_SECONDS s" ;;
    *'onnection timed out'* | *'No route to host'* | *'etwork is unreachable'* | *'Host is down'* | *'not permitted'*)
      REPLY='there is no way to it' ;;
    *'closed the connection'* | *'reset by peer'* | *'closed unexpectedly'* | *'unexpected eof'* | *'SYSCALL error'* | \
      *'connection to server was lost'* | *'terminating connection'* | *'receive data from server'* | *'Broken pipe'*)
      REPLY='the connection was cut' ;;
    *) return 1 ;;
  esac
}
