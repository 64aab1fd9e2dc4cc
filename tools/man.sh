#!/bin/sh
# The manual pages: tools/man.sh CALLPARKCTL OUT_DIR
# callparkctl(1) takes its commands from the program itself, callpark.conf(5) its keys from docs/operate.md, so
# that neither can differ from what it describes.
set -eu
ctl=$1
out=$2
man=$(dirname "$0")/../docs/man
mkdir -p "$out"

# The table of keys as a list; a row without a section belongs to the one above it.
keys() {
    sed -E 's/\[([^]]*)\]\([^)]*\)/\1/g' "$man/../operate.md" | awk -F ' *\\| *' '
        /^## Configuration/ { in_it = 1 }
        /^## / && !/Configuration/ { in_it = 0 }
        !in_it || !/^\|/ || /^\|---/ || /^\| key / { next }
        {
            key = $2; value = $3; text = $4
            for (i = 5; i < NF; i++) text = text " | " $i
            if (match(key, /\*\*\[[a-z]+\]\*\* /)) {
                section = substr(key, RSTART + 2, RLENGTH - 5)
                print "## " section "\n"
                key = substr(key, RSTART + RLENGTH)
            }
            gsub(/`/, "", key)
            text = text " (default: " value ")"
            gsub(/`/, "", text); gsub(/\*\*/, "", text)
            gsub(/[_*\\]/, "\\\\&", text); gsub(/[_*]/, "\\\\&", key)
            print "*" key "*\n\t" text "\n"
        }'
}

commands=$("$ctl" completion man) # by itself, so that a program that fails ends this
{ cat "$man/callparkctl.1.scd.head"; printf '%s\n' "$commands"; cat "$man/callparkctl.1.scd.tail"; } |
    scdoc >"$out/callparkctl.1"
{
    cat "$man/callpark.conf.5.scd.head"
    keys
    printf '# SEE ALSO\n\n*callparkd*(8)\n'
} | scdoc >"$out/callpark.conf.5"
scdoc <"$man/callparkd.8.scd" >"$out/callparkd.8"
scdoc <"$man/callpark-api.7.scd" >"$out/callpark-api.7"
