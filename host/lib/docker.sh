# Docker's API over its socket: a request costs half of what the docker command does.
# Answers are read by patterns for `"key":`: within a JSON text quotes are escaped, so a value cannot pose as a key.
source host/lib/clock.sh

DOCKER_SOCKET=/run/docker.sock
CONTAINERD_TASKS=/run/containerd/io.containerd.runtime.v2.task/moby
DOCKER_RESTART_SECONDS=20
DOCKER_AWAY_SINCE=''

# Asks for several paths in one go; sets the arrays DOCKER_STATUSES (000: no answer) and DOCKER_ANSWERS.
docker::get() {
  local said answer='' path
  local -a urls=()
  DOCKER_STATUSES=() DOCKER_ANSWERS=()
  for path in "$@"; do urls+=("http://docker$path"); done
  said=$(curl -s --max-time 30 --unix-socket "$DOCKER_SOCKET" --write-out '\n%{http_code}\n' "${urls[@]}" || true)$'\n'
  while [[ $said ]]; do
    docker::take "${said%%$'\n'*}"
    said=${said#*$'\n'}
  done
}

# As docker::get, of a Docker that may be about to be restarted: containers live through that.
docker::get_patiently() { # paths
  docker::get "$@"
  while [[ ${DOCKER_STATUSES[0]:-000} == 000 ]] && docker::may_return; do
    phase::sleep 0.2
    docker::get "$@"
  done
  if [[ ${DOCKER_STATUSES[0]:-000} != 000 ]]; then DOCKER_AWAY_SINCE=''; fi
}

docker::may_return() { # not if it was never here, was stopped, or has failed for good
  if [[ ! -S $DOCKER_SOCKET || $(systemctl is-active docker.service || true) =~ ^(inactive|failed)$ ]]; then return 1; fi
  clock::read
  DOCKER_AWAY_SINCE=${DOCKER_AWAY_SINCE:-$NOW}
  ((NOW - DOCKER_AWAY_SINCE < DOCKER_RESTART_SECONDS * 1000))
}

docker::take() { # a line: of an answer, or the status that follows it
  if [[ $1 =~ ^[0-9]{3}$ ]]; then
    DOCKER_STATUSES+=("$1") DOCKER_ANSWERS+=("$answer")
    answer=''
  else
    answer+=$1
  fi
}

# Sets DOCKER_STATUS and DOCKER_ANSWER.
docker::call() { # method, path, seconds
  local answer
  answer=$(curl -s --max-time "${3:-60}" --unix-socket "$DOCKER_SOCKET" --request "$1" \
    --write-out '\n%{http_code}' "http://docker$2") || true
  DOCKER_STATUS=${answer##*$'\n'} DOCKER_ANSWER=${answer%$'\n'*}
}

docker::message() { # REPLY is what Docker said of its last refusal
  REPLY="Docker answered $DOCKER_STATUS"
  if [[ $DOCKER_ANSWER =~ \"message\":\"(([^\"\\]|\\.)*)\" ]]; then REPLY=${BASH_REMATCH[1]}; fi
}

docker::text() { # answer, key; REPLY is the first text of that key, empty if there is none
  REPLY=
  if [[ $1 =~ \"$2\":\"([^\"\\]*)\" ]]; then REPLY=${BASH_REMATCH[1]}; fi
}

docker::is_true() { # answer, key
  [[ $1 =~ \"$2\":true[,}] ]]
}

docker::is_up() { # a container's answer; between its restarts Docker calls one running that is not
  docker::is_true "$1" Running && ! docker::is_true "$1" Restarting
}

docker::is_running() { # a container's answer, as it was started: a restart means that it died in between
  docker::is_true "$1" Running && [[ $1 =~ \"RestartCount\":0[,}] ]]
}

docker::says() { # REPLY is one line on how a container is or ended, from its answer
  local status code
  docker::text "$1" Status
  status=${REPLY:-gone} code=
  if [[ $1 =~ \"ExitCode\":([0-9]+) ]]; then code=${BASH_REMATCH[1]}; fi
  REPLY="it is $status, exit code ${code:-unknown}"
  if [[ $1 =~ \"RestartCount\":([1-9][0-9]*) ]]; then REPLY+=", restarted ${BASH_REMATCH[1]} times"; fi
  if docker::is_true "$1" OOMKilled || docker::was_starved "$1"; then REPLY+=', killed for want of memory'; fi
}

# What ended a container that has started again stands in Docker's events alone.
docker::was_starved() { # a container's answer
  if [[ ! $1 =~ \"Id\":\"([0-9a-f]{64})\".*\"RestartCount\":[1-9] ]]; then return 1; fi
  docker::get "/events?since=1&until=$EPOCHSECONDS&filters=%7B%22container%22%3A%5B%22${BASH_REMATCH[1]}%22%5D%2C%22event%22%3A%5B%22oom%22%5D%7D"
  [[ ${DOCKER_ANSWERS[0]:-} == *'"Action":"oom"'* ]]
}

# A Docker that is restarted while it starts a container may never learn that it runs: the container goes on, with an address
# that the next one is given too, and Docker can neither start nor end it. containerd can; the files of both stay as they are.
# Source: observed with Docker 20.10; containerd, docs/man/ctr.8.md. It returns 0 by name: in a trap, return alone gives what
# was before the trap.
docker::end_forgotten() { # a container's answer
  if docker::is_true "$1" Running || [[ ! $1 =~ \"Id\":\"([0-9a-f]{64})\" ]]; then return 0; fi
  local id=${BASH_REMATCH[1]}
  if [[ ! -e $CONTAINERD_TASKS/$id ]]; then return 0; fi
  phase::say "Docker has forgotten that container ${id:0:12} runs: it is ended"
  ctr --timeout 30s --namespace moby tasks delete --force "$id" || true
  ctr --timeout 30s --namespace moby containers delete --keep-snapshot "$id" || true
}

# Stops a container within its own stop timeout and removes it; neither needs it to be there. Without an answer nothing is
# touched: with its record the container's id would be lost. Sets DOCKER_REMOVED: whether Docker says that it is gone.
docker::remove() { # container, seconds until it is killed (the container's own if not given)
  docker::get_patiently "/containers/$1/json"
  DOCKER_STATUS=${DOCKER_STATUSES[0]:-000} DOCKER_REMOVED=false
  if [[ $DOCKER_STATUS == 200 ]]; then
    docker::end_forgotten "${DOCKER_ANSWERS[0]}"
    docker::call POST "/containers/$1/stop${2:+?t=$2}" 3600
    docker::call DELETE "/containers/$1?force=1&v=1" 120
  fi
  if [[ $DOCKER_STATUS =~ ^(204|404)$ ]]; then DOCKER_REMOVED=true; fi
}
