# Time as it passes, whoever sets the host's clock meanwhile: EPOCHREALTIME and SECONDS follow that clock. /proc/uptime does
# not, and is read without a process; its hundredths of a second are enough for a deadline.

clock::read() { # sets NOW, milliseconds since the host booted
  read -r NOW _ </proc/uptime
  NOW=$((10#${NOW/./} * 10))
}

clock::in() { # seconds; sets REPLY, a moment to ask clock::is_past for
  clock::read
  REPLY=$((NOW + $1 * 1000))
}

clock::is_past() { # moment
  clock::read
  ((NOW >= $1))
}

clock::mark() { # sets REPLY, to ask clock::since for
  clock::read
  REPLY="$NOW ${EPOCHREALTIME/./}"
}

# The host's clock is the finer one, and believed where both agree.
clock::since() { # mark; sets REPLY, milliseconds
  REPLY=$(((${EPOCHREALTIME/./} - ${1#* }) / 1000))
  clock::read
  local passed=$((NOW - ${1% *}))
  if ((REPLY < passed - 10 || REPLY > passed + 10)); then REPLY=$passed; fi
}
