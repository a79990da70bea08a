# What kind of machine this is.

host::architecture() { # REPLY, as EC2 says it
  REPLY=${HOSTTYPE/aarch64/arm64}
}

host::free_bytes() { # path; sets FREE_BYTES
  read -r FREE_BYTES < <(df --output=avail --block-size=1 "$1" | tail -n 1)
}

# Somebody else may have filled a disk that phases write to. Sets REPLY: which one, and how to go on; fails if none is full. What
# others write and delete again leaves some of it free for a moment.
host::find_full_disk() {
  local path free files_free files mount
  for path in / "$STATE" /mnt/docker-data; do
    read -r free files files_free mount < <(df --output=avail,itotal,iavail,target --block-size=1 "$path" 2>/dev/null | tail -n 1) || continue
    # A filesystem that makes its inodes as it needs them tells none.
    if ((free >= 16 << 20)) && [[ $files_free != 0 || $files == [-0] ]]; then continue; fi
    case $mount in
      /) REPLY='The root disk is full: free some of it, or grow it' ;;
      /mnt/docker-data) REPLY="Docker's volume is full: prune or grow it" ;;
      *) REPLY="The disk at $mount is full: free some of it, or grow it" ;;
    esac
    REPLY+=', then deploy again'
    return
  done
  return 1
}
