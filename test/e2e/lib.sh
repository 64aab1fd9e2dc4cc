# shellcheck shell=sh
# Read by the scripts here that need a callparkd of their own: it is started on free ports of loopback, with its
# files in a folder that goes with it, and ended by its own id. What it said is kept when a test failed.
#
#   . "$(dirname "$0")/lib.sh"
#   e2e_start ['[section]
#   key = value' ...]     start it; further lines of configuration
#                         (E2E_NEXT_HOP= : calls that it starts go to the phones themselves)
#   e2e_phones FILE.py    run the scripted phones of FILE.py against it; prints TAP, ends with its status
#   e2e_node FILE.mjs     run a test of test/web against it that needs no browser; prints TAP
#   e2e_web FILE.mjs      run a test of the page in test/web against it, with a real browser; prints TAP

e2e_here=$(cd "$(dirname "$0")" && pwd)
e2e_root=$(cd "$e2e_here/../.." && pwd)
: "${CALLPARKD:=$e2e_root/build/callparkd}" "${CALLPARKCTL:=$e2e_root/build/callparkctl}"
export CALLPARKD CALLPARKCTL
e2e_dir=$(mktemp -d "${TMPDIR:-/tmp}/callpark-e2e.XXXXXX")
e2e_pid=

# What is printed here ends up in a TAP stream.
e2e_fail() {
    printf '1..1\nnot ok 1 - %s\n' "$1"
    [ ! -s "$e2e_dir/callparkd.log" ] || tail -n 15 "$e2e_dir/callparkd.log" | sed 's/^/# /'
    exit 1
}

e2e_stop() {
    status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$e2e_pid" ]; then
        kill -TERM "$e2e_pid" 2>/dev/null
        wait "$e2e_pid"
        ended=$?
        # A sanitizer says what it found at the very end, and the phones have printed their plan by then.
        if [ "$ended" != "${E2E_ENDS:-0}" ] && [ "$status" = 0 ]; then
            echo "Bail out! callparkd ended with status $ended"
            tail -n 40 "$e2e_dir/callparkd.log" | sed 's/^/# /'
            status=1
        fi
    fi
    if [ "$status" != 0 ] && [ -s "$e2e_dir/callparkd.log" ]; then tail -n 60 "$e2e_dir/callparkd.log" >&2; fi
    if [ -n "${E2E_DISK:-}" ]; then umount "$E2E_DISK"; fi
    if [ -n "${E2E_KEEP:-}" ]; then echo "# kept: $e2e_dir"; else rm -rf "$e2e_dir"; fi
    exit "$status"
}
trap e2e_stop EXIT
trap 'exit 130' INT TERM HUP

# COUNT free ports, each free for UDP and TCP on 127.0.0.1 and ::1.
e2e_ports() {
    python3 -c '
import socket, sys
held, found = [], []
while len(found) < int(sys.argv[1]):
    try:
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        mine = [probe]
        for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
            for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM:
                if (family, kind) != (socket.AF_INET, socket.SOCK_DGRAM):
                    s = socket.socket(family, kind)
                    mine.append(s)
                    s.bind((host, port))
        held.append(mine)
        found.append(str(port))
    except OSError:
        continue
print(*found)' "$1"
}

# Where a thousand ports begin for RTP: below those that the system gives out by itself, as a phone here may have
# had one of those a moment ago; by the process id, so that scripts that run at once seldom meet. They are this
# script's until it ends, by a lock on descriptor 8: also while its server is dead, for whom they must be kept.
# What some other program has is passed over, but not a thousand ports of which it has one.
e2e_rtp() {
    for try in $(seq 0 21); do
        rtp=$((10000 + ($1 + try) % 22 * 1000))
        exec 8>"/tmp/callpark-rtp.$rtp.lock"
        flock -n 8 || continue
        if python3 -c '
import socket, sys
for port in range(int(sys.argv[1]), int(sys.argv[1]) + 8):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", port))' "$rtp" 2>/dev/null; then return; fi
    done
}

e2e_start() {
    [ -x "$CALLPARKD" ] || e2e_fail "there is no callparkd at $CALLPARKD"
    # shellcheck disable=SC2046
    set -- "$@" $(e2e_ports 3)
    more=
    while [ $# -gt 3 ]; do
        more="$more
$1"
        shift
    done
    E2E_SIP=$1 E2E_PBX=$2
    web=$3
    E2E_SOCKET=$e2e_dir/admin.sock
    e2e_rtp $$
    cat >"$e2e_dir/callpark.conf" <<CONF
[node]
name = e2e
destination = pool1.example.com
site = Here
[sip]
listen = udp:127.0.0.1:$E2E_SIP
listen = tcp:127.0.0.1:$E2E_SIP
listen = udp:[::1]:$E2E_SIP
domain = callpark.test
trusted = 127.0.0.1/32
trusted = ::1
${E2E_NEXT_HOP-outbound = sip:127.0.0.1:$E2E_PBX}
t1 = ${E2E_T1:-50}
[media]
rtp-ports = $rtp-$((rtp + 998))
[web]
listen = 127.0.0.1:$web
admin-socket = $E2E_SOCKET
[store]
url = ${E2E_STORE:-sqlite:$e2e_dir/callpark.db}
[log]
level = ${E2E_LOG:-debug}
format = text
$more
CONF
    # shellcheck disable=SC2086  # further options are words
    "$CALLPARKD" ${E2E_OPTIONS:-} -c "$e2e_dir/callpark.conf" >"$e2e_dir/callparkd.log" 2>&1 8>&- &
    e2e_pid=$!
    tries=0
    until "$CALLPARKCTL" --socket "$E2E_SOCKET" status >/dev/null 2>&1; do
        kill -0 "$e2e_pid" 2>/dev/null || {
            e2e_pid=
            e2e_fail "callparkd did not start"
        }
        tries=$((tries + 1))
        [ $tries -lt 200 ] || e2e_fail "callparkd does not answer at its admin socket"
        sleep 0.1
    done
    E2E_LOGFILE=$e2e_dir/callparkd.log E2E_DIR=$e2e_dir E2E_PID=$e2e_pid
    export E2E_SIP E2E_PBX E2E_SOCKET E2E_LOGFILE E2E_DIR E2E_PID
}

e2e_phones() {
    PYTHONPATH=$e2e_here PYTHONDONTWRITEBYTECODE=1 python3 "$e2e_here/$1"
}

e2e_node() {
    [ -d "$e2e_root/test/web/node_modules" ] || e2e_fail "what test/web/package-lock.json names is not installed: tools/npm.sh test/web"
    E2E_URL=http://127.0.0.1:$web E2E_TOKEN_FILE=$e2e_dir/callpark.db.token
    export E2E_URL E2E_TOKEN_FILE
    # Settings and profiles of a browser are below HOME: those of nobody.
    e2e_file=$1
    shift
    HOME=$e2e_dir node "$e2e_root/test/web/$e2e_file" "$@"
}

e2e_web() {
    [ -x "${CHROMIUM:=/usr/bin/chromium}" ] || e2e_fail "there is no $CHROMIUM (Debian's package chromium)"
    export CHROMIUM
    e2e_node "$1"
}
