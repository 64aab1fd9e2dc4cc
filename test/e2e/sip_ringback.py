"""Ring back and fallback: RB. The phone system is this test: it gets what the server calls."""

import time

from phone import Missing
from moves import parked, pick_up, ringing
from scenario import WAIT_ACK, find, line, run, want, want_in, want_that


@line("RB-01", "the ring back says who waits and where; the caller hears music meanwhile")
def what_it_says(s):
    orbits, caller, parker, phone = ringing(s)
    invite = phone.invite_request
    find(orbits.orbit, invite.get("From"), "From")
    find(rf"sip:{orbits.orbit}@callpark\.test", invite.get("From"), "From")
    find(caller.user.replace("+", r"\+"), invite.get("P-Asserted-Identity"), "P-Asserted-Identity")
    find("urn:alert:service:recall", invite.get("Alert-Info"), "Alert-Info")
    want(invite.get("X-Callpark-Orbit"), orbits.orbit, "X-Callpark-Orbit")
    want_that(invite.get("X-Callpark-Recall"), "X-Callpark-Recall is missing")
    find(rf"sip:{parker}@callpark\.test", invite.uri, "request URI")
    find(r"m=audio \d+", invite.body, "the offer")
    caller.audio.hears_sound(since=time.monotonic())


@line("RB-01b", "the name that the phone shows follows its template")
def template(s):
    orbits, caller, parker, phone = ringing(s, ringback_prefix="100%% %o %u%%n")
    find(f'"100% {orbits.orbit} {caller.user}%n"'.replace("+", r"\+"), phone.invite_request.get("From"), "From")


@line("RB-02", "the parker answers: two-way audio, the orbit is free")
def answered(s):
    orbits, caller, parker, phone = ringing(s)
    pick_up(s, phone, 620)
    s.talk(caller, phone)
    s.api.free(orbits.orbit)
    phone.bye()
    caller.request("BYE")
    want(s.api.record(orbits.orbit)["outcome"], "ringback_answered", "outcome")


@line("RB-05", "the parker's number does not exist: the fallback at once")
def no_such_number(s):
    fallback = s.user()
    orbits, caller, parker, call = parked(s, timeout_uri=f"sip:{fallback}@callpark.test", max_pickup_attempts="3")
    s.api.ring_back(call)
    s.accept(parker).refuse(404)
    phone = s.accept(fallback)
    pick_up(s, phone, 620)
    s.talk(caller, phone)
    s.api.free(orbits.orbit)


@line("RB-08", "somebody retrieves while it rings: CANCEL with 'call completed elsewhere'")
def retrieved_meanwhile(s):
    orbits, caller, parker, phone = ringing(s)
    retriever = s.retrieve(orbits.orbit, 800)
    cancel = phone.request("CANCEL")
    find("SIP *;.*cause=200", cancel.get("Reason"), "Reason")
    s.talk(caller, retriever)


@line("RB-09", "the parker answers as a retriever calls, both orders: one of them has the caller")
def crossing(s):
    for first in ("parker", "retriever"):
        orbits, caller, parker, phone = ringing(s)
        phone.audio = s.audio(620)
        phone.audio.aim(phone.invite_request.body)
        retriever = s.dialog(orbits.orbit)
        retriever.audio = s.audio(800)
        offer = retriever.audio.offer()
        if first == "parker":
            phone.reply(phone.invite_request, 200, sdp=phone.audio.offer())
            cseq = retriever.send("INVITE", [], offer)
        else:
            cseq = retriever.send("INVITE", [], offer)
            phone.reply(phone.invite_request, 200, sdp=phone.audio.offer())
        response = retriever.follow(retriever.response(cseq))
        phone.request("ACK")
        want_in(response.code, (200, 486), "answer to the retriever")
        if response.code == 200:
            phone.request("BYE")
            retriever.audio.start(response.body)
            s.talk(caller, retriever)
        else:
            phone.audio.start()
            s.talk(caller, phone)


@line("RB-10", "two answers from two phones: the second gets ACK and BYE")
def forked(s):
    orbits, caller, parker, phone = ringing(s)
    first = pick_up(s, phone, 620)
    s.talk(caller, first)
    tag, phone.local_tag = phone.local_tag, "otherphone"
    phone.reply(phone.invite_request, 200, sdp=s.audio().offer())
    acked = phone.wait(lambda m: m.method == "ACK" and "otherphone" in m.get("To"), what="ACK for the second")
    want(acked.method, "ACK", "request")
    phone.wait(lambda m: m.method == "BYE" and "otherphone" in m.get("To"), what="BYE for the second")
    phone.local_tag = tag
    s.talk(caller, first)


@line("RB-11", "the caller hangs up while it rings: CANCEL, the orbit is free")
def caller_hangs_up(s):
    orbits, caller, parker, phone = ringing(s)
    caller.bye()
    phone.request("CANCEL")
    s.api.free(orbits.orbit)


@line("RB-12", "a 200 that comes after our CANCEL: ACK and BYE, the caller is with the retriever")
def late_answer(s):
    orbits, caller, parker, phone = ringing(s)
    phone.auto.discard("CANCEL")
    retriever = s.retrieve(orbits.orbit, 800)
    cancel = phone.request("CANCEL")
    phone.reply(cancel, 200)
    phone.reply(phone.invite_request, 200, sdp=s.audio().offer())
    phone.request("ACK")
    phone.request("BYE")
    s.talk(caller, retriever)


@line("RB-12b", "the same when it had rung for long enough: the caller is parked", slow=True)
def late_answer_parked(s):
    orbits, caller, parker, call = parked(s, ring_time="5s")
    s.api.ring_back(call)
    phone = s.accept(parker)
    phone.auto.discard("CANCEL")
    phone.ring()
    cancel = phone.request("CANCEL", 15)
    phone.reply(cancel, 200)
    phone.reply(phone.invite_request, 200, sdp=s.audio().offer())
    phone.request("ACK")
    phone.request("BYE")
    s.api.parked(orbits.orbit)
    s.talk(caller, s.retrieve(orbits.orbit, 800))


@line("RB-15", "181 call is being forwarded: CANCEL; with no_forward off it goes on ringing, and may be answered")
def forwarded(s):
    orbits, caller, parker, phone = ringing(s)
    phone.reply(phone.invite_request, 181, "Call Is Being Forwarded")
    phone.request("CANCEL")
    s.api.parked(orbits.orbit)
    caller.audio.hears_sound(since=time.monotonic())
    orbits, caller, parker, phone = ringing(s, no_forward="off")
    phone.reply(phone.invite_request, 181, "Call Is Being Forwarded")
    phone.quiet(0.5, "BYE", "CANCEL")
    pick_up(s, phone, 620)
    s.talk(caller, phone)


@line("RB-16", "the phone system sends the ring back to the range: 482, no further leg, the caller stays")
def loop(s):
    orbits, caller, parker, call = parked(s)
    s.api.ring_back(call)
    phone = s.accept(parker)
    invite = phone.invite_request
    again = s.dialog(orbits.park, user=orbits.orbit)
    kept = [f"{name}: {invite.get(name)}" for name in
            ("P-Asserted-Identity", "Alert-Info", "X-Callpark-Orbit", "X-Callpark-Recall") if invite.get(name)]
    want(again.invite(kept, invite.body).code, 482, "answer")
    phone.refuse(482, "Loop Detected")
    s.api.parked(orbits.orbit)
    s.api.free(orbits[1])
    caller.audio.hears_sound(since=time.monotonic())


@line("RB-16-stripped", "the same by a phone system that keeps no header of ours: known by the orbit in From, by our display name, or "
      "by who waits and who has forwarded it; who only looks like that is parked")
def loop_without_headers(s):
    orbits, caller, parker, call = parked(s)
    s.api.ring_back(call)
    phone = s.accept(parker)
    phone.ring()
    invite = phone.invite_request
    display = find('"([^"]*)"', invite.get("From"), "From")
    waits, forwarded = f"P-Asserted-Identity: {caller.local}", f"Diversion: <sip:{parker}@pbx.test>;reason=unconditional"
    for user, more, headers in ((orbits.orbit, {}, []), (s.user(), {"display": display}, []),
                                (s.user(), {}, [waits, forwarded]),
                                (s.user(), {}, [waits, f"History-Info: <sip:{parker}@pbx.test>;index=1, "
                                                       f"<sip:{orbits.park}@pbx.test>;index=1.1"])):
        again = s.dialog(orbits.park, user=user, **more)
        want(again.invite(headers, invite.body).code, 482, f"answer to {again.local} with {headers}")
    proxied = s.dialog(orbits.park, endpoint=s.own_endpoint(), call_id=invite.get("Call-ID"))
    proxied.local = f"<sip:somebody@pbx.test>;tag={invite.param('From', 'tag')}"
    want(proxied.invite([], invite.body).code, 482, "answer to the same call by a proxy")
    s.api.free(orbits[1])
    other = s.range()
    for headers in ([waits], ["P-Asserted-Identity: <sip:+493012345@provider.example>", forwarded],
                    [waits, f"Diversion: <sip:{s.user()}@pbx.test>"]):
        innocent = s.outsider(other.park)
        want(innocent.invite(headers, s.audio(0).offer()).code, 200, f"answer with {headers}")
    phone.refuse(482, "Loop Detected")
    s.api.parked(orbits.orbit)
    again = s.dialog(orbits.park, user=orbits.orbit)  # nobody is rung any more
    want(again.invite([], s.audio(0).offer()).code, 200, "answer once nobody is rung")
    caller.audio.hears_sound(since=time.monotonic())


@line("RB-16-name", "the ring back shows no more than the caller's number, and the orbit is part of that: who else calls from there is "
      "parked")
def loop_no_name(s):
    orbits, other, parker = s.range(ringback_prefix="%n"), s.range(), s.user()
    company = f"+4930{orbits.orbit}5"
    caller = s.dialog(orbits.park, user=company, host="provider.example")
    caller.audio = s.audio(440)
    answer = caller.invite([f"Referred-By: <sip:{parker}@callpark.test>"], caller.audio.offer())
    want(answer.code, 200, "parking")
    caller.audio.start(answer.body)
    s.api.ring_back(s.api.parked(orbits.orbit))
    phone = s.accept(parker)
    phone.ring()
    find(f'"{company}"'.replace("+", r"\+"), phone.invite_request.get("From"), "From")
    second = s.dialog(other.park, user=company, host="provider.example", display=company)
    want(second.invite([], s.audio(0).offer()).code, 200, "the second call")


@line("RB-18", "nobody answers our INVITE at all: parked again after 64*T1")
def silence(s):
    orbits, caller, parker, call = parked(s)
    s.api.ring_back(call)
    phone = s.accept(parker)
    s.api.until(orbits.orbit, lambda c: c and c["state"] == "ringing_back", "ringing back")
    s.api.parked(orbits.orbit, WAIT_ACK + 10)
    sent = len([m for m in phone.seen if m.method == "INVITE"])
    want_that(sent >= 3, f"the INVITE was sent {sent} times")
    caller.audio.hears_sound(since=time.monotonic())


@line("RB-19", "INVITE with Replaces of the ring back that rings: connected, CANCEL to the parker")
def pickup(s):
    orbits, caller, parker, phone = ringing(s)
    invite = phone.invite_request
    other = s.dialog("x")
    other.audio = s.audio(800)
    tag = invite.param("From", "tag")
    response = other.invite([f"Replaces: {invite.get('Call-ID')};to-tag={tag};from-tag={phone.local_tag}"],
                            other.audio.offer())
    want(response.code, 200, "answer")
    other.audio.start(response.body)
    phone.request("CANCEL")
    s.talk(caller, other)


# --- who answers presses 1 ---

def asked(s, **settings):
    """... and it is picked up, and spoken to: neither of the two hears the other."""
    orbits, caller, parker, phone = ringing(s, ringback_confirm="on", **settings)
    pick_up(s, phone, 620)
    not_yet(s, orbits, caller, phone)
    return orbits, caller, phone


def not_yet(s, orbits, caller, phone):
    now = time.monotonic()
    phone.audio.hears_sound(since=now)
    caller.audio.hears_sound(since=now)
    phone.audio.does_not_hear(caller.audio.tone)
    caller.audio.does_not_hear(phone.audio.tone)
    s.api.state(orbits.orbit, "ringing_back")


def story(s, call):
    return [step["step"] for step in s.api.items(f"/parked-calls/{call['id']}/timeline")]


@line("RB-20", "ringback_confirm: whoever answers hears a question, and the caller once he has pressed 1 (RFC 4733)")
def confirmed(s):
    orbits, caller, phone = asked(s)
    phone.audio.keys("1")
    s.talk(caller, phone)
    s.api.free(orbits.orbit)
    phone.bye()
    caller.request("BYE")
    want(s.api.record(orbits.orbit)["outcome"], "ringback_answered", "outcome")


@line("RB-21", "a mailbox answers and presses nothing: BYE, not answered, the fallback; the caller hears music", slow=True)
def mailbox(s):
    fallback, unconfirmed = s.user(), r'ringbacks_total\{.*result="unconfirmed"\}'
    before = s.api.figure(unconfirmed)
    orbits, caller, parker, call = parked(s, ringback_confirm="on", pickup_timeout="10s", language="de",
                                          timeout_uri=f"sip:{fallback}@callpark.test")
    phone = pick_up(s, s.accept(parker, 20), 620)
    not_yet(s, orbits, caller, phone)
    find("nobody pressed 1", phone.request("BYE", 30).get("Reason"), "Reason")
    caller.audio.hears_sound(since=time.monotonic())
    s.talk(caller, pick_up(s, s.accept(fallback), 800))
    want_that(s.api.figure(unconfirmed) > before, "the figure has not risen")


@line("RB-21b", "whoever answered hangs up without pressing: parked again, and told apart in the timeline")
def gone_unconfirmed(s):
    orbits, caller, phone = asked(s, timeout_uri="sip:nobody@callpark.test")
    phone.bye()
    call = s.api.parked(orbits.orbit)
    find("answered, but nobody pressed 1", call["reason"], "the reason")
    want_in("call.ringback_unconfirmed", story(s, call), "the timeline")
    s.talk(caller, s.retrieve(orbits.orbit, 800))


@line("RB-22", "2 and other keys mean nothing: the question goes on, and 1 still counts")
def other_keys(s):
    orbits, caller, phone = asked(s)
    phone.audio.keys("2")
    not_yet(s, orbits, caller, phone)
    phone.audio.keys("0#*")
    not_yet(s, orbits, caller, phone)
    phone.audio.keys("1")
    s.talk(caller, phone)


@line("RB-23", "somebody retrieves while the question is asked: BYE with 'call completed elsewhere', he has the caller")
def retrieved_while_asked(s):
    orbits, caller, phone = asked(s)
    retriever = s.retrieve(orbits.orbit, 800)
    find("SIP *;.*cause=200", phone.request("BYE").get("Reason"), "Reason")
    s.talk(caller, retriever)


@line("RB-24", "the caller hangs up while the question is asked: BYE, the orbit is free")
def caller_gone_while_asked(s):
    orbits, caller, phone = asked(s)
    caller.bye()
    find("SIP *;.*cause=480", phone.request("BYE").get("Reason"), "Reason")
    s.api.free(orbits.orbit)
    want(s.api.record(orbits.orbit)["outcome"], "abandoned", "outcome")


@line("RB-25", "1 by INFO, in both forms; 2 by INFO means nothing")
def confirmed_by_info(s):
    for kind, body in (("application/dtmf-relay", "Signal={}\r\nDuration=160\r\n"), ("application/dtmf", "{}")):
        orbits, caller, phone = asked(s)
        want(phone.ask("INFO", body=body.format("2"), kind=kind).code, 200, "the answer to 2")
        not_yet(s, orbits, caller, phone)
        want(phone.ask("INFO", body=body.format("1"), kind=kind).code, 200, "the answer to 1")
        s.talk(caller, phone)


@line("API", "retrieve, transfer, extend, hang up by the API")
def by_hand(s):
    orbits, caller, parker, call = parked(s)
    who = s.user()
    s.api.ask("POST", f"/parked-calls/{call['id']}/extend", {"seconds": 60})
    s.api.ask("POST", f"/parked-calls/{call['id']}/retrieve", {"to": f"sip:{who}@callpark.test"})
    phone = pick_up(s, s.accept(who), 620)
    s.talk(caller, phone)
    orbits, caller, parker, call = parked(s)
    s.api.ask("POST", f"/parked-calls/{call['id']}/transfer", {"to": f"sip:{who}@callpark.test"})
    s.accept(who).refuse(486)
    call = s.api.parked(orbits.orbit)
    s.api.ask("POST", f"/parked-calls/{call['id']}/hangup", {})
    caller.request("BYE")
    s.api.free(orbits.orbit)
    want(s.api.record(orbits.orbit)["outcome"], "hung_up", "outcome")


if __name__ == "__main__":
    run()
