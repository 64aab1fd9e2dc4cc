#!/bin/sh
# Music of one's own: uploaded with curl and callparkctl, told apart by its tone, still there after a restart.
# time-limit: 150
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones music.py
