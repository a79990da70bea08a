# Files that are whole or absent, whatever kills the script.

FILES_NEEDED=true # false: what cannot be written is no reason to stop

file::replace() { # path, content, mode
  file::try_replace "$@" && return
  rm -f "$1.new"
  if ! $FILES_NEEDED; then phase::say "Could not write $1" && return; fi
  if host::find_full_disk; then phase::fail disk-full "Could not write $1. $REPLY"; fi
  phase::fail phase-crashed "Could not write $1"
}

# Each step asks for the one before, for within a condition bash does not stop at a failure by itself.
file::try_replace() {
  local new=$1.new mode=${3:-600}
  file::write_private "$new" "$2" &&
    { [[ $mode == 600 ]] || chmod "$mode" "$new"; } &&
    sync "$new" &&
    mv -fT "$new" "$1" &&
    sync "${1%/*}"
}

file::write_private() { # path, content
  local code=0
  umask 077
  printf '%s' "$2" >"$1" || code=$?
  umask 022
  return "$code"
}
