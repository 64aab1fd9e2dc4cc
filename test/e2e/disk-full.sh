#!/bin/sh
# The disk is full, and has room again: who is parked stays so, nobody new is promised a number that is not on disk.
# time-limit: 60
# lib.sh sets e2e_dir and reads E2E_STORE. shellcheck looks at one file at a time.
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
e2e_start
e2e_phones disk_full.py
