#!/bin/sh
# The disk is full and store trouble = memory: calls are parked all the same, and are on disk once there is room.
# time-limit: 60
# shellcheck disable=SC2154,SC2034
# A small disk of its own needs a namespace of its own.
if [ -z "${E2E_INSIDE:-}" ]; then
    if ! unshare -rm true 2>/dev/null; then
        printf '1..1\nok 1 - a full disk # SKIP there are no user namespaces here\n'
        exit 0
    fi
    E2E_INSIDE=yes exec unshare -rm "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
E2E_DISK=$e2e_dir/disk
mkdir "$E2E_DISK"
mount -t tmpfs -o size=2m callpark "$E2E_DISK" || e2e_fail "a small disk cannot be mounted"
export E2E_DISK
E2E_STORE=sqlite:$E2E_DISK/callpark.db
export CALLPARK_STORE_TROUBLE=memory
e2e_start
e2e_phones disk_memory.py
