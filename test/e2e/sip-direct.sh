#!/bin/sh
# Two legs send their audio to each other after a retrieval, and what is in the way of that: RD of the wire.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start '[peer.direct]
networks = 127.0.0.1
refer-to = *
direct-media = yes
[peer.other]
networks = 127.0.0.2'
e2e_phones sip_direct.py
