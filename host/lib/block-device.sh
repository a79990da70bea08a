# Finds this host's volume among those of the deployment and proves what is on it. Kernel names (nvme1n1) change between
# boots; the link that carries the volume's id does not.
source host/lib/clock.sh

block_device::find() { # ids separated by commas, seconds to wait for EC2; sets VOLUME_ID and DEVICE
  local deadline id
  local -a ids=() here=()
  clock::in "$2"
  deadline=$REPLY
  IFS=, read -r -a ids <<<"$1"
  while ((${#here[@]} == 0)); do
    for id in "${ids[@]}"; do
      if [[ -b /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${id/-/} ]]; then here+=("$id"); fi
    done
    if clock::is_past "$deadline"; then break; fi
    phase::sleep 0.2
  done
  if ((${#here[@]} != 1)); then
    phase::fail volume-not-attached "Of the deployment's volumes ${#here[@]} are attached here (${here[*]:-none of $1}): attach exactly one"
  fi
  VOLUME_ID=${here[0]}
  DEVICE=$(readlink --canonicalize "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME_ID/-/}")
}

# Sets FOUND_TYPE, FOUND_LABEL, FOUND_UUID, and FOUND in words: empty only if the device is provably blank.
block_device::probe() {
  local key value code=0 answer
  FOUND='' FOUND_TYPE='' FOUND_LABEL='' FOUND_UUID=''
  answer=$(blkid --probe --output export "$DEVICE") || code=$?
  if ((code != 0 && code != 2)); then FOUND="contents that blkid cannot tell apart (it ended with $code)"; fi
  while IFS='=' read -r key value; do
    case $key in
      TYPE) FOUND_TYPE=$value ;;
      LABEL) FOUND_LABEL=$value ;;
      UUID) FOUND_UUID=$value ;;
      PTTYPE) FOUND="a partition table ($value)" ;;
    esac
  done <<<"$answer"
  if [[ $FOUND_TYPE ]]; then FOUND="$FOUND_TYPE, label ${FOUND_LABEL:-none}, UUID ${FOUND_UUID:-none}"; fi
  block_device::probe_signatures
}

block_device::probe_signatures() {
  local signatures partition
  if [[ $FOUND ]]; then return; fi
  for partition in "/sys/class/block/${DEVICE##*/}/${DEVICE##*/}"*; do
    if [[ -e $partition ]]; then FOUND="a partition (${partition##*/})"; fi
  done
  signatures=$(wipefs --no-act --noheadings --output TYPE "$DEVICE")
  if [[ $signatures ]]; then FOUND="a signature of ${signatures//$'\n'/, }"; fi
}
