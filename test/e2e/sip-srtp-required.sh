#!/bin/sh
# srtp = required: nobody is heard in the clear, whoever calls whom.
# time-limit: 60
. "$(dirname "$0")/lib.sh"
e2e_start '[media]
srtp = required'
e2e_phones sip_srtp_required.py
