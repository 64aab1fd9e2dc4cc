#!/bin/sh
# Real phones (baresip) that are registered at a real proxy (Kamailio), and callpark beside it: park by blind transfer,
# retrieve from a third phone, ring back. Who hears whom is told by each phone's own tone.
# time-limit: 150
exec python3 "$(dirname "$0")/softphones.py"
