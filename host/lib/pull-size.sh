# What a pull takes of Docker's volume: of the layers that the host lacks, the compressed bytes, which stay until all is unpacked
# (where images are in containerd, for good), and what they unpack to.
source host/lib/docker.sh
source host/lib/registry.sh

# For what no layer tells: the container's own files and its logs.
MARGIN_BYTES=$((64 << 20))

# Sets NEEDED_BYTES and MISSING, in words. Where the registry does not tell, all that the plan knows of the image is missing.
pull_size::measure() {
  local manifest wanted layers shared=0
  COMPRESSED=0 UNPACKED=0
  if pull_size::read_manifest && pull_size::read_layers; then
    pull_size::add_layers
    MISSING="$((${#layers[@]} - shared)) of its ${#layers[@]} layers"
  else
    pull_size::add "$COMPRESSED_BYTES" unknown ''
    MISSING='its layers, by an estimate'
  fi
  # Files take whole blocks: a seventh more than in an archive, measured on a folder of node_modules.
  NEEDED_BYTES=$((COMPRESSED + UNPACKED + UNPACKED / 7 + MARGIN_BYTES))
}

pull_size::read_manifest() { # sets manifest; of an index, that of this host's platform
  local child architecture=${HOSTTYPE/x86_64/amd64}
  registry::ask "manifests/$DIGEST"
  child=$(jq -r --arg architecture "${architecture/aarch64/arm64}" \
    'first(.manifests[]?|select(.platform|.os == "linux" and .architecture == $architecture)|.digest)' <<<"$REPLY") || return 1
  if [[ $child ]]; then registry::ask "manifests/$child"; fi
  manifest=$REPLY
  [[ $manifest ]]
}

# Sets layers, each with its size, media type and digest from the bottom up, and shared, how many of them the host has: one is
# stored by what lies below it, so as soon as one differs all above it are new.
pull_size::read_layers() {
  local -a paths=()
  registry::ask "blobs/$(jq -r .config.digest <<<"$manifest")"
  wanted=$(jq -ce .rootfs.diff_ids <<<"$REPLY") || return 1
  mapfile -t layers < <(jq -r '.layers[]|"\(.size) \(.mediaType) \(.digest)"' <<<"$manifest")
  docker::get /images/json
  mapfile -t paths < <(jq -r '.[]?|"/images/\(.Id)/json"' <<<"${DOCKER_ANSWERS[0]:-[]}")
  docker::get "${paths[@]}"
  shared=$(printf '%s\n' "${DOCKER_ANSWERS[@]}" | jq -s --argjson wanted "$wanted" '[.[].RootFS.Layers // [] |
    [., $wanted] | transpose | map(.[0] == .[1]) | index(false) // length] | max // 0')
}

pull_size::add_layers() {
  local index size type digest
  local -a ends=()
  for ((index = shared; index < ${#layers[@]}; index++)); do
    ends+=("${layers[index]##* }" "$REGISTRY_FOLDER/end-$index")
  done
  if ((${#ends[@]})); then registry::fetch_ends "${ends[@]}"; fi
  for ((index = shared; index < ${#layers[@]}; index++)); do
    read -r size type digest <<<"${layers[index]}"
    pull_size::add "$size" "$type" "$REGISTRY_FOLDER/end-$index"
  done
}

# gzip ends with the size of what it has packed, modulo 2^32: of all that it may mean, the nearest to what is usual. What is less
# than the layer itself is of the last of several archives. Source: RFC 1952, section 2.3.1.
pull_size::add() { # compressed bytes, media type, file with the layer's last four bytes
  local unpacked=$(($1 * 3)) end='' more=''
  case $2 in
    *.tar) unpacked=$1 ;;
    *gzip) if [[ -e $3 ]]; then read -r end more < <(od -An -tu4 -N 8 --endian=little "$3"); fi ;;
  esac
  if [[ $end && ! $more ]]; then
    while ((end + (1 << 31) < unpacked)); do end=$((end + (1 << 32))); done
    if ((end >= $1 * 9 / 10)); then unpacked=$end; fi
  fi
  COMPRESSED=$((COMPRESSED + $1)) UNPACKED=$((UNPACKED + unpacked))
}
