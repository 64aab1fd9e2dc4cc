"""Strangers: phones on 127.0.0.2, which is in no trusted network, with and without a password."""

import hashlib
import re
import time
import urllib.request

from moves import pick_up
from phone import Dialog, Missing, token
from scenario import Api, find, line, run, want, want_in, want_that

REALM = "callpark.test"
PASSWORD = "a password of a phone"
HASHES = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}


def digest(algorithm, *parts):
    return HASHES[algorithm](":".join(parts).encode()).hexdigest()


class Challenge:
    """One WWW-Authenticate header, and the answer to it."""

    def __init__(self, header):
        self.param = dict((name, quoted or plain) for name, quoted, plain in
                          re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', header))
        self.algorithm, self.count = self.param["algorithm"], 0

    def answer(self, user, method, uri, password=PASSWORD, count=None):
        self.count = count or self.count + 1
        cnonce, nc = token(), f"{self.count:08x}"
        ha1 = digest(self.algorithm, user, self.param["realm"], password)
        ha2 = digest(self.algorithm, method, uri)
        response = digest(self.algorithm, ha1, self.param["nonce"], nc, cnonce, "auth", ha2)
        return (f'Authorization: Digest username="{user}", realm="{self.param["realm"]}", '
                f'nonce="{self.param["nonce"]}", uri="{uri}", response="{response}", qop=auth, nc={nc}, '
                f'cnonce="{cnonce}", algorithm={self.algorithm}, opaque="{self.param["opaque"]}"')


def challenges(response):
    want(response.code, 401, "without a password")
    return [Challenge(header) for header in response.all("WWW-Authenticate")]


def outside(s, host="127.0.0.2"):
    return s.own_endpoint(host=host)


def user_of(s, role="attendant", scope="all"):
    name = "u" + s.user()
    s.api.ask("POST", "/users", {"name": name, "role": role, "scope": scope} if role else {"name": name})
    s.api.ask("PUT", f"/users/{name}/sip-password", {"password": PASSWORD})
    return name


def sign_in(dialog, user, headers=(), algorithm="SHA-256", password=PASSWORD, **more):
    """An INVITE, asked for a password, and again with one; the final response."""
    dialog.audio = dialog.audio or dialog.scenario.audio(440)
    sdp = dialog.audio.offer()
    first = dialog.invite(headers, sdp, **more)
    asked = [c for c in challenges(first) if c.algorithm == algorithm][0]
    dialog.remote = re.sub(";tag=.*", "", dialog.remote)
    response = dialog.invite([asked.answer(user, "INVITE", dialog.uri, password), *headers], sdp, **more)
    if response.code == 200:
        dialog.audio.start(response.body)
    dialog.asked = asked
    return response


def stranger(s, dialled, user=None, place=None):
    dialog = s.dialog(dialled, user=user, endpoint=place or outside(s))
    dialog.scenario = s
    return dialog


@line("RO-97", "a client that knows only MD5 and one that knows SHA-256: both come in")
def both_algorithms(s):
    orbits, user = s.range(), user_of(s)
    for number, algorithm in enumerate(("MD5", "SHA-256")):
        dialog = stranger(s, orbits[number], user)
        want(sign_in(dialog, user, algorithm=algorithm).code, 200, algorithm)
        dialog.audio.hears_sound()


@line("8.4-challenge", "one challenge for each algorithm, the better one first, with all that RFC 7616 wants")
def the_challenge(s):
    user_of(s)
    dialog = stranger(s, "1")
    response = dialog.invite(sdp=s.audio().offer())
    asked = challenges(response)
    want([c.algorithm for c in asked], ["SHA-256", "MD5"], "algorithms")
    for c in asked:
        want((c.param["realm"], c.param["qop"]), (REALM, "auth"), "realm and qop")
        want_that(c.param["nonce"] and c.param["opaque"] and "stale" not in c.param, "nonce, opaque, no stale")
    want_that(asked[0].param["nonce"] != asked[1].param["nonce"], "the same nonce twice")


@line("RO-98", "a nonce whose count was used, and one that is too old to be known: asked again with stale=true")
def replayed(s):
    orbits, user = s.range(), user_of(s)
    place = outside(s)
    first = stranger(s, orbits[0], user, place)
    want(sign_in(first, user).code, 200, "the first call")
    second = stranger(s, orbits[1], user, place)
    again = second.invite([first.asked.answer(user, "INVITE", second.uri, count=1)], s.audio().offer())
    want([c.param.get("stale") for c in challenges(again)], ["true", "true"], "stale of a replay")
    third = stranger(s, orbits[1], user, place)
    third.audio = s.audio(440)
    first.asked.count = 1
    response = third.invite([first.asked.answer(user, "INVITE", third.uri)], third.audio.offer())
    want(response.code, 200, "the next count of the same nonce")


@line("PB-09", "forged identity headers of a stranger: asked for a password, and then not believed")
def forged(s):
    orbits, user = s.range(), user_of(s)
    forged_by = ["P-Asserted-Identity: <sip:boss@callpark.test>", "Referred-By: <sip:boss@callpark.test>",
                 "X-Callpark-Action: park", "Remote-Party-ID: <sip:boss@callpark.test>",
                 "History-Info: <sip:boss@callpark.test>;index=1, <sip:x@callpark.test>;index=1.1;mp=1"]
    dialog = stranger(s, orbits.park, "boss")
    want(sign_in(dialog, user, forged_by).code, 200, "with a password")
    call = s.api.parked(orbits.orbit)
    want(call["caller"]["uri"], f"sip:{user}@callpark.test", "who is parked")
    want(call["parker"] and call["parker"].get("uri"), None, "who parked")


@line("PI-03", "X-Callpark-Action and X-Callpark-Orbit of a stranger, or of a peer whose word does not count: ignored")
def no_commands(s):
    wishes = ["X-Callpark-Action: park", "X-Callpark-Orbit: {}"]
    orbits, user = s.range(), user_of(s)
    wanted = [wishes[0], wishes[1].format(orbits[5])]
    want(sign_in(stranger(s, orbits[2], user), user, wanted).code, 200, "the number that he dials counts")
    s.api.until(orbits[2], lambda c: c, "taken")
    want(sign_in(stranger(s, "99999", user), user, wanted).code, 404, "a number that is none, and an orbit in the header")
    retrieve = ["X-Callpark-Action: retrieve", f"X-Callpark-Orbit: {orbits[2]}"]
    want(sign_in(stranger(s, "99999", user), user, retrieve).code, 404, "a retrieval by header alone")
    peer = s.dialog(orbits[3], user="204", endpoint=outside(s, "127.0.0.3"))
    want(peer.invite(wanted, s.audio().offer()).code, 200, "a peer with trust-identity = no")
    s.api.until(orbits[3], lambda c: c, "taken")
    s.api.free(orbits[5])


@line("PR-04", "REFER to the range of who is not known: 401; with a password he is heard, with a wrong one he is not")
def refers(s):
    orbits, user, h = s.range(), user_of(s), s.user()
    place = outside(s, "127.0.0.11")  # whose failure nobody else waits for
    to = f"<sip:{h}@callpark.test?Replaces=call%40pbx%3Bto-tag%3Dhis%3Bfrom-tag%3Dmine>"

    def refer(password=PASSWORD, target=to):
        dialog = stranger(s, orbits.park, user, place)
        asked = challenges(dialog.ask("REFER", [f"Refer-To: {target}"]))[0]
        dialog.remote = re.sub(";tag=.*", "", dialog.remote)
        answer = asked.answer(user, "REFER", dialog.uri, password)
        return dialog, dialog.ask("REFER", [answer, f"Refer-To: {target}"])

    want(refer("another one")[1].code, 401, "a wrong password")
    want(refer(target=f"<sip:{h}@elsewhere.example>")[1].code, 403, "whom nobody here may call")
    s.api.free(orbits.orbit)
    dialog, response = refer()
    want((response.code, response.get("X-Callpark-Orbit")), (202, orbits.orbit), "with his password")
    leg = s.accept(h)
    want(leg.invite_request.get("Replaces"), "call@pbx;to-tag=his;from-tag=mine", "Replaces")
    pick_up(s, leg, 440)
    want(s.api.parked(orbits.orbit)["parker"]["uri"], f"sip:{user}@callpark.test", "parker")


@line("8.4-users", "wrong, missing and malformed passwords; nobody else's dialog")
def wrong_passwords(s):
    orbits, user = s.range(), user_of(s)
    place = outside(s, "127.0.0.5")
    dialog = stranger(s, orbits.orbit, user, place)
    want(sign_in(dialog, user, password="another one").code, 401, "a wrong password")
    want(sign_in(stranger(s, orbits.orbit, user, place), "nobodyatall").code, 401, "nobody's name")
    broken = stranger(s, orbits.orbit, user, place)
    response = broken.invite([f'Authorization: Digest username="{user}", realm="{REALM}", nonce="x"'],
                             s.audio().offer())
    want(response.code, 401, "half a header")
    unknown = stranger(s, orbits.orbit, user, place)
    response = unknown.invite(["Authorization: NoOneKnowsThisScheme opaque-data=here"], s.audio().offer())
    want(response.code, 401, "an unknown scheme")


@line("8.4-throttle", "who guesses waits longer each time, and it is in the metrics and in the audit trail")
def guessing(s):
    orbits, user = s.range(), user_of(s)
    place = outside(s, "127.0.0.4")
    codes = [sign_in(stranger(s, orbits.orbit, user, place), user, password=f"guess number {n}").code for n in range(4)]
    want(codes, [401] * 4, "guesses")
    dialog = stranger(s, orbits.orbit, user, place)
    response = sign_in(dialog, user)
    want(response.code, 403, "the right one too soon")
    want_in(response.get("Retry-After"), ["1", "2"], "Retry-After")
    deadline = time.monotonic() + 8
    while not [e for e in s.api.items("/audit-events") if e["action"] == "sip.locked_out" and e["subject"] == user]:
        want_that(time.monotonic() < deadline, "no entry in the audit trail")
        time.sleep(0.1)
    # From elsewhere, where he has signed in before, nobody can lock him out.
    friend = user_of(s)
    home = outside(s, "127.0.0.6")
    want(sign_in(stranger(s, orbits[1], friend, home), friend).code, 200, "from home")
    for n in range(3):
        sign_in(stranger(s, orbits.orbit, friend, outside(s, "127.0.0.7")), friend, password=f"guess number {n}")
    sign_in(stranger(s, orbits.orbit, friend, outside(s, "127.0.0.8")), friend, password="guess number four")
    want(sign_in(stranger(s, orbits[2], friend, home), friend).code, 200, "from home, while others guess")


@line("8.4-rights", "by role: no role, a viewer, an attendant of one range only")
def by_role(s):
    here, there = s.range(), s.range()
    for user in (user_of(s, None), user_of(s, "viewer")):
        response = sign_in(stranger(s, here.orbit, user), user)
        want(response.code, 403, "parking without a right")
        find("may not park", response.get("Warning"), "the sentence")
    user = user_of(s, "attendant", f"range:{here.id}")
    want(sign_in(stranger(s, here[1], user), user).code, 200, "parking in his range")
    want(sign_in(stranger(s, there.orbit, user), user).code, 403, "parking elsewhere")
    caller = s.park(there, s.user(), tone=620)
    s.api.parked(there.orbit)
    response = sign_in(stranger(s, there.orbit, user), user)
    want(response.code, 403, "retrieving elsewhere")
    find("may not retrieve", response.get("Warning"), "the sentence")
    s.api.ask("POST", "/role-bindings", {"user": user, "role": "attendant", "scope": f"range:{there.id}"})
    retriever = stranger(s, there.orbit, user)
    want(sign_in(retriever, user).code, 200, "with the right")
    s.talk(caller, retriever)


@line("8.4-settings", "park_allow and retrieve_allow name networks and identities")
def by_setting(s):
    user, other = user_of(s), user_of(s)
    orbits = s.range(park_allow=f"sip:{user}@*", retrieve_allow="127.0.0.9, 10.0.0.0/8")
    want(sign_in(stranger(s, orbits.orbit, user), user).code, 200, "who is named parks")
    want(sign_in(stranger(s, orbits[1], other), other).code, 403, "who is not does not")
    want(s.dialog(orbits[1]).invite(sdp=s.audio().offer()).code, 403, "nor somebody inside")
    s.api.parked(orbits.orbit)
    want(sign_in(stranger(s, orbits.orbit, other), other).code, 403, "retrieving from elsewhere")
    want(sign_in(stranger(s, orbits.orbit, other, outside(s, "127.0.0.9")), other).code, 200, "from the network")


@line("8.4-dialog", "in his dialog a user is not asked again, from elsewhere he is; CANCEL never")
def in_dialog(s):
    orbits, user = s.range(), user_of(s)
    dialog = stranger(s, orbits.orbit, user)
    want(sign_in(dialog, user).code, 200, "parked")
    want(dialog.ask("UPDATE").code, 200, "an UPDATE from the same place")
    s.api.parked(orbits.orbit)
    other, home = outside(s), dialog.endpoint
    with other.lock:
        other.dialogs[dialog.call_id] = dialog
    moved = user_of(s)
    dialog.endpoint = outside(s, "127.0.0.10")
    with dialog.endpoint.lock:
        dialog.endpoint.dialogs[dialog.call_id] = dialog
    asked = challenges(dialog.ask("BYE"))[0]
    want(dialog.ask("BYE", [asked.answer(moved, "BYE", dialog.target)]).code, 403, "the BYE of another user")
    s.api.parked(orbits.orbit)
    asked = challenges(dialog.ask("BYE"))[0]
    want(dialog.ask("BYE", [asked.answer(user, "BYE", dialog.target)]).code, 200, "his own from elsewhere")
    s.api.free(orbits.orbit)
    dialog.endpoint = home


def steps(s, call):
    return [step["step"] for step in s.api.items(f"/parked-calls/{call['id']}/timeline")]


@line("6.2-amplifier", "a stranger whose address sends nothing: the music stops, and comes back with his first packet")
def no_amplifier(s):
    orbits, user, place = s.range(), user_of(s), outside(s)
    before = s.api.figure("audio_stopped_total")
    dialog = stranger(s, orbits.orbit, user, place)
    dialog.audio = s.audio(440)
    dialog.audio.start, begin = lambda sdp: dialog.audio.aim(sdp), dialog.audio.start
    want(sign_in(dialog, user).code, 200, "parked")
    dialog.audio.hears_sound()
    call = s.api.until(orbits.orbit, lambda c: c and "call.audio_stopped" in steps(s, c), "without music")
    dialog.audio.hears_nothing()
    want_that(len(dialog.audio.packets) <= 55, f"{len(dialog.audio.packets)} packets in a second")
    want_in(call["state"], ["parking", "parked"], "the call, which is not lost")
    want_that(s.api.figure("audio_stopped_total") > before, "not in the metrics")
    begin()
    dialog.audio.hears_sound(since=time.monotonic())
    want_in("call.audio_resumed", steps(s, call), "the timeline")
    # A peer of ours is nobody to be guarded against, however silent.
    caller = s.outsider(orbits[1])
    caller.audio = s.audio()
    want(caller.invite(sdp=caller.audio.offer()).code, 200, "parked by a peer")
    caller.audio.wait_packets(80)


@line("6.2-addresses", "an SDP that names a group, everybody or this server itself is refused, before and after the answer")
def addresses(s):
    orbits = s.range()
    server = s.dialog(orbits.orbit).endpoint.server
    for host, port, words in (("224.0.0.9", 4000, "multicast"), ("255.255.255.255", 4000, "broadcast"),
                              (server[0], server[1], "this server itself")):
        refused = s.dialog(orbits.orbit).invite(sdp=s.audio().offer(host=host, port=port))
        want(refused.code, 488, host)
        find(words, refused.get("Warning"), "the sentence")
    s.api.free(orbits.orbit)
    caller = s.park(orbits, s.user(), tone=440)
    s.api.parked(orbits.orbit)
    response = caller.invite(sdp=caller.audio.offer(host=server[0], port=server[1], version=2))
    want(response.code, 488, "a re-INVITE")
    find("this server itself", response.get("Warning"), "the sentence")
    caller.audio.hears_sound(since=time.monotonic())


def subscribe(s, what, user, place=None, headers=()):
    """SUBSCRIBE, asked for a password, and again with one: the dialog, with its .answer."""
    dialog = stranger(s, what, user, place)
    dialog.auto = dialog.auto | {"NOTIFY"}
    headers = ["Event: dialog", "Expires: 600", *headers]
    asked = challenges(dialog.ask("SUBSCRIBE", headers))[0]
    dialog.remote = re.sub(";tag=.*", "", dialog.remote)
    dialog.answer = dialog.ask("SUBSCRIBE", [asked.answer(user, "SUBSCRIBE", dialog.uri), *headers])
    if dialog.answer.code == 200:
        dialog.remote_tag, dialog.remote = dialog.answer.param("To", "tag"), dialog.answer.get("To")
    return dialog


def told(watcher, *words):
    """The next NOTIFY that has one of the words."""
    while True:
        notify = watcher.request("NOTIFY")
        if any(word in notify.body + notify.get("Subscription-State") for word in words):
            return notify


@line("8.4-watch", "who may watch: by role and range, by watch_allow; in a list only what one may; names for some")
def who_may_watch(s):
    here, there, shut = s.range(), s.range(), s.range(watch_allow="127.0.0.9, 99999")
    for orbits in (here, there, shut):
        s.park(orbits, s.user(), tone=440)
    user = user_of(s, "attendant", f"range:{here.id}")
    find(r"sip:\+4930\d+@", told(subscribe(s, here.orbit, user), "confirmed").body, "who waits")
    refused = subscribe(s, there.orbit, user).answer
    want(refused.code, 403, "a range that is not his")
    find("may not watch", refused.get("Warning"), "the sentence")
    viewer = user_of(s, "viewer")
    find("Anonymous", told(subscribe(s, there.orbit, viewer), "confirmed").body, "who waits, for a viewer")
    want(subscribe(s, shut.orbit, viewer).answer.code, 403, "not in watch_allow")
    want(subscribe(s, shut.orbit, viewer, outside(s, "127.0.0.9")).answer.code, 200, "from the network")
    inside = s.dialog(shut.orbit)
    want(inside.ask("SUBSCRIBE", ["Event: dialog"]).code, 403, "somebody inside who is not named")
    numbers = sorted((orbits.first, orbits.last) for orbits in (here, there, shut))
    some = subscribe(s, f"lamps-{numbers[0][0]}-{numbers[-1][1]}", user, headers=["Supported: eventlist"])
    want(some.answer.code, 200, "a list")
    listed = some.request("NOTIFY").body
    find(f"{here.orbit}@", listed, "his range in the list")
    want_that(f"{there.orbit}@" not in listed and f"{shut.orbit}@" not in listed, "others in the list")
    # What he may is asked again when it changes.
    watcher = subscribe(s, here.orbit, user)
    binding = [b for b in s.api.items("/role-bindings") if b["user"] == user][0]
    s.api.ask("DELETE", f"/role-bindings/{binding['id']}", {})
    told(watcher, "terminated;reason=rejected")


@line("8.4-peer", "a peer that may only park, and whose word about identities does not count")
def a_peer(s):
    orbits = s.range()
    place = outside(s, "127.0.0.3")
    dialog = s.dialog(orbits.park, user="204", endpoint=place)
    dialog.audio = s.audio(440)
    response = dialog.invite(["P-Asserted-Identity: <sip:boss@callpark.test>"], dialog.audio.offer())
    want(response.code, 200, "parking")
    want(s.api.parked(orbits.orbit)["caller"]["uri"], "sip:204@callpark.test", "who is parked")
    refused = s.dialog(orbits.orbit, user="204", endpoint=place).invite(sdp=s.audio().offer())
    want(refused.code, 403, "retrieving")


@line("8.4-removed", "without a SIP password, or disabled, nobody comes in", last=True)
def removed(s):
    orbits, user = s.range(), user_of(s)
    place = outside(s)
    want(sign_in(stranger(s, orbits.orbit, user, place), user).code, 200, "at first")
    s.api.ask("PATCH", f"/users/{user}", {"disabled": True})
    want(sign_in(stranger(s, orbits[1], user, place), user).code, 401, "disabled")
    s.api.ask("PATCH", f"/users/{user}", {"disabled": False})
    connection = Api()
    for one in connection.items("/users"):
        if one["has_sip_password"]:
            connection.ask("DELETE", f"/users/{one['name']}/sip-password", {})
    response = stranger(s, orbits[1], user, place).invite(sdp=s.audio().offer())
    want(response.code, 403, "when nobody has a password at all")


if __name__ == "__main__":
    run()
