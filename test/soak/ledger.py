"""Who was parked and what became of him, as the telephones saw it; at the end it is laid beside what the server says."""

import threading
import time
from collections import Counter

FATES = ("retrieved", "ringback_answered", "forwarded", "abandoned", "still_there")


class Entry:
    def __init__(self, caller, orbit, plan):
        self.caller, self.orbit, self.plan = caller, orbit, plan
        self.fate, self.since, self.at = None, time.monotonic(), 0.0
        self.ringing, self.rung = 0, 0  # phones that ring for him now; calls to his parker in all


class Ledger:
    def __init__(self):
        self.lock, self.began = threading.Lock(), time.monotonic()
        self.entries, self.faults, self.refused = {}, [], Counter()

    def parked(self, caller, orbit, plan):
        entry = Entry(caller, orbit, plan)
        with self.lock:
            if caller in self.entries:
                self.faults.append(f"{caller} was parked twice")
            self.entries[caller] = entry
        return entry

    def refuse(self, code):
        with self.lock:
            self.refused[code] += 1

    def end(self, entry, fate):
        with self.lock:
            if entry.fate:
                self.faults.append(f"{entry.caller}: {fate}, and was {entry.fate} before")
            entry.fate, entry.at = fate, time.monotonic() - self.began

    def fault(self, text):
        with self.lock:
            self.faults.append(text)
        print(f"  !! {text}", flush=True)

    def waiting(self, at_least=0.0):
        """Those in an orbit for so many seconds with nothing under way."""
        with self.lock:
            old = time.monotonic() - at_least
            return [e for e in self.entries.values() if not e.fate and e.since < old and e.plan == "stay"]

    def sums(self):
        with self.lock:
            return Counter(e.fate or "unknown" for e in self.entries.values())

    # --- beside the server ---

    def compare(self, records, calls):
        """`records`: outcomes by caller; `calls`: orbit by caller of those that are parked now."""
        for entry in list(self.entries.values()):
            told = records.get(entry.caller, [])
            here = calls.get(entry.caller)
            if entry.fate == "still_there":
                if here != entry.orbit:
                    self.fault(f"{entry.caller} waits in {entry.orbit}, and the server has him in {here}")
                if told:
                    self.fault(f"{entry.caller} waits in {entry.orbit}, and the server has closed him: {told}")
            elif told != [entry.fate]:
                self.fault(f"{entry.caller} ({entry.plan}, {entry.orbit}) was {entry.fate} at {entry.at:.1f} s, and the "
                           f"records say {told or 'nothing'}")
            elif here:
                self.fault(f"{entry.caller} was {entry.fate}, and the server still has him in {here}")
        for caller in set(calls) - set(self.entries):
            self.fault(f"the server has {caller} in {calls[caller]}, who was never told so")
