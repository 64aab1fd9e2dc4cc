"""Attended transfer: PA (with Replaces, from the phones themselves), PX (bridged inside the PBX)."""

import time

from audio import direction, origin, port_of
from phone import Missing
from moves import consult, take_over
from scenario import find, line, run, want, want_in, want_that

WITHOUT_CODEC = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" \
                "m=audio 40000 RTP/AVP 96\r\na=rtpmap:96 SPEEX/8000\r\n"


@line("PA-01", "INVITE with Replaces: 200, the consultation ends, same orbit, music, the parker is who consulted")
def replaces(s):
    orbits = s.range()
    parker = consult(s, orbits)
    caller = take_over(s, orbits, parker)
    want(caller.answer.code, 200, "answer")
    parker.request("BYE")
    caller.audio.hears_sound()
    call = s.api.parked(orbits.orbit)
    want(call["parker"]["uri"], f"sip:{parker.user}@callpark.test", "parker")
    want(call["caller"]["number"], caller.user, "caller")


@line("PA-02", "the tags the wrong way round: 481, the consultation goes on")
def swapped(s):
    orbits = s.range()
    parker = consult(s, orbits)
    caller = s.outsider(orbits.park)
    response = caller.invite([f"Replaces: {parker.call_id};to-tag={parker.local_tag};from-tag={parker.remote_tag}"],
                             s.audio().offer())
    want(response.code, 481, "answer")
    parker.audio.wait_packets(5, since=time.monotonic())
    want(parker.count("BYE"), 0, "BYE to the parker")


@line("PA-03", "the parker hangs up first, Replaces comes seconds later: 200, the same orbit")
def lingers(s):
    orbits = s.range()
    parker = consult(s, orbits)
    parker.audio.hears_sound()
    parker.bye()
    time.sleep(2)
    caller = take_over(s, orbits, parker)
    want(caller.answer.code, 200, "answer")
    call = s.api.parked(orbits.orbit)
    want(call["parker"]["uri"], f"sip:{parker.user}@callpark.test", "parker")


@line("PA-05", "early-only, and the consultation is confirmed: 486")
def early_only(s):
    orbits = s.range()
    parker = consult(s, orbits)
    caller = s.outsider(orbits.park)
    response = caller.invite([f"Replaces: {parker.ids()};early-only"], s.audio().offer())
    want(response.code, 486, "answer")
    parker.audio.wait_packets(5, since=time.monotonic())


@line("PA-06", "an offer that cannot be accepted: 488, the consultation is up and still plays")
def bad_offer(s):
    orbits = s.range()
    parker = consult(s, orbits)
    caller = take_over(s, orbits, parker, sdp=WITHOUT_CODEC)
    want(caller.answer.code, 488, "answer")
    find(r"^30[45]", caller.answer.get("Warning"), "Warning")
    parker.audio.wait_packets(10, since=time.monotonic())
    want(parker.count("BYE"), 0, "BYE to the parker")
    want(take_over(s, orbits, parker).answer.code, 200, "a better offer")


@line("PA-07", "a consultation that was not answered yet cannot be named: 481, and it goes on")
def not_yet_answered(s):
    orbits = s.range()
    parker = s.dialog(orbits.park)
    cseq = parker.send("INVITE", [], s.audio().offer())
    caller = s.outsider(orbits.park)
    response = caller.invite([f"Replaces: {parker.call_id};to-tag=0;from-tag={parker.local_tag}"], s.audio().offer())
    want(response.code, 481, "answer")
    want(parker.follow(parker.response(cseq)).code, 200, "the consultation")


@line("PA-08", "the orbit was retrieved meanwhile: the transferred party gets the retriever")
def impatient(s):
    orbits = s.range()
    parker = consult(s, orbits, 440)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(parker, retriever)
    caller = take_over(s, orbits, parker, 800)
    want(caller.answer.code, 200, "answer")
    parker.request("BYE")
    s.talk(caller, retriever)


@line("PA-09", "the same Replaces twice: 200, and 603 for the second")
def twice(s):
    orbits = s.range()
    parker = consult(s, orbits)
    first = take_over(s, orbits, parker)
    want(first.answer.code, 200, "the first")
    want(take_over(s, orbits, parker).answer.code, 603, "the second")
    first.audio.wait_packets(5, since=time.monotonic())


@line("PA-10", "the parker hangs up without a transfer: nobody is in the orbit, nobody is rung")
def changed_his_mind(s):
    orbits = s.range()
    parker = consult(s, orbits)
    parker.audio.hears_sound()
    parker.bye()
    s.api.free(orbits.orbit)
    time.sleep(1)
    want(list(s.endpoint.users[parker.user].queue), [], "calls to the parker")


@line("PA-11", "Replaces names the caller's or the retriever's own leg: that side is swapped, the other stays")
def own_legs(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440)
    call = s.api.parked(orbits.orbit)
    other = take_over(s, orbits, caller, 500)
    want(other.answer.code, 200, "in the place of the caller")
    caller.request("BYE")
    want(s.api.parked(orbits.orbit)["id"], call["id"], "the call in the orbit")
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(other, retriever)
    third = s.dialog("x")
    third.audio = s.audio(800)
    response = third.invite([f"Replaces: {retriever.ids()}"], third.audio.offer())
    want(response.code, 200, "in the place of the retriever")
    third.audio.start(response.body)
    retriever.request("BYE")
    s.talk(other, third)


@line("PA-12", "Require: replaces or not is the same; Replaces twice, or with Join: 400")
def headers(s):
    orbits = s.range()
    parker = consult(s, orbits)
    for more in ([f"Replaces: {parker.ids()}"], ["Join: abc;to-tag=1;from-tag=2"]):
        want(take_over(s, orbits, parker, headers=more).answer.code, 400, f"with {more[0][:8]}")
    want(take_over(s, orbits, parker, headers=()).answer.code, 200, "without Require")
    parker.request("BYE")
    s.api.parked(orbits.orbit)


@line("PA-13", "a transfer while it still rings cannot be: the 200 comes before any 18x")
def no_ringing(s):
    orbits = s.range()
    parker = consult(s, orbits)
    want([p.code for p in parker.provisionals if p.code > 100], [], "provisional answers")


@line("PX-01", "UPDATE without SDP names the caller: 200 without SDP, he is parked, who he was is the parker")
def update_identity(s):
    orbits = s.range()
    leg = consult(s, orbits)
    caller = "+4930111222"
    response = leg.ask("UPDATE", [f'P-Asserted-Identity: "Alice" <sip:{caller}@provider.example>'])
    want((response.code, response.body), (200, ""), "answer to UPDATE")
    call = s.api.until(orbits.orbit, lambda c: c and c["caller"]["number"] == caller, "that of Alice")
    want(call["caller"]["name"], "Alice", "name")
    want(call["parker"]["uri"], f"sip:{leg.user}@callpark.test", "parker")
    s.api.parked(orbits.orbit)
    leg.audio.hears_sound()


@line("PX-02", "re-INVITE with another address and identity: RTP goes there, same SSRC, no jump, same orbit")
def moved(s):
    orbits = s.range()
    leg = consult(s, orbits)
    leg.audio.hears_sound()
    before = leg.audio.packets[-1]
    leg.audio.hush()
    elsewhere = s.audio()
    response = leg.invite(['P-Asserted-Identity: "Bob" <sip:+4930222333@provider.example>'],
                          elsewhere.offer(version=2))
    want(response.code, 200, "answer")
    elsewhere.start(response.body)
    first = elsewhere.wait_packets(10)[0]
    want(first.ssrc, before.ssrc, "SSRC")
    want_that((first.seq - before.seq) & 0xFFFF < 200, f"sequence numbers jump from {before.seq} to {first.seq}")
    elsewhere.one_stream()
    call = s.api.parked(orbits.orbit)
    want(call["caller"]["name"], "Bob", "caller")
    leg.audio.hears_nothing()


@line("PX-03", "nothing more comes: parked all the same, and can be retrieved")
def nothing_more(s):
    orbits = s.range()
    leg = consult(s, orbits, 440)
    s.api.parked(orbits.orbit, 25)
    s.talk(leg, s.retrieve(orbits.orbit, 620))


@line("PX-04", "re-INVITE without SDP: our offer, nothing changed in o=; the answer from the ACK")
def late_offer(s):
    orbits = s.range()
    leg = consult(s, orbits)
    first = leg.final_response.body
    response = leg.invite(ack=False)
    want(response.code, 200, "answer")
    find(r"m=audio \d+ RTP/AVP .*0", response.body, "our offer")
    want(port_of(response.body), port_of(first), "our port")
    want(origin(response.body).split()[1], origin(first).split()[1], "session id")
    want_that(int(origin(response.body).split()[2]) >= int(origin(first).split()[2]), "o= went back")
    leg.audio.hush()
    elsewhere = s.audio()
    leg.ack(elsewhere.offer(version=2))
    elsewhere.start(response.body).wait_packets(10)


@line("PX-05", "hold, then resume: recvonly and quiet, then music again")
def hold(s):
    orbits = s.range()
    leg = consult(s, orbits)
    leg.audio.hears_sound()
    response = leg.invite(sdp=leg.audio.offer(direction="sendonly", version=2))
    want((response.code, direction(response.body)), (200, "recvonly"), "answer to hold")
    time.sleep(0.2)
    leg.audio.hears_nothing()
    response = leg.invite(sdp=leg.audio.offer(direction="sendrecv", version=3))
    want((response.code, direction(response.body)), (200, "sendrecv"), "answer to resume")
    leg.audio.hears_sound(since=time.monotonic())


@line("PX-06", "UPDATE with another From (RFC 4916): he is the caller now")
def connected_identity(s):
    orbits = s.range()
    leg = consult(s, orbits)
    who = leg.user
    leg.local = f'"Carol" <sip:+4930333444@provider.example>'
    want(leg.ask("UPDATE").code, 200, "answer")
    call = s.api.until(orbits.orbit, lambda c: c and c["caller"]["number"] == "+4930333444", "that of Carol")
    want(call["parker"]["uri"], f"sip:{who}@callpark.test", "parker")


@line("PX-07", "UPDATE with an offer while ours is open: 491; without one: 200")
def glare(s):
    orbits = s.range()
    leg = consult(s, orbits)
    response = leg.invite(ack=False)
    cseq = leg.invite_cseq
    want(response.code, 200, "answer to the re-INVITE")
    want_in(leg.ask("UPDATE", body=leg.audio.offer(version=2)).code, (491, 500), "UPDATE with an offer")
    want(leg.ask("UPDATE").code, 200, "UPDATE without")
    leg.invite_cseq = cseq
    leg.ack(leg.audio.offer(version=2))
    leg.audio.wait_packets(10, since=time.monotonic())
    if leg.count("BYE"):
        raise Missing("the leg was hung up")


if __name__ == "__main__":
    run()
