"""After kill -9 and a start everybody is where he was: FO. One line after the other, as each kills the server."""

import datetime
import os
import re
import signal
import time

import again
from again import start_again
from audio import port_of
from scenario import run, line, want, want_that


def crash():
    """When it was over and when it began again, by the clock of the packets."""
    again.end(signal.SIGKILL)
    ended = time.monotonic()
    again.start()
    again.wait_for_it()
    return ended


def is_told_nothing(dialog):
    """No re-INVITE and no UPDATE has come to it: nothing has changed for it."""
    for method in ("INVITE", "UPDATE", "BYE"):
        want(dialog.count(method), 0, f"{method} to a caller")


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def is_the_same(before, after):
    """Of a call as the API shows it; moments are told from two clocks, which are read one after the other."""
    for key, value in before.items():
        if key.endswith("_at") and value and after[key]:
            want_that(abs(moment(value) - moment(after[key])) < 0.5, f"{key} was {value} and is {after[key]}")
        elif key not in ("version", "reason"):
            want(after[key], value, f"{key} of a call after the restart")
    want_that(after["version"] >= before["version"], f"version {before['version']} is followed by {after['version']}")


def music_goes_on(caller, since):
    packets = caller.audio.wait_packets(10, since=since)
    want({p.source[1] for p in packets}, {port_of(caller.response_200.body)}, "the port that music comes from")
    caller.audio.hears_sound(since=since)


@line("FO-01", "kill -9 with parked calls: same orbits, music from the same ports, nobody is told anything")
def parked(s):
    orbits = s.range(size=10)
    callers = [s.park(orbits, s.user()) for _ in range(6)]
    before = [s.api.parked(orbits[n]) for n in range(6)]
    ended = crash()
    for caller in callers:
        music_goes_on(caller, ended)
        is_told_nothing(caller)
    for n in range(6):
        after = s.api.parked(orbits[n])
        is_the_same(before[n], after)


def the_last_one():
    """A sanitizer says what it found at the very end."""
    if not again.server:
        again.end(signal.SIGKILL)
        return
    again.end()
    if again.server.returncode:
        print(f"Bail out! callparkd ended with status {again.server.returncode}", flush=True)
        os._exit(1)


if __name__ == "__main__":
    run(at_once=1, after=the_last_one)
