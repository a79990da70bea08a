# Percent-encoding, as a URL has it.

percent::decode() { # text; sets REPLY
  REPLY=${1//\\/\\\\}
  printf -v REPLY '%b' "${REPLY//%/\\x}"
}
