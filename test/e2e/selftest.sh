#!/bin/sh
# callparkctl selftest against a real server: each of its steps is a test. Ring back and fallback must reach the test
# phone itself, so the server's next hop is taken out of its configuration first. What people set for everybody
# must not be in its way.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start
export CALLPARK_SOCKET="$E2E_SOCKET"
sed -i '/^outbound/d' "$E2E_DIR/callpark.conf"
"$CALLPARKCTL" system reload -q || e2e_fail "the configuration is not read again"
"$CALLPARKCTL" settings set -q ringback_confirm=on announce_back=on pin=2580 || e2e_fail "settings are not taken"
"$CALLPARKCTL" selftest >"$E2E_DIR/steps" 2>"$E2E_DIR/talk"
code=$?
awk '$1 == "ok" || $1 == "FAIL" || $1 == "skip" {
    what = $0
    sub(/^[a-zA-Z]+ +[0-9]+ ms +/, "", what)
    printf "%s %d - %s\n", $1 == "ok" ? "ok" : "not ok", ++n, what
} END { print "1.." n + 2 }' "$E2E_DIR/steps"
n=$(wc -l <"$E2E_DIR/steps")
[ "$n" -gt 20 ] || sed 's/^/# /' "$E2E_DIR/talk"
if [ $code = 0 ]; then echo "ok $((n + 1)) - it ends with 0"; else echo "not ok $((n + 1)) - it ends with 0 (it was $code)"; fi
left=$("$CALLPARKCTL" range list -o name)
if [ -z "$left" ]; then echo "ok $((n + 2)) - its range is gone"; else echo "not ok $((n + 2)) - its range is gone ($left)"; fi
[ $code = 0 ]
