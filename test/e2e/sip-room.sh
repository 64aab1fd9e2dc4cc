#!/bin/sh
# As many calls as there is room for, and one more: TM of the wire.
# time-limit: 60
. "$(dirname "$0")/lib.sh"
e2e_start "[media]
streams-max = 8
workers = 2"
e2e_phones sip_room.py
