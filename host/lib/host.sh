# What kind of machine this is.

host::architecture() { # REPLY, as EC2 says it
  REPLY=${HOSTTYPE/aarch64/arm64}
}

host::free_bytes() { # path; sets FREE_BYTES
  read -r FREE_BYTES < <(df --output=avail --block-size=1 "$1" | tail -n 1)
}
