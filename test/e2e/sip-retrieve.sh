#!/bin/sh
# Retrieval and its races: RV, RC of the wire.
# time-limit: 150
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones sip_retrieve.py
