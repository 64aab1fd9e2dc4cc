#!/bin/sh
# What counts as passed and failed must not be too kind: a crash, a hang, a plan that was not done.
root=$(cd "$(dirname "$0")/../.." && pwd)
n=0

# counts NAME EXIT_STATUS 'PASSED FAILED SKIPPED' TAP
counts() {
    n=$((n + 1))
    got=$(printf "$4" | "$root/tools/count-tap.sh" "$2" 60 | head -n 1)
    if [ "$got" = "$3" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        echo "# expected $3, got $got"
    fi
}

counts 'all well' 0 '2 0 0' '1..2\nok 1 - a\nok 2 - b\n'
counts 'the plan may come last' 0 '2 0 0' 'ok 1 - a\nok 2 - b\n1..2\n'
counts 'two groups in one program' 0 '3 0 0' '1..1\nok 1 - a\n1..2\nok 1 - b\nok 2 - c\n'
counts 'one failed' 1 '1 1 0' '1..2\nok 1 - a\nnot ok 2 - b\n# why\n'
counts 'failed, though the exit status says no' 0 '0 1 0' '1..1\nnot ok 1 - a\n'
counts "cmocka's way to skip" 0 '1 0 1' '1..2\nok 1 - a\nnot ok 2 # SKIP b\n'
counts 'skipped as a whole' 0 '0 0 0' '1..0 # SKIP no network\n'
counts 'a crash' 139 '1 1 0' '1..2\nok 1 - a\n'
counts 'a crash at the very end' 134 '2 1 0' '1..2\nok 1 - a\nok 2 - b\n'
counts 'a time-out' 124 '1 1 0' '1..3\nok 1 - a\n'
counts 'broke off' 0 '1 1 0' '1..3\nok 1 - a\n'
counts 'a test too many' 0 '2 1 0' '1..1\nok 1 - a\nok 2 - b\n'
counts 'no plan' 0 '1 1 0' 'ok 1 - a\n'
counts 'nothing said' 0 '0 1 0' ''
counts 'a failure nobody reported' 1 '1 1 0' '1..1\nok 1 - a\n'
counts 'gave up' 1 '0 1 0' 'Bail out! no port\n'
counts 'words that begin as a result does' 0 '1 0 0' '1..1\nokay then\nok 1\n  ok 2\n'
echo "1..$n"
