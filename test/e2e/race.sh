#!/bin/sh
# Callers and retrievers fight for three orbits; all are counted at the end. E2E_RACE: seconds, E2E_SEED: the same again.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
E2E_T1=25 E2E_LOG=warning
export E2E_T1 E2E_LOG
e2e_start
e2e_phones race.py
