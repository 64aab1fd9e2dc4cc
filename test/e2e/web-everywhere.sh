#!/bin/sh
# Every page in a real browser: in German, on a narrow screen, twice as large, and by the keyboard.
# time-limit: 900
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_web everywhere.mjs
