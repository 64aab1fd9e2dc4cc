"""A bounded run of mixed traffic with faults: each caller is counted at both ends, to the last one.

    soak.py PROGRAM MINUTES [SEED]      prints what happens, ends with 0 only if nobody was lost and memory is flat
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter

from ledger import FATES, Ledger
from people import People, bye
from soaked import Server
from wire import Weather, Wire, until

RATE = float(os.environ.get("SOAK_RATE", "4"))  # calls a second
DISK = 24  # MiB, for the store
STORE_TROUBLE = 6.0  # seconds of it
DRAIN = 300  # the longest that plans under way may take
GROWTH = 1.3  # memory at the end beside that after the first tenth


class Soak:
    def __init__(self, program, minutes):
        self.folder = tempfile.mkdtemp(prefix="callpark-soak.")
        self.disk, self.own_disk = self.make_disk()
        self.server = Server(program, self.folder, self.disk, os.environ.get("SOAK_STORE", ""))
        self.weather, self.ledger = Weather(), Ledger()
        self.end = time.monotonic() + 60 * minutes
        self.minutes, self.faults, self.samples = minutes, Counter(), []
        self.started = time.monotonic()
        self.netem = self.bad_network(0.01, 0.01, 0.02)
        if not self.netem:
            self.say("no netem here: datagrams are lost by the telephones")

    def say(self, text):
        print(f"{time.monotonic() - self.started:7.1f} s  {text}", flush=True)

    def make_disk(self):
        """A small one that can be filled, where we may mount (dev soak gives us a namespace of our own)."""
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "soak", disk], check=False,
                              stderr=subprocess.DEVNULL)
        return disk, done.returncode == 0

    def prepare(self):
        self.server.start()
        self.wires = Wire(self.server.address, self.weather), Wire(self.server.address, self.weather, self.server.pbx)
        ranges = {}
        for number, (plan, settings) in enumerate((
                ("retrieve", {"pickup_timeout": "1h"}), ("abandon", {"pickup_timeout": "1h"}),
                ("stay", {"pickup_timeout": "1h"}),
                ("ringback", {"pickup_timeout": "10s", "ring_time": "30s"}),
                ("fallback", {"pickup_timeout": "10s", "ring_time": "5s",
                              "timeout_uri": "sip:fallback@callpark.test"}))):
            base = 10000 + 2000 * number
            made = self.server.ask("/number-ranges", "POST",
                                   {"name": plan, "start": str(base), "end": str(base + 1998),
                                    "destination": "pool1.example.com", "park_number": str(base + 1999)})
            self.server.ask(f"/settings/ranges/{made['id']}", "PATCH", {"cool_down": "5s", **settings})
            ranges[plan] = str(base + 1999)
        self.people = People(*self.wires, self.ledger, ranges)

    # --- faults ---

    def kill(self, how, name):
        self.server.end(how)
        pause = random.uniform(0, 2.5)
        time.sleep(pause)
        self.server.start()
        self.say(f"{name}, away for {pause:.1f} s")
        self.look_for_all()

    def kill_9(self):
        self.kill(signal.SIGKILL, "kill -9")

    def restart(self):
        self.kill(signal.SIGTERM, "SIGTERM and a new start")

    def bad_network(self, loss, twice, late):
        """Of the kernel, for audio as well; False: it has none for us."""
        if os.environ.get("SOAK_SPACE") != "own":
            return False
        done = subprocess.run(["tc", "qdisc", "replace", "dev", "lo", "root", "netem", "delay", "5ms", "loss",
                               f"{100 * loss}%", "duplicate", f"{100 * twice}%", "reorder", f"{100 - 100 * late}%"],
                              check=False, stderr=subprocess.DEVNULL)
        return done.returncode == 0

    def weather_is(self, loss, twice, late):
        if not self.netem or not self.bad_network(loss, twice, late):
            self.weather.set(loss, twice, late)

    def storm(self):
        self.weather_is(0.1, 0.05, 0.2)
        time.sleep(random.uniform(3, 10))
        self.weather_is(0.01, 0.01, 0.02)
        self.say("a storm is over" + ("" if self.netem else f"; {self.weather.lost} datagrams lost so far"))

    def clock_jump(self):
        jump = random.choice((-7200, -600, -5, 5, 600, 7200))
        self.server.set_clock(jump)
        self.say(f"the wall clock is {jump:+d} s off" if self.server.faketime else "no libfaketime: no clock jump")

    def disk_full(self):
        if not self.own_disk:
            return
        path = os.path.join(self.disk, "filler")
        with open(path, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(65536))
            except OSError:
                pass
        time.sleep(STORE_TROUBLE)
        os.unlink(path)
        self.say("the disk was full")

    def locked(self):
        """Somebody else has the file."""
        db = sqlite3.connect(os.path.join(self.disk, "callpark.db"), timeout=5, isolation_level=None)
        try:
            db.execute("BEGIN IMMEDIATE")
            time.sleep(STORE_TROUBLE / 2)
            db.execute("ROLLBACK")
            self.say("the store was locked")
        except sqlite3.Error as error:
            self.say(f"the store could not be locked: {error}")
        finally:
            db.close()

    def torment(self):
        """One fault after the other until the last minute, so that what is under way can come to its end."""
        kinds = [self.kill_9, self.kill_9, self.restart, self.storm, self.clock_jump, self.disk_full, self.locked]
        wanted = os.environ.get("SOAK_FAULTS", "").split()
        kinds = [k for k in kinds if not wanted or k.__name__ in wanted]
        last = self.end - min(45, 15 * self.minutes)
        while time.monotonic() < last:
            time.sleep(random.uniform(5, 15) if self.minutes < 10 else random.uniform(10, 40))
            fault = random.choice(kinds)
            self.faults[fault.__name__] += 1
            try:
                fault()
            except Exception as error:
                self.ledger.fault(f"{fault.__name__}: {error!r}")

    def look_for_all(self):
        """Whoever waits is still in his orbit, right after the start."""
        here = self.parked_now()
        for entry in self.ledger.waiting(at_least=1):
            if here.get(entry.caller) != entry.orbit:
                self.ledger.fault(f"after the start {entry.caller} is in {here.get(entry.caller)}, and was in {entry.orbit}")

    def parked_now(self):
        return {c["caller"]["number"]: c["orbit"] for c in self.server.everything("/parked-calls")}

    # --- the run ---

    def sample(self):
        while True:
            self.samples.append((self.server.starts, self.server.memory()))
            if self.samples[-1][1] > 150:
                self.say(f"memory: {self.samples[-1][1]:.0f} MiB of process {self.server.process.pid}")
            time.sleep(5)

    def traffic(self):
        while time.monotonic() < self.end:
            self.people.send_one()
            time.sleep(random.expovariate(RATE))

    def run(self):
        self.prepare()
        self.weather_is(0.01, 0.01, 0.02)
        for work in self.torment, self.sample:
            threading.Thread(target=work, daemon=True).start()
        self.traffic()
        self.weather_is(0, 0, 0)
        if not until(lambda: self.people.busy == 0, DRAIN, 0.5):
            self.ledger.fault(f"{self.people.busy} plans have not come to their end")
        self.close_the_books()
        self.let_go()
        return self.report()

    def close_the_books(self):
        for entry in self.ledger.waiting():
            self.ledger.end(entry, "lost" if entry.dialog.ended.is_set() else "still_there")
        time.sleep(3)  # records are written behind the calls
        records = {}
        for record in self.server.everything("/call-records"):
            records.setdefault(record["caller"]["number"], []).append(record["outcome"])
        self.ledger.compare(records, self.parked_now())

    def let_go(self):
        """Who is still there is retrieved or hangs up; then nothing is left."""
        for entry in [e for e in self.ledger.entries.values() if e.fate == "still_there"]:
            response = bye(entry.dialog)
            if not response or response.code != 200:
                self.ledger.fault(f"{entry.caller}, still in {entry.orbit}: BYE got {response and response.code}")
        if not until(lambda: not self.parked_now(), 60, 0.5):
            self.ledger.fault(f"orbits are taken and nobody is there: {self.parked_now()}")
        self.server.end(signal.SIGTERM)
        if self.server.process.returncode != 0:
            self.ledger.fault(f"the server ended with {self.server.process.returncode}")

    def memory(self):
        """Of all processes but their first seconds: the middle of the first tenth, and of the last."""
        sizes = [size for _, size in self.samples if size > 1]
        tenth = max(1, len(sizes) // 10)
        return sorted(sizes[1:tenth + 1] or sizes)[tenth // 2], sorted(sizes[-tenth:])[tenth // 2], max(sizes)

    def report(self):
        sums, first_last = self.ledger.sums(), self.memory()
        print(f"faults: {', '.join(f'{n} {name}' for name, n in sorted(self.faults.items())) or 'none'}; "
              f"{self.weather.lost} datagrams lost; the slowest start took {self.server.slowest:.2f} s")
        print(f"parked {sum(sums.values())} = " + " + ".join(f"{sums[f]} {f}" for f in FATES) +
              (f" + {sums['lost']} LOST" if sums["lost"] else "") +
              f"; refused {sum(self.ledger.refused.values())} {dict(self.ledger.refused)}; "
              f"two-way audio heard of {self.people.heard}")
        print("memory: %.0f MiB after the first tenth, %.0f in the last, %.0f at most" % first_last)
        if self.minutes >= 5 and first_last[1] > first_last[0] * GROWTH + 8:
            self.ledger.fault("memory is not flat")
        counted = sum(sums[f] for f in FATES) == sum(sums.values())
        good = counted and not self.ledger.faults and sum(sums.values()) > 0
        print(f"{'passed' if good else 'FAILED'}: {len(self.ledger.faults)} faults found")
        return 0 if good else 1

    def clean(self, keep):
        if self.own_disk:
            subprocess.run(["umount", self.disk], check=False)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"kept: {self.folder}")


def main():
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    random.seed(seed)
    print(f"seed {seed}", flush=True)
    soak = Soak(os.path.abspath(sys.argv[1]), float(sys.argv[2]))
    result = 1
    try:
        result = soak.run()
    finally:
        if soak.server.process and soak.server.process.poll() is None:
            soak.server.end()
        soak.clean(keep=result != 0)
    os._exit(result)


if __name__ == "__main__":
    main()
