# AWS by the instance role, with nothing but curl: no distribution but Amazon Linux brings a usable AWS CLI.
# Credentials live in variables of this process and reach curl through a pipe: never a command line, never a file.
source host/lib/http.sh

METADATA=169.254.169.254

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

# Sets AWS_STATUS (000: no answer) and AWS_ANSWER. The session token is a header, for curl's signing knows none.
aws::call() { # service, host, region, target, body
  local answer
  answer=$(curl --silent --max-time 20 --retry 2 --config - --data-binary "$5" \
    --header 'Content-Type: application/x-amz-json-1.1' --header "X-Amz-Target: $4" \
    --write-out '\n%{http_code}' "https://$2/" < <(aws::curl_config "$1" "$3")) || true
  AWS_STATUS=${answer##*$'\n'} AWS_ANSWER=${answer%$'\n'*}
}

aws::curl_config() { # service, region
  printf 'user = "%s"\naws-sigv4 = "aws:amz:%s:%s"\nheader = "X-Amz-Security-Token: %s"\n' \
    "$AWS_USER" "$2" "$1" "$AWS_TOKEN"
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
