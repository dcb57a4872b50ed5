# shellcheck shell=bash disable=SC2154 # prefix and the helpers are those of clients.sh
# The cases of etcdctl that need no death. Each is a function that ends its process where something is not as it must be.

case_kv() {
  local old
  old=$(put_at "${prefix}a" 1)
  expect "OK"$'\n'"${prefix}a"$'\n'"1" etcdctl put "${prefix}a" 2 --prev-kv
  expect "${prefix}a"$'\n'"2" etcdctl get "${prefix}a"
  expect 1 etcdctl get "${prefix}a" --rev "$old" --print-value-only
  etcdctl put "${prefix}b" 3
  etcdctl put "${prefix}c" 4
  expect $'4\n3' etcdctl get "$prefix" --prefix --order=DESCEND --limit=2 --print-value-only
  expect "${prefix}b" etcdctl get "${prefix}b" "${prefix}c" --keys-only
  expect 3 etcdctl del "$prefix" --prefix
  expect "" etcdctl get "$prefix" --prefix
  refused "key is not provided" etcdctl put "" nothing
}

case_txn() {
  expect SUCCESS first_word_of_txn "create(\"${prefix}a\") = \"0\"" "put ${prefix}a mine" "get ${prefix}a"
  expect FAILURE first_word_of_txn "create(\"${prefix}a\") = \"0\"" "put ${prefix}a theirs" "put ${prefix}b lost"
  expect $'mine\nlost' etcdctl get "$prefix" --prefix --print-value-only
}

# COMPARE SUCCESS FAILURE
first_word_of_txn() { printf '%s\n\n%s\n\n%s\n\n' "$@" | etcdctl txn | head -n 1; }

case_compaction() {
  expect "compacted revision $PAST" etcdctl compaction "$PAST"
  refused "has been compacted" etcdctl compaction "$PAST"
  refused "has been compacted" etcdctl get clients/etcdctl/past --rev $((PAST - 1))
  refused "future revision" etcdctl compaction 999999999
  expect new etcdctl get clients/etcdctl/past --rev "$PAST" --print-value-only
}

case_watch() {
  local from
  from=$(put_at "${prefix}a" 1)
  etcdctl watch "$prefix" --prefix --prev-kv --rev "$from" >told &
  etcdctl watch "${prefix}a" --rev "$from" -- bash -c 'echo "ran for $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_VALUE"' >ran &
  etcdctl put "${prefix}a" 2
  etcdctl del "${prefix}a"
  eventually has_lines 12 told
  expect "PUT ${prefix}a 1 PUT ${prefix}a 1 ${prefix}a 2 DELETE ${prefix}a 2 ${prefix}a" echo $(<told)
  eventually grep -q 'ran for "DELETE" ""' ran
  expect $'ran for "PUT" "1"\nran for "PUT" "2"\nran for "DELETE" ""' grep "^ran" ran
}

# NUMBER FILE
has_lines() { (($(wc -l <"$2") >= $1)); }

case_lease() {
  local id
  id=$(etcdctl lease grant 3 | cut -d ' ' -f 2)
  expect OK etcdctl put "${prefix}a" kept --lease="$id"
  etcdctl lease keep-alive "$id" >kept & # one every TTL/3
  eventually has_lines 6 kept
  expect 6 grep -c "keepalived with TTL(3)" <(head -n 6 kept)
  expect kept etcdctl get "${prefix}a" --print-value-only
  etcdctl lease timetolive "$id" --keys | grep "granted with TTL(3s).*${prefix}a"
  etcdctl lease list | grep "$id"
  expect "lease $id revoked" etcdctl lease revoke "$id"
  expect "" etcdctl get "${prefix}a"
  refused "requested lease not found" etcdctl put "${prefix}a" late --lease="$id"

  id=$(etcdctl lease grant 2 | cut -d ' ' -f 2)
  etcdctl put "${prefix}a" left --lease="$id"
  eventually key_is_gone "${prefix}a"
  expect "lease $id already expired" etcdctl lease timetolive "$id"
}

key_is_gone() { [[ -z $(etcdctl get "$1") ]]; }

# Each turn reads and writes apart: without the lock sums would be lost.
case_lock() {
  local turn turns=6 running=()
  etcdctl put "${prefix}sum" 0
  for ((turn = 0; turn < turns; turn++)); do
    etcdctl lock "${prefix}lock" -- bash -c \
      'sum=$(etcdctl get "$0" --print-value-only) && etcdctl put "$0" $((sum + 1))' "${prefix}sum" &
    running+=($!)
  done
  wait "${running[@]}"
  expect $turns etcdctl get "${prefix}sum" --print-value-only
}

case_elect() {
  local first second
  etcdctl elect "${prefix}office" first >first &
  first=$!
  eventually has_lines 2 first
  etcdctl elect "${prefix}office" second >second &
  second=$!
  etcdctl elect --listen "${prefix}office" >leaders &
  eventually grep -qx first leaders
  has_lines 1 second && fail "two lead"
  kill -INT $first # hands over
  wait $first
  eventually grep -qx second second
  eventually grep -qx second leaders
  kill -INT $second
}

case_member() {
  expect "$(endpoint_count)" grep -c "started" <(etcdctl member list)
  etcdctl member list -w json | grep -o '"clientURLs":\["[^"]*' | sed 's/.*"https\{0,1\}:..//' | sort >listed
  expect "$(tr ',' '\n' <<<"$ETCDCTL_ENDPOINTS" | sort)" cat listed
}

endpoint_count() { tr ',' '\n' <<<"$ETCDCTL_ENDPOINTS" | wc -l; }

case_endpoint() {
  local each
  for each in "" --cluster; do
    # shellcheck disable=SC2086 # none or one
    expect "$(endpoint_count)" grep -c "is healthy: successfully committed proposal" <(etcdctl endpoint health $each 2>&1)
    # shellcheck disable=SC2086
    etcdctl endpoint status $each >status
    expect "$(endpoint_count)" awk -F ', ' 'END { print NR }' status
    expect 1 grep -c ", true, false, " status # one leads
  done
}

case_alarm() {
  expect "" etcdctl alarm list
  expect "" etcdctl alarm disarm
}

# Into the same cluster, under another prefix: what was there, and what comes later.
case_make_mirror() {
  local i tls=(--dest-insecure-transport=true)
  [[ -z ${ETCDCTL_CACERT:-} ]] ||
    tls=(--dest-insecure-transport=false --dest-cacert "$ETCDCTL_CACERT" --dest-cert "$ETCDCTL_CERT" --dest-key "$ETCDCTL_KEY")
  for i in 1 2 3; do etcdctl put "${prefix}from/$i" "base $i"; done
  etcdctl make-mirror --prefix "${prefix}from/" --dest-prefix "${prefix}to/" "${tls[@]}" "${ETCDCTL_ENDPOINTS%%,*}" &
  eventually mirror_has $'base 1\nbase 2\nbase 3'
  etcdctl put "${prefix}from/2" changed
  etcdctl del "${prefix}from/3"
  etcdctl put "${prefix}from/4" new
  eventually mirror_has $'base 1\nchanged\nnew'
}

mirror_has() { [[ $(etcdctl get "${prefix}to/" --prefix --print-value-only) == "$1" ]]; }

case_move_leader() {
  local target
  target=$(etcdctl endpoint status | awk -F ', ' '$5 == "false" { print $2; exit }')
  etcdctl move-leader "$target" | grep "Leadership transferred from [0-9a-f]* to $target"
  eventually leads "$target"
}

leads() { etcdctl endpoint status | grep -q ", $1, .*, true, false, "; }

# How fast it must be depends on the machine; that all puts are done does not.
case_check_perf() {
  etcdctl check perf >report 2>&1 || true
  grep "Throughput is" report
  ! grep -i "error" report
}
