# shellcheck shell=bash disable=SC2154 # prefix and the helpers are those of clients.sh
# The leader dies under puts, watchers, a lease and a lock. Each call ends by its deadline. Every watcher is told of all that
# happened, once and in order; what was acknowledged is among it; the lease and the lock hold.

calm_puts=10 # that are acknowledged before the death, and after it
watchers=6   # their connections are spread over the members

case_leader_death() {
  local i from lease death
  from=$(($(put_at "${prefix}puts" first) + 1))
  for ((i = 0; i < watchers; i++)); do etcdctl watch "${prefix}puts" --rev "$from" >"told-$i" & done
  lease=$(etcdctl lease grant 6 | cut -d ' ' -f 2)
  etcdctl put "${prefix}kept" 1 --lease="$lease"
  etcdctl lease keep-alive "$lease" >kept &
  etcdctl lock "${prefix}lock" >lock &
  eventually has_lines 1 lock

  : >acknowledged >failures
  put_until has_lines $calm_puts acknowledged
  for ((i = 0; i < watchers; i++)); do eventually has_told "told-$i" "$(tail -n 1 acknowledged)"; done
  ask "kill the leader" & # while the puts go on
  death=$!
  put_until has_ended $death
  put_until has_lines $(($(wc -l <acknowledged) + calm_puts)) acknowledged

  etcdctl watch "${prefix}puts" --rev "$from" >history &
  eventually has_told history "$(tail -n 1 acknowledged)"
  values history | sort | uniq -d | { ! grep .; } # no put is done twice
  values history | sort | comm -13 - <(sort acknowledged) | { ! grep .; } # what was acknowledged is there
  for ((i = 0; i < watchers; i++)); do
    eventually has_told "told-$i" "$(tail -n 1 acknowledged)"
    cmp "told-$i" history
  done
  eventually has_lines $(($(wc -l <kept) + 1)) kept
  expect 1 etcdctl get "${prefix}kept" --print-value-only
  expect "$(head -n 1 lock)" etcdctl get "$(head -n 1 lock)" --keys-only
}

# CONDITION...: puts of one key, one after the other. What a put that failed has come to is unknown: it is there, or it is not.
put_until() {
  until "$@"; do
    put_count=$((${put_count:-0} + 1))
    if etcdctl put "${prefix}puts" "value-$put_count" --command-timeout=5s; then
      echo "value-$put_count" >>acknowledged
    fi
  done
}

has_ended() { ! kill -0 "$1" 2>/dev/null; }

# FILE: the values that a watcher was told; a line each for the event, the key and the value.
values() { awk 'NR % 3 == 0' "$1"; }

# FILE VALUE
has_told() { grep -qx "$2" "$1"; }
