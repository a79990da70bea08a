# A live release that this deployment's migration broke goes on losing requests until another one serves, or the way back ends.
source host/lib/access-log.sh

# Sets REPLY: a part of the facts, or empty. Only the host that migrated knows since when, and of no other it is asked.
broken_live::count() { # slot that served meanwhile
  REPLY=''
  if [[ $1 == none || ! -e $RECEIPTS/run-migrations.json ]]; then return; fi
  if [[ $(<"$RECEIPTS/run-migrations.json") != *'"live":"broken-by-migration"'* ]]; then return; fi
  read -r _ _ LOG_INODE LOG_OFFSET _ <"$RECEIPTS/migrating"
  live_slot::port "$1"
  access_log::open
  access_log::advance "$REPLY"
  access_log::facts
  REPLY=",\"sinceMigration\":{$REPLY}"
}
