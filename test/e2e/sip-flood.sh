#!/bin/sh
# A flood of parks: nobody who has a call is lost by it, and it is over when it is over.
# time-limit: 120
# alone
. "$(dirname "$0")/lib.sh"
E2E_LOG=warning
e2e_start
e2e_phones sip_flood.py
