#!/bin/sh
# Starts a built callparkd on loopback for somebody to look at: tools/run.sh BUILD_DIR
# Everything it keeps is in BUILD_DIR/run; remove that folder to begin anew.
set -eu
cd "$(dirname "$0")/.."
build=$(cd "$1" && pwd)
run=$build/run
[ -x "$build/callparkd" ] || { echo "run: there is no $1/callparkd yet" >&2; exit 1; }
mkdir -p "$run"
chmod 700 "$run"

# The first port from $1 on that nobody has, neither for UDP nor for TCP.
free_port() {
    python3 -c '
import socket, sys
for port in range(int(sys.argv[1]), 65536):
    try:
        for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM:
            with socket.socket(socket.AF_INET, kind) as s:
                if kind == socket.SOCK_STREAM:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break' "$1"
}
sip=$(free_port 5060)
web=$(free_port 8080)
[ "$sip" = 5060 ] || echo "Port 5060 is taken; SIP is on $sip."
[ "$web" = 8080 ] || echo "Port 8080 is taken; the web is on $web."

# A path that is too long for a socket address (107 characters) is no place for the admin socket.
socket=$run/admin.sock
[ ${#socket} -le 100 ] || socket=$(mktemp -d /tmp/callpark-run.XXXXXX)/admin.sock

cat >"$run/callpark.conf" <<CONF
; Written by ./dev run at every start.
[node]
name        = local
destination = pool1.example.com
site        = Here

[sip]
listen  = udp:127.0.0.1:$sip
listen  = tcp:127.0.0.1:$sip
domain  = localhost
trusted = 127.0.0.0/8
trusted = ::1

[web]
listen       = 127.0.0.1:$web
admin-socket = $socket

[store]
url = sqlite:$run/callpark.db

[log]
format = text
CONF

ctl() { "$build/callparkctl" --socket "$socket" "$@"; }

"$build/callparkd" -c "$run/callpark.conf" &
daemon=$!
stop() {
    trap - INT TERM HUP EXIT
    kill -TERM $daemon 2>/dev/null || true
    wait $daemon || true
    exit "$1"
}
trap 'stop 0' INT TERM HUP
trap 'stop 1' EXIT

tries=0
until ctl status >/dev/null 2>&1; do
    kill -0 $daemon 2>/dev/null || { echo "run: callparkd has ended; why is written above" >&2; exit 1; }
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { echo "run: callparkd does not answer at $socket" >&2; exit 1; }
    sleep 0.1
done

if [ -z "$(ctl range list -o name)" ]; then
    ctl range create "Front desk" 700 719 --destination pool1.example.com >/dev/null
    ctl range create "Star orbits" '*8000' '*8019' --destination pool1.example.com >/dev/null
fi

# The first time it leads through the set-up; later it signs an administrator in. Once, and for 30 minutes.
administrator=$(ctl role list -o tsv | awk -F '\t' '$3 == "administrator" && $4 == "all" { print $2; exit }')
if [ -n "$administrator" ]; then
    link=$(ctl setup --quiet --user "$administrator")
    what="signs you in as $administrator"
else
    link=$(ctl setup --quiet)
    what="make the first administrator"
fi

cat <<WORDS

callpark is running.
  page    $link
          (once, for 30 minutes: $what; another: $build/callparkctl --socket $socket setup)
  SIP     sip:park@127.0.0.1:$sip   (UDP and TCP; orbits 700 to 719 and *8000 to *8019)
  API     http://127.0.0.1:$web/api/v1/   (first token: $run/callpark.db.token)
  store   $run/callpark.db

Park a first call, from another terminal:
  $build/callparkctl --socket $socket demo
Call it over SIP and RTP and prove who hears whom:
  $build/callparkctl --socket $socket selftest

Ctrl-C stops it.
WORDS
wait $daemon && code=0 || code=$?
trap - EXIT
exit $code
