# How the live release is, by its own health and by what Nginx answers for it, before and after something that may hurt it.
source host/lib/clock.sh
source host/lib/live-slot.sh
source host/lib/health.sh
source host/lib/access-log.sh

LIVE_WATCH_SECONDS=3
LIVE_LOOK_SECONDS=0.25
LIVE_ANSWER_SECONDS=2
LIVE_FAILURES=3 # in a row

# Sets LIVE (none, healthy or broken-before) and where in the access log it was so.
live_health::note() {
  access_log::position
  LIVE=none BEFORE_REQUESTS=0 BEFORE_5XX=0
  if [[ $LIVE_SLOT == none ]]; then return; fi
  access_log::count_before
  LIVE=healthy
  local failures=0
  until health::ask "$LIVE_PORT" "$LIVE_ANSWER_SECONDS"; do
    failures=$((failures + 1))
    if ((failures == LIVE_FAILURES)); then
      LIVE=broken-before
      return
    fi
    phase::sleep "$LIVE_LOOK_SECONDS"
  done
}

live_health::read_slot() { # sets LIVE_SLOT and LIVE_PORT
  live_slot::read
  live_slot::port "$LIVE_SLOT"
  LIVE_PORT=$REPLY
}

# Counts what Nginx answered for it since the note, and sets LIVE to broken-by-migration as soon as that is clear. What was
# answered while the migration had its locks counts, but only what is answered now tells whether the release is broken.
live_health::compare() {
  local failures=0 deadline
  access_log::open
  if [[ $LIVE == none ]]; then return; fi
  access_log::judge_anew "$LIVE_PORT"
  LIVE_SAYS=''
  if [[ $LIVE == broken-before ]]; then return; fi
  clock::in "$LIVE_WATCH_SECONDS"
  deadline=$REPLY
  until clock::is_past "$deadline"; do
    live_health::look
    if [[ $LIVE == broken-by-migration ]]; then return; fi
    phase::sleep "$LIVE_LOOK_SECONDS"
  done
}

live_health::look() {
  if health::ask "$LIVE_PORT" "$LIVE_ANSWER_SECONDS"; then failures=0; else failures=$((failures + 1)); fi
  if ((failures == LIVE_FAILURES)); then
    health::says
    LIVE=broken-by-migration LIVE_SAYS=", $REPLY"
  fi
  access_log::advance "$LIVE_PORT"
  if access_log::errors_rose; then LIVE=broken-by-migration; fi
}
