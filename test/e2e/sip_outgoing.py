"""Calls that the server starts, where they are not simply answered. The phone system is this test."""

import hashlib
import re
import time

from moves import parked, pick_up, ringing
from scenario import find, line, run, want, want_that


def asks(algorithm, nonce, realm="pbx"):
    return f'WWW-Authenticate: Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"'


def check_digest(header, method, password):
    """The answer to a challenge is right, as computed here."""
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', header))
    how = {"MD5": "md5", "SHA-256": "sha256"}[said["algorithm"]]

    def digest(text):
        return hashlib.new(how, text.encode()).hexdigest()

    secret = digest(f"{said['username']}:{said['realm']}:{password}")
    request = digest(f"{method}:{said['uri']}")
    right = digest(f"{secret}:{said['nonce']}:{said['nc']}:{said['cnonce']}:{said['qop']}:{request}")
    want(said["response"], right, "the response")
    want(said["username"], "callpark", "username")


def rung(s, **settings):
    lot, caller, parker, call = parked(s, **settings)
    s.api.ring_back(call)
    return lot, caller, parker, s.accept(parker)


def asked_again(phone):
    """The next INVITE of this call, not the first one again."""
    first = phone.invite_request
    phone.request("ACK")
    phone.invite_request = phone.wait(lambda m: m.method == "INVITE" and m.cseq != first.cseq, what="another INVITE")
    return phone.invite_request


@line("RB-13", "401: one answer, by the strongest algorithm; a wrong password is not tried again")
def challenged(s):
    for algorithms, used in ((("SHA-256", "MD5"), "SHA-256"), (("MD5",), "MD5"), (("SHA-999", "MD5"), "MD5")):
        lot, caller, parker, phone = rung(s)
        phone.reply(phone.invite_request, 401, "Unauthorized", [asks(a, "n1") for a in algorithms])
        again = asked_again(phone)
        find(f"algorithm={used}", again.get("Authorization"), "Authorization")
        check_digest(again.get("Authorization"), "INVITE", "secret")
        pick_up(s, phone, 620)
        s.talk(caller, phone)
    lot, caller, parker, phone = rung(s)
    phone.reply(phone.invite_request, 401, "Unauthorized", [asks("MD5", "n1")])
    phone.reply(asked_again(phone), 401, "Unauthorized", [asks("MD5", "n2")])
    s.api.parked(lot.orbit)
    phone.quiet(0.3, "INVITE")
    caller.audio.hears_sound(since=time.monotonic())


@line("RB-14", "302: not followed, the caller stays parked")
def redirected(s):
    lot, caller, parker, phone = rung(s)
    other = s.user()
    phone.reply(phone.invite_request, 302, "Moved Temporarily", [f"Contact: <sip:{other}@callpark.test>"])
    phone.request("ACK")
    s.api.parked(lot.orbit)
    want_that(s.endpoint.users[other].empty(), "the redirection was followed")
    s.talk(caller, s.retrieve(lot.orbit, 800))


@line("RB-17", "183 with SDP, reliable: PRACK, an UPDATE is answered, nothing is heard before the 200")
def reliable(s):
    lot, caller, parker, phone = rung(s)
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
    s.api.free(lot.orbit)


if __name__ == "__main__":
    run()
