#!/bin/sh
# Who comes from outside of the trusted networks: passwords, rights, and what nobody gets from outside.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start '[sip]
realm = callpark.test
[media]
unheard = 1s
[peer.other]
networks = 127.0.0.3
trust-identity = no
may = park'
e2e_phones sip_strangers.py
