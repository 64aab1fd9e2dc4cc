#!/bin/sh
# REFER: calls that are fetched, by REFER and by the API, and transfers after the bridge: PR, PI, RT of the wire.
# time-limit: 150
. "$(dirname "$0")/lib.sh"
e2e_start
e2e_phones sip_refer.py
