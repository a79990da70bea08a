# Packages of the distribution, the same words for apt and dnf.

package::is_installed() {
  case $FAMILY in
    deb) [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]] ;;
    rpm) rpm --query --quiet "$1" ;;
  esac
}

package::install() { # packages; those that are there are left as they are
  local package
  local -a wanted=()
  for package in "$@"; do
    package::is_installed "$package" || wanted+=("$package")
  done
  if ((${#wanted[@]} == 0)); then return; fi
  phase::say "Installing ${wanted[*]}"
  package::finish_interrupted
  package::refresh
  package::run install "${wanted[@]}" || package::fail "${wanted[*]}"
}

# What a run that was killed half-way left unconfigured.
package::finish_interrupted() {
  if [[ $FAMILY == deb ]]; then package::run configure || package::fail 'what an interrupted run left'; fi
}

# The lists on a cloud image are as old as the image; within a deployment they are fetched once.
package::refresh() {
  if [[ $FAMILY == rpm || -e $RUNTIME/packages-refreshed ]]; then return; fi
  package::run update || package::fail 'the package lists'
  mkdir -p "$RUNTIME"
  : >"$RUNTIME/packages-refreshed"
}

# Sets PACKAGE_OUTPUT. Without the locks: should a package start a program that stays, it must not keep them.
package::run() { # install, update or configure; packages
  PACKAGE_OUTPUT=$(
    exec 3>&- {LOCK_HOST}>&-
    package::command "$@" 2>&1
  )
}

package::command() {
  local -a apt=(apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold)
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  case $FAMILY-$1 in
    deb-install) "${apt[@]}" --no-install-recommends install "${@:2}" ;;
    deb-update) "${apt[@]}" update -o APT::Update::Error-Mode=any ;;
    deb-configure) dpkg --configure --pending --force-confdef --force-confold ;;
    rpm-install) dnf -y -q install "${@:2}" ;;
  esac
}

package::fail() { # what
  local line cause=
  phase::say "$PACKAGE_OUTPUT"
  if [[ $PACKAGE_OUTPUT =~ (No space left on device|enough free space|more space needed) ]]; then
    phase::fail disk-full "There is no room to install $1: free some of the root disk, or grow it"
  fi
  while IFS= read -r line; do
    if [[ $line =~ ^(E:|Error|dpkg:|rpm:) ]]; then cause+=" $line"; fi
  done <<<"$PACKAGE_OUTPUT"
  phase::fail package-install-failed "Could not install $1:${cause:- ${PACKAGE_OUTPUT##*$'\n'}}"
}
