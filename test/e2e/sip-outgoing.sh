#!/bin/sh
# Calls that the server starts, where they are not simply answered: RB-13 to RB-17 of the wire.
# time-limit: 90
. "$(dirname "$0")/lib.sh"
e2e_start '[sip]
auth-user = callpark
auth-password = secret'
e2e_phones sip_outgoing.py
