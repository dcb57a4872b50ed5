#!/usr/bin/env bash
# Cases of the distribution's etcdctl against any cluster. docs/testing/clients.md says how to run them by hand.
#
#   clients.sh             all but those that take several members or a minute
#   clients.sh kv watch    the named ones; move-leader, leader-death, majority-loss and check-perf too
#
# The cases run side by side, each in a process of its own and under keys of its own, and print a line when they end:
# "ok kv", or "failed kv" and what it did. leader-death and majority-loss ask for deaths on stdout.
set -euo pipefail

export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=${ETCDCTL_ENDPOINTS:-127.0.0.1:2379}
cases=(kv txn compaction watch lease lock elect member endpoint alarm make-mirror)
limit_seconds=100 # check-perf takes 60 of them
wait_seconds=30
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

run_cases() {
  local name folder pid code=0 running=()
  folder=$(mktemp -d)
  # What is older than the first case may be compacted while others run.
  put_at clients/etcdctl/past old >/dev/null
  PAST=$(put_at clients/etcdctl/past new)
  export PAST
  for name in "$@"; do
    mkdir "$folder/$name"
    run_case "$name" "$folder/$name" <&4 &
    running+=($!)
  done
  for pid in "${running[@]}"; do wait "$pid" || code=1; done
  rm -rf "$folder"
  exit $code
}

# NAME FOLDER
run_case() {
  if timeout --kill-after 10 "$limit_seconds" bash "$0" --case "$1" "$2" >"$2/output" 2>&1; then
    printf 'ok %s\n' "$1"
  else
    printf 'failed %s: %s\n' "$1" "$(cat "$2/output")"
    return 1
  fi
}

# NAME FOLDER: the process of one case; what it has started ends with it.
case_process() {
  cd "$2"
  prefix=clients/etcdctl/$(date +%s%N)-$$/
  trap end_background EXIT
  # shellcheck source=tests/clients/etcdctl/cases.sh
  . "$here/cases.sh"
  # shellcheck source=tests/clients/etcdctl/leader-death.sh
  . "$here/leader-death.sh"
  # shellcheck source=tests/clients/etcdctl/majority-loss.sh
  . "$here/majority-loss.sh"
  set -x
  "case_${1//-/_}"
}

end_background() {
  local pids
  pids=$(jobs -p)
  # shellcheck disable=SC2086 # a list of ids
  [[ -z $pids ]] || kill $pids 2>/dev/null || true
}

# REQUEST: asks whoever runs this for something, and returns when it is done.
ask() {
  local answer
  echo "$1" >&3
  read -r answer <&4
}

# KEY VALUE: the revision of the put.
put_at() { etcdctl put "$1" "$2" -w fields | sed -n 's/^"Revision" : //p'; }

# WANTED COMMAND...: what the command prints.
expect() {
  local wanted=$1 got
  shift
  got=$("$@")
  [[ $got == "$wanted" ]] || fail "wanted: $wanted"$'\n'"got: $got"
}

# PATTERN COMMAND...: the command fails, and says so.
refused() {
  local pattern=$1 said
  shift
  ! said=$("$@" 2>&1) || fail "was not refused: $*"
  grep -q "$pattern" <<<"$said" || fail "was refused with $said"
}

# COMMAND...: asks until it succeeds.
eventually() {
  local end=$((SECONDS + wait_seconds))
  set +x
  until "$@"; do
    ((SECONDS < end)) || fail "not within $wait_seconds s: $*"
    sleep 0.1
  done
  set -x
}

fail() {
  echo "$*"
  exit 1
}

if [[ ${1:-} == --case ]]; then
  case_process "$2" "$3"
  exit
fi
exec 3>&1 4<&0 # for a case that asks, and reads the answer
(($# > 0)) || set -- "${cases[@]}"
run_cases "$@"
