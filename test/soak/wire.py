"""Telephones on a bad wire: what they send and get is lost, sent twice, or late, as the weather of the moment says,
and they send again what is not answered, as RFC 3261 17 asks of telephones."""

import random
import threading
import time

from phone import Dialog, Endpoint, Missing, token

T1 = 0.5
LIMIT = 64 * T1


class Weather:
    """Shares of all datagrams. One for all phones; the faults change it."""

    def __init__(self):
        self.loss = self.twice = self.late = 0.0
        self.lost = 0

    def set(self, loss=0.0, twice=0.0, late=0.0):
        self.loss, self.twice, self.late = loss, twice, late

    def pass_on(self, deliver):
        """Hand one datagram on, or not, or twice, or after others."""
        if random.random() < self.loss:
            self.lost += 1
            return
        for _ in range(1 + (random.random() < self.twice)):
            if random.random() < self.late:
                threading.Timer(random.uniform(0.01, 0.2), deliver).start()
            else:
                deliver()


class Wire(Endpoint):
    """An endpoint in the weather. `on_invite(dialog)` is called, in a thread of its own, for each call that comes."""

    def __init__(self, server, weather, port=0, on_invite=None):
        self.weather, self.on_invite = weather, on_invite
        super().__init__(server, port)
        self.trace = Short()

    def send(self, text, to=None):
        data = text.encode() if isinstance(text, str) else text
        self.weather.pass_on(lambda: self.put(data, to or self.server))

    def put(self, data, to):
        try:
            self.socket.sendto(data, to)
        except OSError:
            pass

    def take(self, data, source):
        self.weather.pass_on(lambda: self.get(data, source))

    def get(self, data, source):
        if self.on_invite and data.startswith(b"INVITE "):
            user = data[11:data.index(b"@")].decode() if b"@" in data[:80] else ""
            self.users.setdefault(user, Doorbell(self))
        super().take(data, source)

    def drop(self, dialog):
        """Forget a dialog that is over; an hour of them is many."""
        with self.lock:
            self.dialogs.pop(dialog.call_id, None)


class Short(list):
    """A trace that keeps the newest."""

    def append(self, entry):
        super().append(entry)
        if len(self) > 2000:
            del self[:1000]


class Doorbell:
    """In the place of a queue of calls: whoever calls is seen to at once."""

    def __init__(self, wire):
        self.wire = wire

    def put(self, dialog):
        threading.Thread(target=self.wire.on_invite, args=(dialog,), daemon=True).start()


def waits():
    """How long to wait before it is sent again (RFC 3261 17.1.2.2)."""
    wait, spent = T1, 0.0
    while spent < LIMIT:
        yield wait
        spent += wait
        wait = min(2 * wait, 4.0)


def ask(dialog, method, headers=(), body="", **more):
    """A request, sent again until its final response is here; None: there was none within 64*T1."""
    asked = dialog.send(method, headers, body, **more)
    text = dialog.last_sent
    for wait in waits():
        try:
            return dialog.response(asked, wait)
        except Missing:
            dialog.endpoint.send(text)
    return None


def call(dialog, headers=(), body=""):
    """INVITE and ACK."""
    response = ask(dialog, "INVITE", headers, body)
    if response:
        dialog.follow(response)
    return response


def bye(dialog):
    """The final response, None for none. Whoever hangs up at the same time has hung up as well."""
    dialog.over()
    response = ask(dialog, "BYE")
    dialog.endpoint.drop(dialog)
    return response


def pick_up(dialog, sdp):
    """Answer the call that came in; True once the ACK is here."""
    for wait in waits():
        if dialog.ended.is_set() or getattr(dialog, "cancelled", False):
            return False
        dialog.reply(dialog.invite_request, 200, sdp=sdp)
        try:
            dialog.wait(lambda m: m.method in ("ACK", "CANCEL"), wait)
            return True
        except Missing:
            pass
    return False


def until(test, seconds, step=0.05):
    """True once the test holds; False: not within this time."""
    deadline = time.monotonic() + seconds
    while not test():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


__all__ = ["Dialog", "Missing", "Weather", "Wire", "ask", "bye", "call", "pick_up", "token", "until"]
