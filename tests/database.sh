#!/usr/bin/env bash
# tests/database.sh: the suites of fronts on a database server of one's own, which runs already.
#
#   tests/database.sh URL                    its password, if it has one, in RAFTD_STORE_PASSWORD
#   tests/database.sh URL PASSWORD-FILE      or alone in a file
#
# The URL is one of raftd's -store: postgres://USER@HOST[:PORT]/DATABASE for PostgreSQL and what speaks its protocol, or mysql://… for
# MariaDB, MySQL and TiDB. The suites make databases named raftd_test_…, a hundred or so, one after the other, and drop these alone; of
# DATABASE they change nothing. The user needs the right to make them. Builds first; then about 5 minutes.
#
# The last line is "N passed, N failed"; the exit code is 1 where one has failed or the server cannot be used, and 2 for wrong words.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
results=$root/TestResults
suites=(Raftd.Sql.Tests Raftd.Cluster.Tests Raftd.Conformance.Tests)
most_password_bytes=4096
passed=0 failed=0 skipped=0
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# CODE TEXT
refuse() {
  printf 'tests/database.sh: %s\n' "$2" >&2
  exit "$1"
}

# WORDS...: leaves the kind of the server in $scheme, and in the environment what the suites read.
read_words() {
  local usage='tests/database.sh postgres://USER@HOST/DATABASE [PASSWORD-FILE], or mysql://…' url=${1:-}
  (($# == 1 || $# == 2)) || refuse 2 "which server? $usage"
  [[ $url =~ ^(postgres|postgresql|mysql)://([^/@]+)@[^/@]+/[^/@]+$ ]] || refuse 2 "that is not the URL of a database: $usage"
  scheme=${BASH_REMATCH[1]/postgresql/postgres}
  [[ ${BASH_REMATCH[2]} != *:* ]] ||
    refuse 2 "'ps' shows a password of the command line to every user of this machine; give it in RAFTD_STORE_PASSWORD or in a file: $usage"
  [[ ${url,,} != *@%2f* ]] || refuse 2 "the suites reach a server by its host and port, not by a socket: $usage"
  if (($# == 2)); then read_password "$2"; fi
  export RAFTD_TEST_DATABASE=$url
}

# FILE: one line, as raftd's -store-password-file.
read_password() {
  local password
  [[ -z ${RAFTD_STORE_PASSWORD:-} ]] || refuse 2 "there are two passwords: in RAFTD_STORE_PASSWORD and in $1; give one"
  [[ -f $1 && -r $1 ]] || refuse 2 "the password file $1 cannot be read"
  password=$(head -c $((most_password_bytes + 1)) "$1" | tr -d '\0')
  [[ -n $password && $password != *$'\n'* && ${#password} -le $most_password_bytes ]] ||
    refuse 2 "the password file $1 does not hold a password: expected one line of at most $most_password_bytes bytes"
  export RAFTD_STORE_PASSWORD=${password%$'\r'}
}

build() {
  echo "== build $1"
  dotnet build "$root/tests/$1" --configuration Release --nologo --verbosity quiet >"$results/build.log" 2>&1 </dev/null || {
    grep -E 'error' "$results/build.log" | sort -u >&2 || cat "$results/build.log" >&2
    refuse 1 "the build of $1 failed; see above and TestResults/build.log"
  }
}

# NAME SUITE ARGUMENT...: with ARGUMENTs of xunit; its result goes to TestResults/NAME.xml, what it says to NAME.log.
execute() {
  local name=$1 suite=$2
  shift 2
  rm -f "$results/$name.xml"
  dotnet "$root/tests/$suite/bin/Release/net10.0/$suite.dll" -noLogo -noColor -parallel none -xml "$results/$name.xml" "$@" \
    >"$results/$name.log" 2>&1 </dev/null
}

# Ends here, with what the server's owner can do about it, where no front could start on it.
check_server() {
  local why
  echo "== check ${RAFTD_TEST_DATABASE}"
  execute "$scheme.Check" Raftd.Sql.Tests -explicit only -method '*.GivenServerTests.NamedServer_TakesFronts' || {
    why=$(tr '\n' '\r' <"$results/$scheme.Check.xml" | sed -n 's/.*<message><!\[CDATA\[\(.*\)\]\]><\/message>.*/\1/p' | tr '\r' '\n') || true
    refuse 1 "$(printf %b "${why:-$(cat "$results/$scheme.Check.log")}")" # xunit escapes what it writes
  }
}

# NAME SUITE ARGUMENT...: without the tests that need a server of their own, to stop it or to spoil its settings.
run() {
  local name=$1 status=0 started=$SECONDS attribute counts=()
  echo "== $name"
  execute "$@" -trait- Server=Own || status=$?
  if [[ -s $results/$name.xml ]]; then
    for attribute in passed failed errors skipped; do
      counts+=("$(grep -o '<assembly [^>]*' "$results/$name.xml" | head -n 1 | sed -n "s/.* $attribute=\"\([0-9]*\)\".*/\1/p")")
    done
    echo "   passed: ${counts[0]}  failed: $((counts[1] + counts[2]))  skipped: ${counts[3]}  ($((SECONDS - started)) s)"
    passed=$((passed + counts[0])) failed=$((failed + counts[1] + counts[2])) skipped=$((skipped + counts[3]))
  fi
  ((status == 0)) || grep -vE '^ +(Discover|Start|Finish)' "$results/$name.log" || true
  if ((${counts[0]:-0} + ${counts[1]:-0} + ${counts[2]:-0} + ${counts[3]:-0} == 0)); then
    failed=$((failed + 1))
    echo "FAILED: $name ended with $status and ran no test"
  fi
}

# FRONTS
run_fronts() {
  local variable=RAFTD_TEST_POSTGRES_FRONTS kind=Postgres
  [[ $scheme == postgres ]] || variable=RAFTD_TEST_MARIADB_FRONTS kind=MariaDb
  export "$variable=$1"
  run "$scheme.Rest.$1" Raftd.Cluster.Tests -class "Raftd.Cluster.Tests.$kind*"
  run "$scheme.Conformance.$1" Raftd.Conformance.Tests -preEnumerateTheories -trait "Database=$scheme"
}

read_words "$@"
command -v dotnet >/dev/null || refuse 1 "the .NET 10 SDK is missing; see https://dot.net"
mkdir -p "$results"
build "${suites[0]}"
check_server
for suite in "${suites[@]:1}"; do build "$suite"; done
RAFTD_BUILD_ONLY=1 "$root/raftd"

if [[ $scheme == postgres ]]; then
  classes=(PostgresSessionTests PostgresSchemaTests PostgresBucketTests PostgresFrontBucketTests PostgresContractTests FrontsContractTests)
else
  classes=(MySqlSessionTests MySqlSchemaTests MySqlBucketTests MySqlFrontBucketTests MariaDbContractTests MariaDbFrontsContractTests)
fi
arguments=(-class '*.FollowerContractTests')
for class in "${classes[@]}"; do arguments+=(-class "*.$class"); done
run "$scheme.Contract" Raftd.Sql.Tests "${arguments[@]}"
run_fronts 1
run_fronts 3

cat <<'TEXT'
Left out, since they would stop the server, end its connections, or change its settings and users: PostgresCrashTests, MySqlCrashTests,
PostgresFaultTests, MySqlFaultTests, PostgresChecksTests, MySqlChecksTests, PostgresConnectionTests, MySqlConnectionTests, FrontTests,
FrontChaosTests, and of the schema's tests those of users' rights.
TEXT
((skipped == 0)) || echo "$skipped were skipped, because this machine lacks a program: see the logs in TestResults (apt-get install etcd-server etcd-client)"
echo "$passed passed, $failed failed"
((failed == 0))
