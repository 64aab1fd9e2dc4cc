#!/bin/sh
# What nobody plans and somebody does: nobody is lost all the same.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones sip_odd.py
