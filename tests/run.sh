#!/usr/bin/env bash
# tests/run.sh: everything that has to hold before a change is done, in one go.
#
#   tests/run.sh                    build, format, all suites, the exploration of the core, the table of old bugs, the simulator
#   tests/run.sh --quick            for the inner loop: the suites that start no cluster, without the tests that are marked
#                                   as slow, two at a time, and a few seeds
#   tests/run.sh Raftd.Wal.Tests    builds and runs the named suites only
#
# A suite is a project under tests/ that is a program: it is built, run, and its counts are read from the result file
# it writes (TestResults/<suite>.xml). The simulator runs SEEDS (0..199 if not set), and of its runs of leases LEASE_SEEDS
# (0..29 if not set; more than 1 000 changes of leaders in all), LONG_LEASE_SEEDS (1..2 if not set), and of fronts over a
# database FRONT_SEEDS (0..99 if not set). The exploration looks at EXPLORED_STATES (500000 if not set) of each of its scopes. The last line is always of the form
#
#   123 passed, 0 failed, 2 skipped
#
# and the exit code is 0 only if nothing failed: a suite that cannot run, a build error or a badly formatted file
# count as one failure each.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
results=$root/TestResults
suite_limit_seconds=2100 # Raftd.Cluster.Tests on a busy machine
simulator=Raftd.Simulation
exploration=Raftd.Exploration
mutations=Raftd.Mutations
lanes=("Raftd.Store.Tests Raftd.Api.Tests Raftd.Cli.Tests Raftd.Wal.Tests Raftd.Raft.Tests" "Raftd.Node.Tests Raftd.Sql.Tests")
# Suites that start clusters, and wait more than they work: beside each other, but not beside those above.
# SUITE+NAME is a suite's namespace of that NAME alone, SUITE-NAME-NAME the suite without those namespaces.
cluster_lanes=("Raftd.Cluster.Tests-Chaos-Failpoints"
  "Raftd.Cluster.Tests+Chaos Raftd.Cluster.Tests+Failpoints Raftd.Clients.Tests Raftd.Conformance.Tests Raftd.PowerLoss.Tests")
programs=("$exploration" "$mutations" "$simulator"{,.Leases,.LongLeases,.Fronts})
quick_seeds=0..19
passed=0 failed=0 skipped=0
failures=()
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '%s\n' "$*"; }

# One failure that is not a test's: WHAT went wrong.
add_failure() {
  failed=$((failed + 1))
  failures+=("$1")
}

finish() {
  local failure line
  for failure in "${failures[@]}"; do say "FAILED: $failure"; done
  line="$passed passed, $failed failed"
  ((skipped == 0)) || line+=", $skipped skipped"
  say "$line"
  ((failed == 0)) || exit 1
  exit 0
}

# Installs PACKAGE with apt-get if COMMAND... fails; says what to do if that is not allowed.
need_package() {
  local package=$1
  shift
  ! "$@" >/dev/null 2>&1 || return 0
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    say "Installing $package"
    { apt-get update -q && apt-get install -yq --no-install-recommends "$package"; } >"$results/apt.log" 2>&1 </dev/null || true
  fi
  "$@" >/dev/null 2>&1 ||
    add_failure "$package is missing and could not be installed; run 'sudo apt-get install $package'"
}

# shellcheck disable=SC2317 # called by need_package
has_library() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -F "$1"; }

# shellcheck disable=SC2317 # called by need_package
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres'; }

# shellcheck disable=SC2317 # called by need_package
has_mariadb() { [[ -x /usr/sbin/mariadbd ]] && command -v mariadb-install-db; }

install_what_is_missing() {
  need_package liblmdb0 has_library liblmdb.so.0
  need_package curl command -v curl
  need_package strace command -v strace
  need_package nodejs command -v node # for docs/examples/javascript and tests/clients/node
  need_package npm command -v npm
  need_package chromium-headless-shell command -v chromium-headless-shell # a browser's EventSource
  need_package faketime command -v faketime # its library, for members whose clocks jump
  need_package iproute2 command -v ip # members in network namespaces
  need_package ethtool command -v ethtool # and their cards
  need_package etcd-client command -v etcdctl # clients of the etcd API as they are
  need_package etcd-server command -v etcd # what raftd is held against
  need_package python3-etcd3 /usr/bin/python3 -c 'import etcd3' # tests/clients/python, with the system's python3
  need_package golang-go command -v go # and Go's client in sources, for tests/clients/go
  need_package postgresql has_postgres # servers of the tests' own; the one that the package starts stays on port 5432
  need_package mariadb-server has_mariadb # the same, on port 3306
  need_package golang-etcd-server-dev test -d /usr/share/gocode/src/go.etcd.io/etcd/clientv3
}

# Builds PROJECT or the solution; warnings are errors.
build() {
  say "== build $(basename "$1")"
  if ! dotnet build "$1" --configuration Release --nologo --verbosity quiet -warnaserror \
    >"$results/build.log" 2>&1 </dev/null; then
    grep -E 'error|warning' "$results/build.log" | sort -u || cat "$results/build.log"
    add_failure "the build of $(basename "$1"); see above and TestResults/build.log"
    return 1
  fi
}

# What the compiler does not see: white space, and the order of usings. All rules of style are warnings of the build.
check_format() {
  local part ended=0 running=()
  say "== format"
  for part in whitespace "style --diagnostics IMPORTS"; do
    # shellcheck disable=SC2086 # a command and its options
    dotnet format $part "$root/raftd.sln" --verify-no-changes --no-restore >"$results/format-${part%% *}.log" 2>&1 </dev/null &
    running+=($!)
  done
  for part in "${running[@]}"; do wait "$part" || ended=1; done
  if ((ended != 0)); then
    cat "$results"/format-*.log
    add_failure "format; 'dotnet format' mends it"
  fi
}

# The suites, by name: every project under tests/ but those that say they are none.
all_suites() {
  local project
  for project in "$root"/tests/*/*.csproj; do
    grep -q '<IsTestProject>false' "$project" || basename "$project" .csproj
  done
}

# The tests of a result FILE of xunit that failed, each with the beginning of why.
failed_tests() {
  awk '
    BEGIN { RS = "<test " }
    /^[^>]* result="Fail"/ {
      match($0, / name="[^"]*"/) # the first: behind the last test of a collection stands the next one, with its name
      name = substr($0, RSTART + 7, RLENGTH - 8)
      why = $0; sub(/.*<message><!\[CDATA\[/, "", why); sub(/]]>.*/, "", why)
      count = split(why, lines, "\n")
      print "    " name
      for (i = 1; i <= count && i <= 3; i++) print "      " substr(lines[i], 1, 300)
    }' "$1"
}

# ATTRIBUTE of the assembly element in a result FILE of xunit.
xunit_count() { grep -o '<assembly [^>]*' "$2" | head -n 1 | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p"; }

run_suite() {
  say "== $1"
  execute_suite "$1"
  count_suite "$1"
}

# Runs SUITE, or its part, with further ARGUMENTs of xunit; leaves its results and, in SUITE.ended, its exit code and
# the seconds it took.
execute_suite() {
  local suite=$1 project=${1%%[-+]*} without name status=0 started=$SECONDS
  shift
  IFS=- read -ra without <<<"$suite"
  for name in "${without[@]:1}"; do set -- -namespace- "$project.$name" "$@"; done
  [[ $suite != *+* ]] || set -- -namespace "${suite/+/.}" "$@"
  rm -f "$results/$suite".{xml,ended}
  timeout --kill-after 10 "$suite_limit_seconds" dotnet "$root/tests/$project/bin/Release/net10.0/$project.dll" \
    -noLogo -noColor -xml "$results/$suite.xml" "$@" >"$results/$suite.log" 2>&1 </dev/null || status=$?
  echo "$status $((SECONDS - started))" >"$results/$suite.ended"
}

# Adds up what execute_suite has left of SUITE, and shows its log if anything failed.
count_suite() {
  local suite=$1 file=$results/$1.xml log=$results/$1.log status seconds counts=()
  read -r status seconds <"$results/$suite.ended"
  if ! [[ -s $file ]]; then
    tail -n 50 "$log"
    add_failure "$suite ended with $status and left no result$( ((status != 124)) || echo " (over $suite_limit_seconds s)")"
    return
  fi
  for attribute in passed failed errors skipped; do counts+=("$(xunit_count "$attribute" "$file")"); done
  add_counts "$suite" "${counts[0]}" $((counts[1] + counts[2])) "${counts[3]}" "$seconds" "$(failed_tests "$file")"
  if ((status != 0)); then
    grep -vE '^ +(Discover|Start|Finish)' "$log" || true
    ((counts[1] + counts[2] > 0)) || add_failure "$suite ended with $status although no test failed"
  fi
}

# SUITE PASSED FAILED SKIPPED SECONDS [FAILED TESTS]
add_counts() {
  say "   passed: $2  failed: $3  skipped: $4  ($5 s)"
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
  (($3 == 0)) || failures+=("$1, $3 of $(($2 + $3))${6:+$'\n'$6}")
}

# The arguments of a program that is no suite. The exploration looks at all that three members of the core can come to, as far as the
# limit of states; the table of old bugs must only fit the sources here (tests/long.sh puts each back); the simulator runs whole clusters
# in one thread, one seed each: anything that may go wrong, then leases while leaders change, and fronts.
arguments_of() {
  local seeds
  case $1 in
    "$exploration") echo "--states ${EXPLORED_STATES:-500000}" && return ;;
    "$mutations") echo --check && return ;;
    *.Leases) seeds="--leases --seeds ${LEASE_SEEDS:-0..29}" ;;
    *.LongLeases) seeds="--long-leases --seeds ${LONG_LEASE_SEEDS:-1..2}" ;;
    *.Fronts) seeds="--fronts --seeds ${FRONT_SEEDS:-0..99}" ;;
    *) seeds="--seeds ${SEEDS:-0..199}" ;;
  esac
  echo "$seeds --workers $(nproc)"
}

run_programs() {
  local name
  execute_programs "$@"
  for name in "$@"; do count_program "$name"; done
}

# NAME...: runs the programs, one after the other; leaves NAME.log and, in NAME.ended, the exit code and the seconds it took. Their only
# clocks are their own, so they take what others leave of the processors.
execute_programs() {
  local name project status started
  for name in "$@"; do
    project=$name status=0 started=$SECONDS
    [[ $name != "$simulator".* ]] || project=$simulator
    rm -f "$results/$name.ended"
    # shellcheck disable=SC2046 # words
    nice -n 19 timeout --kill-after 10 "$suite_limit_seconds" \
      dotnet "$root/tests/$project/bin/Release/net10.0/$project.dll" $(arguments_of "$name") \
      >"$results/$name.log" 2>&1 </dev/null || status=$?
    echo "$status $((SECONDS - started))" >"$results/$name.ended"
  done
}

# Adds up what execute_programs has left of NAME. The program prints the line "N passed, N failed" itself.
count_program() {
  local name=$1 log=$results/$1.log status seconds line
  read -r status seconds <"$results/$name.ended"
  say "== $name, $(arguments_of "$name")"
  grep -E '^([0-9]+ leader changes|in all )' "$log" | sed 's/^/   /' || true
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 || true)
  ((status == 0)) || grep -vE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 200 || true
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    add_counts "$name" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" 0 "$seconds"
  elif ((status == 0)); then
    add_failure "$name ended without its line of counts"
  fi
  if ((status != 0)) && [[ ${BASH_REMATCH[2]:-0} == 0 ]]; then
    add_failure "$name ended with $status; see TestResults/$name.log"
  fi
}

run_everything() {
  local suite name beside
  build "$root/raftd.sln" || finish
  check_format
  # The program itself, once, before suites that start it run side by side.
  RAFTD_BUILD_ONLY=1 "$root/raftd" || add_failure "./raftd cannot be built"
  run_lanes lanes
  # Members of tests live for seconds. As they are shipped, the runtime compiles what is called often twice over meanwhile, for a speed
  # that they never come to, and takes half of the processors for it. Here it does so once, and only after 1 000 (hexadecimal 3E8) calls.
  execute_programs "${programs[@]}" &
  beside=$!
  DOTNET_TieredPGO=0 DOTNET_TC_CallCountThreshold=3E8 run_lanes cluster_lanes
  wait "$beside"
  for name in "${programs[@]}"; do count_program "$name"; done
  for suite in $(all_suites); do
    [[ "${lanes[*]} ${cluster_lanes[*]}" =~ (^| )"$suite"([-+ ]|$) ]] || run_suite "$suite"
  done
}

# LANES ARGUMENT...: the lanes of that name side by side, the suites of a lane one after the other, with further ARGUMENTs of xunit.
run_lanes() {
  local -n of=$1
  local lane suite running=()
  shift
  for lane in "${of[@]}"; do
    # shellcheck disable=SC2086 # a lane is a list of words
    for suite in $lane; do execute_suite "$suite" "$@"; done &
    running+=($!)
  done
  wait "${running[@]}"
  # shellcheck disable=SC2068
  for suite in ${of[@]}; do
    say "== $suite"
    count_suite "$suite"
  done
}

run_quick() {
  build "$root/tests/quick.slnf" || finish
  run_lanes lanes -trait- Speed=Slow
  SEEDS=$quick_seeds run_programs "$mutations" "$simulator"
}

run_named() {
  local suite
  for suite in "$@"; do
    if [[ ! -f $root/tests/$suite/$suite.csproj ]]; then
      add_failure "there is no suite $suite; there are $(all_suites | paste -sd ' ' -) $exploration $mutations $simulator"
    elif build "$root/tests/$suite"; then
      case $suite in
        "$simulator") run_programs "$simulator"{,.Leases,.LongLeases,.Fronts} ;;
        "$exploration" | "$mutations") run_programs "$suite" ;;
        *) run_suite "$suite" ;;
      esac
    fi
  done
}

mkdir -p "$results"
command -v dotnet >/dev/null || { add_failure "the .NET 10 SDK is missing; see https://dot.net" && finish; }
install_what_is_missing
case ${1:-} in
  '') run_everything ;;
  --quick) run_quick ;;
  *) run_named "$@" ;;
esac
finish
