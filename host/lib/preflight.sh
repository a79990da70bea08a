# What a host must bring along, since no phase installs it: all that it lacks is told at once, before anything is changed.
# Every phase would find it out for itself, but one thing a deployment, and some of them half-way.
source host/lib/distribution.sh

# By our words for packages, the programs that the phases call of them. A distribution that has no such package needs none.
PROGRAMS='
  coreutils:   chmod cksum cp dd df du head ln ls mkdir mv od readlink rm sha256sum sort stat sync tail timeout touch uname
  util-linux:  blkid findmnt flock setsid wipefs
  mount:       mount
  awk:         awk
  curl:        curl
  findutils:   find
  grep:        grep
  iconv:       iconv
  kmod:        modprobe
  systemd:     journalctl systemctl
  apt:         apt-get
  dpkg:        dpkg dpkg-query
  dnf:         dnf
  rpm:         rpm
'

preflight::require() {
  local programs='' packages='' problems=''
  preflight::find_programs
  preflight::check_curl
  preflight::check_machine
  if [[ $programs ]]; then
    problems="; it lacks ${programs#, }, run \`${PACKAGE_MANAGER/%apt/apt-get} install$packages\`$problems"
  fi
  if [[ ! $problems ]]; then return; fi
  phase::fail host-incomplete "The host cannot be deployed to: ${problems#; }"
}

preflight::find_programs() { # adds to programs and packages
  local name word=''
  for name in $PROGRAMS; do
    if [[ $name == *: ]]; then
      word=${name%:}
    elif ! hash "$name" 2>/dev/null; then
      preflight::miss "$name" "$word"
    fi
  done
}

preflight::miss() { # program, our word for its package
  distribution::package "$2"
  if [[ ! $REPLY ]]; then return; fi
  programs+=", $1"
  if [[ " $packages " != *" $REPLY "* ]]; then packages+=" $REPLY"; fi
}

# Every supported distribution's own curl can sign requests; only one that its owner put before it needs to be asked.
preflight::check_curl() {
  local version path=${BASH_CMDS[curl]-}
  if [[ ! $path || $path == /usr/bin/curl ]]; then return; fi
  read -r _ version _ < <(curl --version)
  if [[ $version =~ ^([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 7076)); then return; fi
  problems+="; $path is curl ${version:-of no version}, older than 7.76, remove it or bring it up to date"
}

preflight::check_machine() { # adds to problems
  if ((EUID != 0)); then problems+='; the SSM Agent does not run as root, run it so'; fi
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)); then
    problems+="; /bin/bash is $BASH_VERSION, older than 5.1, bring it up to date"
  fi
  case $HOSTTYPE in
    x86_64 | aarch64) ;;
    *) problems+="; its architecture is $HOSTTYPE, take an instance type of x86_64 or arm64" ;;
  esac
  # Source: sd_booted(3).
  if [[ ! -d /run/systemd/system ]]; then problems+='; systemd is not its init, take an image that boots with systemd'; fi
  preflight::check_kernel
}

# What Docker needs of the kernel to run an app within its limits, on layers.
preflight::check_kernel() {
  local line controllers='' filesystems=''
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then read -r controllers </sys/fs/cgroup/cgroup.controllers || true; fi
  if [[ -d /sys/fs/cgroup/memory ]]; then controllers+=' memory'; fi # cgroup v1
  if [[ -d /sys/fs/cgroup/cpu ]]; then controllers+=' cpu'; fi
  for line in cpu memory; do
    if [[ " $controllers " == *" $line "* ]]; then continue; fi
    problems+="; its kernel has no cgroup controller $line, enable it on the kernel's command line"
  done
  while read -r line; do filesystems+=" $line "; done </proc/filesystems
  if [[ $filesystems == *[[:blank:]]overlay\ * ]] || modprobe --dry-run --quiet overlay; then return; fi
  problems+='; its kernel has no overlay filesystem, boot one that has'
}
