#!/bin/sh
# Plants one fault at a time in a copy of the core and runs the simulation on it, to see that it notices.
# plant.sh [NN...]: all of faults/, or those with these numbers. Prints the check that caught each; exit 1
# when one was not noticed, or its patch does not apply any more. CC, DAYS (1000) and SEED (1) may be set.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
missed=0

compile() { # FILE OBJECT
    ${CC:-cc} -std=gnu17 -O1 -g -w -I"$work/src" -I"$here" -c -o "$2" "$1"
}

# The files that a patch changes, below src/core.
changed() {
    sed -n 's,^+++ b/src/core/\([a-z_]*\)\.c.*,\1,p' "$1"
}

compile_changed() { # PATCH
    for file in $(changed "$1"); do
        compile "$work/src/core/$file.c" "$work/faulty/$file.o" || return 1
    done
}

mkdir "$work/src" "$work/fine"
cp -r "$root/src/core" "$root/src/base" "$work/src/"
for file in "$work"/src/*/*.c "$here"/*.c; do
    compile "$file" "$work/fine/$(basename "$file" .c).o"
done

plant() { # PATCH
    name=$(basename "$1" .patch)
    rm -rf "$work/faulty" "$work/src"
    mkdir "$work/src"
    cp -r "$work/fine" "$work/faulty"
    cp -r "$root/src/core" "$root/src/base" "$work/src/"
    if ! (cd "$work" && patch -s -p1 --no-backup-if-mismatch <"$1" >/dev/null); then
        echo "$name: the patch does not apply any more"
        missed=1
    elif ! compile_changed "$1"; then
        echo "$name: does not compile"
        missed=1
    else
        ${CC:-cc} -o "$work/sim" "$work"/faulty/*.o
        if "$work/sim" --days "${DAYS:-1000}" --seed "${SEED:-1}" >"$work/out" 2>"$work/err"; then
            echo "$name: NOT NOTICED"
            missed=1
        else
            caught=$(sed -n 's/.*Assertion `\(.*\)'"'"' failed.*/\1/p' "$work/err")
            said=$(sed -n 's/^not ok - //p' "$work/out")
            seed=$(sed -n 's/^# replay: sim --seed \([0-9]*\).*/\1/p' "$work/out")
            echo "$name: seed $seed: ${caught:+park_check: }${caught:-$said}"
        fi
    fi
}

if [ $# -eq 0 ]; then
    set -- "$here"/faults/*.patch
else
    numbers=$*
    set --
    for number in $numbers; do
        set -- "$@" "$here/faults/$number"-*.patch
    done
fi
for patch in "$@"; do
    plant "$patch"
done
exit $missed
