# A database's URL, taken apart as libpq does it, and made safe for the app. No process sees it: it holds a password.
# Which URLs there are is checked before, by environment::validate. Source: PostgreSQL, "Connection URIs".
source host/lib/env.sh
source host/lib/percent.sh

# Sets PG_USER, PG_PASSWORD, PG_HOST, PG_PORT, PG_DATABASE and PG_SSLMODE, as the variables PGUSER and so on of psql want them,
# and the array PG_OTHERS: what else of the URL psql takes from its environment, as NAME=value. Returns 1 for what is no such URL.
database_url::parse() { # url
  local form='^postgres(ql)?://([^:@/?#]+)(:([^@/?#]*))?@([^@/?#]+)/([^@/?#]+)(\?(.*))?$'
  PG_SSLMODE='' PG_OTHERS=()
  [[ $1 =~ $form ]] || return 1
  local hosts=${BASH_REMATCH[5]} query=${BASH_REMATCH[8]}
  local user=${BASH_REMATCH[2]} password=${BASH_REMATCH[4]} database=${BASH_REMATCH[6]}
  percent::decode "$user"
  PG_USER=$REPLY
  percent::decode "$password"
  PG_PASSWORD=$REPLY
  percent::decode "$database"
  PG_DATABASE=$REPLY
  database_url::parse_hosts "$hosts" || return 1
  database_url::parse_query "$query"
}

# Several are separated by commas, in both lists; an empty port is the default one.
database_url::parse_hosts() {
  local host rest=$1,
  PG_HOST='' PG_PORT=''
  while [[ $rest ]]; do
    host=${rest%%,*} rest=${rest#*,}
    [[ $host =~ ^(\[([^]]*)\]|([^:]*))(:([0-9]*))?$ ]] || return 1
    PG_HOST+=,${BASH_REMATCH[2]}${BASH_REMATCH[3]} PG_PORT+=,${BASH_REMATCH[5]:-5432}
  done
  PG_HOST=${PG_HOST#,} PG_PORT=${PG_PORT#,}
}

database_url::parse_query() {
  local rest=$1\& pair
  while [[ $rest ]]; do
    pair=${rest%%&*} rest=${rest#*&}
    percent::decode "${pair#*=}"
    case ${pair%%=*} in
      sslmode) PG_SSLMODE=$REPLY ;;
      options) PG_OTHERS+=("PGOPTIONS=$REPLY") ;;
      target_session_attrs) PG_OTHERS+=("PGTARGETSESSIONATTRS=$REPLY") ;;
      channel_binding) PG_OTHERS+=("PGCHANNELBINDING=$REPLY") ;;
      gssencmode) PG_OTHERS+=("PGGSSENCMODE=$REPLY") ;;
      ssl_min_protocol_version) PG_OTHERS+=("PGSSLMINPROTOCOLVERSION=$REPLY") ;;
      client_encoding) PG_OTHERS+=("PGCLIENTENCODING=$REPLY") ;;
    esac
  done
}

# REPLY is the URL that the app gets: the scheme that every library knows, an sslmode, the file of the authority; else as it was.
# Only what follows the first ? counts: a password may read like a parameter.
database_url::for_app() { # url, the configuration's sslmode, true if there is an authority
  local mode=$2 url=postgresql://${1#*://} before query
  if $3; then mode=verify-full; fi
  before=${url%%\?*}
  query=${url:${#before}+1}
  query=${query%&}
  if [[ \&$query != *\&sslmode=* ]]; then query+=${query:+&}sslmode=$mode; fi
  if $3; then query+=\&sslrootcert=$AUTHORITY_IN_CONTAINER; fi
  REPLY="$before?$query"
}
