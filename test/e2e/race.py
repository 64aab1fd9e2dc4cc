"""Callers and retrievers who fight for three orbits, and change their minds at every moment; counted at the end.
Who is with whom is told by the asserted identity in the retriever's answer: a caller has one at a time."""

import os
import random
import socket
import struct
import threading
import time

from audio import port_of
from phone import Endpoint, Missing
from scenario import SERVER, Api, Range, WAIT_ACK

SECONDS = float(os.environ.get("E2E_RACE", "12"))
CALLERS, RETRIEVERS = 8, 8
seed = int(os.environ.get("E2E_SEED", random.randrange(1 << 30)))

guard = threading.Lock()
talking = {}                    # caller's number: the retriever who has him
counts = {}
faults = []
stop_at = time.monotonic() + SECONDS


def count(what):
    with guard:
        counts[what] = counts.get(what, 0) + 1


def fault(text):
    with guard:
        faults.append(text)


def sdp(port):
    return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"


def say_something(mouth, response):
    """A retriever who was heard had the caller; one who was not never was there, and the caller goes back."""
    target = ("127.0.0.1", port_of(response.body))
    for number in range(3):
        mouth.sendto(struct.pack("!BBHII", 0x80, 0, number, 160 * number, 4711) + b"\x55" * 160, target)


def caller(number, endpoint, orbits, chance, port):
    """Calls, waits, hangs up or is hung up on; again and again."""
    while time.monotonic() < stop_at:
        leg = endpoint.dialog(f"+49{number:04d}{random.randrange(1 << 20)}", orbits.park, host="provider.example")
        cseq = leg.send("INVITE", ["Referred-By: <sip:105@callpark.test>"], sdp(port))
        if chance.random() < 0.1:
            leg.cancel()
        response = leg.response(cseq)
        leg.follow(response, ack=chance.random() < 0.97)
        count(f"park {response.code}")
        if response.code != 200:
            if response.code not in (486, 487):
                fault(f"a park was answered {response.code} {response.phrase}")
            time.sleep(chance.random() * 0.02)
            continue
        if not leg.ended.wait(chance.choice((0, 0.01, 0.05, 0.2, 1.0))):
            leg.bye()
            count("caller hung up")
        else:
            count("caller was hung up on")


def retriever(number, endpoint, orbits, chance, _):
    mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mouth.bind(("127.0.0.1", 0))
    port = mouth.getsockname()[1]
    while time.monotonic() < stop_at:
        orbit = orbits[chance.randrange(3)]
        leg = endpoint.dialog(f"4{number:03d}", orbit, host="callpark.test")
        cseq = leg.send("INVITE", ["X-Callpark-Action: retrieve", f"X-Callpark-Orbit: {orbit}"], sdp(port))
        cancelled = chance.random() < 0.1
        if cancelled:
            leg.cancel()
        response = leg.response(cseq)
        leg.final_response = response
        if response.code != 200:
            leg.follow(response)
            count(f"retrieval {response.code}")
            if response.code not in (480, 486, 487):
                fault(f"a retrieval was answered {response.code} {response.phrase}")
            time.sleep(chance.random() * 0.01)
            continue
        who = response.get("P-Asserted-Identity")
        leg.follow(response, ack=False)
        if chance.random() < 0.02:
            count("retrieval without ACK")
            if not leg.ended.wait(WAIT_ACK + 8):
                fault("a retriever who never acknowledged was not hung up on")
            continue
        if cancelled:  # the caller may be with the next one already when this one's 200 is read
            leg.ack()
            count("retrieval 200, cancelled")
            if not leg.ended.wait(WAIT_ACK + 8):
                fault("a retriever who had cancelled was not hung up on")
            continue
        with guard:
            if talking.get(who) and not talking[who].ended.is_set():
                faults.append(f"{who} is with two retrievers")
            talking[who] = leg
        leg.ack()
        count("retrieval 200")
        if chance.random() < 0.4:
            say_something(mouth, response)
        leg.ended.wait(chance.choice((0, 0.02, 0.1, 0.5)))
        with guard:
            talking[who] = None
        if not leg.ended.is_set():
            leg.bye()


def forgotten(endpoint, orbits, api):
    """After all have hung up nobody may be left: no call, no orbit, no request without an answer."""
    deadline = time.monotonic() + WAIT_ACK + 20
    while any(api.calls(orbits[i]) for i in range(3)):
        if time.monotonic() > deadline:
            fault(f"left behind: {[api.calls(orbits[i]) for i in range(3)]}")
            break
        time.sleep(0.2)
    up = [d for d in endpoint.dialogs.values()
          if d.final_response and d.final_response.code == 200 and not d.ended.is_set()]
    deadline = time.monotonic() + WAIT_ACK + 8
    while up and time.monotonic() < deadline:
        up = [d for d in up if not d.ended.is_set()]
        time.sleep(0.2)
    for dialog in up[:5]:
        fault(f"{dialog.user} was never hung up on, and nobody has him")


def main():
    api = Api()
    orbits = Range(api, 3, {})
    endpoint = Endpoint(SERVER, int(os.environ["E2E_PBX"]))
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # the music of all; nobody listens
    sink.bind(("127.0.0.1", 0))
    port = sink.getsockname()[1]
    print(f"1..3\n# seed {seed}, {SECONDS:.0f} s", flush=True)

    def play(part, number):
        try:
            part(number, endpoint, orbits, random.Random(seed + number), port)
        except (Missing, OSError) as error:
            fault(str(error))

    parts = [(caller, n) for n in range(CALLERS)] + [(retriever, 500 + n) for n in range(RETRIEVERS)]
    threads = [threading.Thread(target=play, args=part) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    forgotten(endpoint, orbits, api)
    took = counts.get("retrieval 200", 0)
    print("# " + ", ".join(f"{name}: {number}" for name, number in sorted(counts.items())))
    print(f"{'ok' if not faults else 'not ok'} 1 - nobody is lost, nobody is with two, nobody is left behind")
    for text in faults[:10]:
        print("# " + text)
    print(f"{'ok' if took >= 20 else 'not ok'} 2 - there was a race: {took} callers were retrieved")
    options = endpoint.dialog("4999", "ping").ask("OPTIONS")
    print(f"{'ok' if options.code == 200 else 'not ok'} 3 - the server is well afterwards", flush=True)
    os._exit(0 if not faults and took >= 20 and options.code == 200 else 1)


main()
