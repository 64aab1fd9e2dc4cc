#!/bin/sh
# A phone in a real browser over WebSocket: it parks, hears music, is retrieved, and retrieves what others parked: plain
# phones, and a desk phone (baresip) that comes by TLS with SRTP.
# time-limit: 300
. "$(dirname "$0")/lib.sh"
tls=$e2e_dir/tls
mkdir "$tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tls/key.pem" -out "$tls/cert.pem" \
    -days 9 -subj "/CN=callpark.test" -addext "subjectAltName=DNS:callpark.test,IP:127.0.0.1" 2>/dev/null ||
    e2e_fail "openssl could not make a certificate"
# shellcheck disable=SC2046
set -- $(e2e_ports 4)
E2E_WS=$1 E2E_WSS=$2 E2E_TLS=$3 PHONE_PAGE=http://localhost:$4
[ -d "$e2e_root/test/web/node_modules/jssip" ] || e2e_fail "what test/web/package-lock.json names is not installed: tools/npm.sh test/web"
E2E_CA=$tls/cert.pem
export CHROMIUM="${CHROMIUM:-/usr/bin/chromium}" E2E_WS E2E_WSS E2E_TLS E2E_CA PHONE_PAGE
E2E_T1=250 # a browser takes its time for a handshake, and 20*T1 is all it gets
e2e_start "[sip]
listen = ws:127.0.0.1:$E2E_WS
listen = wss:127.0.0.1:$E2E_WSS
listen = tls:127.0.0.1:$E2E_TLS
tls-cert = $tls/cert.pem
tls-key = $tls/key.pem
ws-origin = $PHONE_PAGE"
HOME=$e2e_dir # settings of a browser are below it
export HOME
e2e_phones web_phone.py
