# Docker's own package repository. Its key is trusted only after its fingerprint was compared.
source host/lib/package.sh

docker_repository::add() {
  local base=$DOCKER_REPOSITORY_URL/linux/$DOCKER_FOLDER
  package::provide_program gpg gpg
  case $PACKAGE_MANAGER in
    apt) docker_repository::add_deb "$base" ;;
    dnf) docker_repository::add_rpm "$base" ;;
  esac
}

docker_repository::add_deb() { # base
  local key=/etc/apt/keyrings/docker.asc architecture
  mkdir -p /etc/apt/keyrings
  docker_repository::fetch_key "$1/gpg" "$DEB_KEY_FINGERPRINT"
  file::replace "$key" "$KEY"$'\n' 644
  architecture=$(dpkg --print-architecture)
  file::replace /etc/apt/sources.list.d/docker.list "deb [arch=$architecture signed-by=$key] $1 $CODENAME stable"$'\n' 644
  rm -f "$RUNTIME/packages-refreshed"
}

# The repository's file is written here, so that it is the same for dnf 4 and dnf 5. By the major version: $releasever is a
# minor one where somebody has pinned it, as for extended updates, and Docker has no folder for those.
docker_repository::add_rpm() { # base
  local key=/etc/pki/rpm-gpg/RPM-GPG-KEY-docker release=${DISTRIBUTION_VERSION%%.*}
  docker_repository::fetch_key "$1/gpg" "$RPM_KEY_FINGERPRINT"
  file::replace "$key" "$KEY"$'\n' 644
  rpm --import "$key"
  file::replace /etc/yum.repos.d/docker-ce.repo "[docker-ce-stable]
name=Docker CE Stable
baseurl=$1/$release/\$basearch/stable
enabled=1
gpgcheck=1
gpgkey=file://$key
" 644
}

docker_repository::fetch_key() { # url, fingerprint; sets KEY
  KEY=$(curl -fsSL --retry 2 --max-time 60 "$1") ||
    phase::fail package-install-failed "Could not fetch Docker's key from $1: is the host allowed to reach it?"
  docker_repository::read_fingerprints
  if [[ $FINGERPRINTS == "$2" ]]; then return; fi
  phase::fail docker-key-mismatch "The key at $1 has fingerprint ${FINGERPRINTS:-(it is no key)} and not $2: nothing was trusted or installed"
}

# Of every primary key in KEY, separated by blanks, so that a second key cannot come along. Sets FINGERPRINTS.
docker_repository::read_fingerprints() {
  local line primary=false
  FINGERPRINTS=
  (umask 077 && mkdir -p "$RUNTIME")
  while IFS= read -r line; do
    case $line in
      pub:*) primary=true ;;
      sub:*) primary=false ;;
      fpr:*) if $primary; then
        line=${line%:}
        FINGERPRINTS+=${FINGERPRINTS:+ }${line##*:}
        primary=false
      fi ;;
    esac
  done < <(gpg --homedir "$RUNTIME" --batch --with-colons --show-keys <<<"$KEY" 2>/dev/null)
}
