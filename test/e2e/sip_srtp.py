"""SRTP with keys in the SDP (RFC 4568): MD-03, MD-09, MD-10, MD-16 of the wire."""

import re
import socket
import time

from scenario import line, run, want, want_that
from srtp import key_of, park, secure


@line("MD-09", "SRTP: the tag and suite that were offered come back with another key; music is heard through it")
def parks(s):
    for suite, tag, lifetime, profile in (("AES_CM_128_HMAC_SHA1_80", 1, "", "RTP/SAVP"),
                                          ("AES_CM_128_HMAC_SHA1_32", 7, "|2^20", "RTP/SAVP"),
                                          ("AES_CM_128_HMAC_SHA1_80", 2, "|2^31", "RTP/SAVPF"),
                                          ("AES_CM_128_HMAC_SHA1_80", 3, "|2^31|1:1", "RTP/AVP")):
        orbits = s.range()
        audio = secure(s, 440, suite=suite, tag=tag, lifetime=lifetime, profile=profile)
        caller = park(s, orbits, audio)
        want((audio.answer_tag, audio.answer_suite), (tag, suite), "tag and suite")
        want(re.search(r"(?m)^m=audio \d+ (\S+)", caller.response_200.body).group(1), profile, "profile")
        want_that(audio.theirs != audio.master, "the answer repeats the key of the offer")
        audio.hears_sound()
        audio.one_stream()
        want(audio.bad, 0, "packets that are not SRTP of this key")


@line("MD-09 refused", "SRTP with suites or parameters that we lack, or without a key: 488 with a Warning")
def refuses(s):
    for crypto in ("a=crypto:1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
                   "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:dG9vIHNob3J0",
                   "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz "
                   "UNENCRYPTED_SRTP", ""):
        offer = s.audio().offer().replace("RTP/AVP", "RTP/SAVP") + (crypto + "\r\n" if crypto else "")
        refused = s.outsider(s.range().park).invite(sdp=offer)
        want(refused.code, 488, crypto or "no key")
        want_that(re.match(r"30[25] |399 ", refused.get("Warning") or ""), f"Warning: {refused.get('Warning')}")


@line("MD-03 secure", "audio in the clear, video, audio as SRTP: the third is taken, the others refused")
def better_line(s):
    orbits = s.range()
    plain, audio = s.audio(), secure(s, 440)
    line = f"m=audio {audio.port} RTP/SAVP 0"
    offer = plain.offer(more=["m=video 40002 RTP/AVP 99", "a=rtpmap:99 H264/90000", line, audio.crypto()])
    caller = s.park(orbits, "105", sdp=offer)
    body = caller.response_200.body
    lines = re.findall(r"(?m)^m=(\w+) (\d+) (\S+)", body)
    want([kind for kind, _, _ in lines], ["audio", "video", "audio"], "lines of the answer")
    want([int(port) > 0 for _, port, _ in lines], [False, False, True], "lines in use")
    audio.answered(body)
    audio.hears_sound()


@line("6.3-bridge", "parked through SRTP, retrieved in the clear and through SRTP: both hear each other")
def retrieved(s):
    for theirs in (s.audio(700), secure(s, 700)):
        orbits = s.range()
        caller = park(s, orbits, secure(s, 440))
        caller.audio.hears_sound()
        retriever = s.dialog(orbits.orbit)
        answer = retriever.invite(sdp=theirs.offer())
        want(answer.code, 200, "the retrieval")
        theirs.start(answer.body)
        theirs.hears(440)
        caller.audio.hears(700)
        caller.audio.one_stream()


@line("MD-10", "packets with a wrong tag, replayed, or in the clear: dropped, and the music stays where it is")
def attacked(s):
    orbits = s.range()
    audio = secure(s, 440)
    caller = park(s, orbits, audio)
    audio.hears_sound()
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(700)
    answer = retriever.invite(sdp=retriever.audio.offer())
    retriever.audio.start(answer.body)
    retriever.audio.hears(440)
    audio.wait(lambda: len(audio.sent) >= 30, "30 packets of his own, to be sent again,")
    audio.hush()
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind(("127.0.0.1", 0))
    stranger.settimeout(0.5)
    old, refused = list(audio.sent), s.api.figure("srtp_packets_refused_total")
    since = time.monotonic()
    for data in old[-30:]:
        audio.raw(data, stranger)                                        # replayed
        audio.raw(data[:-1] + bytes([data[-1] ^ 1]), stranger)           # a wrong tag
        audio.raw(data[:12] + bytes(160), stranger)                      # in the clear
        audio.raw(data[:-1] + bytes([data[-1] ^ 1]))                     # as if from himself
    try:
        stranger.recv(2048)
        moved = True
    except TimeoutError:
        moved = False
    want(moved, False, "audio goes to the stranger")
    audio.wait_packets(5, since=since)
    caller.audio.hears(700, since=since)
    audio.wait(lambda: s.api.figure("srtp_packets_refused_total") - refused >= 20, "20 refused packets in the metrics")


@line("MD-10 moved", "an authentic packet from another port: the audio follows it")
def follows(s):
    orbits = s.range()
    audio = secure(s, 440)
    park(s, orbits, audio, host="198.51.100.77")  # behind NAT, so that it has a port of ours for itself
    audio.hears_sound()
    audio.hush()
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.1", 0))
    other.settimeout(5)
    for _ in range(3):
        audio.send(bytes([0xFF]) * 160, source=other)
    want_that(audio.hearing.open(other.recv(2048)), "what comes to the new port cannot be opened")


@line("MD-16", "a new key in a re-INVITE: both directions go on with new keys, one SSRC")
def rekeys(s):
    orbits = s.range()
    audio = secure(s, 440)
    caller = park(s, orbits, audio)
    audio.hears_sound()
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(700)
    answer = retriever.invite(sdp=retriever.audio.offer())
    retriever.audio.start(answer.body)
    retriever.audio.hears(440)
    ssrc, first = audio.packets[-1].ssrc, audio.theirs
    same = caller.invite(sdp=audio.offer(version=1))
    want(same.code, 200, "a refresh")
    want(key_of(same.body), first, "our key when theirs stays")
    audio.rekey()
    answer = caller.invite(sdp=audio.offer(version=2))
    want(answer.code, 200, "the new key")
    audio.answered(answer.body)
    want_that(audio.theirs != first, "our key stays when theirs changes")
    since = time.monotonic()
    audio.hears(700, since=since)
    retriever.audio.hears(440, since=since)
    want(audio.packets[-1].ssrc, ssrc, "SSRC")


@line("MD-16 offer", "a re-INVITE without SDP: our offer has the key that is in use")
def reoffers(s):
    orbits = s.range()
    audio = secure(s, 440)
    caller = park(s, orbits, audio)
    audio.hears_sound()
    response = caller.invite(ack_sdp=audio.offer(version=3))
    want(response.code, 200, "the re-INVITE")
    want(re.search(r"(?m)^m=audio \d+ (\S+)", response.body).group(1), "RTP/SAVP", "profile")
    want(key_of(response.body), audio.theirs, "key")
    audio.hears_since()


if __name__ == "__main__":
    run()
