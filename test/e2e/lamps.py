"""Lamps as a phone that watches sees them: dialog-info documents (RFC 4235), and subscriptions that get them."""

import re
import socket
import threading
import time
import xml.etree.ElementTree as xml

from phone import Missing, PATIENCE
from scenario import SERVER, want, want_that

INFO = "{urn:ietf:params:xml:ns:dialog-info}"


class Lamp:
    """One dialog-info document."""

    def __init__(self, text):
        self.text = text
        root = xml.fromstring(text)
        dialogs = root.findall(INFO + "dialog")
        want(len(dialogs), 1, "dialogs in a document")
        self.version, self.entity = int(root.get("version")), root.get("entity")
        self.state = dialogs[0].find(INFO + "state").text
        self.call_id = dialogs[0].get("call-id")
        self.tags = dialogs[0].get("local-tag"), dialogs[0].get("remote-tag")
        self.direction = dialogs[0].get("direction")
        who = dialogs[0].find(f"{INFO}remote/{INFO}identity")
        self.who = None if who is None else (who.get("display"), who.text)
        target = dialogs[0].find(f"{INFO}remote/{INFO}target")
        self.target = None if target is None else target.get("uri")

    def replaces(self, crossed=False, more=""):
        to, other = reversed(self.tags) if crossed else self.tags
        return f"Replaces: {self.call_id};to-tag={to};from-tag={other}{more}"


def watch(s, number, headers=(), endpoint=None, user=None):
    """A subscription; its first lamp is in .lamp."""
    watcher = s.dialog(number, user, endpoint=endpoint)
    watcher.auto = watcher.auto | {"NOTIFY"}
    answer = watcher.ask("SUBSCRIBE", ["Event: dialog", "Expires: 600", *headers])
    want(answer.code, 200, "SUBSCRIBE")
    watcher.remote_tag, watcher.remote = answer.param("To", "tag"), answer.get("To")
    watcher.answer = answer
    watcher.notify = watcher.request("NOTIFY")
    watcher.told = watcher.notify.cseq[0]
    if "dialog-info" in watcher.notify.get("Content-Type"):
        watcher.lamp = Lamp(watcher.notify.body)
    return watcher


def news(watcher, timeout=PATIENCE):
    """The next NOTIFY; one that overtook an older one makes that old."""
    while True:
        notify = watcher.request("NOTIFY", timeout)
        if notify.cseq[0] > watcher.told:
            watcher.told = notify.cseq[0]
            return notify


def shown(watcher, state, timeout=PATIENCE):
    """Wait until the lamp shows this; its version only rises."""
    deadline = time.monotonic() + timeout
    while True:
        notify = news(watcher, max(0.01, deadline - time.monotonic()))
        lamp = Lamp(notify.body)
        want_that(lamp.version > watcher.lamp.version, "the version did not rise")
        watcher.lamp = lamp
        if lamp.state == state:
            lamp.at = notify.at
            return lamp


class Crowd:
    """Many phones that watch one number, behind one socket; each answers every NOTIFY. `lit` and `dark` hold who was told
    so."""

    def __init__(self, number, count):
        self.number, self.count, self.lit, self.dark = number, count, set(), set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        self.socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self.read, daemon=True).start()
        for first in range(0, count, 50):
            self.subscribe(range(first, min(count, first + 50)))

    def subscribe(self, some):
        """These, again when one was lost on its way, until each has its first lamp."""
        deadline = time.monotonic() + 20
        while left := [i for i in some if b"crowd%d" % i not in self.dark]:
            if time.monotonic() > deadline:
                raise Missing(f"{len(left)} of {len(some)} have no lamp after 20 s")
            for i in left:
                self.ask(i)
            soon = time.monotonic() + 0.5
            while time.monotonic() < soon and not all(b"crowd%d" % i in self.dark for i in some):
                time.sleep(0.002)

    def ask(self, i):
        me = self.socket.getsockname()[1]
        self.socket.sendto((
            f"SUBSCRIBE sip:{self.number}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{me};branch=z9hG4bKc{i}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:c{i}@callpark.test>;tag={i}\r\nTo: <sip:{self.number}@127.0.0.1>\r\n"
            f"Call-ID: crowd{i}\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:c{i}@127.0.0.1:{me}>\r\n"
            "Event: dialog\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n").encode(), SERVER)

    def read(self):
        while True:
            text, server = self.socket.recvfrom(65536)
            if not text.startswith(b"NOTIFY"):
                continue
            kept = re.findall(rb"(?im)^(?:Via|From|To|Call-ID|CSeq):.*\r\n", text)
            self.socket.sendto(b"SIP/2.0 200 OK\r\n" + b"".join(kept) + b"Content-Length: 0\r\n\r\n", server)
            who = re.search(rb"(?im)^Call-ID: *(\S+)", text).group(1)
            (self.lit if b"<state>confirmed" in text else self.dark).add(who)

    def all_lit(self, timeout):
        deadline = time.monotonic() + timeout
        while len(self.lit) < self.count:
            if time.monotonic() > deadline:
                raise Missing(f"{len(self.lit)} of {self.count} lamps are lit after {timeout} s")
            time.sleep(0.005)
