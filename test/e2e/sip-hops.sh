#!/bin/sh
# Other systems that are dead, busy or silent, and what becomes of calls that we start towards them: RO-96 and HP
# of the wire.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2046  # one word for each port
set -- $(e2e_ports 7)
E2E_DNS=$1 E2E_SILENT=$2 E2E_BUSY=$3 E2E_WAKES=$4 E2E_TCP=$5 E2E_DEAD_1=$6 E2E_DEAD_2=$7
export E2E_DNS E2E_SILENT E2E_BUSY E2E_WAKES E2E_TCP E2E_DEAD_1 E2E_DEAD_2
printf 'nameserver 127.0.0.1\nport %s\n' "$E2E_DNS" >"$e2e_dir/resolv.conf"
e2e_start "[sip]
resolv-conf = $e2e_dir/resolv.conf
hop-timeout = 1s
options-interval = off
route = silent.test sip:silent.next
route = two.test sip:two.next
route = wakes.test sip:wakes.next
route = held.test sip:held.next
route = busy.test sip:busy.next
route = dead.test sip:dead.next
route = naptr.test sip:naptr.next
route = slow.test sip:slow.next"
e2e_phones sip_hops.py
