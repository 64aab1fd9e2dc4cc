#!/bin/sh
# The red banner of a store that cannot be written, in a real browser.
# time-limit: 120
# shellcheck disable=SC2154,SC2034
# A small disk of its own needs a namespace of its own.
if [ -z "${E2E_INSIDE:-}" ]; then
    if ! unshare -rm true 2>/dev/null; then
        printf '1..1\nok 1 - the banner # SKIP there are no user namespaces here\n'
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
cp "$E2E_DISK/callpark.db.token" "$e2e_dir/callpark.db.token" # where the tests look for it
e2e_web store.mjs
