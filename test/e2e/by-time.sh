#!/bin/sh
# What only time can show, all of it waited for at once: ring back by itself, max_park, session timers.
# time-limit: 150
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones by_time.py
