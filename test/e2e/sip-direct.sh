#!/bin/sh
# Two legs send their audio to each other after a retrieval, or talk without us altogether, and what is in the way of
# that: RD and RX of the wire.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start '[peer.direct]
networks = 127.0.0.1
refer-to = *
direct-media = yes
[peer.other]
networks = 127.0.0.2
[peer.leave]
networks = 127.0.0.3
exit = refer
auth-user = callpark
auth-password = secret'
e2e_phones sip_direct.py
