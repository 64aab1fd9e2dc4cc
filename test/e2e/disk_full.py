"""A disk that is full for a while. One after the other, as the disk is the same for all."""

import os
import time

from scenario import UnixConnection, line, run, want, want_in, want_that

FILLER = os.path.join(os.environ["E2E_DISK"], "filler")
state = {}


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


def try_to_park(s, orbits):
    caller = s.outsider(orbits.park)
    caller.audio = s.audio(440)
    response = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer())
    if response.code == 200:
        caller.audio.start(response.body)
    return caller, response


@line("DISK-1", "while there is room: parked, ready")
def before(s):
    orbits = s.range()
    state["orbits"], state["caller"] = orbits, s.park(orbits, "105", tone=440)
    s.api.parked(orbits.orbit)
    want(readiness()[0], 200, "readiness")
    s.dialogs, s.audios = [], []  # this one stays for the lines below


@line("DISK-2", "full: new parks are refused, and it is said that and why nothing new is taken")
def full(s):
    fill()
    deadline = time.monotonic() + 10
    while True:  # some pages of the log may still be free
        caller, response = try_to_park(s, state["orbits"])
        if response.code != 200:
            break
        want_that(time.monotonic() < deadline, "parks succeed on a full disk")
        caller.bye()
    want_in(response.code, (500, 503), "answer")
    code, text = readiness()
    want(code, 503, "readiness")
    want_that("full" in text or "room" in text or "disk" in text, f"readiness does not say why: {text[:200]}")


@line("DISK-3", "who was parked before still hears music")
def still(s):
    state["caller"].audio.hears_sound(since=time.monotonic())
    s.api.parked(state["orbits"].orbit)


@line("DISK-4", "a retrieval on a full disk: the caller is with somebody, or in his orbit with music")
def retrieved(s):
    caller, orbits = state["caller"], state["orbits"]
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(620)
    response = retriever.invite(sdp=retriever.audio.offer())
    want_in(response.code, (200, 500, 503), "answer")
    if response.code == 200:
        retriever.audio.start(response.body)
        s.talk(caller, retriever)
    else:
        caller.audio.hears_sound(since=time.monotonic())
        s.api.parked(orbits.orbit)


@line("DISK-5", "room again: ready by itself, parks succeed, and can be had")
def after(s):
    os.unlink(FILLER)
    deadline = time.monotonic() + 15
    while readiness()[0] != 200:
        want_that(time.monotonic() < deadline, "it does not find out that there is room again")
        time.sleep(0.2)
    orbits = s.range()
    caller, response = try_to_park(s, orbits)
    want(response.code, 200, "answer")
    s.api.parked(orbits.orbit)
    s.talk(caller, s.retrieve(orbits.orbit, 620))


if __name__ == "__main__":
    run(1)
