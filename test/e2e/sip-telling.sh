#!/bin/sh
# Telling people: text messages, who is on the other side, park keys' prefixes: OR, PK of the wire.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
# Every phone here is of one system, that takes a re-INVITE for a name.
e2e_start "[sip]
park-prefix = *68, park+
retrieve-prefix = *88
retrieve-prefix = retrieve+
refer-dial = yes
[peer.pbx]
networks = 127.0.0.1/32
display-reinvite = yes"
e2e_phones sip_telling.py
