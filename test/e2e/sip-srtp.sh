#!/bin/sh
# Audio with keys in the SDP: parked, heard, retrieved, attacked, keyed anew.
# time-limit: 90
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones sip_srtp.py
