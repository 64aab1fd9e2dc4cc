"""Lamps as a phone that watches sees them: dialog-info documents (RFC 4235), and subscriptions that get them."""

import time
import xml.etree.ElementTree as xml

from phone import PATIENCE
from scenario import want, want_that

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
    """The next NOTIFY that is not one sent again because the answer was late."""
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
