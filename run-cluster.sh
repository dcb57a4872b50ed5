#!/usr/bin/env bash
# run-cluster.sh: three members of one cluster on this machine, to try raftd with.
#
#   ./run-cluster.sh           installs what is missing, builds, starts three members, prints how to use them and stays
#                              in the foreground; Ctrl-C stops them. The data stays: started again, they go on with it.
#   ./run-cluster.sh --tls     the same with TLS, for clients and between members: makes certificates, and asks clients for
#                              one. The cluster keeps to it until its data is removed
#   ./run-cluster.sh --store postgres
#   ./run-cluster.sh --store mysql
#                              three fronts over one PostgreSQL or MariaDB instead, which it installs if it is missing, and
#                              runs on a directory of its own. The data stays here too; a cluster is of one kind until it is
#                              removed
#   ./run-cluster.sh status    asks each member how it is
#   ./run-cluster.sh stop      stops them from another terminal
#   ./run-cluster.sh clean     stops them and removes their data
#
# Members node01 to node03 serve clients on 127.0.0.1:8001 to 8003 and each other on 8101 to 8103; a database listens
# on 8100. Data, logs and process ids lie in ~/.raftd-cluster, or where RAFTD_DATA says. Needs the .NET 10 SDK; curl only for the examples
# and for TLS.
# Exit codes: 1 a member or a port is in the way, 2 bad usage, those of ./raftd for what is missing.
set -euo pipefail

root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
data=${RAFTD_DATA:-${HOME:?is not set; name a folder with RAFTD_DATA}/.raftd-cluster}
[[ $data == /* ]] || data=$PWD/$data
certs=$data/certs           # for clients; that it is there says that the cluster has TLS
peer_certs=$data/peer-certs # a CA of its own
ready_limit_seconds=60
stop_limit_seconds=20
database_port=8100
started=() # the members that this run started, and stops
started_database=

# ENGINE, postgres or mysql: the database of the fronts.
use_database() {
  engine=$1
  database=$data/$engine # that it is there says that the cluster is one of fronts
  case $engine in
    postgres) database_name=PostgreSQL database_package=postgresql database_user=postgres ;;
    mysql) database_name=MariaDB database_package=mariadb-server database_user=mysql ;;
  esac
}

use_database postgres
[[ ! -d $data/mysql ]] || use_database mysql

say() { printf '%s\n' "$*"; }

fail() {
  printf 'run-cluster.sh: %s\n' "$*" >&2
  exit 1
}

client_port() { echo $((8000 + $1)); }
peer_port() { echo $((8100 + $1)); }

# Process PID has WORD on its command line.
runs_with() { { tr '\0' '\n' <"/proc/$1/cmdline"; } 2>/dev/null | grep -Fxe "$2" >/dev/null; }

# The process id of member N, if it runs. The command line is compared too: ids are used again after a restart.
member_pid() {
  local pid
  pid=$(cat "$data/node0$1.pid" 2>/dev/null) || return 1
  runs_with "$pid" "$data/node0$1" || { runs_with "$pid" "$database/password" && runs_with "$pid" "node0$1"; } || return 1
  echo "$pid"
}

# By the file that the database itself keeps.
database_pid() {
  local pid
  pid=$(head -qn 1 "$database"/data/{postmaster.pid,mariadb.pid} 2>/dev/null) || [[ -n $pid ]] || return 1
  runs_with "$pid" "$database/data" || runs_with "$pid" "--datadir=$database/data" || return 1
  echo "$pid"
}

uses_database() { [[ -d $database ]]; }

uses_tls() { [[ -d $certs ]]; }

# The body of GET PATH at PORT, and success if the status is 200. In clear text it needs no curl: a fresh system has none.
http_get() {
  local port=$1 path=$2 status line
  if uses_tls; then
    curl -sf --max-time 5 --cacert "$certs/ca.crt" --cert "$certs/client.crt" --key "$certs/client.key" \
      "https://127.0.0.1:$port$path" 2>/dev/null
    return
  fi
  {
    exec 3<>"/dev/tcp/127.0.0.1/$port"
  } 2>/dev/null || return 1
  printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$path" >&3
  IFS=' ' read -r -t 5 -u 3 _ status _ || status=none
  while IFS= read -r -t 5 -u 3 line && [[ $line != $'\r' ]]; do :; done
  timeout 5 cat <&3 || true
  exec 3>&-
  [[ $status == 200 ]]
}

# What listens on PORT, as "pid 123 (name)"; fails if nothing does. Reads /proc: a fresh system has no ss.
port_owner() {
  local inode link pid
  inode=$(awk -v "port=$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10; exit }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  [[ -n $inode ]] || return 1
  link=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null || true)
  pid=${link#/proc/}
  pid=${pid%%/*}
  if [[ -n $pid ]]; then
    echo "pid $pid ($(cat "/proc/$pid/comm" 2>/dev/null || echo ended))"
  else
    echo "a process of another user"
  fi
}

require_free_port() {
  local owner
  if owner=$(port_owner "$1"); then
    fail "port $1 is in use by $owner; $2 needs it. Stop that process and start again"
  fi
}

# All or nothing: a run that is interrupted leaves no half of it behind.
make_certificates() {
  local n name
  command -v curl >/dev/null || fail "--tls needs curl, which is missing; install it, or start without --tls"
  for n in 1 2 3; do
    ! member_pid "$n" >/dev/null || fail "node0$n runs in clear text; './run-cluster.sh stop' stops it, then start with --tls"
  done
  rm -rf "$certs.new" "$peer_certs"
  for name in node01 node02 node03 client; do
    RAFTD_NO_BUILD=1 "$root/raftd" cert -out "$certs.new" -name "$name" >/dev/null
  done
  for name in node01 node02 node03; do
    RAFTD_NO_BUILD=1 "$root/raftd" cert -out "$peer_certs" -name "$name" 127.0.0.1 >/dev/null
  done
  mv "$certs.new" "$certs"
}

# Runs a program of the database, or another, as a user that it accepts: none of them runs as root.
as_database_user() (
  cd /
  [[ $(id -u) != 0 ]] || set -- setpriv --reuid "$database_user" --regid "$database_user" --clear-groups "$@"
  exec "$@"
)

# The folder with the programs of the newest PostgreSQL: Debian keeps each version apart, others have one on the PATH. Of MariaDB, the
# one with its server.
database_programs() {
  local programs
  if [[ $engine == mysql ]]; then
    programs=$(PATH=$PATH:/usr/sbin:/usr/libexec command -v mariadbd) || return 1
    dirname "$programs"
    return
  fi
  programs=$(find /usr/lib/postgresql/*/bin -name initdb 2>/dev/null | sort -V | tail -n 1)
  [[ -n $programs ]] || programs=$(readlink -f "$(command -v initdb)") || return 1
  dirname "$programs"
}

require_database_programs() {
  local as_root=()
  if database_programs >/dev/null; then return; fi
  [[ $(id -u) == 0 ]] || as_root=(sudo -n)
  if command -v apt-get >/dev/null && { [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null; }; then
    say "Installing $database_name (Debian's package also runs a server of its own on the usual port, which is not used here)" >&2
    { "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -yq "$database_package"; } >&2 </dev/null || true
  fi
  database_programs >/dev/null || fail "$database_name is missing; run 'sudo apt-get install $database_package' (Debian, Ubuntu)"
}

# All or nothing, as the certificates.
make_database() {
  local new=$database.new programs
  rm -rf "$new"
  if uses_tls || compgen -G "$data/node0[123]" >/dev/null; then
    fail "the cluster in $data is one of members; name another folder with RAFTD_DATA, or remove it with './run-cluster.sh clean'"
  fi
  require_database_programs
  programs=$(database_programs)
  mkdir -m 700 "$new"
  (umask 077 && od -An -N 16 -tx1 /dev/urandom | tr -d ' \n' >"$new/password")
  if [[ $(id -u) == 0 ]]; then
    chown -R "$database_user:" "$new"
    as_database_user test -x "$new" ||
      fail "$data cannot be reached by the user $database_user, as whom $database_name has to run here; name another folder, as RAFTD_DATA=/var/lib/raftd-cluster"
  fi
  say "Making a database in $database ..."
  "make_$engine" "$programs" "$new" >"$database.log" 2>&1 || fail "$database_name cannot make a database; $database.log says why"
  mv "$new" "$database"
}

make_postgres() {
  local programs=$1 new=$2
  as_database_user "$programs/initdb" -D "$new/data" -U raftd -A scram-sha-256 --pwfile "$new/password" -E UTF8 --locale=C &&
    as_database_user "$programs/postgres" --single -D "$new/data" template1 <<<'CREATE DATABASE raftd'
}

# Its own clients log in over TCP alone, as the fronts do.
make_mysql() {
  local programs=$1 new=$2
  as_database_user mariadb-install-db --no-defaults --datadir="$new/data" --skip-test-db &&
    as_database_user "$programs/mariadbd" --no-defaults --bootstrap --datadir="$new/data" <<EOF
CREATE DATABASE raftd;
FLUSH PRIVILEGES;
CREATE USER raftd@'127.0.0.1' IDENTIFIED BY '$(cat "$new/password")';
GRANT ALL ON raftd.* TO raftd@'127.0.0.1';
EOF
}

start_database() {
  local programs pid deadline=$((SECONDS + ready_limit_seconds))
  require_database_programs
  programs=$(database_programs)
  "run_$engine" "$programs" >>"$database.log" 2>&1 </dev/null &
  pid=$!
  disown
  until "is_ready_$engine" "$programs"; do
    if ! kill -0 "$pid" 2>/dev/null || ((SECONDS >= deadline)); then
      tail -n 20 "$database.log" >&2
      fail "$database_name is not ready; its last log lines are above, all of them in $database.log"
    fi
    sleep 0.1
  done
}

# With what a front asks for: these are the defaults of PostgreSQL, said aloud.
run_postgres() {
  as_database_user setsid "$1/postgres" -D "$database/data" -p "$database_port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=on -c full_page_writes=on -c synchronous_commit=on
}

# With what a front asks for: MariaDB has no binary log by default. A socket needs a path that is shorter than some folders are.
run_mysql() {
  as_database_user setsid "$1/mariadbd" --no-defaults --datadir="$database/data" --port="$database_port" \
    --bind-address=127.0.0.1 --socket=mariadb.socket --pid-file=mariadb.pid --skip-name-resolve \
    --log-bin=binlog --binlog-format=ROW --sync-binlog=1 --innodb-flush-log-at-trx-commit=1 --binlog-expire-logs-seconds=86400 \
    --max-allowed-packet=64M
}

is_ready_postgres() { "$1/pg_isready" -q -h 127.0.0.1 -p "$database_port"; }

is_ready_mysql() { mariadb-admin --no-defaults -h 127.0.0.1 -P "$database_port" --connect-timeout=2 ping >/dev/null 2>&1; }

# With its own connections, and not later than the members: SIGINT is PostgreSQL's fast way, SIGTERM the only one of MariaDB.
stop_database() {
  local pid signal=INT deadline=$((SECONDS + stop_limit_seconds))
  [[ $engine == postgres ]] || signal=TERM
  ! pid=$(database_pid) || kill "-$signal" "$pid" 2>/dev/null || true
  while pid=$(database_pid); do
    if ((SECONDS >= deadline)); then
      say "$database_name (pid $pid) does not stop; killing it. Nothing acknowledged is lost." >&2
      kill -KILL "$pid" 2>/dev/null || true
    fi
    sleep 0.1
  done
}

start_front() {
  local n=$1 id=node0$1
  RAFTD_NO_BUILD=1 setsid "$root/raftd" -id "$id" -haddr "127.0.0.1:$(client_port "$n")" -raddr "127.0.0.1:$(peer_port "$n")" \
    -store "$engine://raftd@127.0.0.1:$database_port/raftd" -store-password-file "$database/password" \
    >>"$data/$id.log" 2>&1 </dev/null &
  echo $! >"$data/$id.pid"
  disown
}

start_member() {
  local n=$1 id=node0$1 join=() tls=()
  if uses_database; then
    start_front "$n"
    return
  fi
  [[ $n == 1 ]] || join=(-join "127.0.0.1:$(client_port 1)")
  ! uses_tls || tls=(-cert "$certs/$id.crt" -key "$certs/$id.key" -client-ca "$certs/ca.crt"
    -peer-cert "$peer_certs/$id.crt" -peer-key "$peer_certs/$id.key" -peer-ca "$peer_certs/ca.crt")
  # A session of its own: Ctrl-C reaches this script alone, which stops the members in order.
  RAFTD_NO_BUILD=1 setsid "$root/raftd" -id "$id" -haddr "127.0.0.1:$(client_port "$n")" \
    -raddr "127.0.0.1:$(peer_port "$n")" "${join[@]}" "${tls[@]}" "$data/$id" >>"$data/$id.log" 2>&1 </dev/null &
  echo $! >"$data/$id.pid"
  disown # the end of a member is told by stay, in words
}

# Both are asked: right after the start the process is there, but not yet under its own command line.
member_died() { ! member_pid "$1" >/dev/null && ! kill -0 "$(cat "$data/node0$1.pid")" 2>/dev/null; }

wait_ready() {
  local n=$1 deadline=$((SECONDS + ready_limit_seconds))
  until http_get "$(client_port "$n")" /readyz >/dev/null; do
    if member_died "$n"; then
      show_log "$n"
      fail "node0$n ended at its start; its last log lines are above, all of them in $data/node0$n.log"
    elif ((SECONDS >= deadline)); then
      show_log "$n"
      fail "node0$n is not ready after $ready_limit_seconds s; its last log lines are above"
    fi
    sleep 0.1
  done
}

show_log() {
  say "--- node0$1: last lines of $data/node0$1.log" >&2
  tail -n 20 "$data/node0$1.log" >&2 || true
  say "---" >&2
}

# Stops members N..., by their ids, all at once, and waits for them.
stop_members() {
  local n pid deadline=$((SECONDS + stop_limit_seconds))
  for n in "$@"; do
    ! pid=$(member_pid "$n") || kill -TERM "$pid" 2>/dev/null || true
  done
  for n in "$@"; do
    while pid=$(member_pid "$n"); do
      if ((SECONDS >= deadline)); then
        say "node0$n (pid $pid) does not stop; killing it. Nothing acknowledged is lost." >&2
        kill -KILL "$pid" 2>/dev/null || true
      fi
      sleep 0.1
    done
    rm -f "$data/node0$n.pid"
  done
}

print_examples() {
  cat <<EOF

Three members are ready: http://127.0.0.1:8001, :8002 and :8003. Any of them answers. Data: $data

  curl -T README.md 127.0.0.1:8001/key/readme                 # put a file
  curl 127.0.0.1:8002/key/readme                              # get it from another member
  curl -X POST '127.0.0.1:8003/lease/grant?ttl=10&name=/demo' # a lease
  curl 127.0.0.1:8001/status                                  # who leads
  http://127.0.0.1:8001/swagger                               # every route

Ctrl-C stops them. The data stays; './run-cluster.sh clean' removes it.
EOF
}

print_front_examples() {
  cat <<EOF

Three fronts over one $database_name are ready: http://127.0.0.1:8001, :8002 and :8003. Any of them answers. Data: $database

  curl -T README.md 127.0.0.1:8001/key/readme                 # put a file
  curl 127.0.0.1:8002/key/readme                              # get it from another front
  curl -X POST '127.0.0.1:8003/lease/grant?ttl=10&name=/demo' # a lease
  curl 127.0.0.1:8001/status                                  # who leads
  http://127.0.0.1:8001/swagger                               # every route

  $(database_client)    # look at the tables

Ctrl-C stops them and the database. The data stays; './run-cluster.sh clean' removes it.
EOF
}

# The line that shows its tables.
database_client() {
  case $engine in
    postgres) echo "PGPASSWORD=\$(cat '$database/password') psql -h 127.0.0.1 -p $database_port -U raftd" ;;
    mysql) echo "MYSQL_PWD=\$(cat '$database/password') mariadb -h 127.0.0.1 -P $database_port -u raftd raftd" ;;
  esac
}

print_tls_examples() {
  cat <<EOF

Three members are ready: https://127.0.0.1:8001, :8002 and :8003. Any of them answers who has a certificate. Data: $data

  c() { curl --cacert '$certs/ca.crt' --cert '$certs/client.crt' --key '$certs/client.key' "\$@"; }
  c -T README.md https://127.0.0.1:8001/key/readme                 # put a file
  c https://127.0.0.1:8002/key/readme                              # get it from another member
  c -X POST 'https://127.0.0.1:8003/lease/grant?ttl=10&name=/demo' # a lease
  c https://127.0.0.1:8001/status                                  # who leads
  curl --cacert '$certs/ca.crt' https://127.0.0.1:8001/status      # without a certificate of its own: refused

Ctrl-C stops them. The data and the certificates stay; './run-cluster.sh clean' removes them.
EOF
}

# Stays until a signal comes or all that this script started has ended.
stay() {
  local n ended=()
  while ((${#ended[@]} < ${#started[@]})) || [[ -n $started_database ]]; do
    sleep 1 &
    wait $! || true
    if [[ -n $started_database ]] && ! database_pid >/dev/null; then
      started_database=
      say "$database_name has ended; the end of $database.log says why. A second './run-cluster.sh' starts it again, and the fronts go on."
    fi
    for n in "${started[@]}"; do
      if [[ " ${ended[*]} " != *" $n "* ]] && ! member_pid "$n" >/dev/null; then
        ended+=("$n")
        say "node0$n has ended; the end of $data/node0$n.log says why. A second './run-cluster.sh' starts it again."
      fi
    done
  done
}

# What this run has started; the fronts first, which hand over while they reach the database.
stop_started() {
  stop_members "${started[@]}"
  [[ -z $started_database ]] || stop_database
}

stop_and_leave() {
  trap '' INT TERM HUP
  say ""
  say "Stopping ${started[*]/#/node0}${started_database:+ and $database_name} ..."
  stop_started
  say "Stopped. The data is in $data"
  exit 0
}

# The database of the fronts, where it does not run yet.
ensure_database() {
  ! database_pid >/dev/null || return 0
  require_free_port "$database_port" "the database"
  started_database=yes
  start_database
}

# command_start [--tls | --store ENGINE]
command_start() {
  local n
  mkdir -p "$data" || fail "cannot make $data; name another folder with RAFTD_DATA"
  RAFTD_BUILD_ONLY=1 "$root/raftd"
  if [[ ${1:-} == --tls ]] && ! uses_tls; then
    make_certificates
  elif [[ ${1:-} == --store && $engine != "$2" ]] && uses_database; then
    fail "the cluster in $data is one over $database_name; name another folder with RAFTD_DATA, or remove it with './run-cluster.sh clean'"
  elif [[ ${1:-} == --store ]] && ! uses_database; then
    use_database "$2"
    make_database
  fi
  for n in 1 2 3; do
    if ! member_pid "$n" >/dev/null; then
      require_free_port "$(client_port "$n")" "member node0$n"
      require_free_port "$(peer_port "$n")" "member node0$n"
      started+=("$n")
    fi
  done
  if ((${#started[@]} == 0)) && { ! uses_database || database_pid >/dev/null; }; then
    say "The three members run already; './run-cluster.sh stop' stops them."
    command_status
    return
  fi
  say "Starting ${started[*]/#/node0} with data in $data ..."
  trap stop_and_leave INT TERM HUP
  # Whatever ends a start early, no member of it is left behind.
  trap stop_started EXIT
  ! uses_database || ensure_database
  for n in "${started[@]}"; do start_member "$n"; done
  for n in 1 2 3; do wait_ready "$n"; done
  trap - EXIT
  if uses_tls; then print_tls_examples; elif uses_database; then print_front_examples; else print_examples; fi
  stay
}

# FIELD of a flat JSON object on stdin, or "?".
json_field() {
  local value
  value=$(grep -o "\"$1\" *: *\"\{0,1\}[^,\"}]*" | head -n 1 | sed 's/^"[^"]*" *: *"\{0,1\}//')
  echo "${value:-?}"
}

command_status() {
  local n pid status field line missing=0
  for n in 1 2 3; do
    line="node0$n  127.0.0.1:$(client_port "$n")"
    if ! pid=$(member_pid "$n"); then
      say "$line  not running"
      missing=1
    elif ! status=$(http_get "$(client_port "$n")" /status); then
      say "$line  pid $pid  does not answer"
      missing=1
    else
      line+="  pid $pid"
      for field in role term commit_index applied_index revision; do
        line+="  ${field%_index} $(json_field "$field" <<<"$status")"
      done
      say "$line"
    fi
  done
  return $missing
}

command_stop() {
  stop_members 1 2 3
  stop_database
  say "Stopped. The data is in $data"
}

command_clean() {
  stop_members 1 2 3
  stop_database
  say "Removing $data/node01, node02 and node03 with their logs$(! uses_database || echo ", and $database")"
  rm -rf "$data"/node0[123] "$data"/node0[123].log "$certs" "$certs.new" "$peer_certs" "$database" "$database.new" "$database.log"
  rmdir "$data" 2>/dev/null || true
}

case "$*" in
  "") command_start ;;
  start | stop | status | clean) "command_$1" ;;
  --tls | "start --tls") command_start --tls ;;
  "--store postgres" | "start --store postgres") command_start --store postgres ;;
  "--store mysql" | "start --store mysql") command_start --store mysql ;;
  *)
    say "usage: ./run-cluster.sh [start [--tls | --store postgres|mysql]|stop|status|clean]" >&2
    exit 2
    ;;
esac
