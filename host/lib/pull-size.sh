# What a pull takes of Docker's volume: of the layers that the host lacks, the compressed bytes, which stay until all is unpacked
# (where images are in containerd, for good), and what they unpack to.
source host/lib/docker.sh
source host/lib/registry.sh

# For what no layer tells: the container's own files and its logs.
MARGIN_BYTES=$((64 << 20))

# Sets NEEDED_BYTES and MISSING, in words. Where the registry does not tell, all that the plan knows of the image is missing.
pull_size::measure() {
  local config shared=0
  local -a layers=()
  COMPRESSED=0 UNPACKED=0
  if pull_size::read_manifest "$DIGEST" && pull_size::count_shared; then
    pull_size::add_layers
    MISSING="$((${#layers[@]} - shared)) of its ${#layers[@]} layers"
  else
    pull_size::add "$COMPRESSED_BYTES" unknown ''
    MISSING='its layers, by an estimate'
  fi
  # Files take whole blocks: a seventh more than in an archive, measured on a folder of node_modules.
  NEEDED_BYTES=$((COMPRESSED + UNPACKED + UNPACKED / 7 + MARGIN_BYTES))
}

# Sets config, its digest, and layers, each with its size, media type and digest from the bottom up; of an index, those for this
# host's platform.
pull_size::read_manifest() { # digest
  local architecture=${HOSTTYPE/x86_64/amd64}
  registry::ask "manifests/$1"
  mapfile -t layers < <(jq -r --arg architecture "${architecture/aarch64/arm64}" '
    first(.manifests[]? | select(.platform | .os == "linux" and .architecture == $architecture) | "index \(.digest)"),
    (.config.digest // empty), (.layers[]? | "\(.size) \(.mediaType) \(.digest)")' <<<"$REPLY")
  if [[ ${layers[0]-} == index\ * ]]; then pull_size::read_manifest "${layers[0]#* }" && return; fi
  config=${layers[0]-}
  layers=("${layers[@]:1}")
  [[ $config ]]
}

# Sets shared: how many of the layers the host has. One is stored by what lies below it, so as soon as one differs all above it
# are new.
pull_size::count_shared() {
  local rest
  local -a paths=()
  registry::ask "blobs/$config"
  if [[ ! $REPLY ]]; then return 1; fi
  docker::get /images/json
  rest=${DOCKER_ANSWERS[0]-}
  while [[ $rest =~ \"Id\":\"(sha256:[a-f0-9]{64})\"(.*) ]]; do
    paths+=("/images/${BASH_REMATCH[1]}/json") rest=${BASH_REMATCH[2]}
  done
  docker::get "${paths[@]}"
  shared=$(printf '%s\n' "$REPLY" "${DOCKER_ANSWERS[@]}" | jq -s '.[0].rootfs.diff_ids as $wanted | [.[1:][].RootFS.Layers // [] |
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
