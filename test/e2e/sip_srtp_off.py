"""srtp = off (sip.md 6.3): keys in an SDP are not looked at."""

import re

from scenario import find, line, run, want, want_that
from srtp import secure

SDP_LINE = r"(?m)^m=audio (\d+) (\S+)"


def plain(s, body):
    want(re.search(SDP_LINE, body).group(2), "RTP/AVP", "profile")
    want_that("a=crypto" not in body, "there are keys in our SDP")


@line("off-park", "a caller who offers only SRTP is refused with 488 and a Warning; with keys on a plain line he is parked in the clear")
def parks(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    refused = caller.invite(["Referred-By: <sip:105@callpark.test>"], secure(s, 440).offer())
    want(refused.code, 488, "SRTP alone")
    find("in the clear", refused.get("Warning"), "Warning")
    s.api.free(orbits.orbit)
    audio = s.audio(440)
    caller = s.park(orbits, "105", sdp=audio.offer(more=[secure(s).crypto()]))
    plain(s, caller.response_200.body)
    audio.start(caller.response_200.body)
    audio.hears_sound()


@line("off-retrieve", "a retriever who offers only SRTP gets 488, the caller stays parked; the next one without has him")
def retrieves(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440)
    call = s.api.parked(orbits.orbit)
    want(s.dialog(orbits.orbit).invite(sdp=secure(s, 700).offer()).code, 488, "SRTP alone")
    want(s.api.parked(orbits.orbit)["id"], call["id"], "who is parked")
    s.talk(caller, s.retrieve(orbits.orbit, 620))


@line("off-best-effort", "RTP and SRTP lines in one offer: RTP is taken, SRTP refused with port 0")
def best_effort(s):
    orbits, audio, keyed = s.range(), s.audio(440), secure(s)
    offer = audio.offer(more=[f"m=audio {keyed.port} RTP/SAVP 0", keyed.crypto()])
    body = s.park(orbits, "105", sdp=offer).response_200.body
    want([(int(port) > 0, profile) for port, profile in re.findall(SDP_LINE, body)],
         [(True, "RTP/AVP"), (False, "RTP/SAVP")], "lines of the answer")
    audio.start(body)
    audio.hears_sound()


@line("off-offers", "what we offer is in the clear: to an INVITE without SDP, and to whom we ring back")
def offers(s):
    orbits, parker = s.range(), s.user()
    caller = s.outsider(orbits.park)
    caller.audio = s.audio(440)
    number = caller.send("INVITE", [f"Referred-By: <sip:{parker}@callpark.test>"])
    offer = caller.response(number)
    plain(s, offer.body)
    caller.follow(offer, ack_sdp=caller.audio.offer())
    caller.audio.start(offer.body)
    caller.audio.hears_sound()
    s.api.ring_back(s.api.parked(orbits.orbit))
    phone = s.accept(parker)
    plain(s, phone.invite_request.body)
    phone.pick_up(secure(s, 700).offer())
    phone.request("BYE")
    s.api.parked(orbits.orbit)


if __name__ == "__main__":
    run()
