#!/bin/sh
# The red banner of a store that cannot be written, in a real browser.
# time-limit: 120
# shellcheck disable=SC2034,SC2154  # shellcheck looks at one file at a time
e2e_what='the banner'
. "$(dirname "$0")/disk.sh"
e2e_start
cp "$E2E_DISK/callpark.db.token" "$e2e_dir/callpark.db.token" # where the tests look for it
e2e_web store.mjs
