"""A disk that is full for a while. One after the other, as the disk is the same for all."""

import os
import time

from disk import FILLER, fill, readiness, rows, store_state, try_to_park, until
from scenario import line, run, want, want_in, want_that

state = {}


@line("DISK-1", "while there is room: parked, ready")
def before(s):
    orbits = s.range()
    state["orbits"], state["caller"] = orbits, s.park(orbits, "105", tone=440)
    state["leaver"] = s.park(orbits, "105")
    state["leaver_orbit"] = next(c["orbit"] for c in s.api.items("/parked-calls") if c["orbit"] != orbits.orbit)
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
    told = store_state(s)
    want(told["trouble"], "full", "trouble")
    want(told["new_parks"], "refused", "what becomes of new parks")
    want_that(told["since"] and "make room" in told["detail"], f"it is not said since when and what to do: {told}")
    caller, response = try_to_park(s, state["orbits"])
    want(response.code, 500, "answer")
    want_that(int(response.get("Retry-After")) > 0, "no Retry-After")
    want_that("disk" in response.get("Warning"), f"the answer does not say why: {response.get('Warning')}")
    state["leaver"].bye()  # his row cannot be removed now
    s.api.free(state["leaver_orbit"])
    want(s.api.figure('store_trouble{kind="full"}'), 1, "figure")


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
    until(lambda: not store_state(s)["rows_behind"], "the rows are not written anew")
    want(store_state(s)["kept"], 0, "what is kept for the store")
    live = {c["orbit"] for c in s.api.items("/parked-calls")}
    want({str(orbit) for orbit in rows()[0]}, live, "calls on disk")
    s.api.record(state["leaver_orbit"])  # of whom hung up while nothing could be written
    orbits = s.range()
    caller, response = try_to_park(s, orbits)
    want(response.code, 200, "answer")
    s.api.parked(orbits.orbit)
    s.talk(caller, s.retrieve(orbits.orbit, 620))


if __name__ == "__main__":
    run(1)
