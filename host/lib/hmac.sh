# HMAC-SHA256 by pipes alone: openssl takes a key on its command line only, where every process of the host can read it.

hmac::sha256() { # key in hex, text; sets REPLY, in hex; RFC 2104
  local key byte index inner='' outer=''
  printf -v key '%-128s' "$1"
  key=${key// /0}
  for ((index = 0; index < 128; index += 2)); do
    printf -v byte '\\x%02x\\x%02x' $((16#${key:index:2} ^ 0x36)) $((16#${key:index:2} ^ 0x5c))
    inner+=${byte:0:4} outer+=${byte:4}
  done
  byte=$(printf '%b%s' "$inner" "$2" | sha256sum)
  for ((index = 0; index < 64; index += 2)); do outer+="\\x${byte:index:2}"; done
  REPLY=$(printf '%b' "$outer" | sha256sum)
  REPLY=${REPLY%% *}
}
