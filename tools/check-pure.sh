#!/bin/sh
# Fails when object files call anything outside themselves but what only computes: no memory from the
# heap, no clock, no socket, no file, no state that is hidden in the C library.
# tools/check-pure.sh FILE...; objects or archives of an optimised build without sanitizers.
set -eu

# Not here on purpose: qsort (may allocate), strtol and its like (follow the locale), strdup, strtok,
# strerror (hidden state), time in any form, rand.
allowed='memcpy memmove memset memcmp memchr mempcpy
strlen strnlen strcmp strncmp strchr strrchr strchrnul strstr strspn strcspn strpbrk strcpy strncpy strcat
snprintf vsnprintf bsearch inet_pton
__assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_
__tls_get_addr' # finds what a thread has computed once and keeps: an answer that never changes

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nm -A --defined-only "$@" | awk 'NF > 2 && $(NF-1) ~ /^[A-Z]$/ { print $NF }' | sort -u >"$work/inside"
printf '%s\n' $allowed >>"$work/inside"

# Fortified functions are the same ones with a check in front: __memcpy_chk is memcpy.
nm -A -u "$@" | awk '
    NR == FNR { ok[$1] = 1; next }
    NF > 1 && $(NF - 1) == "U" {
        name = $NF
        plain = name
        if (plain ~ /^__.*_chk$/) { sub(/^__/, "", plain); sub(/_chk$/, "", plain) }
        if (!(name in ok) && !(plain in ok)) {
            where = $1
            sub(/:$/, "", where)
            sub(/.*[:\/]/, "", where)
            print where ": calls " name "(), which is not pure"
            bad = 1
        }
    }
    END { exit bad }' "$work/inside" -
