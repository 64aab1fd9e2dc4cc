#!/bin/sh
# Calls that the server starts, where they are not simply answered, and where they go: RB-13 to RB-17, RO-96, RG
# of the wire.
# time-limit: 90
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2046  # one word for each port
set -- $(e2e_ports 2)
E2E_DNS=$1 E2E_REGISTRAR=$2
export E2E_DNS E2E_REGISTRAR
printf 'nameserver 127.0.0.1\nport %s\n' "$E2E_DNS" >"$e2e_dir/resolv.conf"
e2e_start "[sip]
auth-user = callpark
auth-password = secret
resolv-conf = $e2e_dir/resolv.conf
route = *.route.test sip:next.test
[register.office]
registrar = sip:127.0.0.1:$E2E_REGISTRAR
aor = 700
auth-user = park
auth-password = word
expires = 2s"
e2e_phones sip_outgoing.py
