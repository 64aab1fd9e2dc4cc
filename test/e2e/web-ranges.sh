#!/bin/sh
# The page of number ranges in a real browser: each command, each refusal, two people at once.
# time-limit: 900
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_web ranges.mjs
