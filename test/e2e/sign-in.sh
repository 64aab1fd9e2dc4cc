#!/bin/sh
# Signing in at a running callparkd: set-up, sessions, other pages, tokens, the audit trail; and over a restart.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start
E2E_WEB=$web
export E2E_WEB
PYTHONDONTWRITEBYTECODE=1 python3 "$e2e_here/sign_in.py" before || exit 1
kill -TERM "$e2e_pid"
wait "$e2e_pid" || echo "Bail out! callparkd ended with status $?"
"$CALLPARKD" -c "$e2e_dir/callpark.conf" >>"$e2e_dir/callparkd.log" 2>&1 &
e2e_pid=$!
PYTHONDONTWRITEBYTECODE=1 python3 "$e2e_here/sign_in.py" after
