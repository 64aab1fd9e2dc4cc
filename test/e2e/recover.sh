#!/bin/sh
# kill -9 and a start with calls of every kind: FO of the wire.
# time-limit: 300
. "$(dirname "$0")/lib.sh"
E2E_T1=50
export E2E_T1
E2E_ENDS=137 # the first of them is killed; recover.py looks after the others
e2e_start
e2e_phones recover.py
