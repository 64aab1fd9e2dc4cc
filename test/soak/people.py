"""Callers, parkers, retrievers: each call follows a plan, and what the phones saw of it goes into the ledger."""

import itertools
import random
import re
import threading
import time

from audio import Audio
from wire import ask, bye, call, pick_up, token, until

PATIENCE = 75.0  # a plan's next step, with the longest outage in between
QUIET = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 8\r\na=inactive\r\n"
PLANS = ("retrieve", "retrieve", "retrieve", "abandon", "ringback", "fallback", "stay")


class People:
    """`ranges`: the park number of each plan."""

    def __init__(self, wire, pbx, ledger, ranges, heard_of_ten=1):
        self.wire, self.pbx, self.ledger, self.ranges = wire, pbx, ledger, ranges
        self.numbers = itertools.count(1)
        self.of_parker, self.of_caller = {}, {}
        self.lock, self.busy, self.heard = threading.Lock(), 0, 0
        self.heard_of_ten = heard_of_ten
        pbx.on_invite = self.rung

    # --- a caller ---

    def send_one(self, plan=None):
        threading.Thread(target=self.live, args=(plan or random.choice(PLANS),), daemon=True).start()

    def live(self, plan):
        with self.lock:
            self.busy += 1
        try:
            self.follow(plan)
        except Exception as error:  # a fault of the telephones is a fault of the run
            self.ledger.fault(f"{plan}: {error!r}")
        finally:
            with self.lock:
                self.busy -= 1

    def follow(self, plan):
        number = f"+4930{next(self.numbers):07d}"
        parker = f"7{number[-7:]}"
        caller = self.wire.dialog(number, self.ranges[plan], host="provider.example")
        caller.audio = Audio(440) if plan == "retrieve" and random.random() * 10 < self.heard_of_ten else None
        body = caller.audio.offer() if caller.audio else QUIET
        self.of_parker[parker] = self.of_caller[number] = None
        response = call(caller, [f"Referred-By: <sip:{parker}@callpark.test>"], body)
        if not response or response.code != 200:
            self.ledger.refuse(response.code if response else 0)
            self.wire.drop(caller)
            return
        if caller.audio:
            caller.audio.start(response.body)
        orbit = orbit_of(response)
        entry = self.ledger.parked(number, orbit, plan)
        entry.dialog = caller
        self.of_parker[parker] = self.of_caller[number] = entry
        try:
            getattr(self, plan)(entry, caller)
        finally:
            if caller.audio:
                caller.audio.close()
            if entry.plan != "stay":
                self.wire.drop(caller)

    def stay(self, entry, caller):
        """Until the run's last minute."""
        entry.since = time.monotonic()

    def abandon(self, entry, caller):
        if caller.ended.wait(random.uniform(0.5, 12)):
            self.ledger.fault(f"{entry.caller} in {entry.orbit} was hung up on: {reason(caller)}")
            return self.ledger.end(entry, "lost")
        response = bye(caller)
        if not response or response.code != 200:
            self.ledger.fault(f"{entry.caller}: BYE got {response.code if response else 'no answer'}")
        return self.ledger.end(entry, "abandoned")

    def retrieve(self, entry, caller):
        if caller.ended.wait(random.uniform(1, 15)):
            self.ledger.fault(f"{entry.caller} in {entry.orbit} was hung up on: {reason(caller)}")
            return self.ledger.end(entry, "lost")
        taken = self.wire.dialog(f"2{entry.caller[-4:]}", entry.orbit, host="callpark.test")
        taken.audio = Audio(700) if caller.audio else None
        response = None
        for _ in range(20):
            response = call(taken, (), taken.audio.offer() if taken.audio else QUIET)
            if response and response.code != 503:
                break
            time.sleep(1)
        if not response or response.code != 200:
            self.ledger.fault(f"{entry.caller} could not be retrieved from {entry.orbit}: "
                              f"{response and response.start}")
            return self.ledger.end(entry, "lost")
        if caller.audio:
            taken.audio.start(response.body)
            self.hear(entry, caller, taken)
        time.sleep(random.uniform(2.5, 5))  # sooner gone without a sound: never connected
        first, second = (caller, taken) if random.random() < 0.5 else (taken, caller)
        bye(first)
        if not second.ended.wait(PATIENCE):
            self.ledger.fault(f"{entry.caller}: the other side of {entry.orbit} was not hung up on")
        if taken.audio:
            taken.audio.close()
        self.wire.drop(taken)
        return self.ledger.end(entry, "retrieved")

    def hear(self, entry, caller, taken):
        """Two-way audio, also when the server is killed meanwhile."""
        try:
            caller.audio.hears(700, PATIENCE)
            taken.audio.hears(440, PATIENCE)
            self.heard += 1
        except AssertionError as error:
            self.ledger.fault(f"{entry.caller} in {entry.orbit}: {error}")

    def ringback(self, entry, caller):
        self.until_over(entry, caller, "ringback_answered")

    def fallback(self, entry, caller):
        self.until_over(entry, caller, "forwarded")

    def until_over(self, entry, caller, fate):
        """Somebody is called for him; who that is hangs up in the end."""
        if not caller.ended.wait(3 * PATIENCE):
            self.ledger.fault(f"{entry.caller} in {entry.orbit}: nobody came of {entry.plan}")
            bye(caller)
            return self.ledger.end(entry, "lost")
        if not until(lambda: getattr(entry, "answered", False), 5):
            self.ledger.fault(f"{entry.caller} in {entry.orbit} was hung up on, and nobody had answered: "
                              f"{reason(caller)}")
            return self.ledger.end(entry, "lost")
        return self.ledger.end(entry, fate)

    # --- who is called ---

    def rung(self, phone):
        """A call to a parker, or to the fallback."""
        user = phone.invite_request.dialled()
        entry = self.of_parker.get(user)
        if user == "fallback":
            who = re.search(r"sip:(\+4930\d{7})@", "".join(phone.invite_request.all("P-Asserted-Identity")) +
                            phone.invite_request.get("From"))
            entry = self.of_caller.get(who.group(1)) if who else None
        phone.user = user
        phone.ring()
        if entry is None:
            self.ledger.fault(f"a call to {user} for nobody: {phone.invite_request.get('From')}")
            phone.reply(phone.invite_request, 486)
            return
        self.count_ring(entry, phone)
        if user != "fallback" and entry.plan == "fallback":
            self.let_ring(entry, phone)
            return
        time.sleep(random.uniform(0.2, 2))
        self.stop_ringing(entry, phone)
        if phone.count("CANCEL") or not pick_up(phone, QUIET) or phone.count("CANCEL"):
            self.pbx.drop(phone)
            return
        entry.answered = True
        time.sleep(random.uniform(2.5, 5))
        bye(phone)

    def count_ring(self, entry, phone):
        """Two phones may ring for one caller while a call of before an outage is not yet called off."""
        with self.lock:
            entry.ringing, entry.rung = entry.ringing + 1, entry.rung + 1
            phone.counted = True

    def stop_ringing(self, entry, phone):
        with self.lock:
            if getattr(phone, "counted", False):
                entry.ringing, phone.counted = entry.ringing - 1, False

    def let_ring(self, entry, phone):
        if not until(lambda: phone.count("CANCEL") or phone.ended.is_set(), PATIENCE):
            self.ledger.fault(f"a phone rings on for {entry.caller}, {PATIENCE:.0f} s now")
        self.stop_ringing(entry, phone)
        self.pbx.drop(phone)


def orbit_of(response):
    told = response.get("X-Callpark-Orbit") or response.start
    return re.search(r"\d+", told.replace("SIP/2.0 200", "")).group(0)


def reason(dialog):
    gone = [m for m in dialog.seen if m.method == "BYE"]
    return gone[-1].get("Reason") if gone else "no BYE"


__all__ = ["People", "ask", "token"]
