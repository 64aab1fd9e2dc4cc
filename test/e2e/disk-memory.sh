#!/bin/sh
# The disk is full and store trouble = memory: calls are parked all the same, and are on disk once there is room.
# time-limit: 60
# shellcheck disable=SC2034,SC2154  # shellcheck looks at one file at a time
e2e_what='a full disk'
. "$(dirname "$0")/disk.sh"
export CALLPARK_STORE_TROUBLE=memory
e2e_start
e2e_phones disk_memory.py
