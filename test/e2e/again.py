"""A restart in the middle of a list of scenarios. A line that does this is one of the last ones: it takes all calls down."""

import os
import signal
import subprocess
import time

from phone import Missing

FOLDER = os.environ["E2E_DIR"]


def answers():
    return subprocess.run([os.environ["CALLPARKCTL"], "--socket", os.environ["E2E_SOCKET"], "status"], capture_output=True,
                          check=False, timeout=20).returncode == 0


def start_again():
    """The same server once more; the one that lib.sh started has ended by itself."""
    pid = int(os.environ["E2E_PID"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}") and "\nState:\tZ" not in open(f"/proc/{pid}/status").read():
        if time.monotonic() > deadline:
            raise Missing("the server does not end")
        time.sleep(0.05)
    log = open(os.path.join(FOLDER, "callparkd.log"), "a")
    deadline = time.monotonic() + 40  # reading music anew on a machine that is busy with other tests
    server = subprocess.Popen([os.environ["CALLPARKD"], "-c", os.path.join(FOLDER, "callpark.conf")], stdout=log, stderr=log)
    while not answers():
        if time.monotonic() > deadline:
            raise Missing("the server does not start again")
        time.sleep(0.1)
    return server
