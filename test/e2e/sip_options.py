"""Systems that are asked by OPTIONS whether they live, every two seconds."""

import os
import subprocess
import time

from dns import NameServer
from scenario import find, line, run, want, want_that
from server import Server, hop, srv

FIRST, SECOND, FULL, ODD, LATER = (int(os.environ["E2E_" + name]) for name in ("FIRST", "SECOND", "FULL", "ODD", "LATER"))

names = NameServer(int(os.environ["E2E_DNS"]), {
    ("A", "one.next"): ["127.0.0.1"],
    **srv("pair.next", (FIRST, "one.next"), (SECOND, "one.next")),
})
first, second, full, odd, later = (Server(port) for port in (FIRST, SECOND, FULL, ODD, LATER))
first.alive = second.alive = later.alive = ("200 OK",)
full.alive = ("503 Service Unavailable",)
odd.alive = ("404 Not Found",)


def metric(s, port):
    """callpark_hop_up of this server."""
    return s.api.figure(rf'hop_up\{{system="[^"]*",server="udp:127\.0\.0\.1:{port}"\}}')


def logged(text):
    with open(os.environ["E2E_LOGFILE"], encoding="utf-8", errors="replace") as log:
        return text in log.read()


@line("KA-1", "each server of a named system is asked, and is up: since when, its last answer, how long that took")
def is_up(s):
    for port in FIRST, SECOND:
        found = hop(s, port, state="up")
        want((found["system"], found["transport"], found["watched"]), ("route pair.test", "udp", True), "what it says")
        want_that(found["last_answer"] and 0 <= found["round_trip_ms"] < 1000, f"no time in {found}")
        want(metric(s, port), 1, "hop_up")
    table = subprocess.run([os.environ["CALLPARKCTL"], "--socket", os.environ["E2E_SOCKET"], "system", "hops"],
                           stdout=subprocess.PIPE, check=True, timeout=20).stdout.decode()
    find(rf"route pair\.test +up .* udp +127\.0\.0\.1 +{FIRST} ", table, "callparkctl system hops")
    asked = second.any("OPTIONS")
    find(r"^sip:pair\.next$", asked.uri, "request URI")
    find(r"INVITE", asked.get("Allow"), "Allow")
    second.any("OPTIONS", after=asked)


@line("KA-2", "503 is down, and 404 is up: any other answer shows that somebody is there")
def what_counts(s):
    want(hop(s, FULL, state="down")["system"], "peer full", "system")
    want(metric(s, FULL), 0, "hop_up")
    want(hop(s, ODD, state="up")["system"], "peer odd", "system")
    full.alive = ("200 OK",)
    hop(s, FULL, state="up")


@line("KA-3", "the first server falls silent: down, with a line in the log, and the next call goes straight to the second; when "
      "it is back, calls go to it again", slow=True)
def falls_silent(s):
    hop(s, FIRST, state="up")
    first.alive, second.answer = None, ("486 Busy Here",)
    was = hop(s, FIRST, state="down")
    want_that(logged(f"udp:127.0.0.1:{FIRST} (route pair.test) is down"), "no line in the log")
    orbits, parker = s.range(), s.user()
    caller = s.park(orbits, tone=440, headers=[f"Referred-By: <sip:{parker}@pair.test>"])
    s.api.ring_back(s.api.parked(orbits.orbit))
    second.wait("INVITE", parker, timeout=0.8)
    want(first.invites(parker), [], "INVITEs at the silent one")
    first.alive = ("200 OK",)
    want_that(hop(s, FIRST, state="up")["since"] > was["since"], "since did not change")
    first.answer = ("486 Busy Here",)
    s.api.ring_back(s.api.parked(orbits.orbit))
    first.wait("INVITE", parker)
    caller.audio.hears_sound(since=time.monotonic())


@line("KA-4", "OPTIONS are answered 503 with Retry-After: no more of them come until then, and then it is asked again")
def left_alone(s):
    later.alive = ("503 Service Unavailable", "Retry-After: 5")
    hop(s, LATER, state="down")
    later.alive, asked, began = ("200 OK",), later.any("OPTIONS"), time.monotonic()
    hop(s, LATER, state="up", timeout=12)
    want_that(time.monotonic() - began > 3, f"it was asked again after {time.monotonic() - began:.1f} s")
    later.any("OPTIONS", after=asked)


@line("KA-5", "options-interval = off and a reload: nobody is asked any more; what is remembered is no longer watched", last=True)
def switched_off(s):
    path = os.path.join(os.environ["E2E_DIR"], "callpark.conf")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("options-interval = 2s", "options-interval = off"))
    s.api.ask("POST", "/system/reload", {})
    deadline = time.monotonic() + 5
    while any(h["watched"] for h in s.api.ask("GET", "/system/hops")["items"]):
        want_that(time.monotonic() < deadline, "a server is watched still")
        time.sleep(0.1)
    seen = len(second.seen)
    time.sleep(3)  # nothing can be waited for
    want(len(second.seen), seen, "requests after the reload")


if __name__ == "__main__":
    run()
