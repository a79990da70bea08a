# What the supported distributions differ in. It is found out here, once, and kept in these tables: no other file asks which
# distribution a host is. The same on all of them, and so not in a table: the units docker, containerd and nginx,
# /etc/nginx/conf.d, /var/log/nginx, /etc/docker/daemon.json.

# ID in /etc/os-release, the oldest release (its curl can sign requests to AWS, and its bash is 5.1), whose conventions it
# keeps, and the folder of Docker's own packages for it; `-`: Docker builds none.
DISTRIBUTIONS='
  debian     12    deb   debian
  ubuntu     22    deb   ubuntu
  centos     9     el    centos
  rhel       9     el    rhel
  rocky      9     el    centos
  almalinux  9     el    centos
  amzn       2023  amzn  -
'

# Our word for a package, and its name by each of the conventions; `-`: not needed there. Docker is here where Docker itself
# builds none. The packages of Postgres and SQLite are clients alone. Amazon Linux names Postgres by its version: 15
# is in every release of 2023's repository, to one of which a host is pinned (github.com/amazonlinux/amazon-linux-2023, issues
# 516 and 717), and it speaks to newer servers as well.
PACKAGES='
  word               deb                           el                            amzn
  docker             -                             -                             docker
  iptables           -                             iptables-nft                  -
  kernel-modules     -                             kernel-modules-extra          -
  gpg                gpg                           gnupg2                        gnupg2
  nginx              nginx                         nginx                         nginx
  jq                 jq                            jq                            jq
  logrotate          logrotate                     logrotate                     logrotate
  ss                 iproute2                      iproute                       iproute
  rsync              rsync                         rsync                         rsync
  xfsprogs           xfsprogs                      xfsprogs                      xfsprogs
  e2fsprogs          e2fsprogs                     e2fsprogs                     e2fsprogs
  selinux-tools      policycoreutils-python-utils  policycoreutils-python-utils  policycoreutils-python-utils
  postgresql-client  postgresql-client             postgresql                    postgresql15
  sqlite             sqlite3                       sqlite                        sqlite
  apt                apt                           -                             -
  dpkg               dpkg                          -                             -
  dnf                -                             dnf                           dnf
  rpm                -                             rpm                           rpm
  awk                mawk                          gawk                          gawk
  coreutils          coreutils                     coreutils                     coreutils
  curl               curl                          curl                          curl-minimal
  findutils          findutils                     findutils                     findutils
  grep               grep                          grep                          grep
  iconv              libc-bin                      glibc-common                  glibc-common
  kmod               kmod                          kmod                          kmod
  mount              mount                         util-linux                    util-linux
  systemd            systemd                       systemd                       systemd
  util-linux         util-linux                    util-linux                    util-linux
'

# Fails unless the host's distribution is supported. Sets DISTRIBUTION, DISTRIBUTION_VERSION, DISTRIBUTION_NAME, CODENAME,
# CONVENTIONS (deb, el or amzn), PACKAGE_MANAGER (apt or dnf) and DOCKER_FOLDER (empty if Docker builds nothing for it).
distribution::require() {
  if [[ -v PACKAGE_MANAGER ]]; then return; fi
  distribution::read
  distribution::find && return
  phase::fail unsupported-distribution "${DISTRIBUTION_NAME:-This system} is not supported: use Debian 12, Ubuntu 22.04, \
CentOS Stream, RHEL, Rocky or AlmaLinux 9, Amazon Linux 2023, or a later release of one of them"
}

distribution::read() {
  local key value
  DISTRIBUTION='' DISTRIBUTION_VERSION='' DISTRIBUTION_NAME='' CODENAME=''
  while IFS='=' read -r key value; do
    value=${value//[\"\']/}
    case $key in
      ID) DISTRIBUTION=$value ;;
      VERSION_ID) DISTRIBUTION_VERSION=$value ;;
      PRETTY_NAME) DISTRIBUTION_NAME=$value ;;
      VERSION_CODENAME) CODENAME=$value ;;
    esac
  done </etc/os-release
}

distribution::find() {
  local major=${DISTRIBUTION_VERSION%%.*}
  if [[ ! $DISTRIBUTION =~ ^[a-z]+$ || ! $major =~ ^[1-9][0-9]{0,5}$ ]]; then return 1; fi
  distribution::row "$DISTRIBUTIONS" "$DISTRIBUTION" || return 1
  if ((major < ROW[1])); then return 1; fi
  CONVENTIONS=${ROW[2]} DOCKER_FOLDER=${ROW[3]#-} PACKAGE_MANAGER=dnf
  if [[ $CONVENTIONS == deb ]]; then PACKAGE_MANAGER=apt; fi
}

# What the distribution calls a package. Sets REPLY, empty if it needs none.
distribution::package() { # word
  distribution::require
  distribution::row "$PACKAGES" "$1" # a word that is not there is a mistake of ours
  case $CONVENTIONS in
    deb) REPLY=${ROW[1]#-} ;;
    el) REPLY=${ROW[2]#-} ;;
    amzn) REPLY=${ROW[3]#-} ;;
  esac
}

# By one pattern: bash reads a text's lines byte for byte, which for a table takes a millisecond or two.
distribution::row() { # table, its first word; sets ROW, by the columns after it from 1 on
  local cell='([^[:space:]]+)'
  [[ $1 =~ $'\n'\ +"$2"\ +$cell\ +$cell\ +$cell ]] && ROW=("${BASH_REMATCH[@]}")
}
