# shellcheck shell=sh
# Read by the scripts that try callparkctl, behind lib.sh and e2e_start: what a command ends with and says.

count=0 failed=0
out=$E2E_DIR/out err=$E2E_DIR/err
export CALLPARK_SOCKET="$E2E_SOCKET" NO_COLOR=1

result() { # ok|'not ok' WHAT
    count=$((count + 1))
    printf '%s %d - %s\n' "$1" "$count" "$2"
    [ "$1" = ok ] || {
        failed=$((failed + 1))
        sed 's/^/# stdout: /' "$out"
        sed 's/^/# stderr: /' "$err"
    }
}

# ctl CODE PART WORD...: run it, expect this exit code, and PART within what it prints or says.
ctl() {
    code=$1 part=$2
    shift 2
    "$CALLPARKCTL" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    if [ $got != "$code" ]; then
        result 'not ok' "$* ends with $code (it was $got)"
    elif [ -n "$part" ] && ! cat "$out" "$err" | grep -qF -- "$part"; then
        result 'not ok' "$* says '$part'"
    else
        result ok "$*: $code"
    fi
}

# The same for standard output as a whole.
prints() { # TEXT WORD...
    text=$1
    shift
    "$CALLPARKCTL" "$@" >"$out" 2>"$err" </dev/null
    if [ "$(tr -d '\r' <"$out")" = "$text" ]; then result ok "$* prints it"; else result 'not ok' "$* prints '$text'"; fi
}

ctl_end() {
    echo "1..$count"
    [ $failed = 0 ]
}
