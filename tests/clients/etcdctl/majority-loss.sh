# shellcheck shell=bash disable=SC2154 # prefix and the helpers are those of clients.sh
# Two of three members are dead. Each command that needs a majority ends by its time limit, with a failure; the member that is left
# answers from what it has. When the others are back all goes on.
#
# Not asked: watch, which asks for a leader and ends without one; lease list and lease timetolive, which in etcdctl 3.4 have no time
# limit and are asked a hundred times.

case_majority_loss() {
  local lease command
  put_at "${prefix}a" 1
  lease=$(etcdctl lease grant 600 | cut -d ' ' -f 2)
  ask "kill the majority"
  for command in "put ${prefix}unknown 1" "get ${prefix}a" "del ${prefix}unknown" "compaction $PAST" "lease grant 60" \
    "lease revoke $lease" "alarm list" "endpoint health --cluster"; do
    # shellcheck disable=SC2086 # a list of words
    { ! etcdctl --command-timeout=7s $command || echo "$command" >>succeeded; } &
  done
  wait
  [[ ! -e succeeded ]] || fail "succeeded without a majority: $(<succeeded)"
  expect 1 etcdctl get "${prefix}a" --consistency=s --print-value-only

  ask "start the killed"
  eventually etcdctl put "${prefix}a" 2
}
