#!/bin/sh
# Runs fuzz targets: tools/fuzz.sh BUILD_DIR SECONDS [TARGET]
# In place of the seconds `N-inputs` runs that many (of slow ones fewer), the same ones each time: a check must not fail for
# what chance found, that is for a longer run to find.
# Starts from fuzz/corpus/TARGET, keeps what is new in BUILD_DIR/corpus (not in git) and what broke
# something in BUILD_DIR/found. Put that file into fuzz/corpus/TARGET together with the fix.
set -u
cd "$(dirname "$0")/.." || exit 2
export LSAN_OPTIONS="${LSAN_OPTIONS:-suppressions=$PWD/tools/lsan.supp:print_suppressions=0}"
build=$1 seconds=$2 only=${3:-}

# one PROGRAM: a line for how it went
if [ "$only" = --one ]; then
    program=$4
    target=${program##*/fuzz_}
    kept=$build/corpus/$target
    mkdir -p "$kept" "$build/found" "fuzz/corpus/$target"
    log=$build/found/$target.log
    words=
    if [ -f "fuzz/$target.dict" ]; then words=-dict=fuzz/$target.dict; fi
    case $seconds in
    *-inputs)
        runs=${seconds%-inputs}
        case $target in
        music) runs=$((runs / 10)) ;;  # decodes sound for each
        router) runs=$((runs / 20)) ;; # a whole server with empty tables for each
        wire) runs=$((runs / 200)) ;;  # traffic with a whole server, and a call as ever behind each
        esac
        limits="-seed=1 -runs=$runs"
        kept=$(mktemp -d) # from what is in git only, so that it is the same for everybody
        trap 'rm -rf "$kept"' EXIT
        ;;
    *) limits="-max_total_time=$seconds" ;;
    esac
    # shellcheck disable=SC2086  # several words
    if "$program" $limits -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/found/$target-" $words \
        "$kept" "fuzz/corpus/$target" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        printf 'ok   fuzz/%-20s %s inputs\n' "$target" "$runs"
        exit 0
    fi
    printf 'FAIL fuzz/%s: %s\n' "$target" "$(sed -n 's/^Test unit written to //p' "$log" | tail -n 1)"
    tail -n 40 "$log" | sed 's/^/   | /'
    exit 1
fi

programs=$(find "$build/fuzz" -maxdepth 1 -type f -name "fuzz_${only:-*}" -perm -100 2>/dev/null | sort)
if [ -z "$programs" ]; then
    echo "no fuzz target ${only:+named '$only' }is built"
    [ -z "$only" ]
    exit
fi
printf '%s\n' "$programs" | tr '\n' '\0' |
    xargs -0 -n 1 -P "$(nproc)" "$0" "$build" "$seconds" --one
