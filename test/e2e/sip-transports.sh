#!/bin/sh
# TLS, WebSocket and secure WebSocket: who is let in, and park, retrieve and ring back over each (8.2).
# time-limit: 120
. "$(dirname "$0")/lib.sh"

# NAME SAN DAYS: a certificate that the authority of this test has signed.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$e2e_dir/$1.key" -out "$e2e_dir/$1.csr" \
        -subj "/CN=$1" 2>/dev/null
    printf 'subjectAltName=%s\n' "$2" >"$e2e_dir/$1.ext"
    openssl x509 -req -in "$e2e_dir/$1.csr" -CA "$e2e_dir/ca.pem" -CAkey "$e2e_dir/ca.key" -CAcreateserial -days "$3" \
        -extfile "$e2e_dir/$1.ext" -out "$e2e_dir/$1.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$e2e_dir/ca.key" -out "$e2e_dir/ca.pem" \
    -days 30 -subj "/CN=Test authority" 2>/dev/null
certificate server "DNS:callpark.test,IP:127.0.0.1" 10
certificate next "DNS:callpark.test,IP:127.0.0.1" 20
certificate sbc "URI:sip:sbc.example,DNS:other.example" 10
certificate stranger "DNS:stranger.example" 10
certificate secured "DNS:sip.secure.test,DNS:sips.secure.test" 10

# shellcheck disable=SC2046
set -- $(e2e_ports 5)
E2E_TLS=$1 E2E_WS=$2 E2E_WSS=$3 E2E_DNS=$4 E2E_DEAD=$5
export E2E_TLS E2E_WS E2E_WSS E2E_DNS E2E_DEAD
printf 'nameserver 127.0.0.1\nport %s\n' "$E2E_DNS" >"$e2e_dir/resolv.conf"
E2E_NEXT_HOP=
e2e_start "[sip]
resolv-conf = $e2e_dir/resolv.conf
listen = tls:127.0.0.1:$E2E_TLS
listen = ws:127.0.0.1:$E2E_WS
listen = wss:127.0.0.1:$E2E_WSS
tls-cert = $e2e_dir/server.pem
tls-key = $e2e_dir/server.key
tls-ca = $e2e_dir/ca.pem
tls-client-cert = ask
ws-origin = https://phones.example
connections-per-source = 40
[peer.sbc]
certificate = sbc.example"
e2e_phones sip_transports.py
