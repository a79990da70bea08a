# Packages by their names, the same words for apt and dnf.
source host/lib/clock.sh
source host/lib/distribution.sh

PACKAGE_LOCK_SECONDS=240
FIRST_BOOT_SECONDS=180
REFRESH_OUTPUT=''

package::is_installed() {
  distribution::require
  case $PACKAGE_MANAGER in
    apt) [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]] ;;
    dnf) rpm --query --quiet "$1" ;;
  esac
}

# By our words, see distribution.sh.
package::provide() { # words
  local word
  local -a names=()
  for word in "$@"; do
    distribution::package "$word"
    if [[ $REPLY ]]; then names+=("$REPLY"); fi
  done
  package::install "${names[@]}"
}

# A program that is there, from whatever package, is left as it is: one of another source may be in conflict with ours.
package::provide_program() { # program, our word for its package
  if ! command -v "$1" >/dev/null; then package::provide "$2"; fi
}

package::install() { # packages; those that are there are left as they are
  local package
  local -a wanted=()
  for package in "$@"; do
    package::is_installed "$package" || wanted+=("$package")
  done
  if ((${#wanted[@]} == 0)); then return; fi
  phase::say "Installing ${wanted[*]}"
  package::await_first_boot
  package::finish_interrupted
  package::refresh
  package::run install "${wanted[@]}" || package::fail "${wanted[*]}"
}

# On a host's first boot cloud-init may still write the sources of packages, and install some. status.json is there once it
# has begun, result.json once it has ended. Source: cloud-init, doc/status.txt.
package::await_first_boot() {
  clock::in "$FIRST_BOOT_SECONDS"
  local deadline=$REPLY
  while [[ -e /run/cloud-init/status.json && ! -e /run/cloud-init/result.json ]] && ! clock::is_past "$deadline"; do
    phase::sleep 0.5
  done
}

# What a run that was killed half-way left unconfigured.
package::finish_interrupted() {
  if [[ $PACKAGE_MANAGER == apt ]]; then package::run configure || package::fail 'what an interrupted run left'; fi
}

# The lists on a cloud image are as old as the image; within a deployment they are fetched once. A repository that is out
# of reach matters only if what we install is in it.
package::refresh() {
  if [[ $PACKAGE_MANAGER == dnf ]] || package::is_fresh; then return; fi
  if ! package::run update; then REFRESH_OUTPUT=$PACKAGE_OUTPUT && return; fi
  (umask 077 && mkdir -p "$RUNTIME")
  printf '%s\n' "$DEPLOYMENT_ID" >"$RUNTIME/packages-refreshed"
}

package::is_fresh() {
  [[ -e $RUNTIME/packages-refreshed && $(<"$RUNTIME/packages-refreshed") == "$DEPLOYMENT_ID" ]]
}

# Waits for whoever has the package manager: a cloud image upgrades itself after its first boot, and dpkg, in a session of
# its own, outlives a phase that was killed. Sets PACKAGE_OUTPUT.
package::run() { # install, update or configure; packages
  clock::in "$PACKAGE_LOCK_SECONDS"
  local deadline=$REPLY
  until package::try "$@"; do
    if [[ ! $PACKAGE_OUTPUT =~ (is locked by|was locked by|Could not get lock|Unable to acquire) ]]; then return 1; fi
    if clock::is_past "$deadline"; then return 1; fi
    phase::sleep 0.5
  done
}

# Without the locks: should a package start a program that stays, it must not keep them.
package::try() {
  PACKAGE_OUTPUT=$(
    exec 3>&- {LOCK_HOST}>&-
    package::command "$@" 2>&1
  )
}

package::command() {
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  case $PACKAGE_MANAGER-$1 in
    apt-install) package::apt --no-install-recommends install "${@:2}" ;;
    apt-update) package::apt update ;;
    apt-configure) dpkg --configure --pending --force-confdef --force-confold ;;
    dnf-install) dnf -y -q install "${@:2}" ;;
  esac
}

package::apt() {
  apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

package::fail() { # what
  local line cause=
  PACKAGE_OUTPUT=${REFRESH_OUTPUT:+$REFRESH_OUTPUT$'\n'}$PACKAGE_OUTPUT
  phase::say "$PACKAGE_OUTPUT"
  if [[ $PACKAGE_OUTPUT =~ (No space left on device|enough free space|more space) ]]; then
    phase::fail disk-full "There is no room to install $1: free some of the root disk, or grow it"
  fi
  while IFS= read -r line; do
    # dnf says what the problem is in the lines after its Error, indented.
    if [[ $line =~ ^(E:|Error|dpkg:|rpm:|\ +Problem|\ +-\ |Package\ .*not\ signed) ]]; then cause+=" ${line#"${line%%[! ]*}"}"; fi
  done <<<"$PACKAGE_OUTPUT"
  phase::fail package-install-failed "Could not install $1:${cause:- ${PACKAGE_OUTPUT##*$'\n'}}"
}
