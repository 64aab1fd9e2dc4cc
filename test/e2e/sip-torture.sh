#!/bin/sh
# RFC 4475, RFC 5118 and SDP as odd: each gets the answer it should, and then a call is parked as ever.
# time-limit: 90
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones sip_torture.py
