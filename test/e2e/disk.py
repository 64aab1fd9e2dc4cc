"""A small disk for the store: filling it, and what is on it."""

import os
import sqlite3
import time

from scenario import UnixConnection, want_that

FILLER = os.path.join(os.environ["E2E_DISK"], "filler")


def fill():
    with open(FILLER, "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass


def readiness():
    connection = UnixConnection(os.environ["E2E_SOCKET"])
    connection.request("GET", "/readyz")
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def rows():
    """The calls and legs that are on disk."""
    store = sqlite3.connect(f"file:{os.environ['E2E_DISK']}/callpark.db?mode=ro", uri=True, timeout=5)
    calls = {row[0] for row in store.execute("SELECT orbit FROM calls WHERE has_orbit")}
    legs = {row[0] for row in store.execute("SELECT count(*) FROM legs")}
    store.close()
    return calls, legs.pop()


def until(test, what, patience=20):
    deadline = time.monotonic() + patience
    while not test():
        want_that(time.monotonic() < deadline, what)
        time.sleep(0.1)


def store_state(s):
    return s.api.ask("GET", "/system")["store"]


def try_to_park(s, orbits):
    caller = s.outsider(orbits.park)
    caller.audio = s.audio(440)
    response = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer())
    if response.code == 200:
        caller.audio.start(response.body)
    return caller, response
