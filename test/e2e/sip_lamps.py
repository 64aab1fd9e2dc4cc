"""Lamps: BL (dialog events, lists, PUBLISH), RP (pickup by the ids of a lamp), and tickets. What needs no call is in
test/unit/test_sip_watch.c."""

import email
import itertools
import os
import re
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree as xml

from again import start_again
from lamps import Crowd, Lamp, news, shown, watch
from moves import ringing
from phone import Message, Missing, PATIENCE
from scenario import SERVER, find, line, run, want, want_that

SOON = 2.0  # 500 ms on a machine that does nothing else
SLOWER = 3  # with sanitizers, beside other tests
RLMI = "{urn:ietf:params:xml:ns:rlmi}"


def lit(s, headers=(), **settings):
    """A caller is parked, and somebody watches: range, caller, watcher."""
    orbits = s.range(**settings)
    watcher = watch(s, orbits.orbit, headers)
    caller = s.park(orbits, s.user(), tone=440)
    shown(watcher, "early" if settings.get("lamp") == "early" or headers else "confirmed")
    s.api.parked(orbits.orbit)
    return orbits, caller, watcher


def pick_up(s, dialled, header, expect=200):
    phone = s.dialog(dialled)
    phone.audio = s.audio(620)
    phone.response_200 = phone.invite([header], phone.audio.offer())
    want(phone.response_200.code, expect, "picking up")
    if expect == 200:
        phone.audio.start(phone.response_200.body)
    return phone


@line("BL-02", "park: the lamp is lit, names the caller, and its version rises; BL-01: it was dark before")
def park(s):
    orbits = s.range()
    watcher = watch(s, orbits.orbit)
    want((watcher.lamp.state, watcher.lamp.entity), ("terminated", f"sip:{orbits.orbit}@127.0.0.1"), "the first lamp")
    caller = s.park(orbits, s.user())
    lamp = shown(watcher, "confirmed")
    want_that(lamp.at - caller.response_200.at < SOON, "the lamp came late")
    want(lamp.direction, "recipient", "direction")
    find(re.escape(caller.user), lamp.who[1], "who waits")


@line("BL-03", "retrieved, or hung up: the lamp is dark")
def dark_again(s):
    orbits, caller, watcher = lit(s)
    s.talk(caller, s.retrieve(orbits.orbit, 620))
    shown(watcher, "terminated", SOON + 1)
    other = s.park(orbits, s.user())
    shown(watcher, "confirmed")
    other.bye()
    shown(watcher, "terminated", SOON + 1)


@line("BL-04", "the key of a lit lamp dials the orbit: retrieved")
def key(s):
    orbits, caller, watcher = lit(s)
    s.talk(caller, s.retrieve(orbits.orbit, 620))


@line("BL-05", "lamp = early: early and recipient; picked up by the ids, and by the pickup code")
def early(s):
    orbits, caller, watcher = lit(s, lamp="early")
    want((watcher.lamp.state, watcher.lamp.direction), ("early", "recipient"), "the lamp")
    s.talk(caller, pick_up(s, orbits.orbit, watcher.lamp.replaces()))
    shown(watcher, "terminated")
    again = s.park(orbits, s.user(), tone=440)
    shown(watcher, "early")
    s.talk(again, s.retrieve("**" + orbits.orbit, 620))


@line("BL-05a", "by the User-Agent, whatever the setting says")
def profile(s):
    orbits, caller, watcher = lit(s, headers=["User-Agent: Blinking/2.0"])
    want(watch(s, orbits.orbit).lamp.state, "confirmed", "the lamp of another phone")


@line("BL-07a", "the lamp stays lit while the parker is rung back, and while his phone rings in vain")
def ring_back(s):
    orbits, caller, parker, phone = ringing(s)
    watcher = watch(s, orbits.orbit)
    want(watcher.lamp.state, "confirmed", "while it rings")
    phone.refuse(486, "Busy Here")
    s.api.parked(orbits.orbit)
    want([n for n in watcher.seen if n.method == "NOTIFY" and "terminated<" in n.body], [], "dark lamps")


@line("BL-14", "a list: Require, every orbit of the range, then only what changes")
def resource_list(s):
    orbits = s.range(size=12)
    phone = s.own_endpoint(transport="tcp")
    watcher = watch(s, f"lamps-{orbits.park}", ["Supported: eventlist"], endpoint=phone)
    want(watcher.answer.get("Require"), "eventlist", "Require in the 200")
    parts = split(watcher.notify)
    listed = parts["root"].findall(RLMI + "resource")
    want(parts["root"].get("fullState"), "true", "fullState")
    want([r.find(RLMI + "name").text for r in listed], [orbits[i] for i in range(12)], "the orbits")
    want([parts[orbits[i]].state for i in range(12)], ["terminated"] * 12, "their lamps")
    caller = s.park(orbits, s.user())
    s.api.parked(orbits.orbit)
    notify = news(watcher)
    later = split(notify)
    want((later["root"].get("fullState"), list(later)), ("false", ["root", orbits.orbit]), "what changed")
    want(later[orbits.orbit].state, "confirmed", "its lamp")
    want_that(int(later["root"].get("version")) > int(parts["root"].get("version")), "the version did not rise")
    caller.bye()


def split(notify):
    """The parts of a list: its root, and a lamp for each orbit."""
    whole = email.message_from_string(f"Content-Type: {notify.get('Content-Type')}\r\n\r\n{notify.body}")
    want(whole.get_content_type(), "multipart/related", "Content-Type")
    found = {}
    for part in whole.get_payload():
        if part.get_content_type() == "application/rlmi+xml":
            found["root"] = xml.fromstring(part.get_payload())
        else:
            found[part["Content-ID"].strip("<>").split("@")[0]] = Lamp(part.get_payload())
    for instance in found["root"].iter(RLMI + "instance"):
        want_that(instance.get("cid").split("@")[0] in found, f"there is no part {instance.get('cid')}")
    return found


@line("BL-19", "who asks for privacy is nobody")
def private(s):
    orbits = s.range()
    watcher = watch(s, orbits.orbit)
    s.park(orbits, s.user(), headers=["Privacy: id"])
    want(shown(watcher, "confirmed").who, ("Anonymous", "sip:anonymous@anonymous.invalid"), "who waits")


@line("BL-20", "a name with all that XML minds")
def awkward_name(s):
    orbits = s.range()
    watcher = watch(s, orbits.orbit)
    caller = s.dialog(orbits.park, user="+4930555", host="provider.example", display='A&B\\"<')
    want(caller.invite(sdp=s.audio().offer()).code, 200, "parking")
    want(shown(watcher, "confirmed").who[0], 'A&B"<', "the name")


@line("BL-21", "a range that goes: its watchers are told so")
def range_goes(s):
    orbits = s.range()
    watcher = watch(s, orbits.orbit)
    s.api.ask("DELETE", f"/number-ranges/{orbits.id}", {})
    notify = news(watcher)
    want(notify.get("Subscription-State"), "terminated;reason=noresource", "Subscription-State")


# --- pickup by the ids of a lamp ---

@line("RP-01", "Replaces with the ids of the lamp, tags in either order: retrieved")
def by_ids(s):
    orbits, caller, watcher = lit(s)
    phone = pick_up(s, orbits.orbit, watcher.lamp.replaces())
    s.talk(caller, phone)
    other = s.park(orbits, s.user(), tone=440)
    s.api.parked(orbits.orbit)
    shown(watcher, "terminated")
    shown(watcher, "confirmed")
    s.talk(other, pick_up(s, orbits.orbit, watcher.lamp.replaces(crossed=True)))


@line("RP-02", "ids of a call that has gone: 481, and the one that is there now stays")
def stale_ids(s):
    orbits, caller, watcher = lit(s)
    old = watcher.lamp
    caller.bye()
    shown(watcher, "terminated")
    s.park(orbits, s.user())
    shown(watcher, "confirmed")
    now = s.api.parked(orbits.orbit)
    pick_up(s, orbits.orbit, old.replaces(), expect=481)
    pick_up(s, orbits.orbit, watcher.lamp.replaces().replace("pk-", "pk-1"), expect=481)
    want(s.api.parked(orbits.orbit)["id"], now["id"], "the call there")


@line("RP-03", "early-only does not count")
def early_only(s):
    orbits, caller, watcher = lit(s, lamp="early")
    s.talk(caller, pick_up(s, orbits.orbit, watcher.lamp.replaces(more=";early-only")))


@line("RP-04", "who may not retrieve from a range: 403, also by the number of another where he may; there he does")
def may_not(s):
    orbits, caller, watcher = lit(s, retrieve_allow="99999")
    other, waits, seen = lit(s)
    pick_up(s, orbits.orbit, watcher.lamp.replaces(), expect=403)
    pick_up(s, other.orbit, watcher.lamp.replaces(), expect=403)
    s.api.parked(orbits.orbit)
    s.talk(waits, pick_up(s, other.orbit, seen.lamp.replaces()))


@line("RP-05", "ids of one orbit and the number of another: the ids count")
def other_number(s):
    orbits, caller, watcher = lit(s)
    s.park(orbits, s.user(), tone=880)
    s.api.parked(orbits[1])
    s.talk(caller, pick_up(s, orbits[1], watcher.lamp.replaces()))
    s.api.parked(orbits[1])


@line("RP-06", "Require: join: 420")
def join(s):
    orbits, caller, watcher = lit(s)
    phone = s.dialog(orbits.orbit)
    response = phone.invite(["Require: join"], s.audio().offer())
    want((response.code, response.get("Unsupported")), (420, "join"), "the answer")


@line("PK-02", "call-info with BroadWorks' document: empty, and who is parked")
def call_info(s):
    orbits = s.range()
    watcher = s.dialog(orbits.orbit)
    watcher.auto = watcher.auto | {"NOTIFY"}
    wanted = "application/x-broadworks-callpark-info+xml"
    want(watcher.ask("SUBSCRIBE", ["Event: call-info", f"Accept: {wanted}"]).code, 200, "SUBSCRIBE")
    first = watcher.request("NOTIFY")
    want((first.get("Event"), first.get("Content-Type")), ("call-info", wanted), "the first NOTIFY")
    find(r"<callpark/>", first.body, "an empty orbit")
    watcher.told = first.cseq[0]
    caller = s.park(orbits, s.user())
    find(rf"<callpark><parked><identity[^>]*>sip:{re.escape(caller.user)}@", news(watcher).body, "who is parked")


# --- tickets ---

def dial(s, uri, expect=200, tone=620):
    phone = s.dialog("", uri=uri)
    phone.audio = s.audio(tone)
    phone.response_200 = phone.invite(sdp=phone.audio.offer())
    want(phone.response_200.code, expect, "dialling a ticket")
    if expect == 200:
        phone.audio.start(phone.response_200.body)
    return phone


def here(uri):
    """The same address, at the server."""
    return re.sub("@[^;]+", f"@{SERVER[0]}:{SERVER[1]}", uri)


@line("TI-01", "a ticket takes its call, in either form, as API, events' call, CLI and lamp tell it")
def ticket(s):
    orbits, caller, watcher = lit(s)
    call = s.api.parked(orbits.orbit)
    want_that(re.fullmatch(rf"sip:{orbits.orbit};ticket=[0-9a-f]+@callpark\.test", call["ticket"]), call["ticket"])
    said = subprocess.run([os.environ["CALLPARKCTL"], "--socket", os.environ["E2E_SOCKET"], "call", "get", orbits.orbit],
                          stdout=subprocess.PIPE, check=True, timeout=20).stdout.decode()
    find(re.escape(call["ticket"]), said, "callparkctl call get")
    want(watcher.lamp.target.split("@")[0], call["ticket"].split("@")[0], "the target of the lamp")
    want((call["pickup"]["call_id"], call["pickup"]["local_tag"]), (watcher.lamp.call_id, watcher.lamp.tags[0]),
         "the ids in the API")
    s.talk(caller, dial(s, here(call["ticket"])))
    other = s.park(orbits, s.user(), tone=440)
    value = s.api.parked(orbits.orbit)["ticket"].split(";")[1].split("@")[0]
    s.talk(other, dial(s, f"sip:{orbits.orbit}@{SERVER[0]}:{SERVER[1]};{value}"))


@line("TI-02", "the ticket of a call that has gone: 480 and why; never the call that is there now, nor a park")
def stale_ticket(s):
    orbits, caller, watcher = lit(s)
    old = s.api.parked(orbits.orbit)["ticket"]
    caller.bye()
    s.api.free(orbits.orbit)
    find("ticket", dial(s, here(old), 480).response_200.get("Warning"), "Warning")
    s.park(orbits, s.user())
    now = s.api.parked(orbits.orbit)
    for made_up in old, old.replace("ticket=", "ticket=1"), re.sub("ticket=[0-9a-f]+", "ticket=x", old):
        dial(s, here(made_up), 480)
    want(s.api.parked(orbits.orbit)["id"], now["id"], "the call there")


@line("TI-03", "a ticket is no right")
def ticket_may_not(s):
    orbits, caller, watcher = lit(s, retrieve_allow="99999")
    dial(s, here(s.api.parked(orbits.orbit)["ticket"]), 403)


# --- lamps published elsewhere ---

class Presence:
    """A presence server that keeps what it is told, and answers 412 when it shall forget."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.answers, self.suspects = {}, set()
        self.known, self.seen, self.arrived, self.numbers = {}, [], threading.Condition(), itertools.count(1)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            data, source = self.socket.recvfrom(65536)
            request = Message(data)
            if request.method != "PUBLISH":
                continue
            with self.arrived:
                if request.branch not in self.answers:  # else it was sent again
                    self.answers[request.branch] = self.judge(request)
                    self.seen.append((request, self.answers[request.branch][0]))
                    self.arrived.notify_all()
                code, headers = self.answers[request.branch]
            lines = [f"SIP/2.0 {code} Said", *(f"Via: {via}" for via in request.all("Via"))]
            lines += [f"{name}: {request.get(name)}" for name in ("From", "Call-ID", "CSeq")]
            lines += [f"To: {request.get('To')};tag=p", *headers, "Content-Length: 0"]
            self.socket.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), source)

    def judge(self, request):
        user, tag, expires = request.dialled(), request.get("SIP-If-Match"), request.get("Expires")
        if user in self.suspects and not request.get("Authorization"):
            return 401, ['WWW-Authenticate: Digest realm="presence", nonce="n", qop="auth", algorithm=SHA-256']
        if tag and self.known.get(user) != tag:
            return 412, []
        self.known[user] = f"e{next(self.numbers)}"
        if expires == "0":
            del self.known[user]
        return 200, [f"SIP-ETag: {self.known.get(user, 'gone')}", f"Expires: {expires}"]

    def forget(self, user):
        with self.arrived:
            self.known[user] = "other"

    def until(self, user, test, what):
        """The first PUBLISH for this user, not told yet, that passes."""
        deadline = time.monotonic() + PATIENCE
        with self.arrived:
            while True:
                for entry in self.seen:
                    if entry[0].dialled() == user and test(*entry):
                        self.seen.remove(entry)
                        return entry[0]
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Missing(f"no PUBLISH of {user} came that is {what}")
                self.arrived.wait(left)


presence = Presence(int(os.environ["E2E_PRESENCE"]))


@line("BL-18", "PUBLISH: lit, terminated under the same tag, withdrawn; 412: anew and without one")
def publish(s):
    orbits = s.range()
    caller = s.park(orbits, s.user())
    first = presence.until(orbits.orbit, lambda r, code: code == 200, "lit")
    want((first.get("Event"), first.get("Expires"), first.get("SIP-If-Match")), ("dialog", "120", ""), "the first")
    lamp = Lamp(first.body)
    want((lamp.state, lamp.entity), ("confirmed", f"sip:{orbits.orbit}@127.0.0.1"), "what is published")
    caller.bye()
    second = presence.until(orbits.orbit, lambda r, code: r.body, "terminated")
    want((Lamp(second.body).state, second.get("SIP-If-Match") != ""), ("terminated", True), "the second")
    presence.until(orbits.orbit, lambda r, code: r.get("Expires") == "0" and not r.body and code == 200, "the end of it")
    again = s.park(orbits, s.user())
    presence.until(orbits.orbit, lambda r, code: code == 200 and r.body, "lit again")
    s.api.parked(orbits.orbit)
    presence.forget(orbits.orbit)
    # Another caller's identity is a change that is published.
    again.ask("UPDATE", ['P-Asserted-Identity: "Helen" <sip:+49301@provider.example>'])
    presence.until(orbits.orbit, lambda r, code: code == 412, "refused")
    anew = presence.until(orbits.orbit, lambda r, code: code == 200 and r.body, "anew")
    want((anew.get("SIP-If-Match"), Lamp(anew.body).who), ("", ("Helen", "sip:+49301@provider.example")), "anew")


@line("BL-18-401", "a presence server that wants a password gets it, for each PUBLISH")
def publish_by_password(s):
    orbits = s.range()
    presence.suspects.add(orbits.orbit)
    caller = s.park(orbits, s.user())
    presence.until(orbits.orbit, lambda r, code: code == 401, "refused")
    first = presence.until(orbits.orbit, lambda r, code: code == 200, "lit")
    find('username="callpark", realm="presence".*uri="sip:' + orbits.orbit, first.get("Authorization"), "Authorization")
    want(Lamp(first.body).state, "confirmed", "what is published")
    s.api.parked(orbits.orbit)
    caller.bye()
    last = presence.until(orbits.orbit, lambda r, code: r.get("Expires") == "0" and code == 200, "withdrawn")
    find("nc=0000000", last.get("Authorization"), "Authorization of the last")


CROWD = int(os.environ.get("E2E_CROWD", "2000"))  # 5,000 in the wire's specification: long with sanitizers


@line("BL-17", f"{CROWD} watch one orbit: all know within 5 s that it is lit, and a call is parked meanwhile as ever", last=True)
def crowded(s):
    orbits, patience = s.range(), 5 * SLOWER
    crowd = Crowd(orbits.orbit, CROWD)  # which answers until the very end: nobody waits for it when the server stops
    s.park(orbits, s.user())
    asked = time.monotonic()
    s.park(orbits, s.user())
    want_that(time.monotonic() - asked < SOON, "parking took long while lamps were lit")
    crowd.all_lit(patience)


@line("BL-13", "FO-15 a restart: who watches is told what is, with a higher version; a refresh is 200, and the end is seen", last=True)
def restart(s):
    _, caller, watcher = lit(s)  # he watched before his caller was answered: his row is on disk
    server = start_again()
    try:
        lamp = shown(watcher, "confirmed")
        find(re.escape(caller.user), lamp.who[1], "who waits")
        want(watcher.ask("SUBSCRIBE", ["Event: dialog", "Expires: 600"]).code, 200, "a refresh of what was before")
        shown(watcher, "confirmed")
        caller.bye()
        shown(watcher, "terminated")
    finally:
        server.terminate()
        want(server.wait(20), 0, "status of the second server")


if __name__ == "__main__":
    run()
