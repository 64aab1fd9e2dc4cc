#!/bin/sh
# Runs the tests of a finished build: tools/test.sh BUILD_DIR [PATTERN]
# What counts as a test: all that meson knows as one (unit/, contract/, fuzz/, sim/), test/lint/*.sh and
# test/e2e/*.sh. All of them speak TAP. PATTERN is an extended regular expression over names as they are
# printed ("unit/range", "e2e/blind-park"). The last line is 'N passed, N failed'.
#
# A script under test/e2e/ may say in comments of its own:  # time-limit: 300   (seconds; 120 if not said)
#                                                           # alone            (nothing runs beside it)
# and gets CALLPARKD, CALLPARKCTL (programs), SOURCE (this folder's parent), TMPDIR (its own, removed).
set -u
cd "$(dirname "$0")/.." || exit 2
build=$(cd "$1" && pwd) || exit 2
pattern=${2:-.}
logs=$build/logs
rm -rf "$logs"
mkdir -p "$logs"

SOURCE=$(pwd)
CALLPARKD=$build/callparkd
CALLPARKCTL=$build/callparkctl
export SOURCE CALLPARKD CALLPARKCTL
export CMOCKA_MESSAGE_OUTPUT=tap
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
export LSAN_OPTIONS="${LSAN_OPTIONS:-suppressions=$SOURCE/tools/lsan.supp:print_suppressions=0}"

# name <TAB> seconds <TAB> command, for what meson knows
from_meson() {
    meson introspect "$build" --tests | python3 -c '
import json, shlex, sys
for t in json.load(sys.stdin):
    suite = t["suite"][0].split(":")[-1]
    print(suite + "/" + t["name"], max(t["timeout"], 180), shlex.join(t["cmd"]), sep="\t")'
}
from_scripts() { # FOLDER
    for script in test/"$1"/*.sh; do
        [ -x "$script" ] || continue
        limit=$(sed -n 's/^# time-limit: *\([0-9][0-9]*\).*/\1/p' "$script" | head -n 1)
        name=$1/$(basename "$script" .sh)
        printf '%s\t%s\t%s\n' "$name" "${limit:-120}" "exec '$SOURCE/$script'"
    done
}
alone() { # reads lines as above; keeps those whose script says so (or does not, with -v)
    while IFS= read -r line; do
        script=test/$(printf '%s' "$line" | cut -f 1).sh
        if grep -qsE '^# alone\b' "$script"; then said=yes; else said=no; fi
        [ "$said" != "$1" ] || printf '%s\n' "$line"
    done
}
run() { # HOW_MANY_AT_ONCE; reads lines as above
    tr '\n' '\0' | xargs -0 -r -n 1 -P "$1" tools/run-one.sh "$logs"
}

# Tests with real phones and browsers wait more than they count, so one more than there are cores is under way; those
# that may take longest begin, or the last one would run with nothing beside it.
at_once=${JOBS:-$(nproc)}
with_phones=${JOBS:-$((at_once + 1))}
{ from_meson; from_scripts lint; from_scripts e2e; } | awk -F '\t' -v p="$pattern" '$1 ~ p' >"$logs/list"
grep -v '^e2e/' "$logs/list" | run "$at_once"
grep '^e2e/' "$logs/list" | alone no | sort -t '	' -s -k 2,2nr | run "$with_phones"
grep '^e2e/' "$logs/list" | alone yes | run 1

passed=0 failed=0 skipped=0
while IFS='	' read -r name limit _; do
    log=$logs/$(echo "$name" | tr '/ ' '--')
    [ -s "$log.count" ] || echo '0 1 0
not ok - was not run' >"$log.count"
    read -r p f s <"$log.count"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" != 0 ]; then
        printf '\n== %s\n' "$name"
        sed '1d; s/^/   /' "$log.count"
        [ ! -s "$log.err" ] || { echo "   stderr ends with:"; tail -n 30 "$log.err" | sed 's/^/   | /'; }
        echo "   all of it: $log.out, $log.err"
    fi
done <"$logs/list"

[ -s "$logs/list" ] || echo "no test has a name that fits '$pattern'"
echo
[ "$skipped" = 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
