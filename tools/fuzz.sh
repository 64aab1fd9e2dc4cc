#!/bin/sh
# Runs fuzz targets: tools/fuzz.sh BUILD_DIR SECONDS [TARGET]
# Starts from fuzz/corpus/TARGET, keeps what is new in BUILD_DIR/corpus (not in git) and what broke
# something in BUILD_DIR/found. Put that file into fuzz/corpus/TARGET together with the fix.
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1 seconds=$2 only=${3:-}

# one PROGRAM: a line for how it went
if [ "$only" = --one ]; then
    program=$4
    target=${program##*/fuzz_}
    mkdir -p "$build/corpus/$target" "$build/found" "fuzz/corpus/$target"
    log=$build/found/$target.log
    words=
    if [ -f "fuzz/$target.dict" ]; then words=-dict=fuzz/$target.dict; fi
    # shellcheck disable=SC2086  # no words, no argument
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/found/$target-" $words \
        "$build/corpus/$target" "fuzz/corpus/$target" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        printf 'ok   fuzz/%-20s %s inputs in %s s\n' "$target" "$runs" "$seconds"
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
