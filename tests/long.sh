#!/usr/bin/env bash
# tests/long.sh: the long runs of the proofs, for a night or a release. tests/run.sh has their short forms.
#
#   tests/long.sh                    all of them, one after the other: most of a day on two cores, half of it for fronts
#   tests/long.sh simulator chaos    the named ones
#
#   simulator     5 000 seeds of 300 virtual seconds each, 300 of leases and 50 of long ones, 2 000 of fronts
#   exploration   6 000 000 states of each scope
#   mutations     every old bug put back
#   chaos         500 members killed under load, and all other ills of ChaosTests as often in proportion
#   watches       1 000 watches through 40 rounds of all ills
#   fronts        300 fronts and databases killed under load, half an hour over each database; the same under 1 000 watches; and all
#                 suites of fronts with other numbers
#   powerloss     12 000 disks as a loss of power leaves them
#   slowlink      a member of 2 GiB that joins anew over 20 MiB/s beside 5 MiB/s of writes
#   powercuts     50 leaders that lose power while they send a snapshot
#   conformance   1 000 000 random requests to etcd and to raftd, and 20 000 with watches
#   clients       etcdctl check perf against every kind of servers; all clients over MariaDB, and through the death of a leading front
#   upgrades      from every feature level there was to this tree, and from this tree to a level that only tests know
#
# Builds first. Each run prints its own report; the last line is "N passed, N failed", by run.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
all=(simulator exploration mutations chaos watches fronts powerloss slowlink powercuts conformance clients upgrades)
passed=0 failed=0
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

program() {
  local project=$1
  shift
  dotnet "$root/tests/$project/bin/Release/net10.0/$project.dll" "$@"
}

run_simulator() {
  program Raftd.Simulation --seeds 0..4999 --virtual-seconds 300 --workers "$(nproc)" &&
    program Raftd.Simulation --leases --seeds 0..299 --workers "$(nproc)" &&
    program Raftd.Simulation --long-leases --seeds 0..49 --workers "$(nproc)" &&
    program Raftd.Simulation --fronts --seeds 0..1999 --workers "$(nproc)"
}

run_exploration() { program Raftd.Exploration --all; }

run_mutations() { program Raftd.Mutations; }

run_chaos() { RAFTD_TEST_KILLS=500 program Raftd.Cluster.Tests -noLogo -noColor -method '*.ChaosTests.*'; }

run_watches() { RAFTD_TEST_WATCH_ROUNDS=40 program Raftd.Cluster.Tests -noLogo -noColor -method '*WatchChaosTests*'; }

run_fronts() {
  RAFTD_TEST_FRONT_KILLS=300 program Raftd.Cluster.Tests -noLogo -noColor -explicit on -class '*FrontChaosTests' &&
    RAFTD_TEST_POSTGRES_FRONTS=1 RAFTD_TEST_MARIADB_FRONTS=3 program Raftd.Cluster.Tests -noLogo -noColor -explicit on \
      -class 'Raftd.Cluster.Tests.Postgres*' -class 'Raftd.Cluster.Tests.MariaDb*' -class '*MovingTests' &&
    RAFTD_TEST_POSTGRES_FRONTS=1 RAFTD_TEST_MARIADB_FRONTS=3 program Raftd.Conformance.Tests -noLogo -noColor \
      -class '*DifferentialTests' -class '*DifferentialWatchTests' -class '*EtcdctlTests'
}

run_powerloss() { RAFTD_TEST_IMAGES=12000 program Raftd.PowerLoss.Tests -noLogo -noColor; }

run_slowlink() { RAFTD_TEST_STATE_MIB=2048 program Raftd.Cluster.Tests -noLogo -noColor -method '*SlowLinkTests*'; }

run_powercuts() { RAFTD_TEST_POWER_CUTS=50 program Raftd.Cluster.Tests -noLogo -noColor -method '*PowerCutTests*'; }

run_conformance() {
  RAFTD_TEST_SEED=$RANDOM RAFTD_TEST_DIFFERENTIAL=1000000 program Raftd.Conformance.Tests -noLogo -noColor -class '*DifferentialTests' &&
    RAFTD_TEST_SEED=$RANDOM RAFTD_TEST_DIFFERENTIAL=200000 program Raftd.Conformance.Tests -noLogo -noColor -class '*DifferentialWatchTests'
}

run_clients() { program Raftd.Clients.Tests -noLogo -noColor -explicit only; }

run_upgrades() { RAFTD_TEST_UPGRADES=all program Raftd.Cluster.Tests -noLogo -noColor -method '*UpgradeTests*'; }

(($# > 0)) || set -- "${all[@]}"
for name in "$@"; do
  [[ " ${all[*]} " == *" $name "* ]] || {
    echo "there is no long run $name; there are ${all[*]}" >&2
    exit 2
  }
done

dotnet build "$root/raftd.sln" --configuration Release --nologo --verbosity quiet
RAFTD_BUILD_ONLY=1 "$root/raftd"
for name in "$@"; do
  echo "== $name"
  if "run_$name"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "FAILED: $name"
  fi
done

echo "$passed passed, $failed failed"
((failed == 0))
