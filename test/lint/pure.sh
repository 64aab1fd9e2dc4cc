#!/bin/sh
# The check that the core is pure can fail: one call each that it must find.
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

# verdict EXPECTED CALL; the call stands in a function with an int `i`, a text `s` and a pointer `p`.
verdict() {
    n=$((n + 1))
    cat >"$work/a.c" <<C
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
int other(int i);
int other(int i) { return i; }
long f(int i, char *s, void *p);
long f(int i, char *s, void *p) { (void)i; (void)s; (void)p; return (long)($2); }
C
    gcc -std=gnu17 -O2 -D_FORTIFY_SOURCE=2 -c -o "$work/a.o" "$work/a.c" 2>"$work/said" || {
        echo "not ok $n - $2 does not compile"
        return
    }
    if "$root/tools/check-pure.sh" "$work/a.o" >"$work/said" 2>&1; then got=passes; else got=fails; fi
    if [ $got = "$1" ]; then
        echo "ok $n - $2 $1"
    else
        echo "not ok $n - $2 $got"
        sed 's/^/# /' "$work/said"
    fi
}

verdict passes 'other(i)'
verdict passes 'strlen(s)'
verdict passes 'snprintf(s, (size_t)i, "%d", i)'
verdict passes '(long)memcpy(p, s, (size_t)i)'
verdict fails '(long)malloc((size_t)i)'
verdict fails '(long)strdup(s)'
verdict fails 'time(NULL)'
verdict fails 'clock_gettime(CLOCK_MONOTONIC, p)'
verdict fails 'socket(i, i, i)'
verdict fails 'printf("%d", i)'
verdict fails 'rand()'
verdict fails 'strtol(s, NULL, i)'
verdict fails '(long)getenv(s)'
echo "1..$n"
