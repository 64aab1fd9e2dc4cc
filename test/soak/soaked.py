"""The server that is tormented: started, killed, its disk filled, its clock moved."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from scenario import UnixConnection

CONF = """[node]
name = soak
destination = pool1.example.com
site = Here
[sip]
listen = udp:127.0.0.1:{sip}
domain = callpark.test
trusted = 127.0.0.1/32
outbound = sip:127.0.0.1:{pbx}
[media]
rtp-ports = {rtp}-{rtp_last}
[web]
listen = 127.0.0.1:{web}
admin-socket = {folder}/admin.sock
[store]
url = sqlite:{disk}/callpark.db
{store_more}
[log]
level = info
format = text
"""
FAKETIME = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1")


def free_ports(count):
    held, found = [], []
    for _ in range(count):
        for kind in (socket.SOCK_DGRAM,):
            probe = socket.socket(socket.AF_INET, kind)
            probe.bind(("127.0.0.1", 0))
            held.append(probe)
            found.append(probe.getsockname()[1])
    for probe in held:
        probe.close()
    return found


class Server:
    def __init__(self, program, folder, disk, store_more=""):
        self.program, self.folder, self.disk = program, folder, disk
        self.sip, self.pbx, web = free_ports(3)
        self.log = open(os.path.join(folder, "callparkd.log"), "ab")
        self.conf = os.path.join(folder, "callpark.conf")
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(CONF.format(sip=self.sip, pbx=self.pbx, web=web, rtp=20000, rtp_last=29998, folder=folder,
                                disk=disk, store_more=store_more))
        os.environ["E2E_SOCKET"] = os.path.join(folder, "admin.sock")
        self.process, self.starts, self.slowest = None, 0, 0.0
        self.clock = os.path.join(folder, "clock")
        self.faketime = next((p for p in FAKETIME if os.path.exists(p)), None)
        self.set_clock(0)

    @property
    def address(self):
        return "127.0.0.1", self.sip

    def set_clock(self, seconds):
        """Only the wall clock; the steady one goes on."""
        with open(self.clock + ".new", "w", encoding="utf-8") as f:
            f.write(f"{seconds:+d}s\n")
        os.rename(self.clock + ".new", self.clock)

    def environment(self):
        env = dict(os.environ)
        if self.faketime:
            env.update(LD_PRELOAD=self.faketime, FAKETIME_TIMESTAMP_FILE=self.clock, FAKETIME_NO_CACHE="1",
                       FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1")
        return env

    def start(self):
        began = time.monotonic()
        self.process = subprocess.Popen([self.program, "-c", self.conf], stdout=self.log, stderr=self.log,
                                        env=self.environment())
        while True:
            if self.process.poll() is not None:
                sys.exit(f"callparkd ended with {self.process.returncode} at its start; see {self.log.name}")
            try:
                self.ask("/parked-calls?limit=1")
                break
            except (OSError, ValueError):
                time.sleep(0.01)
            if time.monotonic() - began > 60:
                sys.exit("callparkd does not answer")
        self.starts += 1
        self.slowest = max(self.slowest, time.monotonic() - began)

    def end(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(30)

    def ask(self, path, method="GET", body=None):
        connection = UnixConnection(os.environ["E2E_SOCKET"])
        headers = {"Content-Type": "application/json", "If-Match": "*"} if body is not None else {}
        connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        if response.status >= 300:
            raise ValueError(f"{method} {path}: {response.status} {text[:200]}")
        return json.loads(text) if text else None

    def everything(self, path):
        """All items of a listing, page by page."""
        items, mark = [], ""
        while True:
            more = f"{'&' if '?' in path else '?'}limit=500" + (f"&cursor={urllib.parse.quote(mark)}" if mark else "")
            answer = self.ask(path + more)
            items += answer["items"]
            mark = answer.get("next_cursor") or ""
            if not mark:
                return items

    def memory(self):
        """Resident, in MiB."""
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
                return next(int(l.split()[1]) for l in f if l.startswith("VmRSS")) / 1024
        except (OSError, StopIteration):
            return 0.0
