# What kind of host this is.

host::read_distribution() { # sets DISTRIBUTION, DISTRIBUTION_VERSION, DISTRIBUTION_NAME, CODENAME and FAMILY
  local key value
  DISTRIBUTION='' DISTRIBUTION_VERSION='' DISTRIBUTION_NAME='' CODENAME='' FAMILY=''
  while IFS='=' read -r key value; do
    value=${value//[\"\']/}
    case $key in
      ID) DISTRIBUTION=$value ;;
      VERSION_ID) DISTRIBUTION_VERSION=$value ;;
      PRETTY_NAME) DISTRIBUTION_NAME=$value ;;
      VERSION_CODENAME) CODENAME=$value ;;
    esac
  done </etc/os-release
  host::find_family
}

# The oldest releases whose curl can sign requests to AWS (7.75).
host::find_family() {
  local major=${DISTRIBUTION_VERSION%%.*}
  if [[ ! $major =~ ^[0-9]+$ ]]; then return; fi
  case $DISTRIBUTION in
    debian) if ((major >= 12)); then FAMILY=deb; fi ;;
    ubuntu) if ((major >= 22)); then FAMILY=deb; fi ;;
    centos | rhel | rocky | almalinux) if ((major >= 9)); then FAMILY=rpm; fi ;;
    amzn) if ((major >= 2023)); then FAMILY=rpm; fi ;;
  esac
}

host::require_distribution() {
  host::read_distribution
  if [[ $FAMILY ]]; then return; fi
  phase::fail unsupported-distribution "${DISTRIBUTION_NAME:-This system} is not supported: use Debian 12, Ubuntu 22.04, \
CentOS Stream, RHEL, Rocky or AlmaLinux 9, Amazon Linux 2023, or a later release of one of them"
}

host::architecture() { # REPLY, as EC2 says it
  REPLY=${HOSTTYPE/aarch64/arm64}
}

host::free_bytes() { # path; sets FREE_BYTES
  read -r FREE_BYTES < <(df --output=avail --block-size=1 "$1" | tail -n 1)
}
