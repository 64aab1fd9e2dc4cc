#!/bin/sh
# Lamps, pickup by them, tickets, lamps published elsewhere: BL, RP of the wire.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
E2E_PRESENCE=$(e2e_ports 1)
export E2E_PRESENCE
e2e_start "[sip]
retrieve-prefix = **
callpark-info = yes
auth-user = callpark
auth-password = secret
lamp-profile = blinking* early
[presence]
publish = sip:127.0.0.1:$E2E_PRESENCE"
e2e_phones sip_lamps.py
