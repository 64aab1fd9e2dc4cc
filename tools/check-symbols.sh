#!/bin/sh
# Fails when two layers define a function of the same name: each is a library of its own, and the linker takes whichever
# it comes upon first. tools/check-symbols.sh ARCHIVE...
set -eu

nm -A -g --defined-only "$@" 2>/dev/null | awk '
    NF > 2 && $(NF - 1) ~ /^[TDBR]$/ && $NF !~ /^_/ {
        where = $1
        sub(/\.a.*/, "", where)
        sub(/.*\//, "", where)
        if (($NF in first) && first[$NF] != where) {
            print $NF "() is in " first[$NF] " and in " where
            bad = 1
        }
        first[$NF] = where
    }
    END { exit bad }'
