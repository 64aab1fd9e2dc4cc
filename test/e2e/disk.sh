# shellcheck shell=sh
# Read in the place of lib.sh by scripts that need a disk that can be full: the store is on one of 2 MiB, in a
# namespace of its own. Where there are none the script is skipped, in the words of `e2e_what`.
if [ -z "${E2E_INSIDE:-}" ]; then
    if ! unshare -rm true 2>/dev/null; then
        printf '1..1\nok 1 - %s # SKIP there are no user namespaces here\n' "$e2e_what"
        exit 0
    fi
    E2E_INSIDE=yes exec unshare -rm "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
E2E_DISK=$e2e_dir/disk
mkdir "$E2E_DISK"
mount -t tmpfs -o size=2m callpark "$E2E_DISK" || e2e_fail "a small disk cannot be mounted"
export E2E_DISK
# shellcheck disable=SC2034  # lib.sh reads it
E2E_STORE=sqlite:$E2E_DISK/callpark.db
