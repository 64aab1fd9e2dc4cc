"""Calls that the server starts, where they are not simply answered. The phone system is this test."""

import hashlib
import os
import re
import socket
import time

from dns import NameServer
from moves import parked, pick_up, ringing
from phone import Message, Missing
from scenario import SERVER, find, line, run, want, want_that


# next.test: the first server is dead, the second is this test.
nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
nobody.bind(("127.0.0.1", 0))
dead_port = nobody.getsockname()[1]
nobody.close()
names = NameServer(int(os.environ["E2E_DNS"]), {
    ("SRV", "_sip._udp.next.test"): [(20, 1, int(os.environ["E2E_PBX"]), "alive.next.test"),
                                     (10, 1, dead_port, "dead.next.test")],
    ("A", "alive.next.test"): ["127.0.0.1"],
    ("A", "dead.next.test"): ["127.0.0.1"],
}, ttl=1)


def asks(algorithm, nonce, realm="pbx"):
    return f'WWW-Authenticate: Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"'


def check_digest(header, method, password, user="callpark"):
    """The answer to a challenge is right, as computed here."""
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', header))
    how = {"MD5": "md5", "SHA-256": "sha256"}[said["algorithm"]]

    def digest(text):
        return hashlib.new(how, text.encode()).hexdigest()

    secret = digest(f"{said['username']}:{said['realm']}:{password}")
    request = digest(f"{method}:{said['uri']}")
    right = digest(f"{secret}:{said['nonce']}:{said['nc']}:{said['cnonce']}:{said['qop']}:{request}")
    want(said["response"], right, "the response")
    want(said["username"], user, "username")


def rung(s, **settings):
    orbits, caller, parker, call = parked(s, **settings)
    s.api.ring_back(call)
    return orbits, caller, parker, s.accept(parker)


def asked_again(phone):
    """The next INVITE of this call, not the first one again."""
    first = phone.invite_request
    phone.request("ACK")
    phone.invite_request = phone.wait(lambda m: m.method == "INVITE" and m.cseq != first.cseq, what="another INVITE")
    return phone.invite_request


@line("RB-13", "401: one answer, by the strongest algorithm; a wrong password is not tried again")
def challenged(s):
    for algorithms, used in ((("SHA-256", "MD5"), "SHA-256"), (("MD5",), "MD5"), (("SHA-999", "MD5"), "MD5")):
        orbits, caller, parker, phone = rung(s)
        phone.reply(phone.invite_request, 401, "Unauthorized", [asks(a, "n1") for a in algorithms])
        again = asked_again(phone)
        find(f"algorithm={used}", again.get("Authorization"), "Authorization")
        check_digest(again.get("Authorization"), "INVITE", "secret")
        pick_up(s, phone, 620)
        s.talk(caller, phone)
    orbits, caller, parker, phone = rung(s)
    phone.reply(phone.invite_request, 401, "Unauthorized", [asks("MD5", "n1")])
    phone.reply(asked_again(phone), 401, "Unauthorized", [asks("MD5", "n2")])
    s.api.parked(orbits.orbit)
    phone.quiet(0.3, "INVITE")
    caller.audio.hears_sound(since=time.monotonic())


@line("OR-02-401", "a text message that is challenged is sent again with the answer, once")
def text_challenged(s):
    orbits, parker = s.range(message="on"), s.user()
    s.endpoint.text_codes[parker] = asks("SHA-256", "n1")
    s.park(orbits, parker)
    want(s.endpoint.text(parker).get("Authorization"), "", "Authorization of the first")
    again = s.endpoint.text(parker)
    check_digest(again.get("Authorization"), "MESSAGE", "secret")
    want_that(orbits.orbit in again.body, "the text")


@line("OR-06-401", "an UPDATE about who is there, challenged: again with the answer; a wrong password is not tried again")
def name_challenged(s):
    for code, header in ((401, asks("MD5", "n1")), (407, asks("MD5", "n1").replace("WWW-", "Proxy-"))):
        orbits = s.range()
        caller = s.dialog(orbits.park)
        caller.audio, caller.auto = s.audio(440), caller.auto - {"UPDATE"}
        response = caller.invite(["Allow: INVITE, ACK, BYE, UPDATE", f"Referred-By: <sip:{s.user()}@callpark.test>"],
                                 caller.audio.offer())
        want(response.code, 200, "parking")
        caller.audio.start(response.body)
        retriever = s.retrieve(orbits.orbit, 620)
        first = caller.request("UPDATE")
        caller.reply(first, code, "Who are you?", [header])
        again = caller.wait(lambda m: m.method == "UPDATE" and m.cseq != first.cseq, what="another UPDATE")
        check_digest(again.get("Authorization" if code == 401 else "Proxy-Authorization"), "UPDATE", "secret")
        caller.reply(again, code, "Who are you?", [header])
        s.talk(caller, retriever)
        want(len({m.cseq for m in caller.seen if m.method == "UPDATE"}), 2, "UPDATEs in all")


@line("RB-14", "302: not followed, the caller stays parked")
def redirected(s):
    orbits, caller, parker, phone = rung(s)
    other = s.user()
    phone.reply(phone.invite_request, 302, "Moved Temporarily", [f"Contact: <sip:{other}@callpark.test>"])
    phone.request("ACK")
    s.api.parked(orbits.orbit)
    want_that(s.endpoint.users[other].empty(), "the redirection was followed")
    s.talk(caller, s.retrieve(orbits.orbit, 800))


@line("RB-17", "183 with SDP, reliable: PRACK, an UPDATE is answered, nothing is heard before the 200")
def reliable(s):
    orbits, caller, parker, phone = rung(s)
    invite = phone.invite_request
    phone.audio = s.audio(620)
    phone.audio.aim(invite.body)
    offer = phone.audio.offer()
    phone.reply(invite, 183, "Session Progress", ["Require: 100rel", "RSeq: 71"], offer)
    prack = phone.request("PRACK")
    find("71 .* INVITE", prack.get("RAck"), "RAck")
    phone.reply(prack, 200)
    phone.audio.start()
    want(phone.ask("UPDATE", [], offer).code, 200, "the UPDATE")
    caller.audio.does_not_hear(620)
    caller.audio.hears_sound(since=time.monotonic())
    phone.reply(invite, 200)  # without SDP: it was agreed before
    phone.request("ACK")
    s.talk(caller, phone)
    s.api.free(orbits.orbit)


@line("RO-96", "the first server of the SRV record is dead: the second is called within 2 s, by the domain's route")
def next_server(s):
    orbits, parker = s.range(), s.user()
    caller = s.park(orbits, tone=440, headers=[f"Referred-By: <sip:{parker}@office.route.test>"])
    call = s.api.parked(orbits.orbit)
    time.sleep(1.2)  # the server asked for the name before it was here to be asked
    s.api.ring_back(call)
    began = time.monotonic()
    phone = s.accept(parker)
    want_that(time.monotonic() - began < 2, f"it took {time.monotonic() - began:.1f} s")
    find(rf"sip:{parker}@office.route.test", phone.invite_request.uri, "request URI")
    want_that(("SRV", "_sip._udp.next.test") in names.asked, f"asked for was {names.asked}")
    pick_up(s, phone, 620)
    s.talk(caller, phone)


@line("RO-96-names", "nobody is there to be asked for the name of the next hop, and a moment later somebody is", last=True)
def names_come_late(s):
    orbits, parker = s.range(), s.user()
    caller = s.park(orbits, tone=440, headers=[f"Referred-By: <sip:{parker}@office.route.test>"])
    call = s.api.parked(orbits.orbit)
    names.stop()
    time.sleep(1.2)  # what was known of the name is too old
    s.api.ring_back(call)
    time.sleep(0.3)
    names.start()
    phone = s.accept(parker)
    pick_up(s, phone, 620)
    s.talk(caller, phone)


class Registrar:
    """Takes REGISTER requests and answers as it is told."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", int(os.environ["E2E_REGISTRAR"])))
        self.socket.settimeout(8)
        self.last = ""

    def next(self):
        """The next request that is not the last one again."""
        while True:
            try:
                data, self.source = self.socket.recvfrom(65536)
            except socket.timeout:
                raise Missing("no REGISTER came") from None
            message = Message(data)
            if message.method != "REGISTER":  # OPTIONS: is anybody there?
                self.answer(message, "200 OK")
            elif message.get("CSeq") + message.branch != self.last:
                self.last = message.get("CSeq") + message.branch
                return message

    def answer(self, request, status, headers=()):
        lines = [f"SIP/2.0 {status}", f"Via: {request.get('Via')}", f"From: {request.get('From')}",
                 f"To: {request.get('To')};tag=r", f"Call-ID: {request.get('Call-ID')}",
                 f"CSeq: {request.get('CSeq')}", *headers, "Content-Length: 0", "", ""]
        self.socket.sendto("\r\n".join(lines).encode(), self.source)


@line("RG-1", "registered with a password, refreshed before it is over; when it is lost no call ends")
def registered(s):
    orbits, parker = s.range(), s.user()
    registrar = Registrar()
    request = registrar.next()
    registrar.answer(request, "401 Unauthorized", [asks("SHA-256", "r1")])
    request = registrar.next()
    check_digest(request.get("Authorization"), "REGISTER", "word", "park")
    find("sip:700@127.0.0.1>", request.get("To"), "To")
    contact = request.get("Contact")
    registrar.answer(request, "200 OK", [f"Contact: {contact};expires=2"])
    granted = time.monotonic()
    caller = s.park(orbits, parker, tone=440)
    refresh = registrar.next()
    want_that(0.9 < time.monotonic() - granted < 2, "the refresh came at the wrong time")
    want(s.api.ask("GET", "/system")["sip"]["registered"], 1, "registered")
    want(refresh.get("Contact"), contact, "Contact")
    registrar.answer(refresh, "403 Forbidden")
    registrar.next()
    want(s.api.ask("GET", "/system")["sip"]["registered"], 0, "registered")
    s.talk(caller, s.retrieve(orbits.orbit, 800))


@line("RG-2", "the registrar calls our Contact; what was dialled stands in To: parked there, and retrieved from there")
def dialled_to(s):
    orbits = s.range()
    caller = s.outsider("700", uri=f"sip:700@{SERVER[0]}:{SERVER[1]}")
    caller.remote = f"<sip:{orbits.park}@pbx.test>"
    caller.audio = s.audio(440)
    response = caller.invite([f"Referred-By: <sip:{s.user()}@callpark.test>"], caller.audio.offer())
    want(response.code, 200, "parking")
    caller.audio.start(response.body)
    s.api.parked(orbits.orbit)
    retriever = s.dialog("700")
    retriever.remote = f"<sip:{orbits.orbit}@pbx.test>"
    retriever.audio = s.audio(800)
    response = retriever.invite(sdp=retriever.audio.offer())
    want(response.code, 200, "retrieving")
    retriever.audio.start(response.body)
    s.talk(caller, retriever)


if __name__ == "__main__":
    run()
