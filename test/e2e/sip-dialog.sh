#!/bin/sh
# Dialogs, session timers, and what is refused: section 8 of the wire.
# time-limit: 150
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones sip_dialog.py
