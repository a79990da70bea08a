# HTTP over bash's own sockets: a probe costs a fork and no program, which is what polling each 20 ms can afford.
# The exchange is in a subshell, since a connection that nobody answers cannot be given a time limit otherwise.

http::get() { # host, port, path, Host header, seconds
  http::request GET "$1" "$2" "$3" "$5" "Host: $4" 'User-Agent: EdgePaaS'
}

# Sets HTTP_STATUS (000: no answer), HTTP_HEADERS and HTTP_BODY (of a text, at most 64 KiB).
http::request() { # method, host, port, path, seconds, headers
  local answer='' descriptor exchange
  exec {descriptor}< <(http::exchange "$@" 2>/dev/null)
  exchange=$!
  IFS= read -r -t "$5" -N 131072 -u "$descriptor" answer || true
  exec {descriptor}<&-
  kill "$exchange" 2>/dev/null || true
  http::parse "$answer"
}

http::exchange() {
  trap - ERR
  local header length=65536 socket text
  exec {socket}<>"/dev/tcp/$2/$3" || exit 0
  printf '%s %s HTTP/1.1\r\n' "$1" "$4" >&"$socket"
  printf '%s\r\n' "${@:6}" 'Connection: close' '' >&"$socket"
  while IFS= read -r -u "$socket" header && [[ $header != $'\r' ]]; do
    printf '%s\n' "$header"
    if [[ ${header,,} =~ ^content-length:\ *([0-9]+) ]]; then length=${BASH_REMATCH[1]}; fi
  done
  printf '\r\n'
  if ((length > 65536)); then length=65536; fi
  if ((length == 0)); then return; fi
  IFS= read -r -N "$length" -u "$socket" text || true
  printf '%s' "$text"
}

http::parse() {
  HTTP_STATUS=000 HTTP_HEADERS='' HTTP_BODY=''
  if [[ ! $1 =~ ^HTTP/1\.[01]\ ([0-9]{3}) ]]; then return; fi
  HTTP_STATUS=${BASH_REMATCH[1]}
  HTTP_HEADERS=${1%%$'\n\r\n'*}$'\n'
  if [[ $1 == *$'\n\r\n'* ]]; then HTTP_BODY=${1#*$'\n\r\n'}; fi
  if [[ ${HTTP_HEADERS,,} == *$'\n'transfer-encoding:*chunked* ]]; then http::join_chunks; fi
}

http::join_chunks() { # of HTTP_BODY; RFC 9112, section 7.1
  local rest=$HTTP_BODY length
  HTTP_BODY=''
  while [[ $rest =~ ^([0-9A-Fa-f]{1,6})[^$'\n']*$'\n' ]]; do
    length=$((16#${BASH_REMATCH[1]}))
    rest=${rest#*$'\n'}
    HTTP_BODY+=${rest:0:length}
    rest=${rest:length + 2}
    if ((length == 0)); then return; fi
  done
}

# A name that leads to the server of a server_name. `_` takes what no other server names: `localhost` is not such a name, for
# the default site of nginx.org's package has it.
http::name_for() { # server_name; sets REPLY
  REPLY=${1/#\*/edgepaas}
  REPLY=${REPLY/%\*/edgepaas}
  if [[ $REPLY == _ ]]; then REPLY=edgepaas.invalid; fi
}

http::header() { # name in lower case; REPLY is its value, empty if there is none
  local headers=${HTTP_HEADERS//$'\r'/} line
  REPLY=
  while IFS= read -r line; do
    if [[ ${line,,} == "$1:"* ]]; then
      REPLY=${line#*:}
      REPLY=${REPLY#"${REPLY%%[! ]*}"}
      return
    fi
  done <<<"$headers"
}
