"""The end of the server in the middle of a list of scenarios, and its next start."""

import os
import signal
import subprocess
import time

from phone import Missing

FOLDER = os.environ["E2E_DIR"]
server = None  # the one that runs now, when it is not the one that lib.sh started any more


def answers():
    return subprocess.run([os.environ["CALLPARKCTL"], "--socket", os.environ["E2E_SOCKET"], "status"], capture_output=True,
                          check=False, timeout=20).returncode == 0


def has_ended(pid):
    if server:
        return server.poll() is not None
    return not os.path.exists(f"/proc/{pid}") or "\nState:\tZ" in open(f"/proc/{pid}/status").read()


def end(how=signal.SIGTERM):
    """The server that runs now; by SIGKILL it has no time for anything."""
    pid = server.pid if server else int(os.environ["E2E_PID"])
    os.kill(pid, how)
    deadline = time.monotonic() + 20
    while not has_ended(pid):
        if time.monotonic() > deadline:
            raise Missing("the server does not end")
        time.sleep(0.01)


def start():
    """The same server once more."""
    global server
    with open(os.path.join(FOLDER, "callparkd.log"), "a") as log:
        server = subprocess.Popen([os.environ["CALLPARKD"], "-c", os.path.join(FOLDER, "callpark.conf")], stdout=log,
                                  stderr=log)
    return server


def wait_for_it():
    deadline = time.monotonic() + 40  # reading music anew on a machine that is busy with other tests
    while not answers():
        if server.poll() is not None:
            raise Missing(f"the server ended with {server.returncode} at its start")
        if time.monotonic() > deadline:
            raise Missing("the server does not start again")
        time.sleep(0.1)


def start_again(how=signal.SIGTERM):
    end(how)
    start()
    wait_for_it()
    return server
