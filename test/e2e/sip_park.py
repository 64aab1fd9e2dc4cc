"""Parking: PB (blind), PD (an orbit is dialled), OR (handing over the number)."""

import time

from audio import direction
from phone import Missing
from scenario import T1, WAIT_ACK, find, line, run, want, want_that

AT_ONCE = 1.0  # seconds; the wire asks for 0.3 on a machine that is not busy


@line("PB-01", "blind park: answered at once, no 18x, music, the lowest orbit, the parker known")
def blind(s):
    orbits = s.range()
    parker = s.user()
    caller = s.park(orbits, parker)
    took = caller.response_200.at - caller.asked_at
    want_that(took < AT_ONCE, f"the answer took {took:.3f} s")
    want([p.code for p in caller.provisionals if p.code > 100], [], "provisional answers")
    heard = caller.audio.wait_packets(1)[0].at
    want_that(heard - caller.response_200.at < AT_ONCE, "music comes late")
    caller.audio.hears_sound()
    caller.audio.one_stream()
    call = s.api.parked(orbits.orbit)
    want(call["parker"]["uri"], f"sip:{parker}@callpark.test", "parker")
    want(caller.response_200.get("X-Callpark-Orbit"), orbits.orbit, "X-Callpark-Orbit")
    s.sipp("PB-01.xml", orbits.park)


@line("PB-02", "no Referred-By: parked, the parker unknown, ring back goes to the fallback", slow=True)
def parker_unknown(s):
    fallback = s.user()
    orbits = s.range(timeout_uri=f"sip:{fallback}@callpark.test", pickup_timeout="10s")
    s.park(orbits)
    call = s.api.parked(orbits.orbit)
    want(call["parker"]["uri"], None, "parker")
    called = s.accept(fallback, 25)
    called.audio = s.audio(500)
    called.pick_up(called.audio.offer())
    s.api.free(orbits.orbit)
    s.sipp("PB-02.xml", orbits.park)


@line("PB-03", "INVITE without SDP: our offer, the answer from the ACK; an ACK without it gets BYE")
def late_offer(s):
    orbits = s.range()
    s.sipp("PB-03.xml", orbits.park)
    s.sipp("PB-03b.xml", orbits.park)
    caller = s.outsider(orbits.park)
    audio = s.audio(0, 8)
    response = caller.invite(ack=False)
    find(r"m=audio \d+ RTP/AVP [\d ]*0", response.body, "our offer")
    caller.ack(audio.offer(["8"]))
    audio.start(response.body)
    audio.hears_sound()
    want(audio.packets[-1].pt, 8, "payload type that the answer chose")


@line("PB-04", "the range is full: 486 with a Warning, never 503")
def full(s):
    orbits = s.range(size=1)
    s.park(orbits)
    s.api.parked(orbits.orbit)
    s.sipp("PB-04.xml", orbits.park)
    refused = s.outsider(orbits.park)
    response = refused.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer())
    want(response.code, 486, "answer")
    find(r"^399 .*full|^399 .*free", response.get("Warning"), "Warning")


@line("PB-05", "the ACK never comes: 200 again and again for 64*T1, then BYE, the orbit is free")
def no_ack(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    caller.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer(), ack=False)
    started = time.monotonic()
    caller.request("BYE", WAIT_ACK + 8)
    took = time.monotonic() - started
    want_that(took > WAIT_ACK * 0.8, f"BYE came after {took:.1f} s already")
    again = len([m for m in caller.seen if m.code == 200])
    want_that(again >= 4, f"the 200 came {again} times")
    s.api.free(orbits.orbit)


@line("PB-06", "CANCEL after the 200: 200 for it, no 487, the call stays")
def late_cancel(s):
    orbits = s.range()
    s.sipp("PB-06.xml", orbits.park)
    caller = s.park(orbits, "105")
    call = s.api.parked(orbits.orbit)
    want(caller.response(caller.cancel()).code, 200, "answer to CANCEL")
    caller.audio.wait_packets(20, since=time.monotonic())
    want(s.api.parked(orbits.orbit)["id"], call["id"], "the call in the orbit")
    want([m.code for m in caller.seen if m.code == 487], [], "487")


@line("PB-07", "the caller hangs up: the orbit is free, the record says abandoned")
def hangs_up(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    s.api.parked(orbits.orbit)
    want(caller.bye().code, 200, "answer to BYE")
    s.api.free(orbits.orbit)
    want(s.api.record(orbits.orbit)["outcome"], "abandoned", "outcome")
    s.sipp("PB-07.xml", orbits.park)


@line("PB-08", "the same INVITE on two ways: one is parked, the other gets 482")
def forked(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    body = s.audio().offer()
    first = caller.send("INVITE", ["Referred-By: <sip:105@callpark.test>"], body)
    ways = [caller.branch]
    caller.send("INVITE", ["Referred-By: <sip:105@callpark.test>"], body, cseq=first[0])
    ways.append(caller.branch)
    # By branch, as either may come again before it is acknowledged.
    answers = [caller.wait(lambda m, way=way: m.code >= 200 and m.branch == way, what="an answer") for way in ways]
    want([m.code for m in answers], [200, 482], "answers")
    caller.send("ACK", cseq=first[0], branch=ways[1], to=answers[1].get("To"))
    caller.branch = ways[0]
    caller.follow(answers[0])
    s.api.parked(orbits.orbit)
    s.api.free(orbits[1])


@line("PB-09", "from outside the trusted networks: 403, whatever it asserts")
def untrusted(s):
    orbits = s.range()
    stranger = s.own_endpoint(host="127.0.0.2")
    caller = s.dialog(orbits.park, endpoint=stranger)
    response = caller.invite(["P-Asserted-Identity: <sip:105@callpark.test>", "Referred-By: <sip:105@callpark.test>"],
                             s.audio().offer())
    want(response.code, 403, "answer")
    s.api.free(orbits.orbit)
    s.sipp("PB-09.xml", orbits.park, more=["-i", "127.0.0.3"])


@line("PB-10", "two INVITEs at the same moment: two orbits")
def at_once(s):
    orbits = s.range()
    callers = [s.outsider(orbits.park) for _ in range(6)]
    sent = [c.send("INVITE", ["Referred-By: <sip:105@callpark.test>"], s.audio().offer()) for c in callers]
    got = []
    for caller, cseq in zip(callers, sent):
        response = caller.follow(caller.response(cseq))
        want(response.code, 200, "answer")
        got.append(response.get("X-Callpark-Orbit"))
    want(len(set(got)), 6, "different orbits")


@line("PD-01", "an orbit is dialled with Referred-By: parked there")
def directed(s):
    orbits = s.range()
    caller = s.outsider(orbits[4])
    want(caller.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer()).code, 200, "answer")
    s.api.parked(orbits[4])
    s.sipp("PD-01.xml", orbits[5])


@line("PD-02", "the same, and the orbit is taken: 486, the first call goes on")
def directed_taken(s):
    orbits = s.range()
    first = s.park(orbits, "105")
    call = s.api.parked(orbits.orbit)
    s.sipp("PD-02.xml", orbits.orbit)
    first.audio.wait_packets(10, since=time.monotonic())
    want(s.api.parked(orbits.orbit)["id"], call["id"], "the call in the orbit")


@line("PD-03", "somebody inside dials a taken orbit: connected")
def dialled(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440)
    s.api.parked(orbits.orbit)
    s.talk(caller, s.retrieve(orbits.orbit, 620))
    s.api.free(orbits.orbit)
    s.park(orbits, "105")
    s.api.parked(orbits.orbit)
    s.sipp("PD-03.xml", orbits.orbit)


@line("PD-04", "an outsider dials a taken orbit: 486, never bridged; an insider without the right: 403")
def outsiders_never_meet(s):
    orbits = s.range(retrieve_allow="sip:4???@callpark.test")
    caller = s.park(orbits, "105")
    s.api.parked(orbits.orbit)
    s.sipp("PD-04.xml", orbits.orbit)
    s.sipp("PD-04b.xml", orbits.orbit, user="3999")
    caller.audio.wait_packets(10, since=time.monotonic())
    s.api.parked(orbits.orbit)


@line("PD-05", "somebody inside dials a free orbit: parked, or 480 where free_orbit says reject")
def free_orbit(s):
    s.sipp("PD-05.xml", s.range().orbit)
    s.sipp("PD-05b.xml", s.range(free_orbit="reject").orbit)


@line("PD-07", "%37%30%31, tel:, ;orbit=, R-URI our account and the number in To: each is that orbit")
def spellings(s):
    orbits = s.range()
    here = f"{s.server[0]}:{s.server[1]}"
    spelled = "".join(f"%{ord(c):02x}" for c in orbits[1])
    ways = [(f"sip:{spelled}@{here}", f"sip:{spelled}@{here}", orbits[1]),
            (f"tel:{orbits[2]};phone-context=callpark.test", f"sip:x@{here}", orbits[2]),
            (f"sip:{orbits.park}@{here};orbit={orbits[3]}", f"sip:{orbits.park}@{here}", orbits[3]),
            (f"sip:account17@{here}", f"sip:{orbits[4]}@{here}", orbits[4]),
            (f"sip:{orbits[5]}@{here};user=phone", f"sip:{orbits[5]}@{here}", orbits[5])]
    for uri, to, orbit in ways:
        s.sipp("PD-07.xml", orbit, keys=[("ruri", uri), ("dialled", to)])
        caller = s.outsider("x", uri=uri)
        response = caller.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer(), to=f"<{to}>")
        want((response.code, response.get("X-Callpark-Orbit")), (200, orbit), uri)


@line("OR-01", "the parker calls: PAI and X-Callpark-Orbit say the number, and so does a voice")
def told(s):
    orbits = s.range()
    parker = s.dialog(orbits.park)
    audio = s.audio()
    response = parker.invite(sdp=audio.offer())
    want(response.code, 200, "answer")
    want(response.get("X-Callpark-Orbit"), orbits.orbit, "X-Callpark-Orbit")
    find(rf'{orbits.orbit}.*<sip:{orbits.orbit}@callpark\.test', response.get("P-Asserted-Identity"), "P-Asserted-Identity")
    find(orbits.orbit, response.phrase, "reason phrase")
    find("UPDATE", response.get("Allow"), "Allow")
    find("replaces", response.get("Supported"), "Supported")
    audio.start(response.body)
    audio.hears_sound()
    s.sipp("OR-01.xml", orbits.park)


@line("OR-03", "a phone that does not allow UPDATE gets none when somebody else is on the line")
def no_update(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    caller.allow = "INVITE, ACK, CANCEL, BYE"
    caller.audio = s.audio(440)
    response = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer())
    caller.audio.start(response.body)
    s.api.parked(orbits.orbit)
    s.talk(caller, s.retrieve(orbits.orbit, 620))
    caller.quiet(0.3)
    want([m.method for m in caller.seen if m.method], [], "requests to the caller")


@line("OR-05", "a caller from outside is not told the number as an identity")
def outsiders_are_not_told(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    for header in ("P-Asserted-Identity", "Remote-Party-ID"):
        if orbits.orbit in caller.response_200.get(header):
            raise Missing(f"{header} says {caller.response_200.get(header)}")
    s.sipp("OR-05.xml", orbits.park)


@line("8.3-OPTIONS", "OPTIONS says what we can do, also with Max-Forwards 0")
def options(s):
    s.sipp("SD-OPTIONS.xml", "ping")


@line("8.3-405", "REGISTER, PUBLISH, MESSAGE: 405 with Allow")
def not_allowed(s):
    s.sipp("SD-405.xml", "701")


@line("8.1-501", "an unknown method: 501")
def unknown_method(s):
    s.sipp("SD-501.xml", "701")


@line("8.1-420", "Require of what we have not: 420 with Unsupported")
def unsupported(s):
    s.sipp("SD-420.xml", s.range().park)


@line("8.3-404", "a number in no range: 404; an empty orbit for who only retrieves: 480")
def nowhere(s):
    s.sipp("RV-00.xml", "599999")
    s.sipp("RV-10.xml", s.range().orbit)


@line("8.7-416", "a scheme that is none of SIP: 416")
def scheme(s):
    s.sipp("SD-416.xml", "701")


@line("8.2-TCP", "park and retrieve over TCP")
def over_tcp(s):
    orbits = s.range()
    tcp = s.own_endpoint(transport="tcp")
    caller = s.outsider(orbits.park, endpoint=tcp)
    caller.audio = s.audio(440)
    response = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer())
    want(response.code, 200, "answer")
    find("transport=tcp", response.get("Contact"), "Contact")
    caller.audio.start(response.body)
    s.api.parked(orbits.orbit)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    retriever.bye()
    caller.request("BYE")


@line("8.2-IPv6", "park over IPv6, retrieve over IPv4: who is heard is the other")
def over_ipv6(s):
    orbits = s.range()
    six = s.own_endpoint(server=("::1", s.server[1]), host="::1")
    caller = s.outsider(orbits.park, endpoint=six)
    caller.audio = s.audio(440, host="::1")
    response = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer())
    want(response.code, 200, "answer")
    want(direction(response.body), "sendrecv", "direction")
    caller.audio.start(response.body)
    caller.audio.hears_sound()
    s.api.parked(orbits.orbit)
    s.talk(caller, s.retrieve(orbits.orbit, 620))


if __name__ == "__main__":
    run()
