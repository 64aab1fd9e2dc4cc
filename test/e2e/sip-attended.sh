#!/bin/sh
# Attended transfer, with Replaces and bridged inside the PBX: PA, PX of the wire.
# time-limit: 150
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones sip_attended.py
