#!/bin/sh
# Draws the main flows as ladders, each from a capture of a real run: ./dev flows. It is no test, so it is not executable.
set -eu
. "$(dirname "$0")/lib.sh"
e2e_start '[sip]
options-interval = off
[peer.direct]
networks = 127.0.0.5
direct-media = yes
[peer.leave]
networks = 127.0.0.3
exit = refer'
PYTHONPATH=$e2e_here PYTHONDONTWRITEBYTECODE=1 python3 "$e2e_here/flows.py" "$e2e_root/docs/flows" 2>&1
