#!/bin/sh
# The API is what its description says: the document itself, every answer of the unit tests, every operation against
# a real server, and who may do what, route by route and role by role.
# time-limit: 600
. "$(dirname "$0")/lib.sh"
E2E_NEXT_HOP=
e2e_start
wrong=0
e2e_node lint-openapi.mjs || wrong=1

# What the unit tests of the API were answered, if they were built.
log=$e2e_dir/answers.ndjson
for program in "$(dirname "$CALLPARKD")"/test/unit/test_api_* "$(dirname "$CALLPARKD")"/test/unit/test_ranges_model; do
    if [ -f "$program" ] && [ -x "$program" ]; then CALLPARK_API_LOG=$log "$program" >/dev/null 2>&1 || wrong=1; fi
done
if [ -s "$log" ]; then e2e_node contract.mjs "$log" || wrong=1; fi

e2e_node api_every.mjs || wrong=1
e2e_node api_matrix.mjs || wrong=1
exit $wrong
