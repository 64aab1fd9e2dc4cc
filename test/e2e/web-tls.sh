#!/bin/sh
# HTTPS: which versions are spoken, a certificate that is replaced while connections are made, bad ones refused.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
tls=$e2e_dir/tls
mkdir "$tls"
# certificate NAME DAYS: NAME.pem and NAME.key in $tls
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tls/$1.key" -out "$tls/$1.pem" \
        -days "$2" -subj "/CN=$1.callpark.test" -addext "subjectAltName=DNS:$1.callpark.test,IP:127.0.0.1" 2>/dev/null ||
        e2e_fail "openssl could not make a certificate"
}
certificate first 90
certificate second 90
certificate soon 5
cp "$tls/first.pem" "$tls/cert.pem"
cp "$tls/first.key" "$tls/key.pem"
e2e_start "[web]
tls-cert = $tls/cert.pem
tls-key = $tls/key.pem"
E2E_WEB=$web E2E_TLS=$tls E2E_PID=$e2e_pid
export E2E_WEB E2E_TLS E2E_PID
e2e_phones web_tls.py
