#!/bin/sh
# Systems that are asked by OPTIONS whether they live: KA of the wire.
# time-limit: 90
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2046  # one word for each port
set -- $(e2e_ports 6)
E2E_DNS=$1 E2E_FIRST=$2 E2E_SECOND=$3 E2E_FULL=$4 E2E_ODD=$5 E2E_LATER=$6
export E2E_DNS E2E_FIRST E2E_SECOND E2E_FULL E2E_ODD E2E_LATER
printf 'nameserver 127.0.0.1\nport %s\n' "$E2E_DNS" >"$e2e_dir/resolv.conf"
e2e_start "[sip]
resolv-conf = $e2e_dir/resolv.conf
hop-timeout = 1s
options-interval = 2s
route = pair.test sip:pair.next
[peer.full]
networks = 127.0.0.8
options = sip:127.0.0.1:$E2E_FULL
[peer.odd]
networks = 127.0.0.9
options = sip:127.0.0.1:$E2E_ODD
[peer.later]
networks = 127.0.0.10
options = sip:127.0.0.1:$E2E_LATER"
e2e_phones sip_options.py
