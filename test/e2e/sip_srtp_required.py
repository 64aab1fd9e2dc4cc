"""srtp = required (sip.md 6.3): whoever has no keys is not heard, and nobody is lost by it."""

import re

from scenario import find, line, run, want, want_that
from srtp import park, secure

SDP_LINE = r"(?m)^m=audio (\d+) (\S+)"


@line("required-park", "a caller who offers only RTP is refused with 488 and a Warning; with keys he is parked")
def parks(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    refused = caller.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer())
    want(refused.code, 488, "RTP alone")
    find("must be SRTP", refused.get("Warning"), "Warning")
    s.api.free(orbits.orbit)
    for profile in ("RTP/SAVP", "RTP/AVP"):  # RFC 8643: keys count on a plain line too
        caller = park(s, orbits, secure(s, 440, profile=profile))
        caller.audio.hears_sound()
        want(caller.audio.bad, 0, "packets in the clear")


@line("required-retrieve", "a retriever who offers only RTP gets 488, the caller stays parked; the next one with keys has him")
def retrieves(s):
    orbits = s.range()
    caller = park(s, orbits, secure(s, 440))
    call = s.api.parked(orbits.orbit)
    want(s.dialog(orbits.orbit).invite(sdp=s.audio(700).offer()).code, 488, "RTP alone")
    want(s.api.parked(orbits.orbit)["id"], call["id"], "who is parked")
    retriever = s.dialog(orbits.orbit)
    retriever.audio = secure(s, 700)
    answer = retriever.invite(sdp=retriever.audio.offer())
    want(answer.code, 200, "with keys")
    retriever.audio.start(answer.body)
    s.talk(caller, retriever)


@line("required-late", "INVITE without SDP: our offer is SRTP; an answer in the clear gets BYE, one with keys music")
def late(s):
    orbits = s.range()
    for audio in (s.audio(440), secure(s, 440)):
        caller = s.outsider(orbits.park)
        number = caller.send("INVITE", ["Referred-By: <sip:105@callpark.test>"])
        offer = caller.response(number)
        want((offer.code, re.search(SDP_LINE, offer.body).group(2)), (200, "RTP/SAVP"), "our offer")
        suites = re.findall(r"(?m)^a=crypto:(\d+) (\S+)", offer.body)
        tag = {suite: int(n) for n, suite in suites}["AES_CM_128_HMAC_SHA1_80"]
        if hasattr(audio, "crypto_tag"):
            audio.crypto_tag = tag
        caller.follow(offer, ack_sdp=audio.offer())
        if not hasattr(audio, "crypto_tag"):
            caller.request("BYE")
            s.api.free(orbits.orbit)
        else:
            line_of = next(l for l in offer.body.splitlines() if l.startswith(f"a=crypto:{tag} "))
            audio.start(re.sub(r"(?m)^a=crypto:.*\r?\n", "", offer.body) + line_of + "\r\n")
            audio.hears_sound()


@line("required-ring-back", "we call: our offer is SRTP; who answers in the clear gets BYE, the caller stays with music")
def rings_back(s):
    orbits, parker = s.range(), s.user()
    caller = park(s, orbits, secure(s, 440), parker)
    s.api.ring_back(s.api.parked(orbits.orbit))
    phone = s.accept(parker)
    offer = phone.invite_request.body
    want_that(re.search(SDP_LINE, offer).group(2) == "RTP/SAVP" and "a=crypto:" in offer, "our offer is not SRTP")
    phone.pick_up(s.audio(700).offer())
    phone.request("BYE")
    s.api.parked(orbits.orbit)
    caller.audio.hears_since()


if __name__ == "__main__":
    run()
