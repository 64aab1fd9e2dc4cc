"""Offers, answers and what is heard: MD."""

import re
import time

from audio import answer_pt, direction, origin, port_of
from phone import Missing
from scenario import find, line, run, want, want_in, want_that


@line("MD-01", "sendrecv, recvonly, sendonly, inactive, 0.0.0.0: the answer, and whether music comes")
def directions(s):
    table = [("sendrecv", "sendrecv", True), ("recvonly", "sendonly", True), ("sendonly", "recvonly", False),
             ("inactive", "inactive", False), ("", "sendrecv", True)]
    orbits = s.range()
    for offered, expected, music in table:
        audio = s.audio()
        caller = s.park(orbits, "105", sdp=audio.offer(direction=offered))
        want(direction(caller.response_200.body), expected, f"answer to {offered or 'nothing said'}")
        if music:
            audio.hears_sound()
        else:
            audio.hears_nothing()
    audio = s.audio()
    caller = s.park(orbits, "105", sdp=audio.offer(host="0.0.0.0"))
    want_in(direction(caller.response_200.body), ("recvonly", "inactive"), "answer to 0.0.0.0")
    want_that("0.0.0.0" not in caller.response_200.body, "we say 0.0.0.0 ourselves")
    audio.hears_nothing()
    refused = s.outsider(orbits.park)
    want(refused.invite(sdp=s.audio().offer(port=0)).code, 488, "the only audio line has port 0")


@line("MD-02", "re-INVITE: another codec, another port, hold, resume, video added: music goes on, one SSRC")
def changes(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    caller.audio.hears_sound()
    ssrc = caller.audio.packets[-1].ssrc
    first = caller.response_200.body
    answer = caller.invite(sdp=caller.audio.offer(["8", "101 telephone-event/8000"], version=2))
    want((answer.code, answer_pt(answer.body)[0]), (200, 8), "another codec")
    caller.audio.wait(lambda: caller.audio.packets[-1].pt == 8, "PCMA")
    want(origin(answer.body).split()[1], origin(first).split()[1], "session id")
    want(int(origin(answer.body).split()[2]), int(origin(first).split()[2]) + 1, "version of o=")
    same = caller.invite(sdp=caller.audio.offer(["8", "101 telephone-event/8000"], version=2))
    want(origin(same.body), origin(answer.body), "o= when nothing has changed")
    other = s.audio()
    want(caller.invite(sdp=other.offer(["8"], version=3)).code, 200, "another port")
    caller.audio.hush()
    other.start(answer.body)
    want(other.wait_packets(10)[0].ssrc, ssrc, "SSRC at the other port")
    want(caller.invite(sdp=other.offer(["8"], "sendonly", version=4)).code, 200, "hold")
    time.sleep(0.2)
    other.hears_nothing()
    want(caller.invite(sdp=other.offer(["8"], "sendrecv", version=5)).code, 200, "resume")
    want(other.wait_packets(5, since=time.monotonic())[0].ssrc, ssrc, "SSRC after resume")
    video = ["m=video 40002 RTP/AVP 99", "a=rtpmap:99 H264/90000"]
    answer = caller.invite(sdp=other.offer(["8"], "sendrecv", more=video, version=6))
    want(re.findall(r"(?m)^m=video (\d+)", answer.body), ["0"], "port of the video line")
    want(other.wait_packets(5, since=time.monotonic())[0].ssrc, ssrc, "SSRC with video")
    other.one_stream()
    want(port_of(answer.body), port_of(first), "our port")


@line("MD-03", "audio, video and a secure audio line of a suite that we lack: three lines back, in order, one of them in use")
def three_lines(s):
    orbits = s.range()
    audio = s.audio()
    more = ["m=video 40002 RTP/AVP 99", "a=rtpmap:99 H264/90000", "m=audio 40004 RTP/SAVP 0",
            "a=crypto:1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"]
    caller = s.park(orbits, "105", sdp=audio.offer(more=more))
    lines = re.findall(r"(?m)^m=(\w+) (\d+) (\S+)", caller.response_200.body)
    want([kind for kind, _, _ in lines], ["audio", "video", "audio"], "lines of the answer")
    want([int(port) > 0 for _, port, _ in lines], [True, False, False], "lines in use")
    want(lines[2][2], "RTP/SAVP", "protocol of the refused line")
    audio.hears_sound()


@line("MD-04", "dynamic payload types are kept: 107 for PCMU, 100 for telephone events; Opus if it comes first")
def dynamic(s):
    orbits = s.range()
    audio = s.audio()
    opus = s.park(orbits, "105", sdp=audio.offer(["96 opus/48000/2", "107 PCMU/8000", "97 telephone-event/48000"]))
    want(answer_pt(opus.response_200.body), [96, 97], "payload types of the answer in Opus")
    packets = audio.wait_packets(10)
    want({p.pt for p in packets}, {96}, "payload type of the music in Opus")
    want({b.stamp - a.stamp & 0xFFFFFFFF for a, b in zip(packets, packets[1:])}, {960}, "time of a packet of Opus")
    audio = s.audio()
    formats = ["96 speex/16000", "107 PCMU/8000", "111 opus/48000/2", "100 telephone-event/8000"]
    caller = s.park(orbits, "105", sdp=audio.offer(formats))
    want(answer_pt(caller.response_200.body), [107, 100], "payload types of the answer")
    find(r"a=rtpmap:107 PCMU/8000", caller.response_200.body, "rtpmap")
    want({p.pt for p in audio.wait_packets(10)}, {107}, "payload type of the music")
    formats = ["111 opus/48000/2", "107 PCMU/8000", "112 telephone-event/48000", "100 telephone-event/8000"]
    caller = s.park(s.range(), "105", sdp=s.audio().offer(formats))
    want(answer_pt(caller.response_200.body), [111, 112], "payload types beside Opus")


@line("MD-05", "ptime 10, 30, 40 and maxptime 30: packets of that length")
def lengths(s):
    orbits = s.range()
    for more, size in ((["a=ptime:10"], 80), (["a=ptime:30"], 240), (["a=ptime:40"], 320), (["a=maxptime:10"], 80),
                       (["a=ptime:60", "a=maxptime:30"], 240), ([], 160)):
        audio = s.audio()
        s.park(orbits, "105", sdp=audio.offer(more=more))
        packets = audio.wait_packets(12)
        want({len(p.payload) for p in packets}, {size}, f"bytes of a packet with {more}")
        # A busy machine may skip some, never a part of one.
        want({(b.stamp - a.stamp) % 2**32 % size for a, b in zip(packets, packets[1:])}, {0}, "parts of a packet skipped")


@line("MD-06", "RTP from another port than the SDP says: the first to come is followed, a later one is not", last=True)
def latching(s):
    orbits = s.range()
    audio, behind_nat, intruder = s.audio(), s.audio(), s.audio()
    caller = s.park(orbits, "105", sdp=audio.offer())
    behind_nat.start(caller.response_200.body)
    behind_nat.wait_packets(10)
    time.sleep(2.5)
    intruder.start(caller.response_200.body)
    intruder.hears_nothing(0.6)
    behind_nat.wait_packets(10, since=time.monotonic())


@line("MD-06b", "a phone that goes on sending when its call is over draws no other caller's music away", last=True)
def stray(s):
    orbits = s.range()
    ended = s.park(orbits, "105")
    ended.audio.hears_sound()
    quiet = s.audio()
    s.park(orbits, "105", sdp=quiet.offer())
    quiet.wait_packets(10)
    want(ended.ask("BYE").code, 200, "answer to BYE")
    time.sleep(0.3)
    quiet.wait_packets(40, since=time.monotonic())
    ended.audio.hears_nothing()
    quiet.one_stream()


@line("MD-08", "telephone events while parked change nothing")
def digits_while_parked(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    s.api.parked(orbits.orbit)
    stamp = caller.audio.stamp
    for number in range(12):
        caller.audio.send(bytes([number, 0x8A, 0, 160]), pt=101, stamp=stamp + 400 * number)
    caller.audio.hears_sound(since=time.monotonic())
    want({p.pt for p in caller.audio.packets}, {0}, "payload types that come")
    caller.audio.one_stream()
    s.api.parked(orbits.orbit)


@line("MD-13", "comfort noise, 60 ms packets and junk from the retriever: audio goes on in both directions")
def odd_packets(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440)
    s.api.parked(orbits.orbit)
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(620, ptime=60)
    response = retriever.invite(sdp=retriever.audio.offer(["0", "13 CN/8000", "101 telephone-event/8000"]))
    retriever.audio.aim(response.body)
    for junk in (b"", b"\x80", b"\x80" * 11, b"\xbf" + b"\xff" * 40, b"\x00" * 1400):
        retriever.audio.socket.sendto(junk, retriever.audio.target)
    for _ in range(3):
        retriever.audio.send(b"\x3c", pt=13)
    retriever.audio.start()
    s.talk(caller, retriever)


@line("MD-14", "the caller on IPv6, the retriever on IPv4: relayed")
def two_families(s):
    orbits = s.range()
    six = s.own_endpoint(server=("::1", s.server[1]), host="::1")
    caller = s.outsider(orbits.park, endpoint=six)
    caller.audio = s.audio(440, host="::1")
    response = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer())
    want(response.code, 200, "answer")
    find(r"c=IN IP6 ::1", response.body, "our address")
    caller.audio.start(response.body)
    s.api.parked(orbits.orbit)
    s.talk(caller, s.retrieve(orbits.orbit, 620))


@line("MD-15", "the answer in the ACK has no codec of our offer, or is missing: BYE with a reason")
def bad_answer(s):
    orbits = s.range()
    for body in (s.audio().offer(["96 SPEEX/8000"]), ""):
        caller = s.outsider(orbits.park)
        want(caller.invite(ack=False).code, 200, "answer")
        caller.ack(body)
        bye = caller.request("BYE")
        find(r"SIP *;.*cause=488", bye.get("Reason"), "Reason")
    s.api.free(orbits.orbit)


@line("MD-R", "RTCP: sender reports with a name while parked, a goodbye at the end")
def reports(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    audio = caller.audio
    audio.wait(lambda: [r for r in list(audio.reports) if r[1] == 200], "a sender report", 12)
    want_that(any(b"\x01" in r for r in audio.reports), "no CNAME")
    caller.bye()
    audio.wait(lambda: [r for r in list(audio.reports) if b"\xcb" in r[-12:] or r[1] == 203], "RTCP BYE", 5)


if __name__ == "__main__":
    run()
