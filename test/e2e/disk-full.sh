#!/bin/sh
# The disk is full, and has room again: who is parked stays so, nobody new is promised a number that is not on disk.
# time-limit: 60
# shellcheck disable=SC2034,SC2154  # shellcheck looks at one file at a time
e2e_what='a full disk'
. "$(dirname "$0")/disk.sh"
e2e_start
e2e_phones disk_full.py
