"""A parent that keeps sockets: what a phone sees of a crash and of an upgrade. Prints TAP."""

import contextlib
import errno
import itertools
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

SIP = int(os.environ["E2E_SIP"])
PARENT = int(os.environ["E2E_PID"])
DIR = os.environ["E2E_DIR"]
REAL = os.environ["E2E_REAL"]
CONFIG = os.environ["E2E_CONFIG"]
LOG = os.environ["E2E_LOGFILE"]
PROGRAM = os.path.join(DIR, "callparkd")
PATIENCE = 60
numbers = itertools.count(1)
results = itertools.count(1)
failed = 0


def check(good, name, why=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} {next(results)} - {name}")
    if not good:
        print(f"# {why}")
    sys.stdout.flush()


def until(test, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = test()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"Bail out! {what} did not come")


def log():
    with open(LOG, encoding="utf-8", errors="replace") as f:
        return f.read()


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(c) for c in f.read().split()]
    except OSError:
        return []


def child(parent=PARENT, other=None):
    """The server that the parent has started, once it is another one than before."""
    return until(lambda: next((c for c in children(parent) if c != other and alive(c)), None), "a child")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


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

    def __init__(self):
        self.phone = Phone("UDP")
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
                    f"Via: SIP/2.0/UDP 127.0.0.1:{self.phone.port};rport;branch=z9hG4bK{mark}{self.call}{number}",
                    "Max-Forwards: 70", f"From: <sip:+4930123@127.0.0.1>;tag={self.call}", f"To: {to}",
                    f"Call-ID: {self.call}", f"CSeq: {number} {method}",
                    f"Contact: <sip:caller@127.0.0.1:{self.phone.port}>", *headers,
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
        self.socket.settimeout(0.2)
        self.socket.connect(("127.0.0.1", SIP))
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


def fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def kill_and_hold():
    """The server is dead, and stays it until go_on()."""
    os.kill(PARENT, signal.SIGSTOP)
    until(lambda: state(PARENT) == "T", "the parent's halt")
    dead = child()
    os.kill(dead, signal.SIGKILL)
    until(lambda: not alive(dead), "the end of the server")
    return dead


def go_on():
    os.kill(PARENT, signal.SIGCONT)


def legs_on_disk():
    """A row that nobody waits for lies in memory for a moment, and a crash then takes it along."""
    with contextlib.closing(sqlite3.connect(f"file:{DIR}/callpark.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT count(*) FROM legs").fetchone()[0]


def over_a_crash(tcp, udp, stays, leaves):
    check(stays.hears() and leaves.hears(), "two callers hear music", (stays.error, leaves.error))
    until(lambda: legs_on_disk() == 2, "the rows of their legs")
    dead = kill_and_hold()
    leaves.hangs_up()
    stays.forget()
    stays.says()
    asked = [udp.ask() for _ in range(3)] + [udp.ask()]
    by_tcp = tcp.ask()
    udp.listen()
    stays.says()
    stays.forget()
    leaves.phone.listen()
    check(not (udp.error or leaves.phone.error or stays.error), "with the server dead no ICMP error comes",
          (udp.error, leaves.phone.error, stays.error))
    late = Phone("TCP")  # waits in the kernel
    late_call = late.ask()
    admin = socket.socket(socket.AF_UNIX)
    admin.settimeout(PATIENCE)
    admin.connect(os.environ["E2E_SOCKET"])
    admin.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    go_on()
    check(child(other=dead) != dead, "the server is started again after kill -9")
    check(all(udp.answered(call) for call in asked), "what was sent by UDP meanwhile is answered", udp.error)
    check(tcp.answered(by_tcp), "the TCP connection is open, and what was sent on it is answered", tcp.error)
    check(tcp.answered(tcp.ask()), "so is a request after it", tcp.error)
    check(late.answered(late_call), "who connected meanwhile is answered", late.error)
    check(admin.recv(100).startswith(b"HTTP/1.1 200"), "so is who connected to the admin socket")
    late.socket.close()
    check(stays.hears(), "music goes on from the same port", stays.error)
    said = leaves.final("2 BYE")
    check(said.startswith("SIP/2.0 200"), "who hung up meanwhile gets a 200", said[:40])


def over_an_upgrade(tcp, udp, stays):
    before = child()
    newer = PROGRAM + ".new"
    with open(newer, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\necho newer >"{DIR}/newer"\nexec "{REAL}" "$@"\n')
    os.chmod(newer, 0o755)
    os.rename(newer, PROGRAM)
    os.kill(PARENT, signal.SIGUSR2)
    call = udp.ask()
    check(child(other=before) != before, "SIGUSR2 puts another server in its place")
    check(udp.answered(call), "what came by UDP meanwhile is answered", udp.error)
    check(tcp.answered(tcp.ask()), "the TCP connection is open over the upgrade", tcp.error)
    stays.forget()
    stays.says()
    check(stays.hears(), "and so does the music go on", stays.error)
    check(os.path.exists(f"{DIR}/newer"), "it is the newer program that runs")
    check("callparkd ended with" not in log().split("is to be replaced", 1)[1], "and that counts as no crash")


def many_times(tcp, udp):
    def figures():
        """Once it serves, and the parent knows what it keeps."""
        check_in = udp.ask()
        udp.answered(check_in)
        return fds(PARENT), fds(child())

    first = figures()
    for n in range(20):
        before = child()
        if n % 2:
            os.kill(PARENT, signal.SIGUSR2)
        else:
            os.kill(before, signal.SIGKILL)
        child(other=before)
        call = udp.ask()
        if not udp.answered(call):
            break
    check(not udp.error and tcp.answered(tcp.ask()), "20 restarts later the TCP connection is open", tcp.error)
    last = until(lambda: figures() == first and figures(), "the same number of descriptors") if not udp.error else 0
    check(last == first, "and no descriptor is left over", f"{first} before, {last} after")


def who_hangs_up(udp):
    before = fds(PARENT)
    gone = Phone("TCP")
    gone.answered(gone.ask())
    until(lambda: fds(PARENT) == before + 1, "a kept connection")
    gone.socket.close()
    check(until(lambda: fds(PARENT) == before, "the end of it"), "a connection that the phone ends is kept no longer")
    check(udp.answered(udp.ask()), "and the server goes on", udp.error)


def other_listeners(udp):
    with open(CONFIG, encoding="utf-8") as f:
        lines = f.read()
    with open(CONFIG, "w", encoding="utf-8") as f:
        f.write(lines.replace(f"listen = tcp:127.0.0.1:{SIP}\n", ""))
    before = child()
    os.kill(PARENT, signal.SIGUSR2)
    child(other=before)
    check(udp.answered(udp.ask()), "with a listener less it serves", udp.error)

    def refused():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            return s.connect_ex(("127.0.0.1", SIP)) == errno.ECONNREFUSED

    check(until(refused, "a refusal"), "and a listener that is not wanted any more is closed")


def that_dies_at_once():
    """The pauses grow; how long they are in truth is the machine's affair."""
    newer = PROGRAM + ".bad"
    with open(newer, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nexit 7\n")
    os.chmod(newer, 0o755)
    with open(PROGRAM, encoding="utf-8") as f:
        good = f.read()
    os.rename(newer, PROGRAM)
    start = len(log())
    os.kill(child(), signal.SIGKILL)
    pattern = r"started again in (\d+) ms"
    until(lambda: len(re.findall(pattern, log()[start:])) >= 4, "four starts")
    pauses = [int(p) for p in re.findall(pattern, log()[start:])]
    check(pauses == sorted(pauses) and pauses[3] >= 1000, "one that dies at once is given longer and longer pauses", pauses)
    newer = PROGRAM + ".good"
    with open(newer, "w", encoding="utf-8") as f:
        f.write(good)
    os.chmod(newer, 0o755)
    os.rename(newer, PROGRAM)
    udp = Phone("UDP")
    os.kill(PARENT, signal.SIGUSR2)  # who puts it right need not wait for the next start
    check(udp.answered(udp.ask()), "and it serves when the program is put right", udp.error)


def faults_at_the_start():
    with tempfile.NamedTemporaryFile("w", suffix=".conf", dir=DIR) as f:
        f.write("[sip]\nlisten = udp:127.0.0.1:1x\n")
        f.flush()
        done = subprocess.run([REAL, "--keep", "-c", f.name], capture_output=True, text=True, timeout=PATIENCE, check=False)
    check(done.returncode == 1 and done.stderr, "a configuration that is wrong is told at once", done)


def main():
    tcp, udp = Phone("TCP"), Phone("UDP")
    check(tcp.answered(tcp.ask()) and udp.answered(udp.ask()), "the server answers", (tcp.error, udp.error))
    made = subprocess.run([os.environ["CALLPARKCTL"], "--socket", os.environ["E2E_SOCKET"], "range", "create", "All", "700",
                           "719", "--destination", "pool1.example.com"], capture_output=True, text=True, check=False)
    check(made.returncode == 0, "a range is made", made.stderr)
    stays, leaves = Caller(), Caller()
    over_a_crash(tcp, udp, stays, leaves)
    over_an_upgrade(tcp, udp, stays)
    who_hangs_up(udp)
    many_times(tcp, udp)
    check(stays.hears(), "and the caller still hears music", stays.error)
    stays.hangs_up()
    said = stays.final("2 BYE")
    check(said.startswith("SIP/2.0 200"), "until he hangs up", said[:40])
    other_listeners(udp)
    that_dies_at_once()
    faults_at_the_start()
    print(f"1..{next(results) - 1}")
    sys.exit(1 if failed else 0)


main()
