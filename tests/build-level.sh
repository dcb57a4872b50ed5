#!/usr/bin/env bash
# tests/build-level.sh: the program as it was at the end of a feature level.
#
#   tests/build-level.sh LEVEL    builds the commit that tests/levels names for the level, once, and prints where its
#                                 raftd.dll is
#
# The sources come out of the history. A shallow clone, or a tree without one, lacks them: that ends with 3.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
level=${1:?which level? tests/build-level.sh LEVEL}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

fail() {
  printf 'tests/build-level.sh: %s\n' "$*" >&2
  exit 1
}

commit=$(awk -v level="$level" '$1 == level { print $2 }' "$root/tests/levels")
[[ -n $commit ]] || fail "tests/levels names no commit of level $level"
if ! git -C "$root" cat-file -e "$commit^{commit}" 2>/dev/null; then
  [[ $(git -C "$root" rev-parse --is-shallow-repository 2>/dev/null) != false ]] ||
    fail "tests/levels names commit $commit for level $level, which is not in the history"
  printf 'tests/build-level.sh: %s\n' "this tree has no history back to $commit of level $level: run 'git fetch --unshallow'" >&2
  exit 3
fi

built=$root/out/levels/$commit
if [[ ! -e $built/raftd.dll ]]; then
  work=$(mktemp -d "${TMPDIR:-/tmp}/raftd-level-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/sources"
  git -C "$root" archive "$commit" | tar -x -C "$work/sources"
  dotnet publish "$work/sources/src/Raftd.Cli" -c Release -o "$work/built" -nologo -v quiet \
    -nodeReuse:false -p:UseSharedCompilation=false -p:RunAnalyzers=false -p:PublishReadyToRun=false >&2 ||
    fail "commit $commit of level $level cannot be built"
  mkdir -p "$root/out/levels"
  rm -rf "$built"
  cp -r "$work/built" "$built.new"
  mv "$built.new" "$built"
fi
printf '%s\n' "$built/raftd.dll"
