#!/bin/sh
# The first run and signing in, in a real browser; what each role sees; users, tokens and sessions.
# time-limit: 900
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_web people.mjs
