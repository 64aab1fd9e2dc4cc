#!/bin/sh
# Real software from Debian (baresip, Linphone, SIPp, Kamailio) and callpark beside it: who parks, who hears, who
# retrieves, lamps at a presence server, an account at a registrar. docs/interop.md is made of what this finds.
# time-limit: 150
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2046  # one word for each port
set -- $(e2e_ports 3)
E2E_PROXY=$1 E2E_TLS=$2 E2E_LOST=$3 E2E_CA=$e2e_dir/cert.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$e2e_dir/key.pem" -out "$E2E_CA" \
    -days 9 -subj "/CN=callpark.test" -addext "subjectAltName=DNS:callpark.test,IP:127.0.0.1" 2>/dev/null ||
    e2e_fail "openssl could not make a certificate"
export E2E_PROXY E2E_TLS E2E_LOST E2E_CA
E2E_NEXT_HOP="outbound = sip:127.0.0.1:$E2E_PROXY"
e2e_start "[sip]
listen = tls:127.0.0.1:$E2E_TLS
tls-cert = $e2e_dir/cert.pem
tls-key = $e2e_dir/key.pem
[presence]
publish = sip:127.0.0.1:$E2E_PROXY
[register.office]
registrar = sip:127.0.0.1:$E2E_PROXY
aor = 7000
auth-user = park
auth-password = word
expires = 60s"
e2e_phones interop.py
