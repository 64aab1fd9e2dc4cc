"""RD: after a retrieval the two legs send their audio to each other, told by re-INVITE. RX: the retriever is asked by
REFER to call the caller himself. 127.0.0.1 is a peer with direct-media, 127.0.0.3 one with exit, 127.0.0.2 neither."""

import re
import time
from urllib.parse import unquote

from audio import direction, origin, port_of
from direct import REFERS, asked, replace, straight, tell, told
from moves import parked
from scenario import find, line, run, want, want_that
from srtp import park, secure


def both(s):
    """Parked and retrieved: the two hear each other, and nobody has been told of the other yet."""
    orbits, caller, who, _ = parked(s)
    retriever = s.retrieve(orbits.orbit, 620)
    return orbits, caller, retriever


def direct(s):
    orbits, caller, retriever = both(s)
    first = told(caller, retriever)
    second = told(retriever, caller)
    straight(caller, retriever)
    straight(retriever, caller)
    s.talk(caller, retriever)
    return orbits, caller, retriever, first, second


@line("RD-01", "each is told of the other by re-INVITE, one o= with rising versions; nothing through the server")
def told_of_each_other(s):
    orbits, caller, retriever, first, second = direct(s)
    old, new = origin(caller.response_200.body).split(), origin(first.body).split()
    want(new[:2] + new[3:], old[:2] + old[3:], "o= of the caller's leg")
    want(int(new[2]), int(old[2]) + 1, "version of the caller's leg")
    old, new = origin(retriever.response_200.body).split(), origin(second.body).split()
    want(new[:2] + new[3:], old[:2] + old[3:], "o= of the retriever's leg")
    caller.bye()
    retriever.request("BYE")


@line("RD-01-other", "one of the two is at a system without direct-media: through the server, nobody is asked")
def not_here(s):
    orbits, caller, _, _ = parked(s)
    other = s.own_endpoint(host="127.0.0.2")
    retriever = s.dialog(orbits.orbit, endpoint=other)
    retriever.audio = s.audio(620)
    answer = retriever.invite(sdp=retriever.audio.offer())
    retriever.audio.start(answer.body)
    s.talk(caller, retriever)
    caller.quiet(0.3, "INVITE")
    want(retriever.count("INVITE"), 0, "re-INVITE")


@line("RD-01-nat", "one of the two sends from elsewhere than it says: through the server, nobody is asked")
def behind_nat(s):
    orbits, caller, _, _ = parked(s)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(620)
    answer = retriever.invite(sdp=retriever.audio.offer(host="127.0.0.9"))
    retriever.audio.start(answer.body)
    s.talk(caller, retriever)
    caller.quiet(0.3, "INVITE")


@line("RD-01-codec", "no format in common: through the server, nobody is asked")
def no_format(s):
    orbits, caller, _, _ = parked(s)
    retriever = s.retrieve(orbits.orbit, 620, pt=8)
    s.talk(caller, retriever)
    caller.quiet(0.3, "INVITE")


@line("RD-01-keys", "audio with keys on both legs, or on one: through the server, nobody is asked, no key is told to the other")
def keys(s):
    for theirs in (secure(s, 620), s.audio(620)):
        orbits = s.range()
        caller = park(s, orbits, secure(s, 440))
        retriever = s.dialog(orbits.orbit)
        retriever.audio = theirs
        answer = retriever.invite(sdp=theirs.offer())
        want(answer.code, 200, "the retrieval")
        theirs.start(answer.body)
        s.talk(caller, retriever)
        caller.quiet(0.3, "INVITE")
        want(retriever.count("INVITE"), 0, "re-INVITE")
        want_that(caller.audio.target[1] == port_of(caller.response_200.body), "the caller was told of somebody")


@line("RD-02", "the caller's phone says 491: connected through the server at once, asked again later")
def busy(s):
    orbits, caller, retriever = both(s)
    request = caller.request("INVITE")
    caller.reply(request, 491, "Request Pending")
    caller.request("ACK")
    s.talk(caller, retriever)
    want_that(retriever.audio.packets[0].at - retriever.asked_at < 0.5, "the retriever waited")
    told(caller, retriever)
    told(retriever, caller)
    straight(caller, retriever)
    straight(retriever, caller)


@line("RD-03", "the caller's phone says 488: through the server, the retriever is not asked")
def refused(s):
    orbits, caller, retriever = both(s)
    told(caller, retriever, 488)
    s.talk(caller, retriever)
    retriever.quiet(0.3, "INVITE")


@line("RD-03-second", "the retriever's phone says 488: the caller is told to send to the server again")
def refused_second(s):
    orbits, caller, retriever = both(s)
    told(caller, retriever)
    told(retriever, caller, 488)
    back = told(caller, None)
    want(port_of(back.body), port_of(caller.response_200.body), "whereto")
    s.talk(caller, retriever)


@line("RD-03-silent", "the caller's phone does not answer: through the server, CANCEL, and it goes on")
def silent(s):
    orbits, caller, retriever = both(s)
    request = caller.request("INVITE")
    caller.reply(request, 100)
    s.talk(caller, retriever)
    caller.auto.discard("CANCEL")
    cancel = caller.request("CANCEL")
    caller.reply(cancel, 200)
    caller.reply(request, 487, "Request Terminated")
    caller.request("ACK")
    s.talk(caller, retriever)


@line("RD-03-gone", "the caller's phone knows the call no more (481): the retriever gets BYE")
def gone(s):
    orbits, caller, retriever = both(s)
    told(caller, retriever, 481)
    retriever.request("BYE")
    s.api.free(orbits.orbit)


@line("RD-04", "the retriever holds: passed to the caller as sendonly, answered recvonly; and back")
def hold(s):
    orbits, caller, retriever, _, _ = direct(s)
    number = retriever.send("INVITE", body=retriever.audio.offer(direction="sendonly", version=3))
    passed = told(caller, retriever, sdp=caller.audio.offer(direction="recvonly", version=3))
    want(direction(passed.body), "sendonly", "what the caller is told")
    answer = retriever.follow(retriever.response(number))
    want((answer.code, direction(answer.body), port_of(answer.body)), (200, "recvonly", caller.audio.port), "answer")
    number = retriever.send("INVITE", body=retriever.audio.offer(version=4))
    told(caller, retriever, sdp=caller.audio.offer(version=4))
    answer = retriever.follow(retriever.response(number))
    want((answer.code, direction(answer.body)), (200, "sendrecv"), "answer")
    straight(caller, retriever)


@line("RD-04-refused", "the caller's phone does not take that (488): so is the retriever told, nothing has changed")
def hold_refused(s):
    orbits, caller, retriever, _, _ = direct(s)
    number = retriever.send("INVITE", body=retriever.audio.offer(direction="inactive", version=3))
    told(caller, retriever, 488)
    want(retriever.follow(retriever.response(number)).code, 488, "answer")
    straight(caller, retriever)


@line("RD-04-refresh", "the same words again, or none: answered at once with the other side's, who is not asked")
def refresh(s):
    orbits, caller, retriever, _, _ = direct(s)
    answer = retriever.invite(sdp=retriever.audio.offer(version=2))
    want((answer.code, port_of(answer.body)), (200, caller.audio.port), "answer")
    number = caller.send("INVITE")
    answer = caller.response(number)
    want((answer.code, port_of(answer.body)), (200, retriever.audio.port), "offer")
    caller.follow(answer, ack_sdp=caller.audio.offer(version=2))
    want((caller.count("INVITE"), retriever.count("INVITE")), (1, 1), "re-INVITEs")
    straight(caller, retriever)


@line("RD-05", "both send re-INVITE at once: both get 491, and each is answered when it comes again")
def both_at_once(s):
    orbits, caller, retriever, _, _ = direct(s)
    number = retriever.send("INVITE", body=retriever.audio.offer(direction="sendonly", version=3))
    crossing = caller.request("INVITE")
    mine = caller.send("INVITE", body=caller.audio.offer(direction="sendonly", version=3))
    want(caller.follow(caller.response(mine)).code, 491, "the caller's own")
    caller.reply(crossing, 491, "Request Pending")
    want(retriever.follow(retriever.response(number)).code, 491, "the retriever's own")
    number = retriever.send("INVITE", body=retriever.audio.offer(direction="sendonly", version=4))
    told(caller, retriever, sdp=caller.audio.offer(direction="recvonly", version=4))
    want(retriever.follow(retriever.response(number)).code, 200, "the retriever's again")


@line("RD-back", "the retriever transfers to the range: music from the server again, and the next one gets the caller")
def parked_again(s):
    orbits, caller, retriever, _, _ = direct(s)
    want(retriever.ask("REFER", [f"Refer-To: <sip:{orbits.park}@callpark.test>"]).code, 202, "REFER")
    back = told(caller, None)
    want(port_of(back.body), port_of(caller.response_200.body), "whereto")
    retriever.request("BYE")
    since = time.monotonic()
    caller.audio.hears_sound(since=since)
    want_that(caller.audio.packets[-1].source[1] == port_of(back.body), "music does not come from the server")
    again = s.retrieve(s.api.parked(orbits.orbit)["orbit"], 500)
    told(caller, again)
    told(again, caller)
    straight(caller, again)
    s.talk(caller, again)


@line("RD-transfer", "the retriever transfers to somebody: the two talk, first through the server")
def transferred(s):
    orbits, caller, retriever, _, _ = direct(s)
    target = s.user()
    want(retriever.ask("REFER", [f"Refer-To: <sip:{target}@callpark.test>"]).code, 202, "REFER")
    phone = s.accept(target)
    phone.audio = s.audio(800)
    phone.audio.aim(phone.invite_request.body)
    phone.pick_up(phone.audio.offer())
    phone.audio.start()
    told(caller, None)
    told(caller, phone)
    told(phone, caller)
    straight(caller, phone)
    s.talk(caller, phone)


@line("RD-timeline", "the call's timeline says which way the audio went, and its record how it ended")
def timeline(s):
    orbits, caller, retriever = both(s)
    told(caller, retriever)
    told(retriever, caller)
    straight(caller, retriever)
    retriever.bye()
    caller.request("BYE")
    record = s.api.record(orbits.orbit)
    want(record["outcome"], "retrieved", "outcome")
    names = [step["step"] for step in s.api.items(f"/parked-calls/{record['id']}/timeline")]
    want_that("call.media_direct" in names, f"the timeline is {names}")


# --- RX ---


def leaving(s, allow=REFERS, supported="replaces"):
    """A caller and a retriever at a system that lets us leave; the REFER is expected, or not."""
    h, r = s.own_endpoint(host="127.0.0.3"), s.own_endpoint(host="127.0.0.3")
    orbits, user = s.range(), s.user()
    h.expect(user)
    caller = s.dialog(orbits.park, user=user, endpoint=h)
    caller.audio = s.audio(440)
    answer = caller.invite([f"Referred-By: <sip:{s.user()}@callpark.test>", f"Supported: {supported}"],
                           caller.audio.offer())
    want(answer.code, 200, "parking")
    caller.audio.start(answer.body)
    s.api.parked(orbits.orbit)
    retriever = s.dialog(orbits.orbit, endpoint=r)
    retriever.allow, retriever.audio = allow, s.audio(620)
    answer = retriever.invite(sdp=retriever.audio.offer())
    want(answer.code, 200, "retrieving")
    retriever.audio.start(answer.body)
    return orbits, caller, retriever


@line("RX-01", "REFER with Replaces of the caller's leg; the two talk without us, both legs end, the record says why")
def left(s):
    orbits, caller, retriever = leaving(s)
    request = asked(retriever)
    replace(s, caller, retriever, request)
    want(tell(retriever, 100, "active;expires=60"), 200, "NOTIFY 100")
    want(tell(retriever, 200), 200, "NOTIFY 200")
    straight(caller, retriever)
    straight(retriever, caller)
    want(caller.ask("BYE").code, 200, "the caller's BYE")
    retriever.request("BYE")
    s.api.free(orbits.orbit)
    record = s.api.record(orbits.orbit)
    want(record["outcome"], "retrieved", "outcome")
    want_that("taken the call over, past callpark" in record["reason"], f"the record says {record['reason']!r}")


@line("RX-02", "the retriever's phone does not take REFER (405, 603), or says NOTIFY 481: the two talk on through us")
def not_left(s):
    for code in (405, 603, 0):
        orbits, caller, retriever = leaving(s)
        asked(retriever, code or 202)
        if not code:
            want(tell(retriever, 481), 200, "NOTIFY 481")
        since = time.monotonic()
        s.talk(caller, retriever)
        came = [p.at for p in caller.audio.wait_packets(20, since=since)]
        want_that(max(b - a for a, b in zip(came, came[1:])) < 0.3, "a gap in the audio")
        want(tell(retriever, 200), 481, "a NOTIFY for nothing")
        retriever.bye()
        caller.request("BYE")


@line("RX-01-401", "the retriever's phone wants a password for the REFER (401, 407): it gets that, once, and takes the call; a "
      "wrong one is not tried again, and the two talk on through us")
def refer_challenged(s):
    for code, header, answer in ((401, "WWW-Authenticate", "Authorization"),
                                 (407, "Proxy-Authenticate", "Proxy-Authorization")):
        ask = f'{header}: Digest realm="pbx", nonce="n1", algorithm=SHA-256, qop="auth"'
        orbits, caller, retriever = leaving(s)
        first = retriever.request("REFER")
        want(first.get(answer), "", answer)
        retriever.reply(first, code, "Who are you?", [ask])
        again = retriever.wait(lambda m: m.method == "REFER" and m.cseq != first.cseq, what="another REFER")
        find('username="callpark"', again.get(answer), answer)
        want(again.get("Refer-To"), first.get("Refer-To"), "Refer-To")
        retriever.reply(again, 202, "Accepted")
        replace(s, caller, retriever, again)
        want(tell(retriever, 200), 200, "NOTIFY 200")
        want(caller.ask("BYE").code, 200, "the caller's BYE")
        retriever.request("BYE")
        s.api.free(orbits.orbit)
    orbits, caller, retriever = leaving(s)
    for nonce in "n1", "n2":
        request = retriever.request("REFER")
        retriever.reply(request, 401, "Who are you?",
                        [f'WWW-Authenticate: Digest realm="pbx", nonce="{nonce}", algorithm=MD5, qop="auth"'])
    s.talk(caller, retriever)
    want(len({m.cseq for m in retriever.seen if m.method == "REFER"}), 2, "REFERs in all")
    retriever.bye()
    caller.request("BYE")


@line("RX-02-cannot", "a phone that knows no REFER, or a caller's no Replaces, is not asked")
def cannot(s):
    for more in ({"allow": "INVITE, ACK, CANCEL, BYE"}, {"supported": "timer"}):
        orbits, caller, retriever = leaving(s, **more)
        s.talk(caller, retriever)
        want(retriever.count("REFER"), 0, "REFER")


@line("RX-03", "NOTIFY 200, no BYE from the caller, but his audio has stopped: BYE to his old leg and to the retriever", slow=True)
def audio_stopped(s):
    orbits, caller, retriever = leaving(s)
    s.talk(caller, retriever)
    replace(s, caller, retriever, asked(retriever))
    straight(caller, retriever)
    straight(retriever, caller)
    want(tell(retriever, 200), 200, "NOTIFY 200")
    since = time.monotonic()
    caller.request("BYE", 9)
    want_that(time.monotonic() - since > 4, "BYE to somebody who may still let go himself")
    retriever.request("BYE")
    want_that("taken the call over, past callpark" in s.api.record(orbits.orbit)["reason"], "the record")


@line("RX-03", "NOTIFY 200, but the caller does not let go: the two stay connected through us", slow=True)
def said_only(s):
    orbits, caller, retriever = leaving(s)
    asked(retriever)
    want(tell(retriever, 200), 200, "NOTIFY 200")
    retriever.quiet(5.5, "BYE")
    s.talk(caller, retriever)
    retriever.bye()
    caller.request("BYE")
    record = s.api.record(orbits.orbit)
    steps = [step["step"] for step in s.api.items(f"/parked-calls/{record['id']}/timeline")]
    want_that("call.exit_failed" in steps, f"the timeline is {steps}")


@line("RX-04", "the caller's BYE comes before the NOTIFY: it is done")
def crossing(s):
    orbits, caller, retriever = leaving(s)
    replace(s, caller, retriever, asked(retriever))
    want(caller.ask("BYE").code, 200, "the caller's BYE")
    retriever.request("BYE")
    record = s.api.record(orbits.orbit)
    want_that("taken the call over, past callpark" in record["reason"], f"the record says {record['reason']!r}")


if __name__ == "__main__":
    run()
