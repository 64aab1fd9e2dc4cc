#!/bin/sh
# The live board in a real browser, with callers who are really parked and a phone that answers.
# time-limit: 900
. "$(dirname "$0")/lib.sh"
E2E_NEXT_HOP=
e2e_start
e2e_web calls.mjs
