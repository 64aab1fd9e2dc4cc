#!/bin/sh
# soak.sh PROGRAM MINUTES [SEED]: mixed traffic with faults, in a network and mount namespace of its own where the
# system gives us one (then there is netem, where the kernel has it, and a small disk that can be filled); else on
# loopback as it is, and what could not be tried is said.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH="$here/../e2e:$here" PYTHONDONTWRITEBYTECODE=1

for space in "unshare -n -m" "unshare -r -n -m" ""; do
    if $space true 2>/dev/null; then break; fi
done
if [ -z "$space" ]; then
    echo "no namespace of our own here: the disk is not filled, and packets are lost by the telephones alone"
    exec python3 "$here/soak.py" "$@"
fi
# shellcheck disable=SC2016  # the inner shell expands it
SOAK_SPACE=own exec $space sh -c 'PATH=$PATH:/usr/sbin:/sbin; ip link set lo up; exec python3 "$@"' - "$here/soak.py" "$@"
