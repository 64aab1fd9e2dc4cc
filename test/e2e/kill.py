"""Park at 200 a second, kill the server at a random moment, and look every told number up in its file. Prints TAP."""

import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

CALLPARKD = os.environ.get("CALLPARKD", "build/callparkd")
CALLPARKCTL = os.environ.get("CALLPARKCTL", "build/callparkctl")
RATE = 200
RUNS = 3

INVITE = """INVITE sip:park@127.0.0.1:{server} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK-{run}-{n}
Max-Forwards: 70
From: <sip:+4930{n:06d}@127.0.0.1>;tag=t{run}-{n}
To: <sip:park@127.0.0.1>
Call-ID: kill-{run}-{n}@test
CSeq: 1 INVITE
Contact: <sip:caller@127.0.0.1:{port}>
Referred-By: <sip:105@127.0.0.1>
Content-Type: application/sdp
Content-Length: {length}

{sdp}"""
SDP = """v=0
o=- {n} 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {rtp} RTP/AVP 0 8
"""
ACK = """ACK sip:park@127.0.0.1:{server} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK-ack-{callid}
Max-Forwards: 70
From: {from_}
To: {to}
Call-ID: {callid}
CSeq: 1 ACK
Content-Length: 0

"""


def wire(text):
    return text.replace("\n", "\r\n").encode()


def header(message, name):
    for line in message.split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == name.lower():
            return value.strip()
    return ""


class Server:
    def __init__(self, folder, sip):
        self.folder, self.socket = folder, os.path.join(folder, "admin.sock")
        rtp = random.randrange(20000, 38000, 2)
        with open(os.path.join(folder, "callpark.conf"), "w") as f:
            f.write(f"[node]\nname = test\ndestination = pool1.example.com\n"
                    f"[sip]\nlisten = udp:127.0.0.1:{sip}\n[media]\nrtp-ports = {rtp}-{rtp + 2000}\n"
                    f"[web]\nlisten = 127.0.0.1:0\nadmin-socket = {self.socket}\n"
                    f"[store]\nurl = sqlite:{folder}/callpark.db\n")
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, "callparkd.log"), "a")
        self.process = subprocess.Popen([CALLPARKD, "-c", os.path.join(self.folder, "callpark.conf")],
                                        stdout=self.log, stderr=self.log)
        end = time.monotonic() + 30
        while time.monotonic() < end and self.ctl("status").returncode:
            time.sleep(0.1)

    def ctl(self, *words):
        return subprocess.run([CALLPARKCTL, "--socket", self.socket, *words], capture_output=True, text=True,
                              timeout=30, check=False)


def park_until_killed(server, sip, run, seconds):
    """The orbits that were told, by Call-ID; the server is killed after `seconds` without a warning."""
    told = {}
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(1 / RATE / 2)
    port = sock.getsockname()[1]
    start = time.monotonic()
    sent, killed = 0, False
    while time.monotonic() < start + seconds + 1:
        now = time.monotonic()
        if not killed and now > start + seconds:
            server.process.kill()
            server.process.wait()
            killed = True
        while not killed and sent < (now - start) * RATE:
            sdp = SDP.format(n=sent, rtp=50000 + 2 * (sent % 5000)).replace("\n", "\r\n")
            sock.sendto(wire(INVITE.format(server=sip, port=port, run=run, n=sent, length=len(sdp), sdp="")) +
                        sdp.encode(), ("127.0.0.1", sip))
            sent += 1
        try:
            message = sock.recv(65536).decode(errors="replace")
        except OSError:
            continue
        if message.startswith("SIP/2.0 200"):
            told[header(message, "Call-ID")] = header(message, "X-Callpark-Orbit")
            if not killed:
                sock.sendto(wire(ACK.format(server=sip, port=port, callid=header(message, "Call-ID"),
                                            from_=header(message, "From"), to=header(message, "To"))),
                            ("127.0.0.1", sip))
    sock.close()
    return sent, told


def main():
    folder = tempfile.mkdtemp(prefix="kill-", dir=os.environ.get("TMPDIR"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        sip = s.getsockname()[1]
    server = Server(folder, sip)
    made = server.ctl("range", "create", "All", "1000", "8999", "--destination", "pool1.example.com")
    number = failed = 0

    def check(good, name, why=""):
        nonlocal number, failed
        number += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# {why}")
        sys.stdout.flush()

    check(made.returncode == 0, "a range is made", made.stderr)
    for run in range(RUNS):
        sent, told = park_until_killed(server, sip, run, 1.5 + random.random())
        store = sqlite3.connect(os.path.join(folder, "callpark.db"))
        rows = {str(orbit) for (orbit,) in store.execute("SELECT orbit FROM calls WHERE has_orbit")}
        sound = store.execute("PRAGMA integrity_check").fetchone()[0]
        store.close()
        missing = sorted(orbit for orbit in told.values() if orbit not in rows)
        check(len(told) > RATE / 10, f"run {run}: calls were parked before the end",
              f"{len(told)} of {sent} were told a number")
        check(len(set(told.values())) == len(told), f"run {run}: no number was told twice")
        check(not missing, f"run {run}: every number that was told is in the store", f"missing: {missing[:10]}")
        check(sound == "ok", f"run {run}: the file is sound", sound)
        server.start()
        check(server.ctl("status").returncode == 0, f"run {run}: the server starts again from it",
              open(server.log.name).read()[-800:])
    server.process.terminate()
    check(server.process.wait(20) == 0, "the server ends well")
    print(f"1..{number}")
    if not failed:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(failed > 0)


main()
