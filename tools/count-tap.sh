#!/bin/sh
# Counts the TAP on its standard input: tools/count-tap.sh EXIT_STATUS [TIME_LIMIT]
# First line: how many passed, failed, were skipped; then what failed, with what was said about it.
# A program that crashed, hung, broke off before its plan was done, had none, or exited with a failure
# that it did not report, counts as one failed test more.
exec awk -v status="${1:-0}" -v limit="${2:-}" '
    function note(text) { notes = notes text "\n" }

    /^1\.\.[0-9]+/ { plan += substr($1, 4); plans++; telling = 0; next }
    /^(not )?ok([ \t]|$)/ {
        results++
        telling = 0
        if (tolower($0) ~ /#[ \t]*(skip|todo)/) skipped++
        else if (/^ok/) passed++
        else { failed++; note($0); telling = 1; told = 0 }
        next
    }
    /^Bail out!/ { bailed = 1; note($0); next }
    telling && /^[ \t]*#/ && told++ < 20 { note($0) }

    END {
        why = ""
        if (status == 124 || (status == 137 && limit)) why = "not done within " limit " s"
        else if (status >= 128) why = "killed by signal " status - 128
        else if (bailed) why = "bailed out"
        else if (!plans) why = "no plan (1..N) among its lines; exit status " status
        else if (plan != results) why = "planned " plan " tests and ran " results "; exit status " status
        else if (status != 0 && !failed) why = "exit status " status " without a failed test"
        if (why) { failed++; note("not ok - " why) }
        printf "%d %d %d\n%s", passed, failed, skipped, notes
    }'
