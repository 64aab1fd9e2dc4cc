"""What nobody plans and somebody does: people who change their minds, phones that answer oddly, an administrator in
between. Whatever happens, the caller ends with somebody, in an orbit with music, or where he wanted to go."""

import socket
import time

from audio import answer_pt
from moves import consult, parked, pick_up, ringing, take_over
from phone import Missing
from scenario import line, run, want, want_in, want_that


def still_there(s, orbits, caller):
    s.api.parked(orbits.orbit)
    caller.audio.hears_sound(since=time.monotonic())


@line("ODD-01", "the retriever hangs up before he was ever there: the caller is back in his orbit")
def never_was_there(s):
    orbits, caller, _, _ = parked(s)
    retriever = s.dialog(orbits.orbit)
    want(retriever.invite(sdp=s.audio().offer()).code, 200, "answer")
    retriever.bye()
    still_there(s, orbits, caller)
    s.talk(caller, s.retrieve(orbits.orbit, 620))


@line("ODD-02", "the parker retrieves his own call")
def own_call(s):
    orbits, caller, parker, _ = parked(s)
    phone = s.dialog(orbits.orbit, user=parker)
    phone.audio = s.audio(620)
    response = phone.invite(sdp=phone.audio.offer())
    want(response.code, 200, "answer")
    phone.audio.start(response.body)
    s.talk(caller, phone)


def answered_badly(sdp):
    """The phone answers the ring back with something that cannot be played to, and so again the plain form that is
    tried once after that."""
    def play(s):
        orbits, caller, parker, phone = ringing(s)
        for attempt in ("first", "plain"):
            phone.reply(phone.invite_request, 200, sdp=sdp and s.audio().offer(sdp))
            phone.request("ACK")
            phone.request("BYE")
            if attempt == "first":
                phone = s.accept(parker)
                want_that("G722" not in phone.invite_request.body, "the second form is as rich as the first")
        s.api.parked(orbits.orbit, 2)
        still_there(s, orbits, caller)

    return play


line("ODD-03", "the parker answers the ring back without a codec of ours, twice: the caller stays")(
    answered_badly(["96 SPEEX/8000"]))
line("ODD-04", "the parker answers the ring back without any SDP, twice: the caller stays")(answered_badly(""))


@line("ODD-05", "somebody retrieves while the fallback rings: he gets the caller, the fallback CANCEL")
def retrieved_from_fallback(s):
    fallback = s.user()
    orbits, caller, parker, call = parked(s, timeout_uri=f"sip:{fallback}@callpark.test")
    s.api.ring_back(call)
    s.accept(parker).refuse(404)
    phone = s.accept(fallback)
    phone.ring()
    s.api.state(orbits.orbit, "forwarding")
    retriever = s.retrieve(orbits.orbit, 620)
    phone.request("CANCEL")
    s.talk(caller, retriever)


@line("ODD-06", "a caller who holds is retrieved, and comes back from hold: they talk")
def held_and_retrieved(s):
    orbits, caller, _, _ = parked(s)
    want(caller.invite(sdp=caller.audio.offer(direction="sendonly", version=2)).code, 200, "hold")
    retriever = s.retrieve(orbits.orbit, 620)
    retriever.audio.hears(440)
    want(caller.invite(sdp=caller.audio.offer(direction="sendrecv", version=3)).code, 200, "resume")
    s.talk(caller, retriever)


@line("ODD-07", "PCMU here, PCMA there: transcoded, both hear each other")
def two_laws(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440, pt=0, formats=["0"])
    s.api.parked(orbits.orbit)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(620, 8)
    response = retriever.invite(sdp=retriever.audio.offer(["8"]))
    want((response.code, answer_pt(response.body)), (200, [8]), "answer")
    retriever.audio.start(response.body)
    s.talk(caller, retriever)
    caller.audio.one_stream()


@line("ODD-08", "both re-INVITE at once while they talk: both are answered, both hear")
def both_at_once(s):
    orbits, caller, _, _ = parked(s)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    first = caller.send("INVITE", body=caller.audio.offer(version=2))
    second = retriever.send("INVITE", body=retriever.audio.offer(version=2))
    want_in(caller.follow(caller.response(first)).code, (200, 491), "answer to the caller")
    want_in(retriever.follow(retriever.response(second)).code, (200, 491), "answer to the retriever")
    s.talk(caller, retriever)
    want(caller.count("BYE") + retriever.count("BYE"), 0, "BYEs")


@line("ODD-09", "CANCEL on the heels of a park: 487 and no orbit, or 200 and then BYE")
def cancelled_park(s):
    for _ in range(5):
        orbits = s.range()
        caller = s.outsider(orbits.park)
        cseq = caller.send("INVITE", ["Referred-By: <sip:105@callpark.test>"], s.audio().offer())
        want(caller.response(caller.cancel()).code, 200, "answer to CANCEL")
        response = caller.follow(caller.response(cseq))
        want_in(response.code, (487, 200), "answer to INVITE")
        if response.code == 200:
            caller.bye()
        s.api.free(orbits.orbit)


@line("ODD-10", "BYE before our 200 was acknowledged: the orbit is free")
def bye_without_ack(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    want(caller.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer(), ack=False).code, 200, "answer")
    want(caller.bye().code, 200, "answer to BYE")
    s.api.free(orbits.orbit)
    caller.quiet(0.3)


@line("ODD-11", "the INVITE comes three times before anything else: one orbit, one answer")
def repeated(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    cseq = caller.send("INVITE", ["Referred-By: <sip:105@callpark.test>"], s.audio().offer())
    s.endpoint.send(caller.last_sent)
    s.endpoint.send(caller.last_sent)
    want(caller.follow(caller.response(cseq)).code, 200, "answer")
    s.api.parked(orbits.orbit)
    s.api.free(orbits[1])


@line("ODD-12", "Require: 100rel: accepted, as no provisional answer is sent")
def reliable(s):
    orbits = s.range()
    s.park(orbits, "105", headers=["Require: 100rel", "Supported: 100rel"])
    s.api.parked(orbits.orbit)


@line("ODD-13", "the range is deleted: refused with the calls; by force the parker is rung at once, the caller kept")
def range_goes(s):
    orbits, caller, parker, call = parked(s)
    s.api.ask("DELETE", f"/number-ranges/{orbits.id}", {}, expect=409)
    still_there(s, orbits, caller)
    s.api.ask("DELETE", f"/number-ranges/{orbits.id}?mode=force", {})
    phone = pick_up(s, s.accept(parker), 620)
    s.talk(caller, phone)


@line("ODD-14", "the range drains: no new call, those in it can be had")
def range_drains(s):
    orbits, caller, _, _ = parked(s)
    s.api.ask("DELETE", f"/number-ranges/{orbits.id}?mode=drain", {})
    refused = s.outsider(orbits.park)
    code = refused.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer()).code
    want_in(code, (404, 480, 486, 503), "a new call")
    s.talk(caller, s.retrieve(orbits.orbit, 620))


@line("ODD-15", "a bad answer to our BYE, or none: the leg is gone all the same")
def bye_unanswered(s):
    orbits, caller, _, call = parked(s)
    caller.auto.discard("BYE")
    s.api.ask("POST", f"/parked-calls/{call['id']}/hangup", {})
    caller.request("BYE")
    s.api.free(orbits.orbit)
    s.park(orbits, "105")
    s.api.parked(orbits.orbit)


@line("ODD-16", "music off: silence is still sent")
def no_music(s):
    orbits, caller, _, _ = parked(s, music_on_hold="off")
    packets = caller.audio.wait_packets(20)
    want_that(len({bytes(p.payload) for p in packets}) <= 2, "that is no silence")


@line("ODD-17", "TCP in pieces and two requests in one: both are answered")
def pieces(s):
    tcp = s.own_endpoint(transport="tcp")
    one, two = s.dialog("ping", endpoint=tcp), s.dialog("ping", endpoint=tcp)
    sent, really = [], tcp.send
    tcp.send = lambda text, to=None: sent.append(text.encode())
    asked = [one.send("OPTIONS"), two.send("OPTIONS")]
    tcp.send = really
    stream = b"\r\n\r\n" + sent[0] + sent[1]
    for at in range(0, len(stream), 97):
        tcp.send(stream[at:at + 97])
        time.sleep(0.005)
    want([one.response(asked[0]).code, two.response(asked[1]).code], [200, 200], "answers")


@line("ODD-18", "a connection that breaks: the parked caller stays until he is hung up on")
def connection_breaks(s):
    orbits = s.range()
    tcp = s.own_endpoint(transport="tcp")
    caller = s.outsider(orbits.park, endpoint=tcp)
    caller.audio = s.audio(440)
    response = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer())
    caller.audio.start(response.body)
    s.api.parked(orbits.orbit)
    tcp.socket.shutdown(socket.SHUT_RDWR)
    caller.ended.set()
    time.sleep(0.5)
    still_there(s, orbits, caller)
    s.talk(caller, s.retrieve(orbits.orbit, 620))


@line("ODD-19", "64 kB and 200 headers are the limit: more is refused, the next request is answered")
def limits(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    code = caller.invite([f"X-Filler-{n}: x" for n in range(230)], s.audio().offer()).code
    want(code, 400, "230 headers")
    s.api.free(orbits.orbit)
    tcp = s.own_endpoint(transport="tcp")
    large = s.outsider(orbits.park, endpoint=tcp)
    try:
        large.send("INVITE", body="x" * 70000)
        want_in(large.response((large.cseq, "INVITE"), 4).code, (400, 413, 415, 488, 513), "70 kB")
    except (Missing, OSError):
        pass  # closing the connection is as good
    want(s.dialog("ping").ask("OPTIONS").code, 200, "OPTIONS afterwards")


@line("ODD-20", "swapped on both sides, twice: the last two talk")
def swapped(s):
    orbits, caller, _, _ = parked(s)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    second = take_over(s, orbits, caller, 500)
    want(second.answer.code, 200, "the caller's side")
    third = s.dialog("x")
    third.audio = s.audio(800)
    response = third.invite([f"Replaces: {retriever.ids()}"], third.audio.offer())
    want(response.code, 200, "the retriever's side")
    third.audio.start(response.body)
    s.talk(second, third)
    second.bye()
    third.request("BYE")


@line("ODD-21", "a transfer whose new leg is never acknowledged: the consultation's end keeps nobody from the orbit")
def replaced_without_ack(s):
    orbits = s.range()
    parker = consult(s, orbits)
    caller = take_over(s, orbits, parker, ack=False)
    want(caller.answer.code, 200, "answer")
    caller.request("BYE", 12)
    parker.audio.wait_packets(5, since=time.monotonic())
    want(take_over(s, orbits, parker).answer.code, 200, "again")
    s.api.parked(orbits.orbit)


@line("ODD-22", "two parties with one identity: an event for one is none for the other")
def one_identity(s):
    orbits, second = s.range(), s.range()
    a, b = s.outsider(orbits.park), s.outsider(second.park)
    b.local = a.local
    for caller, where in ((a, orbits), (b, second)):
        want(caller.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer()).code, 200, "answer")
        s.api.parked(where.orbit)
    a.bye()
    s.api.free(orbits.orbit)
    s.api.parked(second.orbit)


if __name__ == "__main__":
    run()
