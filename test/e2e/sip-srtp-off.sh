#!/bin/sh
# srtp = off: keys in an SDP are not looked at, whoever calls whom.
# time-limit: 60
. "$(dirname "$0")/lib.sh"
e2e_start '[media]
srtp = off'
e2e_phones sip_srtp_off.py
