# AWS Signature Version 4 without curl's help: the curl of Ubuntu 22.04 (7.81) and of RHEL 9 and its kin (7.76) signs none of
# a caller's own headers, so neither the session token nor the target; since 7.87 it does.
# Source: curl's pull requests 7966 and 9804. The keys go through pipes, never onto a command line.
source host/lib/hmac.sh

AWS_SIGNED_HEADERS='content-type;host;x-amz-date;x-amz-security-token;x-amz-target'

aws_signature::headers() { # service, host, region, target, body: lines of curl's configuration
  local now day scope canonical hash
  TZ=UTC0 printf -v now '%(%Y%m%dT%H%M%SZ)T' -1
  day=${now%T*} scope=${now%T*}/$3/$1/aws4_request
  hash=$(aws_signature::hash "$5")
  canonical="POST"$'\n/\n\n'"content-type:$AWS_CONTENT_TYPE"$'\n'"host:$2"$'\n'"x-amz-date:$now"$'\n'
  canonical+="x-amz-security-token:$AWS_TOKEN"$'\n'"x-amz-target:$4"$'\n\n'"$AWS_SIGNED_HEADERS"$'\n'"$hash"
  hash=$(aws_signature::hash "$canonical")
  aws_signature::sign "AWS4-HMAC-SHA256"$'\n'"$now"$'\n'"$scope"$'\n'"$hash" "$day" "$3" "$1" aws4_request
  printf 'header = "X-Amz-Date: %s"\n' "$now"
  printf 'header = "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"\n' \
    "${AWS_USER%%:*}" "$scope" "$AWS_SIGNED_HEADERS" "$REPLY"
}

aws_signature::sign() { # text, what the key is derived by; sets REPLY
  local part text=$1 secret=AWS4${AWS_USER#*:} key='' index
  for ((index = 0; index < ${#secret}; index++)); do
    printf -v part '%02x' "'${secret:index:1}"
    key+=$part
  done
  for part in "${@:2}"; do
    hmac::sha256 "$key" "$part"
    key=$REPLY
  done
  hmac::sha256 "$key" "$text"
}

aws_signature::hash() { # text; prints its SHA-256 in hex
  local hash
  hash=$(printf '%s' "$1" | sha256sum)
  printf '%s' "${hash%% *}"
}
