#!/bin/sh
# The HTTP API of a running callparkd with real calls behind it: commands, events, records, limits, tokens.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start
E2E_TOKEN_FILE=$e2e_dir/callpark.db.token
E2E_WEB=$web
export E2E_TOKEN_FILE E2E_WEB
e2e_phones api.py
