#!/bin/sh
# A flood of parks: nobody who has a call is lost by it, and it is over when it is over.
# time-limit: 120
# alone
. "$(dirname "$0")/lib.sh"
E2E_LOG=warning
# As in the world: an ACK may be lost as long as the flood lasts, and 64*T1 must be longer than that.
E2E_T1=500
e2e_start
e2e_phones sip_flood.py
