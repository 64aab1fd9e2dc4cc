#!/bin/sh
# Runs one test program for tools/test.sh: tools/run-one.sh LOGS 'NAME<TAB>SECONDS<TAB>COMMAND'
# Leaves NAME.out, NAME.err and NAME.count in LOGS, and what the test left in its $TMPDIR if it failed.
set -u
logs=$1
IFS='	' read -r name limit command <<LINE
$2
LINE
log=$logs/$(echo "$name" | tr '/ ' '--')
here=$(dirname "$0")

TMPDIR=$(mktemp -d /tmp/callpark-test.XXXXXX)
export TMPDIR
started=$(date +%s)
# timeout gives the test a process group of its own, and ends all of it.
timeout -k 10 "$limit" sh -c "$command" >"$log.out" 2>"$log.err" </dev/null &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid; rm -rf "$TMPDIR"; exit 130' INT TERM HUP
wait $pid
status=$?
took=$(($(date +%s) - started))
# Of the processor, by all that the test ran and waited for: the second line, user and system.
times >"$log.times"
busy=$(awk 'NR == 2 { split($1, u, /[ms]/); split($2, s, /[ms]/); print int(60 * (u[1] + s[1]) + u[2] + s[2] + 0.5) }' \
    "$log.times")

"$here/count-tap.sh" "$status" "$limit" <"$log.out" >"$log.count"
read -r passed failed skipped <"$log.count"
if [ "$failed" != 0 ]; then
    mark=FAIL
    rm -rf "$log.files"
    cp -r "$TMPDIR" "$log.files" 2>/dev/null
else
    mark=ok
fi
rm -rf "$TMPDIR"
more=
[ "$failed" = 0 ] || more=", $failed failed"
[ "$skipped" = 0 ] || more="$more, $skipped skipped"
printf '%-4s %-32s %4d passed%s (%d s, busy %d)\n' "$mark" "$name" "$passed" "$more" \
    "$took" "$busy"
