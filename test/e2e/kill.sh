#!/bin/sh
# kill -9 in the middle of 200 parks a second: every number that was told is in the store.
exec python3 "$(dirname "$0")/kill.py"
