"""Ports that a telephone listens to for audio. Those that the system gives out may have been somebody's a moment ago,
whose call, at the server of another test perhaps, still has its music sent there: two voices at once, and neither is
recognized. These come back only when all the others have been used."""

import fcntl
import os
import tempfile

FIRST, LAST = 33000, 60980
COUNTER = os.path.join("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir(), f"callpark-test-ports.{os.getuid()}")


def next_ports(count):
    """The first of `count` in a row, even; that none of them is taken by another program is not said."""
    with open(os.open(COUNTER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        said = f.read()
        first = int(said) if said.isdecimal() else FIRST
        if not FIRST <= first <= LAST - count:
            first = FIRST
        f.seek(0)
        f.truncate()
        f.write(str(first + count + count % 2))
    return first
