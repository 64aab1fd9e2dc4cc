"""What only time can show: each line waits for something to run out, all of them at once."""

import time

from moves import consult, parked, pick_up, take_over
from scenario import line, run, want, want_that


@line("PA-04", "the consultation ended long ago: 481", slow=True)
def too_late(s):
    orbits = s.range()
    parker = consult(s, orbits)
    parker.bye()
    time.sleep(36)
    want(take_over(s, orbits, parker).answer.code, 481, "answer")


@line("RB-01b", "it comes by itself when pickup_timeout has run", slow=True)
def by_itself(s):
    started = time.monotonic()
    orbits, caller, parker, call = parked(s, pickup_timeout="10s")
    phone = s.accept(parker, 25)
    want_that(time.monotonic() - started > 9, "it came too early")
    pick_up(s, phone, 620)
    s.talk(caller, phone)


@line("RB-03", "it rings and nobody answers: CANCEL at ring_time, parked, a second attempt", slow=True)
def nobody_answers(s):
    orbits, caller, parker, call = parked(s, pickup_timeout="10s", ring_time="5s", max_pickup_attempts="2")
    phone = s.accept(parker, 25)
    phone.ring()
    started = time.monotonic()
    phone.request("CANCEL", 15)
    want_that(time.monotonic() - started > 4, "CANCEL came too early")
    phone.request("ACK")
    s.api.parked(orbits.orbit)
    caller.audio.hears_sound(since=time.monotonic())
    second = s.accept(parker, 25)
    pick_up(s, second, 620)
    s.talk(caller, second)


def refused(code):
    def play(s):
        orbits, caller, parker, call = parked(s, pickup_timeout="10s", max_pickup_attempts="2")
        s.accept(parker, 25).refuse(code)
        s.api.parked(orbits.orbit)
        caller.audio.hears_sound(since=time.monotonic())
        second = s.accept(parker, 25)
        pick_up(s, second, 620)
        s.talk(caller, second)

    return play


for status in (486, 603, 408):
    line("RB-04", f"the parker's phone says {status}: parked, a second attempt", slow=True)(refused(status))


@line("RB-06", "all attempts used: the fallback is called, and answers", slow=True)
def fallback(s):
    other = s.user()
    orbits, caller, parker, call = parked(s, pickup_timeout="10s", timeout_uri=f"sip:{other}@callpark.test")
    s.accept(parker, 25).refuse(486)
    phone = s.accept(other, 35)
    want(phone.invite_request.get("Alert-Info"), "", "Alert-Info of a fallback")
    pick_up(s, phone, 620)
    s.talk(caller, phone)
    s.api.free(orbits.orbit)
    phone.bye()
    want(s.api.record(orbits.orbit)["outcome"], "forwarded", "outcome")


@line("RB-07", "the fallback fails too: parked until max_park, then BYE with a reason", slow=True)
def fallback_fails(s):
    other = s.user()
    orbits, caller, parker, call = parked(s, timeout_uri=f"sip:{other}@callpark.test", max_park="60s")
    s.api.ring_back(call)
    s.accept(parker).refuse(404)
    s.accept(other).refuse(486)
    s.api.parked(orbits.orbit)
    caller.audio.hears_sound(since=time.monotonic())
    bye = caller.request("BYE", 80)
    want_that(bye.get("Reason"), "BYE without Reason")
    s.api.free(orbits.orbit)
    want(s.api.record(orbits.orbit)["outcome"], "timed_out", "outcome")


@line("RO-91", "the peer refreshes no more: BYE before the session expires", slow=True)
def refreshes_stop(s):
    orbits = s.range()
    caller = s.park(orbits, "105", headers=["Supported: timer", "Session-Expires: 90;refresher=uac"])
    started = time.monotonic()
    bye = caller.request("BYE", 95)
    took = time.monotonic() - started
    want_that(50 < took < 92, f"BYE came after {took:.0f} s")
    s.api.free(orbits.orbit)
    want_that(bye.get("Reason"), "BYE without Reason")


@line("RO-92", "we refresh, and the peer knows nothing of it: the leg is let go", slow=True)
def our_refresh(s):
    orbits = s.range()
    caller = s.park(orbits, "105", headers=["Supported: timer", "Session-Expires: 90;refresher=uas"])
    caller.auto.discard("UPDATE")
    refresh = caller.wait(lambda m: m.method in ("UPDATE", "INVITE"), 60, "a refresh")
    caller.reply(refresh, 481, "Call/Transaction Does Not Exist")
    s.api.free(orbits.orbit, 15)


@line("MD-07", "no RTP from the caller at all: still parked, music goes on", slow=True)
def silent(s):
    orbits = s.range()
    audio = s.audio()
    caller = s.park(orbits, "105", sdp=audio.offer())
    time.sleep(20)
    audio.wait_packets(10, since=time.monotonic())
    s.api.parked(orbits.orbit)
    want(caller.count("BYE"), 0, "BYE")


if __name__ == "__main__":
    run()
