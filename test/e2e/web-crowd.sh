#!/bin/sh
# The board with two thousand calls, and the pages of as many ranges, in a real browser.
# time-limit: 900
. "$(dirname "$0")/lib.sh"
E2E_LOG=warning
e2e_start '[sip]
trusted = 127.1.0.0/16'
e2e_web crowd.mjs
