# The two slots of an app and which of them Nginx sends traffic to. Nginx reads the same two flag files at each request:
# without `live` it answers 503 itself, with `green` it sends to green, else to blue.

live_slot::read() { # sets LIVE_SLOT and IDLE_SLOT
  TRAFFIC=$APP_STATE/traffic
  LIVE_SLOT=none IDLE_SLOT=blue
  if [[ ! -e $TRAFFIC/live ]]; then return; fi
  LIVE_SLOT=blue IDLE_SLOT=green
  if [[ -e $TRAFFIC/green ]]; then LIVE_SLOT=green IDLE_SLOT=blue; fi
}

live_slot::port() { # slot; sets REPLY
  if [[ $1 == green ]]; then REPLY=$GREEN_PORT; else REPLY=$BLUE_PORT; fi
}
