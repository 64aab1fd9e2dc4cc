#!/bin/sh
# Parking by blind transfer, by dialling an orbit, and handing over the number: PB, PD, OR of the wire.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones sip_park.py
