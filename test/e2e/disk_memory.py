"""A disk that is full for a while, and a server that goes on without it. One after the other."""

import os
import time

from disk import FILLER, fill, readiness, rows, store_state, try_to_park, until
from scenario import line, run, want, want_in, want_that

state = {}


@line("MEM-1", "full: calls go on being parked and told, it is said that they are not on disk, and ready it is not")
def full(s):
    state["orbits"] = orbits = s.range()
    fill()
    deadline = time.monotonic() + 20
    while store_state(s)["ok"]:  # some pages of the log may still be free
        caller, response = try_to_park(s, orbits)
        want(response.code, 200, "answer")
        want_that(time.monotonic() < deadline, "parks are written to a full disk")
        caller.bye()
        until(lambda: not s.api.items("/parked-calls"), "a caller who hung up is still there")
    told = store_state(s)
    want(told["trouble"], "full", "trouble")
    want(told["new_parks"], "memory", "what becomes of new parks")
    want(readiness()[0], 503, "readiness")


@line("MEM-2", "a call of that time is parked with music; its timeline says that it is not on disk")
def parked(s):
    orbits = state["orbits"]
    caller, response = try_to_park(s, orbits)
    want(response.code, 200, "answer")
    call = s.api.parked(orbits.orbit)
    caller.audio.hears_sound(since=time.monotonic())
    steps = {step["step"]: step["reason"] for step in s.api.items(f"/parked-calls/{call['id']}/timeline")}
    want_that("disk" in steps["call.unwritten"], f"the timeline does not say that it is not on disk: {steps}")
    state["caller"] = caller
    s.dialogs, s.audios = [], []


@line("MEM-3", "who retrieves talks to the caller, and an administrator's change is refused")
def retrieved(s):
    status, _ = s.api.post("/sites", {"name": "Nowhere"})
    want_in(status, (500, 503, 507), "a change that cannot be written")
    caller, response = try_to_park(s, state["orbits"])
    want(response.code, 200, "answer")
    s.api.parked(state["orbits"][1])
    s.talk(caller, s.retrieve(state["orbits"][1], 620))


@line("MEM-4", "room again: the call is on disk as it is now, by itself")
def after(s):
    os.unlink(FILLER)
    until(lambda: readiness()[0] == 200, "it does not find out that there is room again")
    until(lambda: not store_state(s)["rows_behind"], "the rows are not written anew")
    want({str(orbit) for orbit in rows()[0]}, {state["orbits"].orbit}, "calls on disk")
    want(store_state(s)["new_parks"], "written", "what becomes of new parks")
    s.talk(state["caller"], s.retrieve(state["orbits"].orbit, 620))


if __name__ == "__main__":
    run(1)
