# AWS by the instance role, with nothing but curl: no distribution but Amazon Linux brings a usable AWS CLI.
# Credentials live in variables of this process and reach curl through a pipe: never a command line, never a file.
source host/lib/clock.sh
source host/lib/http.sh
source host/lib/aws-signature.sh

METADATA=169.254.169.254
AWS_CONTENT_TYPE=application/x-amz-json-1.1
AWS_SILENCE_SECONDS=20
AWS_RETRY_SECONDS=120 # a fleet that asks at once, of an account that answers 40 questions a second
AWS_SIGNER=aws::signed_by_curl

# IMDSv2. Sets AWS_USER and AWS_TOKEN, or returns 1 and says why in REPLY.
aws::read_credentials() {
  local token role
  AWS_USER='' AWS_TOKEN=''
  http::request PUT $METADATA 80 /latest/api/token 3 "Host: $METADATA" \
    'X-aws-ec2-metadata-token-ttl-seconds: 60' 'Content-Length: 0'
  token=$HTTP_BODY
  if [[ $HTTP_STATUS != 200 ]]; then REPLY="the instance metadata service answers $HTTP_STATUS" && return 1; fi
  aws::metadata "$token" ''
  role=${HTTP_BODY%%[[:space:]]*}
  if [[ $HTTP_STATUS != 200 || ! $role ]]; then REPLY='the instance has no role: attach an instance profile' && return 1; fi
  aws::metadata "$token" "$role"
  aws::parse_credentials "$HTTP_BODY" && return
  REPLY="the metadata service gives no credentials for role $role"
  return 1
}

aws::metadata() { # token, path below security-credentials/
  http::request GET $METADATA 80 "/latest/meta-data/iam/security-credentials/$2" 3 "Host: $METADATA" \
    "X-aws-ec2-metadata-token: $1"
}

aws::parse_credentials() {
  local id secret
  [[ $1 =~ \"AccessKeyId\"\ *:\ *\"([A-Za-z0-9]+)\" ]] || return 1
  id=${BASH_REMATCH[1]}
  [[ $1 =~ \"SecretAccessKey\"\ *:\ *\"([^\"\\]+)\" ]] || return 1
  secret=${BASH_REMATCH[1]}
  [[ $1 =~ \"Token\"\ *:\ *\"([^\"\\]+)\" ]] || return 1
  AWS_TOKEN=${BASH_REMATCH[1]} AWS_USER=$id:$secret
}

# Sets AWS_STATUS (000: no answer) and AWS_ANSWER. Asks again what AWS answers to too many at once, which hosts of a wave are.
aws::call() { # service, host, region, target, body
  local started attempt
  clock::read
  started=$NOW
  for ((attempt = 0; ; attempt++)); do
    aws::ask "$@"
    clock::read
    if ! aws::may_pass $(((NOW - started) / 1000)); then return; fi
    aws::pause "$attempt"
    phase::sleep "$REPLY"
  done
}

aws::may_pass() { # seconds since it was first asked
  if [[ $AWS_STATUS == 000 ]]; then
    (($1 < AWS_SILENCE_SECONDS))
  elif [[ $AWS_STATUS =~ ^(429|5..)$ || ($AWS_STATUS == 400 && $AWS_ANSWER == *Throttling*) ]]; then
    (($1 < AWS_RETRY_SECONDS))
  else
    return 1
  fi
}

# Anywhere within a time that doubles up to 8 s: hosts that began together do not stay together.
aws::pause() { # attempts before; sets REPLY, seconds
  local most=$((1000 << ($1 < 3 ? $1 : 3)))
  local pause=$((100 + RANDOM % most))
  printf -v REPLY '%d.%03d' $((pause / 1000)) $((pause % 1000))
}

# By curl's own signature, which costs no process; if AWS does not take it, by ours from then on.
aws::ask() {
  aws::send "$@"
  if [[ $AWS_SIGNER == aws_signature::headers || ! $AWS_STATUS =~ ^40[03]$ ]]; then return; fi
  if [[ ! $AWS_ANSWER =~ \"__type\":\"[^\"]*(Signature|SecurityToken|UnrecognizedClient|MissingAuthentication) ]]; then return; fi
  AWS_SIGNER=aws_signature::headers
  aws::send "$@"
}

# The session token is a header, for curl's signing knows none.
aws::send() {
  local answer
  answer=$(curl --silent --max-time 10 --config - --data-binary "$5" \
    --header "Content-Type: $AWS_CONTENT_TYPE" --header "X-Amz-Target: $4" \
    --write-out '\n%{http_code}' "https://$2/" < <(aws::curl_config "$@")) || true
  AWS_STATUS=${answer##*$'\n'} AWS_ANSWER=${answer%$'\n'*}
}

aws::curl_config() {
  printf 'header = "X-Amz-Security-Token: %s"\n' "$AWS_TOKEN"
  "$AWS_SIGNER" "$@"
}

aws::signed_by_curl() { # service, host, region
  printf 'user = "%s"\naws-sigv4 = "aws:amz:%s:%s"\n' "$AWS_USER" "$3" "$1"
}

aws::domain() { # region; sets REPLY
  REPLY=amazonaws.com
  if [[ $1 == cn-* ]]; then REPLY+=.cn; fi
}

aws::refusal() { # REPLY is what AWS said instead
  local kind=
  if [[ $AWS_STATUS == 000 ]]; then REPLY='no answer; is the host allowed to reach it?' && return; fi
  if [[ $AWS_ANSWER =~ \"__type\":\"([^\"]*)\" ]]; then kind=${BASH_REMATCH[1]##*#}; fi
  REPLY="${kind:-status $AWS_STATUS}"
  if [[ $AWS_ANSWER =~ \"[mM]essage\":\"(([^\"\\]|\\.)*)\" ]]; then REPLY+=": ${BASH_REMATCH[1]}"; fi
}
