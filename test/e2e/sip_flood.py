"""A flood: many times more parks than can be taken (the wire, 8.5; RO-100, RO-101).

The figures of a busy machine say nothing, so no time is asserted but that a call is not lost: who retrieves gets his
call, who hangs up is gone, and when the flood is over a park is a park again.
"""

import os
import socket
import threading
import time

from phone import PATIENCE, token
from scenario import SERVER, line, run, want, want_in, want_that

FLOOD = 3.0  # seconds


class Flood:
    """INVITEs as fast as one socket can, each with a Call-ID of its own; answers are counted, the calls taken are
    acknowledged and hung up."""

    def __init__(self, dialled, audio):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.port, self.dialled, self.body = self.socket.getsockname()[1], dialled, audio.offer()
        self.sent, self.codes, self.open, self.retry = 0, {}, True, set()
        threading.Thread(target=self.read, daemon=True).start()

    def text(self, method, call, to="", branch=None, cseq=1, body=""):
        contact = f"Contact: <sip:f@127.0.0.1:{self.port}>\r\n" if method == "INVITE" else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (f"{method} sip:{self.dialled}@{SERVER[0]}:{SERVER[1]} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch or 'z9hG4bK' + call}\r\n"
                f"From: <sip:+4930{call}@provider.example>;tag=f\r\nTo: <sip:{self.dialled}@x>{to}\r\nCall-ID: {call}\r\n"
                f"CSeq: {cseq} {method}\r\nMax-Forwards: 70\r\nReferred-By: <sip:105@callpark.test>\r\n{contact}{kind}"
                f"Content-Length: {len(body)}\r\n\r\n{body}").encode()

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(20):
                self.socket.sendto(self.text("INVITE", token(12), body=self.body), SERVER)
                self.sent += 1

    def read(self):
        while self.open:
            try:
                data = self.socket.recv(65536).decode("utf-8", "replace")
            except OSError:
                return
            code = int(data[8:11]) if data.startswith("SIP/2.0 ") else 0
            head = dict(l.split(": ", 1) for l in data.split("\r\n\r\n")[0].split("\r\n")[1:] if ": " in l)
            if code < 200:
                if data.startswith("BYE "):
                    self.socket.sendto(self.reply(data), SERVER)
                continue
            if not head.get("CSeq", "").endswith("INVITE"):
                continue
            self.codes[code] = self.codes.get(code, 0) + 1
            self.retry.add(head.get("Retry-After", "") if code == 503 else "-")
            call, tag = head["Call-ID"], ";tag=" + head["To"].split("tag=")[-1]
            self.socket.sendto(self.text("ACK", call, tag, "z9hG4bK" + (token() if code == 200 else call)), SERVER)
            if code == 200:
                self.socket.sendto(self.text("BYE", call, tag, "z9hG4bK" + token(), 2), SERVER)

    def reply(self, request):
        keep = [l for l in request.split("\r\n") if l.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        return "\r\n".join(["SIP/2.0 200 OK", *keep, "Content-Length: 0", "", ""]).encode()

    def close(self):
        self.open = False
        self.socket.close()


def insist(phone, headers):
    """Call as a phone does: send it again until there is an answer, and once more after a 503."""
    deadline = time.monotonic() + 4 * PATIENCE
    while True:
        asked = phone.send("INVITE", headers, phone.audio.offer())
        response = None
        while not response:
            try:
                response = phone.response(asked, 1)
            except AssertionError:
                want_that(time.monotonic() < deadline, "no answer at all")
                phone.endpoint.send(phone.invite_text)
        phone.follow(response)
        if response.code != 503 or time.monotonic() > deadline:
            return response
        time.sleep(0.2)


@line("RO-100", "a flood of parks: refused with 503 and Retry-After or taken; who is parked is retrieved meanwhile")
def flood(s):
    orbits = s.range(size=10)
    parked = [s.park(orbits, "105", tone=400 + 40 * i) for i in range(3)]
    floods = [Flood(s.range(size=10).park, s.audio()) for _ in range(2)]
    threads = [threading.Thread(target=f.run, args=(FLOOD,)) for f in floods]
    for thread in threads:
        thread.start()
    try:
        for i in range(3):
            retriever = s.dialog(orbits[i])
            retriever.audio = s.audio(900)
            response = insist(retriever, ())
            want(response.code, 200, "retrieving during the flood")
            retriever.audio.start(response.body)
            s.talk(parked[i], retriever)
    finally:
        for thread in threads:
            thread.join()
    time.sleep(0.5)
    codes = {}
    for f in floods:
        want_that(f.sent > 200, f"the flood was no flood: {f.sent}")
        want_that("" not in f.retry, "503 without Retry-After")
        for code, count in f.codes.items():
            codes[code] = codes.get(code, 0) + count
    print(f"# {sum(f.sent for f in floods)} INVITEs in {FLOOD} s, answers: {dict(sorted(codes.items()))}", flush=True)
    want_in(tuple(sorted(set(codes) - {200, 486, 503})), ((),), "other answers")
    for f in floods:
        f.close()


@line("RO-101", "a range that is full is 486, and OPTIONS is 200 all the same")
def full(s):
    orbits = s.range(size=1)
    s.park(orbits, "105")
    refused = s.outsider(orbits.park)
    want(refused.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer()).code, 486, "the second park")
    want(s.dialog("ping").ask("OPTIONS").code, 200, "OPTIONS")


@line("RO-100n", "and when it is over a call is parked and retrieved as ever", last=True)
def as_ever(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    caller.audio = s.audio(440)
    response = insist(caller, ["Referred-By: <sip:105@callpark.test>"])
    want(response.code, 200, "parking")
    caller.audio.start(response.body)
    caller.audio.hears_sound()
    s.talk(caller, s.retrieve(orbits.orbit, tone=600))
    want_that(os.path.exists(f"/proc/{os.environ['E2E_PID']}"), "the server is gone")


if __name__ == "__main__":
    run(at_once=2)
