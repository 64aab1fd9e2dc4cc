"""Dead, busy and silent systems. Each line has a domain of its own, whose route leads to servers by SRV; the last of
them is the phone system of all lines."""

import os
import socket
import time

from dns import NameServer
from moves import pick_up
from scenario import find, line, run, want, want_that
from server import Server, hop, srv

PBX, SILENT, BUSY, WAKES, TCP = (int(os.environ["E2E_" + name]) for name in ("PBX", "SILENT", "BUSY", "WAKES", "TCP"))


silent, busy, wakes = Server(SILENT), Server(BUSY), Server(WAKES)
held = Server(BUSY, "127.0.0.2")
silent_address = Server(PBX, "127.0.0.3")  # of a name with two addresses
dead = [int(os.environ["E2E_DEAD_1"]), int(os.environ["E2E_DEAD_2"])]  # nobody listens there


names = NameServer(int(os.environ["E2E_DNS"]), {
    ("A", "one.next"): ["127.0.0.1"],
    ("A", "other.next"): ["127.0.0.2"],
    ("A", "both.next"): ["127.0.0.3", "127.0.0.1"],
    **srv("silent.next", (SILENT, "one.next"), (PBX, "one.next")),
    **srv("two.next", (PBX, "both.next")),
    **srv("wakes.next", (WAKES, "one.next"), (PBX, "one.next")),
    **srv("held.next", (BUSY, "other.next"), (PBX, "one.next")),
    **srv("busy.next", (BUSY, "one.next"), (PBX, "one.next")),
    **srv("dead.next", (dead[0], "one.next"), (dead[1], "one.next")),
    ("NAPTR", "slow.next"): None,
    ("NAPTR", "naptr.next"): [(20, 1, "SIP+D2U", "_sip._udp.naptr.next"), (10, 1, "SIP+D2T", "_sip._tcp.naptr.next")],
    ("SRV", "_sip._tcp.naptr.next"): [(10, 1, TCP, "one.next")],
    ("SRV", "_sip._udp.naptr.next"): [(10, 1, SILENT, "one.next")],
})


def ring(s, orbits, domain):
    """A call that somebody of this domain parked rings him back: his extension, the caller."""
    parker = s.user()
    caller = s.park(orbits, tone=440, headers=[f"Referred-By: <sip:{parker}@{domain}>"])
    call = next(c for c in s.api.items("/parked-calls") if parker in (c["parker"]["uri"] or ""))
    s.api.ring_back(call)
    return parker, caller


def rung(s, orbits, domain):
    """... and the phone system has it: extension, caller, phone, and how long that took."""
    parker, caller = ring(s, orbits, domain)
    began = time.monotonic()
    phone = s.accept(parker)
    phone.ring()  # else it would be a silent system itself
    return parker, caller, phone, time.monotonic() - began


@line("RO-96-silent", "the first server says nothing: the second is called after hop-timeout, and the next call does not wait")
def first_is_silent(s):
    orbits = s.range()
    parker, caller, phone, took = rung(s, orbits, "silent.test")
    want_that(0.9 < took < 2.5, f"it took {took:.1f} s")
    want(len(silent.invites(parker)), 1, "INVITEs at the silent one")
    pick_up(s, phone, 620)
    s.talk(caller, phone)
    want(hop(s, SILENT, state="down")["system"], "silent.next", "system")
    parker, caller, phone, took = rung(s, orbits, "silent.test")
    want_that(took < 0.8, f"the next call took {took:.1f} s")
    want(silent.invites(parker), [], "INVITEs at the silent one")


@line("RO-96-address", "a name has two addresses, and the first is silent: the second is called")
def first_address_is_silent(s):
    parker, caller, phone, took = rung(s, s.range(), "two.test")
    want_that(took < 2.5, f"it took {took:.1f} s")
    want(len(silent_address.invites(parker)), 1, "INVITEs at the first address")
    pick_up(s, phone, 620)
    s.talk(caller, phone)


@line("HP-1", "a server that was given up wakes up late: it is told CANCEL at once, and nobody's phone rings twice")
def wakes_up(s):
    parker, caller, phone, took = rung(s, s.range(), "wakes.test")
    late = wakes.invites(parker)[0]
    wakes.say(late, "180 Ringing")
    want(wakes.wait("CANCEL", parker).get("CSeq").split()[0], late.get("CSeq").split()[0], "CSeq of the CANCEL")
    wakes.say(late, "487 Request Terminated")
    pick_up(s, phone, 620)
    s.talk(caller, phone)


@line("HP-2", "503 with Retry-After: the next server at once; the first is left alone for that time, and then asked again")
def retry_after(s):
    orbits, held.answer = s.range(), ("503 Service Unavailable", "Retry-After: 3")
    parker, caller, phone, took = rung(s, orbits, "held.test")
    until = time.monotonic() + 3
    want(len(held.invites(parker)), 1, "INVITEs at the busy one")
    want_that(took < 0.8, f"it took {took:.1f} s")
    pick_up(s, phone, 620)
    s.talk(caller, phone)
    parker = rung(s, orbits, "held.test")[0]
    want(held.invites(parker), [], "INVITEs at the busy one")
    time.sleep(max(0, until + 0.2 - time.monotonic()))
    parker = rung(s, orbits, "held.test")[0]
    want(len(held.invites(parker)), 1, "INVITEs at the busy one")


@line("HP-3", "503 without Retry-After: the next server, and the next call begins with the first again")
def plain_503(s):
    orbits, busy.answer = s.range(), ("503 Service Unavailable",)
    for _ in range(2):
        parker, caller, phone, took = rung(s, orbits, "busy.test")
        want(len(busy.invites(parker)), 1, "INVITEs at the busy one")
        want_that(took < 0.8, f"it took {took:.1f} s")
    pick_up(s, phone, 620)
    s.talk(caller, phone)


@line("HP-4", "every server is dead: each is tried, dead or not; the caller stays in his orbit, with music")
def all_dead(s):
    orbits = s.range(max_pickup_attempts="3")
    parker, caller = ring(s, orbits, "dead.test")
    for port in dead:
        hop(s, port, state="down")
    s.api.parked(orbits.orbit)
    alive = Server(dead[1])
    s.api.ring_back(s.api.parked(orbits.orbit))
    alive.wait("INVITE", parker)
    caller.audio.hears_sound(since=time.monotonic())


@line("HP-5", "NAPTR wants TCP: the INVITE comes by TCP, to the server of its SRV")
def by_naptr(s):
    listener = socket.create_server(("127.0.0.1", TCP))
    listener.settimeout(8)
    parker, caller = ring(s, s.range(), "naptr.test")
    connection, _ = listener.accept()
    connection.settimeout(8)
    text = connection.recv(65536).decode()
    find(rf"^INVITE sip:{parker}@naptr\.test", text, "the INVITE")
    find(r"\r\nContact: <[^>]*;transport=tcp>", text, "its Contact")
    connection.close()
    listener.close()


@line("HP-6", "the name servers say nothing: the call is retrieved meanwhile, and nobody is called any more; another one ends after "
      "their time, and its caller stays in his orbit")
def slow_names(s):
    orbits = s.range()
    parker, caller = ring(s, orbits, "slow.test")
    s.api.state(orbits.orbit, "ringing_back")
    s.talk(caller, s.retrieve(orbits.orbit, 800))
    parker, caller = ring(s, orbits, "slow.test")
    call = s.api.until(orbits.orbit, lambda c: c and c["state"] == "ringing_back", "ringing back")
    again = s.api.until(orbits.orbit, lambda c: c and c["state"] == "parked", "parked", timeout=12)
    want(again["id"], call["id"], "the call")
    caller.audio.hears_sound(since=time.monotonic())


if __name__ == "__main__":
    run()
