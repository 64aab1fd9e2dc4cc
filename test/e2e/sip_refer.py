"""REFER: PR (park by REFER), PI (by the API, and X-Callpark headers), RT (transfers after the bridge)."""

import threading
import time

from phone import token
from moves import consult, parked, pick_up
from scenario import find, line, run, want, want_in, want_that

DIALOG = "call%40pbx%3Bto-tag%3Dhis%3Bfrom-tag%3Dmine"
REPLACES = "call@pbx;to-tag=his;from-tag=mine"


def at(s, user, replaces=""):
    """The address of somebody's device, as a Refer-To has it."""
    return f"<sip:{user}@{s.endpoint.where}{'?Replaces=' + replaces if replaces else ''}>"


def refer(s, dialog, target, headers=(), expect=202):
    """REFER; its answer, and the first NOTIFY, which must come at once."""
    asked = time.monotonic()
    response = dialog.ask("REFER", [f"Refer-To: {target}", *headers])
    want(response.code, expect, "answer to REFER")
    if expect == 202:
        first = notified(dialog, 100, "active")
        want_that(time.monotonic() - asked < 2, "NOTIFY 100 came late")
        response.event = first.get("Event")
    return response


def notified(dialog, code, state="terminated", answer=200):
    notify = dialog.request("NOTIFY")
    dialog.reply(notify, answer)
    want(find(r"^SIP/2.0 (\d+)", notify.body, "sipfrag"), str(code), "sipfrag")
    want_that(notify.get("Subscription-State").startswith(state), notify.get("Subscription-State"))
    want_that(notify.get("Content-Type").startswith("message/sipfrag"), notify.get("Content-Type"))
    return notify


def parker(s, orbits):
    """Somebody who talks to a customer elsewhere and sends REFER to the range."""
    return s.dialog(orbits.park)


def talking(s, **settings):
    orbits, caller, who, _ = parked(s, **settings)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    return orbits, caller, retriever


@line("PR-01", "REFER with Replaces to a range: 202, NOTIFY 100, INVITE with just that Replaces, parked, NOTIFY 200")
def fetched(s):
    orbits, h = s.range(), s.user()
    p = parker(s, orbits)
    answer = refer(s, p, at(s, h, DIALOG + "&Subject=x"), [f"Referred-By: <sip:{p.user}@callpark.test>"])
    want(answer.get("X-Callpark-Orbit"), orbits.orbit, "X-Callpark-Orbit of the 202")
    find(rf"sip:{orbits.orbit}@", answer.get("Contact"), "Contact of the 202")
    leg = s.accept(h)
    want(leg.invite_request.get("Replaces"), REPLACES, "Replaces")
    want(leg.invite_request.get("Require"), "replaces", "Require")
    want(leg.invite_request.get("Subject"), "", "a header of somebody else's")
    find(rf"sip:{p.user}@", leg.invite_request.get("Referred-By"), "Referred-By")
    pick_up(s, leg, 440)
    last = notified(p, 200)
    find(rf"Contact: <sip:{orbits.orbit}@", last.body, "sipfrag")
    find(rf"X-Callpark-Orbit: {orbits.orbit}", last.body, "sipfrag")
    leg.audio.hears_sound()
    call = s.api.parked(orbits.orbit)
    want(call["parker"]["uri"], f"sip:{p.user}@callpark.test", "parker")
    s.talk(leg, s.retrieve(orbits.orbit, 620))


@line("PR-02", "he answers 481, 420, 486, or not at all: NOTIFY with that, the orbit is free")
def not_fetched(s):
    orbits = s.range()
    for code in (481, 420, 486):
        h = s.user()
        p = parker(s, orbits)
        refer(s, p, at(s, h, DIALOG))
        s.accept(h).refuse(code, "No")
        notified(p, code)
        s.api.free(orbits.orbit)


@line("PR-02-silent", "he never answers: given up after some seconds, CANCEL, NOTIFY 408", slow=True)
def never_answers(s):
    orbits, h = s.range(), s.user()
    p = parker(s, orbits)
    refer(s, p, at(s, h, DIALOG))
    leg = s.accept(h)
    leg.ring()
    p.wait(lambda m: m.method == "NOTIFY" and "408" in m.body, 25, "NOTIFY 408")
    leg.request("CANCEL")
    s.api.free(orbits.orbit)


@line("PR-03", "Refer-To without Replaces: 403")
def no_dialler(s):
    orbits, h = s.range(), s.user()
    refer(s, parker(s, orbits), at(s, h), expect=403)
    s.api.free(orbits.orbit)


@line("PR-04", "Refer-To missing or twice 400, http 416, somebody else's host 403, a number that is none 404")
def checked(s):
    orbits, h = s.range(), s.user()
    p = parker(s, orbits)
    want(p.ask("REFER").code, 400, "missing")
    p = parker(s, orbits)
    want(p.ask("REFER", [f"Refer-To: {at(s, h, DIALOG)}", f"Refer-To: {at(s, h, DIALOG)}"]).code, 400, "twice")
    want_in(parker(s, orbits).ask("REFER", ["Refer-To: <http://example.com/>"]).code, (416, 603), "http")
    refer(s, parker(s, orbits), f"<sip:{h}@elsewhere.example?Replaces={DIALOG}>", expect=403)
    refer(s, s.dialog("99999"), at(s, h, DIALOG), expect=404)
    s.api.free(orbits.orbit)


@line("PR-05", "Refer-Sub: false: 202 with it, no NOTIFY, parked all the same")
def unwatched(s):
    orbits, h = s.range(), s.user()
    p = parker(s, orbits)
    response = p.ask("REFER", [f"Refer-To: {at(s, h, DIALOG)}", "Refer-Sub: false", "Supported: norefersub"])
    want((response.code, response.get("Refer-Sub")), (202, "false"), "answer")
    pick_up(s, s.accept(h), 440)
    s.api.parked(orbits.orbit)
    want(p.count("NOTIFY"), 0, "NOTIFY")


@line("PR-06", "NOTIFY gets 481: no more of them, parked all the same")
def unwanted(s):
    orbits, h = s.range(), s.user()
    p = parker(s, orbits)
    want(p.ask("REFER", [f"Refer-To: {at(s, h, DIALOG)}"]).code, 202, "answer")
    notified(p, 100, "active", 481)
    pick_up(s, s.accept(h), 440)
    s.api.parked(orbits.orbit)
    want(len({m.cseq for m in p.seen if m.method == "NOTIFY"}), 1, "NOTIFY")


@line("PR-07", "two phones answer: one is kept, the other gets ACK and BYE")
def forked(s):
    orbits, h = s.range(), s.user()
    p = parker(s, orbits)
    refer(s, p, at(s, h, DIALOG))
    leg = s.accept(h)
    invite = leg.invite_request
    pick_up(s, leg, 440)
    first = leg.local_tag
    leg.local_tag = token()
    leg.reply(invite, 200, sdp=leg.audio.offer())
    leg.wait(lambda m: m.method == "BYE" and m.param("To", "tag") == leg.local_tag, what="BYE of the second")
    leg.local_tag = first
    notified(p, 200)
    leg.ended.clear()
    leg.audio.wait_packets(5, since=time.monotonic())
    s.api.parked(orbits.orbit)


@line("PR-08", "the parker hangs up on him before he answers: he says 481, NOTIFY says so")
def too_late(s):
    orbits, h = s.range(), s.user()
    p = parker(s, orbits)
    refer(s, p, at(s, h, DIALOG))
    s.accept(h).refuse(481, "Dialog Does Not Exist")
    notified(p, 481)
    s.api.free(orbits.orbit)


@line("PR-orbit", "REFER to an orbit parks there; a second one finds it occupied: 486")
def directed(s):
    orbits, h = s.range(), s.user()
    p = s.dialog(orbits[3])
    refer(s, p, at(s, h, DIALOG))
    pick_up(s, s.accept(h), 440)
    notified(p, 200)
    s.api.parked(orbits[3])
    refer(s, s.dialog(orbits[3]), at(s, h, DIALOG), expect=486)


@line("PR-consult", "REFER within the consultation: he comes in its place, in the orbit that was told")
def within(s):
    orbits, h = s.range(), s.user()
    p = consult(s, orbits)
    refer(s, p, at(s, h, DIALOG))
    leg = s.accept(h)
    want(leg.invite_request.get("Replaces"), REPLACES, "Replaces")
    pick_up(s, leg, 440)
    notified(p, 200)
    p.request("BYE")
    call = s.api.parked(orbits.orbit)
    want(call["parker"]["uri"], f"sip:{p.user}@callpark.test", "parker")
    leg.audio.hears_sound()


@line("PR-several", "two REFERs in one dialog are told apart by Event: refer;id=")
def several(s):
    orbits, _, r = talking(s)
    busy, other = s.user(), s.user()
    first = refer(s, r, at(s, busy))
    want(first.event, "refer", "Event of the first")
    s.accept(busy).refuse(486)
    notified(r, 486)
    second = refer(s, r, at(s, other))
    want(second.event, f"refer;id={r.cseq}", "Event of the second")
    s.accept(other).refuse(486)
    notified(r, 486)


class Asked(threading.Thread):
    """POST parked-calls, whose answer comes when the call is parked."""

    def __init__(self, s, body):
        super().__init__(daemon=True)
        self.s, self.body, self.code, self.answer = s, body, 0, {}
        self.start()

    def run(self):
        self.code, self.answer = self.s.api.post("/parked-calls", self.body)

    def done(self):
        self.join(20)
        return self.code, self.answer


def dialog_of(s, user):
    return {"target": f"sip:{user}@{s.endpoint.where}", "call_id": "call@pbx", "local_tag": "his", "remote_tag": "mine"}


@line("PI-01", "the API parks a dialog by its Call-ID and tags: INVITE with that Replaces, 201 with the orbit")
def by_api(s):
    orbits, h, p = s.range(), s.user(), s.user()
    asked = Asked(s, {**dialog_of(s, h), "range": orbits.id, "parker": f"sip:{p}@callpark.test"})
    leg = s.accept(h)
    want(leg.invite_request.get("Replaces"), REPLACES, "Replaces")
    pick_up(s, leg, 440)
    code, answer = asked.done()
    want((code, answer["orbit"], answer["state"]), (201, orbits.orbit, "parked"), "answer")
    want(answer["parker"]["uri"], f"sip:{p}@callpark.test", "parker")
    leg.audio.hears_sound()
    s.api.ring_back(answer)
    s.accept(p).refuse(486)


@line("PI-02", "he knows no such dialog: an error of the API, the orbit is free")
def unknown_dialog(s):
    orbits, h = s.range(), s.user()
    asked = Asked(s, {**dialog_of(s, h), "orbit": orbits[4]})
    s.accept(h).refuse(481, "No Such Dialog")
    code, answer = asked.done()
    want((code, answer["type"].split("/")[-1]), (502, "park-failed"), "answer")
    s.api.free(orbits[4])


@line("PI-call", "the API calls an address and parks it: 202 at once, parked when it answers; a full orbit is refused")
def call_back(s):
    orbits, h = s.range(), s.user()
    body = {"uri": f"sip:{h}@callpark.test", "orbit": orbits[2]}
    code, answer = Asked(s, body).done()
    want((code, answer["orbit"], answer["state"]), (202, orbits[2], "parking"), "answer")
    want(Asked(s, body).done()[0], 503, "the same orbit again")
    pick_up(s, s.accept(h), 440)
    s.api.parked(orbits[2])


@line("PI-words", "what is missing or wrong is said: 422 with its place")
def wrong(s):
    for body, place in (({}, "/call_id"), ({"uri": "http://x"}, "/uri"), ({"uri": "sip:1@x", "orbit": "99999"}, "/orbit"),
                        ({"uri": "sip:1@x", "call_id": "a"}, "/uri"),
                        ({**dialog_of(s, "1"), "local_tag": "a;b"}, "/local_tag")):
        code, answer = Asked(s, body).done()
        want((code, answer["errors"][0]["pointer"] if "errors" in answer else answer.get("pointer")), (422, place), str(body))


@line("PI-03", "X-Callpark-Action: park and X-Callpark-Orbit from a trusted system: there")
def headers(s):
    orbits = s.range()
    caller = s.outsider("x")
    caller.audio = s.audio(440)
    response = caller.invite(["X-Callpark-Action: park", f"X-Callpark-Orbit: {orbits[5]}"], caller.audio.offer())
    want(response.code, 200, "answer")
    caller.audio.start(response.body)
    s.api.parked(orbits[5])
    s.talk(caller, s.retrieve(orbits[5], 620))


@line("RT-01", "the retriever transfers blindly: INVITE with the caller's identity, bridged, NOTIFY 200, BYE")
def blind(s):
    orbits, caller, r = talking(s)
    target = s.user()
    refer(s, r, f"<sip:{target}@callpark.test>")
    phone = s.accept(target)
    find(rf"sip:\{caller.user}@", phone.invite_request.get("P-Asserted-Identity"), "P-Asserted-Identity")
    find(rf"sip:{r.user}@", phone.invite_request.get("Referred-By"), "Referred-By")
    phone.ring()
    s.talk(caller, r)
    pick_up(s, phone, 800)
    notified(r, 200)
    r.request("BYE")
    s.talk(caller, phone)


@line("RT-02", "the target is busy: NOTIFY 486, the two talk on")
def busy(s):
    orbits, caller, r = talking(s)
    target = s.user()
    refer(s, r, f"<sip:{target}@callpark.test>")
    s.accept(target).refuse(486)
    notified(r, 486)
    s.talk(caller, r)


@line("RT-03", "the retriever transfers to the range: parked again, by him, music, the number in the NOTIFY")
def again(s):
    orbits, caller, r = talking(s)
    refer(s, r, f"<sip:{orbits.park}@callpark.test>")
    last = notified(r, 200)
    orbit = find(r"X-Callpark-Orbit: (\d+)", last.body, "sipfrag")
    r.request("BYE")
    call = s.api.parked(orbit)
    want(call["parker"]["uri"], f"sip:{r.user}@callpark.test", "parker")
    caller.audio.hears_sound()
    s.talk(caller, s.retrieve(orbit, 500))


@line("RT-04", "the retriever consults another orbit and transfers there: the caller is in it")
def attended(s):
    orbits, caller, r = talking(s)
    second = s.dialog(orbits[7], user=r.user)
    second.audio = s.audio()
    response = second.invite(sdp=second.audio.offer())
    want(response.get("X-Callpark-Orbit"), orbits[7], "the consultation")
    ids = second.ids().replace(";", "%3B").replace("=", "%3D")
    refer(s, r, f"<sip:{orbits[7]}@callpark.test?Replaces={ids}>")
    notified(r, 200)
    r.request("BYE")
    second.request("BYE")
    call = s.api.parked(orbits[7])
    want(call["caller"]["number"], caller.user, "who is parked")
    caller.audio.hears_sound()


@line("RT-04-two", "the retriever has two calls here and joins them")
def joined(s):
    orbits, one, r = talking(s)
    other = s.park(orbits, r.user, tone=800)
    second = s.dialog(s.api.parked(orbits[0])["orbit"], user=r.user)
    second.audio = s.audio(500)
    response = second.invite(sdp=second.audio.offer())
    want(response.code, 200, "the second call")
    second.audio.start(response.body)
    s.talk(other, second)
    ids = second.ids().replace(";", "%3B").replace("=", "%3D")
    refer(s, r, f"<sip:x@callpark.test?Replaces={ids}>")
    notified(r, 200)
    r.request("BYE")
    second.request("BYE")
    s.talk(one, other)


@line("RT-05", "to an address that is none of the house: 403, the two talk on")
def forbidden(s):
    orbits, caller, r = talking(s)
    refer(s, r, "<sip:105@elsewhere.example>", expect=403)
    refer(s, caller, "<sip:+49900123456@callpark.test>", expect=403)
    s.talk(caller, r)


@line("RT-06", "the retriever hangs up right after the 202: the caller hears music, the transfer goes on")
def impatient(s):
    orbits, caller, r = talking(s)
    target = s.user()
    refer(s, r, f"<sip:{target}@callpark.test>")
    phone = s.accept(target)
    phone.ring()
    r.bye()
    caller.audio.hears_sound(since=time.monotonic())
    pick_up(s, phone, 800)
    s.talk(caller, phone)


@line("RT-06-busy", "... and the target is busy: parked again, whoever transferred is rung")
def impatient_busy(s):
    orbits, caller, r = talking(s)
    target = s.user()
    refer(s, r, f"<sip:{target}@callpark.test>")
    phone = s.accept(target)
    r.bye()
    phone.refuse(486)
    back = s.accept(r.user)
    s.api.state(orbits.orbit, "ringing_back")
    caller.audio.hears_sound(since=time.monotonic())
    pick_up(s, back, 500)
    s.talk(caller, back)


@line("RT-caller", "the caller's side transfers: the retriever stays and gets the target")
def by_caller(s):
    orbits, caller, r = talking(s)
    target = s.user()
    refer(s, caller, f"<sip:{target}@callpark.test>")
    phone = s.accept(target)
    find(rf"sip:{r.user}@", phone.invite_request.get("P-Asserted-Identity"), "P-Asserted-Identity")
    pick_up(s, phone, 800)
    notified(caller, 200)
    caller.request("BYE")
    s.talk(r, phone)


if __name__ == "__main__":
    run()
