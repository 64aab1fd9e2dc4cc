"""What keep.py and keep_systemd.py share: phones whose sockets are connected, so that an ICMP error or a reset is an
error here, and TAP."""

import contextlib
import itertools
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time

SIP = int(os.environ["E2E_SIP"])
DIR = os.environ["E2E_DIR"]
PATIENCE = 60
numbers = itertools.count(1)
results = []


def check(good, name, why=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
    if not good:
        print(f"# {why}")
    sys.stdout.flush()


def finish():
    print(f"1..{len(results)}")
    sys.exit(0 if all(results) else 1)


def until(test, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = test()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"Bail out! {what} did not come")


def ctl(*words):
    return subprocess.run([os.environ["CALLPARKCTL"], "--socket", os.environ["E2E_SOCKET"], *words], capture_output=True,
                          text=True, check=False)


def legs_on_disk():
    """A row that nobody waits for lies in memory for a moment, and a crash then takes it along."""
    with contextlib.closing(sqlite3.connect(f"file:{DIR}/callpark.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT count(*) FROM legs").fetchone()[0]


def options(transport, port):
    """A request, and what its answer is known by."""
    n = next(numbers)
    call = f"keep-{os.getpid()}-{n}"
    return call, (f"OPTIONS sip:127.0.0.1:{SIP} SIP/2.0\r\n"
                  f"Via: SIP/2.0/{transport} 127.0.0.1:{port};rport;branch=z9hG4bK{call}\r\n"
                  f"Max-Forwards: 70\r\nFrom: <sip:x@127.0.0.1>;tag={n}\r\nTo: <sip:127.0.0.1>\r\n"
                  f"Call-ID: {call}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode()


def wire(*lines):
    return ("\r\n".join(lines) + "\r\n").encode()


class Caller:
    """Parked by a phone system, hears music on a socket that is connected too."""

    def __init__(self, transport="UDP"):
        self.phone = Phone(transport)
        self.by = "" if transport == "UDP" else ";transport=tcp"
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind(("127.0.0.1", 0))
        self.rtp.settimeout(0.2)
        self.call = f"keep-call-{os.getpid()}-{next(numbers)}"
        sdp = wire("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
                   f"m=audio {self.rtp.getsockname()[1]} RTP/AVP 0").decode()
        self.invite = self.request("INVITE", 1, f"sip:park@127.0.0.1:{SIP}", "<sip:park@127.0.0.1>", "", sdp,
                                   "Referred-By: <sip:105@127.0.0.1>", "Content-Type: application/sdp")
        self.phone.socket.send(self.invite)
        answer = self.final("1 INVITE")
        self.to = re.search(r"(?mi)^To: (.*?)\r", answer).group(1)
        self.target = re.search(r"(?mi)^Contact: <(.*?)>", answer).group(1)
        self.phone.socket.send(self.request("ACK", 1, self.target, self.to, "a"))
        self.rtp.connect(("127.0.0.1", int(re.search(r"m=audio (\d+)", answer).group(1))))
        self.error = None

    def request(self, method, number, uri, to, mark, body="", *headers):
        return wire(f"{method} {uri} SIP/2.0",
                    f"Via: SIP/2.0/{self.phone.transport} 127.0.0.1:{self.phone.port};rport;branch=z9hG4bK{mark}{self.call}{number}",
                    "Max-Forwards: 70", f"From: <sip:+4930123@127.0.0.1>;tag={self.call}", f"To: {to}",
                    f"Call-ID: {self.call}", f"CSeq: {number} {method}",
                    f"Contact: <sip:caller@127.0.0.1:{self.phone.port}{self.by}>", *headers,
                    f"Content-Length: {len(body)}", "") + body.encode()

    def final(self, cseq):
        """The final answer to this request of the call, or None."""
        end = time.monotonic() + PATIENCE
        while not self.phone.error and time.monotonic() < end:
            for message in re.split(r"(?=SIP/2\.0 )", self.phone.text):
                if re.match(r"SIP/2\.0 [2-6]", message) and f"Call-ID: {self.call}" in message \
                        and re.search(rf"(?m)^CSeq: {cseq}\r", message):
                    return message
            self.phone.listen()
        raise SystemExit(f"Bail out! no answer to {cseq}: {self.phone.error}")

    def hung_up_on(self):
        """A BYE comes, and is answered."""
        end = time.monotonic() + PATIENCE
        while not self.phone.error and time.monotonic() < end:
            for message in re.findall(r"(?ms)^BYE .*?\r\n\r\n", self.phone.text):
                if f"Call-ID: {self.call}" in message:
                    copied = re.findall(r"(?mi)^(?:Via|From|To|Call-ID|CSeq): .*?(?=\r)", message)
                    self.phone.socket.send(wire("SIP/2.0 200 OK", *copied, "Content-Length: 0", ""))
                    return True
            self.phone.listen()
        return False

    def says(self):
        """A packet of RTP; the socket tells if there was an ICMP error since."""
        try:
            self.rtp.send(bytes([0x80, 0]) + bytes(10) + bytes([0xFF] * 160))
        except OSError as e:
            self.error = e

    def hears(self):
        end = time.monotonic() + PATIENCE
        while not self.error and time.monotonic() < end:
            try:
                if len(self.rtp.recv(2048)) > 12:
                    return True
            except TimeoutError:
                pass
            except OSError as e:
                self.error = e
        return False

    def forget(self):
        """What has come by now."""
        self.rtp.settimeout(0)
        try:
            while self.rtp.recv(2048):
                pass
        except BlockingIOError:
            pass
        except OSError as e:
            self.error = e
        self.rtp.settimeout(0.2)

    def hangs_up(self, number=2):
        self.phone.socket.send(self.request("BYE", number, self.target, self.to, "b"))


class Phone:
    """One socket, connected, so that an ICMP error or a reset is an error here."""

    def __init__(self, transport):
        self.transport = transport
        kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", SIP))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.text, self.error = "", None

    def ask(self):
        call, message = options(self.transport, self.port)
        try:
            self.socket.send(message)
        except OSError as e:
            self.error = e
        return call

    def listen(self):
        try:
            data = self.socket.recv(65536)
            self.text += data.decode(errors="replace")
            if not data and self.transport == "TCP":
                self.error = self.error or "closed by the server"
        except TimeoutError:
            pass
        except OSError as e:
            self.error = e

    def has(self, call):
        return f"Call-ID: {call}" in self.text

    def answered(self, call):
        end = time.monotonic() + PATIENCE
        while not self.has(call) and not self.error and time.monotonic() < end:
            self.listen()
        return self.has(call) and not self.error
