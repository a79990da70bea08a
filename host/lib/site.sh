# The app's site for Nginx. It is rendered from the phase's parameters alone, so that comparing texts tells whether the
# host has it; Nginx names the checksum of the site it has loaded to callers from this host.
source host/lib/clock.sh
source host/lib/http.sh
source host/lib/site-template.sh

ANSWER_SECONDS=20
NAME_SECONDS=2

site::path() { # sets SITE_FILE
  SITE_FILE=/etc/nginx/conf.d/edgepaas-$APP.conf
}

site::render() { # sets SITE and SITE_CHECKSUM
  local name=edgepaas_${APP//-/_}
  site::listen
  SITE=$SITE_TEMPLATE
  site::fill app "$APP"
  site::fill name "$name"
  site::fill variable "ep_${APP//-/_}"
  site::fill listen "$REPLY"
  site::fill traffic "$STATE/apps/$APP/traffic"
  site::fill bluePort "$BLUE_PORT"
  site::fill greenPort "$GREEN_PORT"
  site::fill serverNames "$SERVER_NAMES"
  site::fill bodySizeLimit "$BODY_SIZE_LIMIT"
  site::fill connectTimeout "$CONNECT_TIMEOUT"
  site::fill readTimeout "$READ_TIMEOUT"
  site::fill sendTimeout "$SEND_TIMEOUT"
  read -r SITE_CHECKSUM _ < <(printf '%s' "$SITE" | cksum)
  site::fill checksum "$SITE_CHECKSUM"
}

site::fill() { # word, value
  SITE=${SITE//"@$1@"/"$2"}
}

site::listen() { # sets REPLY; the app named `_` takes the requests that name no other
  local default=
  if [[ " $SERVER_NAMES " == *' _ '* ]]; then default=' default_server'; fi
  REPLY="listen 80$default;"
  if [[ -e /proc/net/if_inet6 ]]; then REPLY+=" listen [::]:80$default;"; fi
}

# Is the site in place, and has the Nginx that answers on port 80 loaded it?
site::is_loaded() {
  [[ -e $SITE_FILE && $(<"$SITE_FILE") == "$SITE" ]] && site::is_served
}

# An Nginx that does not answer in time is busy, not without the site: to reload it then would cut connections for nothing.
site::is_served() {
  clock::in "$ANSWER_SECONDS"
  local deadline=$REPLY
  until site::is_answered; do
    site::port_80_holder
    if [[ $REPLY != nginx ]] || clock::is_past "$deadline"; then return 1; fi
    phase::sleep 0.1
  done
  [[ $HTTP_STATUS == 200 && $HTTP_BODY == "site-$SITE_CHECKSUM" ]]
}

site::is_answered() {
  http::name_for "${SERVER_NAMES%% *}"
  http::get 127.0.0.1 80 /.edgepaas/site "$REPLY" 5
  [[ $HTTP_STATUS != 000 ]]
}

# ss reads the processes before the sockets: what began to listen in between, or ends just then, has no name. Only what
# stays nameless is a stranger.
site::port_80_holder() { # REPLY is the name of the program that listens on port 80, empty if none does
  local deadline
  clock::in "$NAME_SECONDS"
  deadline=$REPLY
  until site::read_port_80_holder || clock::is_past "$deadline"; do phase::sleep 0.05; done
}

site::read_port_80_holder() { # sets REPLY; fails if it holds the port without a name
  local line
  REPLY=
  while IFS= read -r line; do
    if [[ ! $line =~ users:\(\(\"([^\"]+)\" ]]; then
      REPLY='a program of another namespace'
      return 1
    fi
    REPLY=${BASH_REMATCH[1]}
    if [[ $REPLY != nginx ]]; then return; fi
  done < <(ss -Hltnp 'sport = :80')
}
