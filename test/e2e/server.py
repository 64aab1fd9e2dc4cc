"""Servers of other systems, scripted, and what callparkd thinks of them."""

import socket
import threading
import time

from phone import Message
from scenario import want_that


class Server:
    """A UDP socket that answers each INVITE as `answer` says, and OPTIONS as `alive` does: a status line with headers,
    or nothing."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.answer, self.alive, self.seen, self.lock = None, None, [], threading.Lock()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            data, source = self.socket.recvfrom(65536)
            if not data.strip():
                continue
            message = Message(data)
            message.source = source
            with self.lock:
                self.seen.append(message)
            if message.method == "INVITE" and self.answer:
                self.say(message, *self.answer)
            elif message.method == "OPTIONS" and self.alive:
                self.say(message, *self.alive)
            elif message.method in ("CANCEL", "BYE"):
                self.say(message, "200 OK")

    def say(self, request, status, *headers):
        lines = [f"SIP/2.0 {status}", f"Via: {request.get('Via')}", f"From: {request.get('From')}",
                 f"To: {request.get('To')};tag=x", f"Call-ID: {request.get('Call-ID')}",
                 f"CSeq: {request.get('CSeq')}", *headers, "Content-Length: 0", "", ""]
        self.socket.sendto("\r\n".join(lines).encode(), request.source)

    def invites(self, user):
        """The INVITEs for this user; one that came again counts once."""
        with self.lock:
            return list({m.get("CSeq"): m for m in self.seen if m.method == "INVITE" and m.dialled() == user}.values())

    def any(self, method, after=None, timeout=8):
        """The newest request of this method; newer than `after`."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with self.lock:
                found = [m for m in self.seen if m.method == method]
            if found and (not after or found[-1].get("Call-ID") != after.get("Call-ID")):
                return found[-1]
            time.sleep(0.05)
        want_that(False, f"no {method} came")

    def wait(self, method, user, timeout=8):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with self.lock:
                found = [m for m in self.seen if m.method == method and m.dialled() == user]
            if found:
                return found[0]
            time.sleep(0.02)
        want_that(False, f"no {method} for {user} came")


def srv(name, *ports):
    """These servers, in this order."""
    return {("SRV", f"_sip._udp.{name}"): [(10 * (n + 1), 1, port, host) for n, (port, host) in enumerate(ports)]}


def hop(s, port, host="127.0.0.1", state=None, timeout=8):
    """What the API says of this server, once it says that state."""
    deadline = time.monotonic() + timeout
    while True:
        found = [h for h in s.api.ask("GET", "/system/hops")["items"] if (h["host"], h["port"]) == (host, port)]
        if found and (not state or found[0]["state"] == state):
            return found[0]
        want_that(time.monotonic() < deadline, f"{host}:{port} is {found}, not {state}")
        time.sleep(0.1)
