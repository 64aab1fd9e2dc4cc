#!/bin/sh
# The words and the rules of the page: web/check.mjs says what they are.
set -u
cd "$(dirname "$0")/../.." || exit 2
echo 1..1
if faults=$(node web/check.mjs); then
    echo 'ok 1 - words and rules of the page'
else
    echo 'not ok 1 - words and rules of the page'
    printf '%s\n' "$faults" | sed 's/^/# /'
fi
