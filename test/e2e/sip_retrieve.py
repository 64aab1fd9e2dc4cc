"""Retrieval: RV (the bridge), RC (races)."""

import datetime
import random
import time

from audio import answer_pt
from phone import Missing
from scenario import WAIT_ACK, find, line, run, want, want_in, want_that


def parked(s, tone=440, **more):
    orbits = s.range()
    caller = s.park(orbits, s.user(), tone=tone, **more)
    s.api.parked(orbits.orbit)
    return orbits, caller


def still_parked(s, orbits, caller, timeout=8):
    """In its orbit, with music, and can be had."""
    s.api.parked(orbits.orbit, timeout)
    caller.audio.hears_sound(since=time.monotonic())
    s.talk(caller, s.retrieve(orbits.orbit, 800))


@line("RV-01", "the answer takes the caller's codec; two-way audio; nothing is asked of the caller's leg")
def same_codec(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440, pt=8, formats=["8", "101 telephone-event/8000"])
    s.api.parked(orbits.orbit)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(620, 8)
    response = retriever.invite(sdp=retriever.audio.offer(["0", "8", "101 telephone-event/8000"]))
    want(answer_pt(response.body), [8, 101], "payload types of the answer")
    retriever.audio.start(response.body)
    s.talk(caller, retriever)
    want([m.method for m in caller.seen if m.method not in ("", "UPDATE")], [], "requests to the caller")
    caller.audio.one_stream()
    find("provider.example|" + caller.user.replace("+", r"\+"), response.get("P-Asserted-Identity"), "who it is")


@line("RV-02", "the retriever has only G.722: transcoded")
def transcoded(s):
    orbits, caller = parked(s)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(0, 9)
    response = retriever.invite(sdp=retriever.audio.offer(["9"]))
    want((response.code, answer_pt(response.body)), (200, [9]), "answer")
    retriever.audio.aim(response.body)
    packets = retriever.audio.wait_packets(25)
    want({p.pt for p in packets}, {9}, "payload type")
    want({len(p.payload) for p in packets}, {160}, "size of a packet")
    want_that(len({bytes(p.payload) for p in packets[10:]}) > 5, "the same packet again and again")


@line("RV-04", "a retriever without SDP: our offer has the caller's codec first; bridged by the answer in the ACK")
def late_offer(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440, pt=8, formats=["8"])
    s.api.parked(orbits.orbit)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(620, 8)
    response = retriever.invite(ack=False)
    want(response.code, 200, "answer")
    want(answer_pt(response.body)[0], 8, "first payload type of our offer")
    retriever.ack(retriever.audio.offer(["8"]))
    retriever.audio.start(response.body)
    s.talk(caller, retriever)


@line("RV-05", "the retriever never acknowledges: BYE to him after 64*T1, the caller is parked again")
def no_ack(s):
    orbits, caller = parked(s)
    retriever = s.dialog(orbits.orbit)
    want(retriever.invite(sdp=s.audio().offer(), ack=False).code, 200, "answer")
    s.api.state(orbits.orbit, "retrieving")
    retriever.request("BYE", WAIT_ACK + 8)
    still_parked(s, orbits, caller)


@line("RV-06", "the retriever hangs up after they talked: BYE to the caller, with his reason")
def retriever_hangs_up(s):
    orbits, caller = parked(s)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    retriever.bye(headers=['Reason: Q.850;cause=16;text="Terminated"'])
    bye = caller.request("BYE")
    find("Q.850 *;cause=16", bye.get("Reason"), "Reason")
    want(s.api.record(orbits.orbit)["outcome"], "retrieved", "outcome")


@line("RV-07", "the caller hangs up: BYE to the retriever")
def caller_hangs_up(s):
    orbits, caller = parked(s)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    caller.bye()
    retriever.request("BYE")
    s.api.free(orbits.orbit)


@line("RV-08", "the retriever holds: the caller hears music, not silence; then him again")
def hold(s):
    orbits, caller = parked(s)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    want(retriever.invite(sdp=retriever.audio.offer(direction="sendonly", version=2)).code, 200, "hold")
    retriever.audio.tone = 0
    time.sleep(0.3)
    caller.audio.hears_sound(since=time.monotonic())
    caller.audio.does_not_hear(620)
    want(retriever.invite(sdp=retriever.audio.offer(direction="sendrecv", version=3)).code, 200, "resume")
    caller.audio.hears(620)
    want(caller.count("INVITE") + caller.count("BYE"), 0, "requests to the caller")


@line("RV-09", "telephone events: the payload type is that of the other side, one timestamp for each event")
def digits(s):
    orbits = s.range()
    caller = s.park(orbits, "105", formats=["0", "96 telephone-event/8000"])
    s.api.parked(orbits.orbit)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(0)
    response = retriever.invite(sdp=retriever.audio.offer(["0", "101 telephone-event/8000"]))
    retriever.audio.aim(response.body)
    for _ in range(10):
        retriever.audio.send(b"\xff" * 160)
        time.sleep(0.02)
    stamp = retriever.audio.stamp
    for number in range(8):  # "5", 20 ms more each time, the end three times
        end = 0x80 if number >= 5 else 0
        length = 160 * min(number + 1, 6)
        retriever.audio.send(bytes([5, end | 10]) + length.to_bytes(2, "big"), pt=101, stamp=stamp)
        time.sleep(0.02)
    caller.audio.wait(lambda: [p for p in list(caller.audio.packets) if p.pt == 96 and p.payload[1] & 0x80],
                      "the end of the digit")
    events = [p for p in list(caller.audio.packets) if p.pt == 96]
    want({p.payload[0] for p in events}, {5}, "digit")
    want(len({p.stamp for p in events}), 1, "timestamps of one digit")
    want([p for p in list(caller.audio.packets) if p.pt == 101], [], "packets with the other's payload type")
    caller.audio.one_stream()


@line("RC-01", "50 retrievers at once: exactly one gets the call, 49 times 486")
def fifty(s):
    orbits, caller = parked(s)
    retrievers = [s.dialog(orbits.orbit) for _ in range(50)]
    for r in retrievers:
        r.audio = s.audio(0)
    offers = [r.audio.offer() for r in retrievers]
    sent = [r.send("INVITE", [], offer) for r, offer in zip(retrievers, offers)]
    codes = [r.follow(r.response(cseq)).code for r, cseq in zip(retrievers, sent)]
    want((codes.count(200), codes.count(486)), (1, 49), "answers of 200 and of 486")
    winner = retrievers[codes.index(200)]
    find("^399 .*retrieved|^399 .*taken", retrievers[codes.index(486)].final_response.get("Warning"), "Warning")
    winner.audio.tone = 620
    winner.audio.start(winner.final_response.body)
    s.talk(caller, winner)


@line("RC-02", "one claims and does not acknowledge: parked again after 64*T1, and the next one succeeds")
def claim_lapses(s):
    orbits, caller = parked(s)
    first = s.dialog(orbits.orbit)
    want(first.invite(sdp=s.audio().offer(), ack=False).code, 200, "the first")
    second = s.dialog(orbits.orbit)
    want(second.invite(sdp=s.audio().offer()).code, 486, "the second, meanwhile")
    first.request("BYE", WAIT_ACK + 8)
    still_parked(s, orbits, caller)


@line("RC-03", "CANCEL on the heels of the INVITE: 200 for it, and the caller is parked whatever came first")
def early_cancel(s):
    orbits, caller = parked(s)
    retriever = s.dialog(orbits.orbit)
    cseq = retriever.send("INVITE", [], s.audio().offer())
    want(retriever.response(retriever.cancel()).code, 200, "answer to CANCEL")
    response = retriever.follow(retriever.response(cseq))
    want_in(response.code, (487, 200), "answer to INVITE")
    if response.code == 200:
        retriever.bye()
    still_parked(s, orbits, caller)


@line("RC-04", "CANCEL after the 200, then ACK and BYE: the caller is parked, music goes on")
def late_cancel(s):
    orbits, caller = parked(s)
    retriever = s.dialog(orbits.orbit)
    want(retriever.invite(sdp=s.audio().offer(), ack=False).code, 200, "answer")
    want(retriever.response(retriever.cancel()).code, 200, "answer to CANCEL")
    retriever.ack()
    want(retriever.bye().code, 200, "answer to BYE")
    still_parked(s, orbits, caller)


@line("RC-05", "the caller hangs up between our 200 and the ACK: BYE to the retriever only after his ACK")
def caller_gone(s):
    orbits, caller = parked(s)
    retriever = s.dialog(orbits.orbit)
    want(retriever.invite(sdp=s.audio().offer(), ack=False).code, 200, "answer")
    caller.bye()
    retriever.quiet(0.7, "BYE")
    retriever.ack()
    bye = retriever.request("BYE")
    find("SIP *;cause=", bye.get("Reason"), "Reason")
    orbits, caller = parked(s)
    silent = s.dialog(orbits.orbit)
    want(silent.invite(sdp=s.audio().offer(), ack=False).code, 200, "answer")
    caller.bye()
    silent.request("BYE", WAIT_ACK + 8)


@line("RC-06", "the caller hangs up as a retriever calls: refused, or answered and then hung up; nobody is stuck")
def crossing(s):
    for _ in range(6):
        orbits, caller = parked(s, tone=0)
        retriever = s.dialog(orbits.orbit)
        offer = s.audio().offer()
        ask = ["X-Callpark-Action: retrieve", f"X-Callpark-Orbit: {orbits.orbit}"]  # or he would be parked there
        if random.random() < 0.5:
            bye, cseq = caller.send("BYE"), retriever.send("INVITE", ask, offer)
        else:
            cseq, bye = retriever.send("INVITE", ask, offer), caller.send("BYE")
        caller.ended.set()
        want(caller.response(bye).code, 200, "answer to BYE")
        response = retriever.follow(retriever.response(cseq))
        want_in(response.code, (200, 480, 486), "answer to the retriever")
        if response.code == 200:
            retriever.request("BYE")
        s.api.free(orbits.orbit)


@line("RC-07", "the retriever's INVITE comes again: the same 200 again, no second claim")
def again(s):
    orbits, caller = parked(s)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(620)
    cseq = retriever.send("INVITE", [], retriever.audio.offer())
    text = retriever.last_sent
    s.endpoint.send(text)
    response = retriever.response(cseq)
    s.endpoint.send(text)
    retriever.response(cseq)
    answers = [m for m in retriever.seen if m.code]
    want({m.code for m in answers if m.code >= 200}, {200}, "answers")
    want(len({m.param("To", "tag") for m in answers if m.code == 200}), 1, "tags of the answers")
    retriever.follow(response)
    retriever.audio.start(response.body)
    s.talk(caller, retriever)


@line("RC-08", "the caller's re-INVITE during a claim: 200 or 491, the bridge survives")
def glare(s):
    orbits, caller = parked(s)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(620)
    cseq = retriever.send("INVITE", [], retriever.audio.offer())
    answer = caller.invite(sdp=caller.audio.offer(version=2))
    want_in(answer.code, (200, 491), "answer to the re-INVITE")
    response = retriever.follow(retriever.response(cseq))
    want(response.code, 200, "answer to the retriever")
    retriever.audio.start(response.body)
    s.talk(caller, retriever)
    if caller.count("BYE") or retriever.count("BYE"):
        raise Missing("somebody was hung up on")


@line("4.6", "just taken: 486; never anything there: parked, or 480 for who asks to retrieve")
def just_taken(s):
    orbits, caller = parked(s)
    s.talk(caller, s.retrieve(orbits.orbit, 620))
    late = s.dialog(orbits.orbit)
    want(late.invite(sdp=s.audio().offer()).code, 486, "just taken")


# --- PIN ---

def asked(s, orbits, tone=620):
    """Dials the orbit of a range with a PIN: answered without a name, and spoken to."""
    retriever = s.retrieve(orbits.orbit, tone)
    want((retriever.response_200.get("P-Asserted-Identity"), retriever.response_200.get("X-Callpark-Orbit")),
         ("", ""), "what he is told before he gave the PIN")
    retriever.audio.hears_sound(since=time.monotonic())
    return retriever


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def with_pin(s, pin="2580", **more):
    orbits = s.range(pin=pin, **more)
    caller = s.park(orbits, s.user(), tone=440)
    return orbits, caller, s.api.parked(orbits.orbit)


def by_info(retriever, kind, body):
    want(retriever.ask("INFO", body=body, kind=kind).code, 200, body)


def story(s, call):
    return [(step["step"], step["reason"]) for step in s.api.items(f"/parked-calls/{call['id']}/timeline")]


@line("PN-01", "the right PIN by telephone-events: connected; nobody hears who waits before that")
def pin_by_events(s):
    orbits, caller, _ = with_pin(s)
    retriever = asked(s, orbits)
    caller.audio.does_not_hear(620)
    retriever.audio.keys("2580")
    s.talk(caller, retriever)
    want(s.api.calls(orbits.orbit), [], "calls in the orbit")


@line("PN-02", "the right PIN by INFO, in both forms, with # at its end")
def pin_by_info(s):
    orbits, caller, _ = with_pin(s, language="de")
    retriever = asked(s, orbits)
    for key in "11*2":
        by_info(retriever, "application/dtmf-relay", f"Signal={key}\r\nDuration=160\r\n")
    for key in "580#":
        by_info(retriever, "application/dtmf", key)
    s.talk(caller, retriever)


@line("PN-03", "three wrong PINs: told, BYE with a reason; the caller hears music, the story says who; then he must wait")
def pin_wrong(s):
    orbits, caller, call = with_pin(s)
    retriever = asked(s, orbits)
    for _ in range(3):
        retriever.audio.keys("1111")
    find("SIP *;cause=403;text=\"the PIN was wrong\"", retriever.request("BYE").get("Reason"), "Reason")
    caller.audio.hears_sound(since=time.monotonic())
    moved = seconds(s.api.parked(orbits.orbit)["ringback_at"]) - seconds(call["ringback_at"])
    want_that(abs(moved) < 0.1, f"the ring back is {moved} s later")  # shown by the wall's clock, kept by another
    wrong = [reason for step, reason in story(s, call) if step == "call.pin_wrong"]
    want(wrong, [f"{retriever.user} gave a wrong PIN (try {n} of 3)" for n in (1, 2, 3)], "the story")
    again = asked(s, orbits)
    again.audio.keys("2222")
    refused = s.dialog(orbits.orbit)
    s.api.until(orbits.orbit, lambda c: "2222" not in c["reason"] and "wrong PIN (try 1" in c["reason"], "failed again")
    response = refused.invite(sdp=s.audio().offer())
    want((response.code, response.get("Retry-After")), (480, "1"), "another one, at once")
    find("the PIN was wrong too often", response.get("Warning"), "the sentence")


@line("PN-04", "two are asked: the first right PIN has the call, the other is told that it is gone")
def pin_two(s):
    orbits, caller, _ = with_pin(s)
    first, second = asked(s, orbits), asked(s, orbits, 800)
    second.audio.keys("258")
    first.audio.keys("2580")
    s.talk(caller, first)
    second.audio.hears_sound(since=time.monotonic())
    find("cause=410;text=\"the call is not there any more\"", second.request("BYE").get("Reason"), "Reason")


@line("PN-05", "the caller hangs up while the PIN is asked: told so, BYE")
def pin_caller_left(s):
    orbits, caller, _ = with_pin(s)
    retriever = asked(s, orbits)
    caller.bye()
    find("cause=410", retriever.request("BYE").get("Reason"), "Reason")
    want(s.api.record(orbits.orbit)["outcome"], "abandoned", "outcome")


@line("PN-06", "the parker is rung meanwhile; the right PIN calls that off")
def pin_ring_back(s):
    orbits, parker = s.range(pin="2580"), s.user()
    caller = s.park(orbits, parker, tone=440)
    call = s.api.parked(orbits.orbit)
    retriever = asked(s, orbits)
    s.api.ring_back(call)
    phone = s.accept(parker)
    phone.ring()
    retriever.audio.keys("2580")
    s.talk(caller, retriever)
    phone.request("CANCEL")


@line("PN-07", "a ticket stands for the PIN; the API tells who asks that it is asked, and never the PIN itself")
def pin_elsewhere(s):
    pin = "36925814"  # so long that it is in no time, id or hash by chance
    orbits, caller, call = with_pin(s, pin)
    seen = s.api.ask("POST", "/explain", {"from": "104", "to": orbits.orbit})
    want((seen["decision"], seen["pin"]), ("retrieve", True), "what would happen")
    path = f"/settings/ranges/{orbits.id}"
    want((s.api.ask("GET", path)["pin"], s.api.ask("GET", f"/settings/effective?range={orbits.id}")["pin"]),
         ("****", "****"), "as it is shown")
    s.api.ask("PUT", path, {**s.api.ask("GET", path), "announce": "off"})
    trail = str(s.api.items("/audit-events?limit=100"))
    want_that(pin not in trail, "the audit trail has the PIN in it")
    s.api.ask("PATCH", f"/settings/ranges/{s.range().id}", {"pin": "****"}, 422)
    retriever = s.retrieve(call["ticket"].split("@")[0].removeprefix("sip:"), 620)
    s.talk(caller, retriever)


if __name__ == "__main__":
    run()
