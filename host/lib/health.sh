# What an app says of its own health and version on its slot's port.
source host/lib/http.sh

health::ask() { # port, seconds; 200 alone is healthy
  http::get 127.0.0.1 "$1" "$HEALTH_PATH" localhost "$2"
  [[ $HTTP_STATUS == 200 ]]
}

health::says() { # REPLY is one line on the last answer
  case $HTTP_STATUS in
    000) REPLY="no answer on $HEALTH_PATH" ;;
    *) REPLY="$HEALTH_PATH answers $HTTP_STATUS" ;;
  esac
}

# From the last answer: its header X-Build-Version, or "buildVersion" in a JSON body; empty if the app does not tell.
health::read_version() { # sets REPORTED_VERSION
  http::header x-build-version
  REPORTED_VERSION=$REPLY
  if [[ ! $REPORTED_VERSION && $HTTP_BODY =~ \"buildVersion\"[[:space:]]*:[[:space:]]*\"([^\"\\]*)\" ]]; then
    REPORTED_VERSION=${BASH_REMATCH[1]}
  fi
}
