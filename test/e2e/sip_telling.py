"""Telling people: OR (the number by text message, who is on the other side), PK and PD-08 (what park keys send)."""

import re
import time

from moves import pick_up, ringing
from scenario import find, line, run, want, want_that


# --- a text message with the number ---


def text_of(s, user):
    message = s.endpoint.text(user)
    find("^text/plain", message.get("Content-Type"), "Content-Type")
    return message


@line("OR-02", "blind park: the parker is sent a text message that names the caller and the orbit")
def text_message(s):
    orbits, parker = s.range(message="on"), s.user()
    caller = s.park(orbits, parker)
    message = text_of(s, parker)
    want(message.body, f"{caller.user} is parked at {orbits.orbit}.", "the text")
    find(rf"<sip:{orbits.orbit}@callpark\.test>;tag=", message.get("From"), "From")
    s.api.parked(orbits.orbit)


@line("OR-02b", "the text message is refused, or never answered: nothing changes")
def text_refused(s):
    for code in (404, 405, 415, 0):
        orbits, parker = s.range(message="on"), s.user()
        s.endpoint.text_codes[parker] = code
        caller = s.park(orbits, parker, tone=440)
        text_of(s, parker)
        s.api.parked(orbits.orbit)
        s.talk(caller, s.retrieve(orbits.orbit, 620))


@line("OR-02c", "who withholds his number is not named; in the language of the range")
def text_hidden(s):
    orbits, parker = s.range(message="on", language="de"), s.user()
    caller = s.park(orbits, parker, headers=["Privacy: id"])
    message = text_of(s, parker)
    want(message.body, f"Ein Anrufer ist auf {orbits.orbit} geparkt.", "the text")
    want_that(caller.user not in str(message), "the number is in the message")


@line("OR-02d", "no text message to somebody outside, to who consults, or where it is off", slow=True)
def no_text(s):
    shown = s.user()
    for settings, sender in (({"message": "on"}, "sip:+4930555@callpark.test"), ({}, f"sip:{shown}@callpark.test")):
        orbits = s.range(**settings)
        caller = s.outsider(orbits.park)
        caller.audio = s.audio()
        want(caller.invite([f"Referred-By: <{sender}>"], caller.audio.offer()).code, 200, "parking")
        s.api.parked(orbits.orbit)
    orbits = s.range(message="on")
    consult = s.dialog(orbits.park)
    consult.audio = s.audio()
    want(consult.invite(sdp=consult.audio.offer()).code, 200, "the consultation")
    s.api.parked(orbits.orbit, 15)
    for user in (shown, consult.user, "+4930555"):
        want_that(s.endpoint.texts.get(user) is None, f"{user} got a text message")


@line("OR-02e", "the server ends while a text message waits for an answer: it ends all the same, and leaves nothing", last=True)
def text_at_the_end(s):
    orbits, parker = s.range(message="on"), s.user()
    s.endpoint.text_codes[parker] = 0
    s.park(orbits, parker)
    text_of(s, parker)


# --- a call back that speaks the number ---


def announced(s, **settings):
    """Somebody is parked by blind transfer, and the phone of whoever did that is called."""
    orbits, parker = s.range(announce_back="on", **settings), s.user()
    caller = s.park(orbits, parker, tone=440)
    return orbits, parker, caller, s.accept(parker)


def steps(s, orbits):
    call = s.api.parked(orbits.orbit)
    return [step["step"] for step in s.api.ask("GET", f"/parked-calls/{call['id']}/timeline")["items"]]


@line("OR-11", "announce-back: the parker's phone is asked to pick up by itself, he hears the number; the caller his music")
def announce_back(s):
    orbits, parker, caller, phone = announced(s)
    invite = phone.invite_request
    find("answer-after=0", invite.get("Call-Info"), "Call-Info")
    find("info=alert-autoanswer", invite.get("Alert-Info"), "Alert-Info")
    want(invite.get("Answer-Mode"), "Auto", "Answer-Mode")
    find(rf"Parked {orbits.orbit}: {re.escape(caller.user)}.*<sip:{orbits.orbit}@", invite.get("From"), "From")
    want(invite.get("P-Asserted-Identity"), "", "P-Asserted-Identity")
    phone = pick_up(s, phone, 620)
    phone.audio.hears_sound()
    caller.audio.does_not_hear(620)
    phone.request("BYE", 10)
    caller.audio.hears_sound(since=time.monotonic())
    want(s.api.parked(orbits.orbit)["state"], "parked", "state")
    want_that("call.announced" in steps(s, orbits), f"the timeline is {steps(s, orbits)}")
    s.talk(caller, s.retrieve(orbits.orbit, 800))


@line("OR-11b", "announce-back: busy, and called off by whoever retrieves; the call is as if nothing had been")
def announce_back_fails(s):
    orbits, parker, caller, phone = announced(s)
    phone.refuse(486, "Busy Here")
    want_that("call.announce_failed" in steps(s, orbits), f"the timeline is {steps(s, orbits)}")
    s.talk(caller, s.retrieve(orbits.orbit, 800))
    orbits, parker, caller, phone = announced(s)
    phone.ring()
    retriever = s.retrieve(orbits.orbit, 800)
    phone.request("CANCEL")
    s.talk(caller, retriever)


@line("OR-11c", "announce-back: nobody is called who dialled the orbit, consulted, or is outside", slow=True)
def nobody_announced(s):
    orbits, parker = s.range(announce_back="on"), s.user()
    chosen = s.outsider(orbits.orbit)
    want(chosen.invite([f"Referred-By: <sip:{parker}@callpark.test>"], s.audio().offer()).code, 200, "parking")
    s.api.parked(orbits.orbit)
    consult = s.dialog(orbits.park)
    consult.audio = s.audio()
    want(consult.invite(sdp=consult.audio.offer()).code, 200, "the consultation")
    outside = s.user("+4930777")
    sent = s.outsider(orbits.park)
    want(sent.invite([f"Referred-By: <sip:{outside}@callpark.test>"], s.audio().offer()).code, 200, "parking")
    for user in (parker, consult.user, outside):
        s.endpoint.expect(user)
    time.sleep(2.5)  # longer than it would take
    for user in (parker, consult.user, outside):
        want_that(s.endpoint.users[user].empty(), f"{user} was called")


# --- who is on the other side ---


def colleague(s, orbits, tone=440, allow=None):
    """Somebody inside is transferred to the range."""
    caller = s.dialog(orbits.park)
    caller.auto.discard("UPDATE")
    if allow:
        caller.allow = allow
    caller.audio = s.audio(tone)
    answer = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer())
    want(answer.code, 200, "parking")
    caller.audio.start(answer.body)
    s.api.parked(orbits.orbit)
    return caller


@line("OR-06", "after retrieval the caller's phone is told by UPDATE without SDP who has him; who retrieves, in the 200")
def told_by_update(s):
    orbits = s.range()
    caller = colleague(s, orbits)
    retriever = s.retrieve(orbits.orbit, 620)
    find(f"<sip:{caller.user}@callpark.test>", retriever.response_200.get("P-Asserted-Identity"), "who is retrieved")
    update = caller.request("UPDATE")
    find(f"<sip:{retriever.user}@callpark.test>", update.get("P-Asserted-Identity"), "P-Asserted-Identity")
    want(update.body, "", "SDP")
    caller.reply(update, 200)
    s.talk(caller, retriever)
    want(retriever.count("UPDATE"), 0, "UPDATEs to who knew already")


@line("OR-04", "UPDATE answered 491: once more after a while, then no more; the call is unaffected", slow=True)
def glare(s):
    orbits = s.range()
    caller = colleague(s, orbits)
    retriever = s.retrieve(orbits.orbit, 620)
    first = caller.request("UPDATE")
    caller.reply(first, 491, "Request Pending")
    second = caller.wait(lambda m: m.method == "UPDATE" and m.cseq != first.cseq, 10, "a second UPDATE")
    caller.reply(second, 491, "Request Pending")
    s.talk(caller, retriever)
    time.sleep(2.5)  # longer than the wait after a 491
    want(len({m.cseq for m in caller.seen if m.method == "UPDATE"}), 2, "UPDATEs in all, sent again or not")


@line("OR-07", "UPDATE answered 405: never again on that dialog, whoever comes")
def never_again(s):
    orbits = s.range()
    caller = colleague(s, orbits)
    retriever = s.retrieve(orbits.orbit, 620)
    caller.reply(caller.request("UPDATE"), 405, "Method Not Allowed")
    want(retriever.ask("UPDATE", ['P-Asserted-Identity: "Eve" <sip:199@callpark.test>']).code, 200, "another identity")
    s.talk(caller, retriever)
    caller.quiet(1, "UPDATE", "INVITE")


@line("OR-08", "somebody else comes on the other side: the phone is told that, too")
def told_again(s):
    orbits = s.range()
    caller = colleague(s, orbits)
    retriever = s.retrieve(orbits.orbit, 620)
    caller.reply(caller.request("UPDATE"), 200)
    want(retriever.ask("UPDATE", ['P-Asserted-Identity: "Eve" <sip:199@callpark.test>']).code, 200, "another identity")
    update = caller.request("UPDATE")
    want(update.get("P-Asserted-Identity"), '"Eve" <sip:199@callpark.test>', "P-Asserted-Identity")
    caller.reply(update, 200)


@line("OR-09", "no UPDATE in Allow, display-reinvite = yes: re-INVITE with the session as it is, audio goes on")
def told_by_reinvite(s):
    orbits = s.range()
    caller = colleague(s, orbits, allow="INVITE, ACK, CANCEL, BYE")
    ours = [m for m in caller.seen if m.code == 200][0].body
    retriever = s.retrieve(orbits.orbit, 620)
    invite = caller.request("INVITE")
    find(f"<sip:{retriever.user}@callpark.test>", invite.get("P-Asserted-Identity"), "P-Asserted-Identity")
    want(invite.body, ours, "SDP")
    caller.reply(invite, 200, sdp=caller.audio.offer())
    caller.request("ACK")
    s.talk(caller, retriever)


@line("OR-10", "a ring back that is answered is told who it is; who is outside is told nothing")
def ring_back(s):
    orbits, caller, _, phone = ringing(s)
    phone = pick_up(s, phone, 620)
    update = phone.request("UPDATE")
    find(rf"<sip:\+?{caller.user.lstrip('+')}@", update.get("P-Asserted-Identity"), "P-Asserted-Identity")
    s.talk(caller, phone)
    want([m.method for m in caller.seen if m.method], [], "requests to the caller")
    s.api.free(orbits.orbit)


# --- what park keys send ---


@line("PK-01", "park keys: *68 and park+ park, *88 and retrieve+ retrieve, whatever else the call looks like (PD-08)")
def prefixes(s):
    orbits = s.range()
    want(s.dialog(f"*88{orbits.orbit}").invite(sdp=s.audio().offer()).code, 480, "retrieving from an empty orbit")
    caller = s.outsider(f"*68{orbits.orbit}")
    caller.audio = s.audio(440)
    answer = caller.invite(sdp=caller.audio.offer())
    want(answer.code, 200, "parking by *68")
    caller.audio.start(answer.body)
    s.api.parked(orbits.orbit)
    want(s.dialog(f"*68{orbits.orbit}").invite(sdp=s.audio().offer()).code, 486, "parking where somebody is")
    want(s.dialog(f"park+{orbits.orbit}").invite(sdp=s.audio().offer()).code, 486, "the same by park+")
    s.talk(caller, s.retrieve(f"retrieve+{orbits.orbit}", 620))
    anywhere = s.outsider(f"*68{orbits.park}")
    want(anywhere.invite(sdp=s.audio().offer()).code, 200, "parking in the range by *68 and its park number")
    s.api.parked(orbits.orbit)


@line("PK-03", "INFO: a package 469, an unknown body 415, what phones send anyway 200; the call goes on")
def info(s):
    orbits = s.range()
    caller = s.park(orbits, s.user(), tone=440)
    want(caller.ask("INFO", ["Info-Package: x-park"]).code, 469, "a package")
    refused = caller.ask("INFO", body="<park/>", kind="application/x-park+xml")
    want(refused.code, 415, "an unknown body")
    find("application/dtmf-relay", refused.get("Accept"), "Accept")
    want(caller.ask("INFO", body="Signal=1\r\n", kind="application/dtmf-relay").code, 200, "a key")
    want(caller.ask("INFO").code, 200, "nothing at all")
    s.talk(caller, s.retrieve(orbits.orbit, 620))


@line("PR-03", "refer-dial = yes: whom a REFER without Replaces names is called, and parked when he answers; a stranger is not")
def refer_dial(s):
    orbits, h = s.range(), s.user()
    p = s.dialog(orbits.park)
    p.auto = p.auto | {"NOTIFY"}
    want(p.ask("REFER", [f"Refer-To: <sip:{h}@callpark.test>"]).code, 202, "REFER")
    phone = s.accept(h)
    want(phone.invite_request.get("Replaces"), "", "Replaces")
    want_that(not s.api.calls(orbits.orbit) or s.api.calls(orbits.orbit)[0]["state"] != "parked", "parked before he answered")
    pick_up(s, phone, 440)
    p.wait(lambda m: m.method == "NOTIFY" and m.body.startswith("SIP/2.0 200"), what="NOTIFY 200")
    s.api.parked(orbits.orbit)
    s.talk(phone, s.retrieve(orbits.orbit, 620))
    want(s.dialog(orbits.park).ask("REFER", ["Refer-To: <sip:105@elsewhere.example>"]).code, 403, "somebody elsewhere")


if __name__ == "__main__":
    run()
