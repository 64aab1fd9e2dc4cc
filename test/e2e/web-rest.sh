#!/bin/sh
# The pages of settings, call records, activity and the system in a real browser.
# time-limit: 900
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_web rest.mjs
