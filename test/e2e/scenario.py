"""What every list of scenarios shares: lines named by their IDs of the wire's specification, a range of its own for
each, the API beside the wire, and TAP at the end.

    @line("PB-07", "the caller hangs up: the orbit is free")
    def caller_hangs_up(s):
        orbits = s.range()
        ...

    if __name__ == "__main__":
        run()
"""

import http.client
import itertools
import json
import os
import queue
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from audio import Audio
from phone import Endpoint, Missing, PATIENCE

SERVER = ("127.0.0.1", int(os.environ.get("E2E_SIP", "5060")))
SERVER6 = ("::1", SERVER[1])
T1 = int(os.environ.get("E2E_T1", "50")) / 1000
WAIT_ACK = 64 * T1  # how long a 200 waits for its ACK
LIMIT = 100  # seconds without the end of any line
HERE = os.path.dirname(os.path.abspath(__file__))

lines = []
numbers = itertools.count()
endpoint = None


def line(identifier, words, slow=False, last=False):
    """A slow one waits for something to run out, so it is started first; the last ones begin when all others are
    done, as they change what holds for all."""
    def keep(function):
        lines.append((identifier, words, function, "slow" if slow else "last" if last else ""))
        return function

    return keep


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Api:
    def ask(self, method, path, body=None, expect=None):
        connection = UnixConnection(os.environ["E2E_SOCKET"])
        headers = {"Content-Type": "application/json", "If-Match": "*"} if body is not None else {}
        connection.request(method, "/api/v1" + path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        if expect and response.status != expect or not expect and response.status >= 300:
            raise Missing(f"{method} {path}: {response.status} {text[:300]}")
        return json.loads(text) if text else None

    def figure(self, name):
        """A figure of /metrics."""
        connection = UnixConnection(os.environ["E2E_SOCKET"])
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return int(re.search(rf"(?m)^callpark_{name} (\d+)", text).group(1))

    def post(self, path, body):
        """The status and the answer, whatever they are."""
        connection = UnixConnection(os.environ["E2E_SOCKET"])
        connection.timeout = 30
        connection.request("POST", "/api/v1" + path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, json.loads(text) if text else {}

    def items(self, path):
        answer = self.ask("GET", path)
        return answer if isinstance(answer, list) else answer.get("items", answer.get("data", []))

    def calls(self, orbit):
        return self.items(f"/parked-calls?orbit={str(orbit).replace('*', '%2A').replace('#', '%23')}")

    def until(self, orbit, test, what, timeout=PATIENCE):
        """The call of an orbit (None: there is none) once the test holds."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.calls(orbit)
            call = found[0] if found else None
            if test(call):
                return call
            if time.monotonic() > deadline:
                raise Missing(f"orbit {orbit} is not {what} after {timeout} s, but "
                              f"{call and (call['state'], call['reason'])}")
            time.sleep(0.05)

    def parked(self, orbit, timeout=PATIENCE):
        return self.until(orbit, lambda c: c and c["state"] == "parked", "parked", timeout)

    def state(self, orbit, state, timeout=PATIENCE):
        return self.until(orbit, lambda c: c and c["state"] == state, state, timeout)

    def free(self, orbit, timeout=PATIENCE):
        return self.until(orbit, lambda c: c is None, "free", timeout)

    def ring_back(self, call):
        return self.ask("POST", f"/parked-calls/{call['id']}/ringback", {})

    def record(self, orbit, timeout=PATIENCE):
        """The newest record of an orbit; records are written when a call is over."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.items(f"/call-records?orbit={orbit}")
            if found:
                return found[0]
            if time.monotonic() > deadline:
                raise Missing(f"there is no record of orbit {orbit}")
            time.sleep(0.1)


class Range:
    """A range of its own for one line, with the number that parks into any of it."""

    def __init__(self, api, size, settings):
        base = 1000 + 20 * next(numbers)
        self.api, self.first, self.last, self.park = api, base, base + size - 1, str(base + 19)
        made = api.ask("POST", "/number-ranges",
                       {"name": f"Range {base}", "start": str(base), "end": str(self.last), "allocation": "lowest",
                        "destination": "pool1.example.com", "park_number": self.park})
        self.id = made["id"]
        api.ask("PATCH", f"/settings/ranges/{self.id}", {"cool_down": "0", **settings})
        self.orbit = str(base)

    def __getitem__(self, index):
        return str(self.first + index)


class Scenario:
    """What one line works with; whatever it opened is closed behind it."""

    def __init__(self, identifier):
        self.identifier, self.api = identifier, Api()
        self.server, self.t1 = SERVER, T1
        self.audios, self.dialogs, self.endpoints = [], [], []
        self.endpoint = endpoint

    def range(self, size=10, **settings):
        return Range(self.api, size, settings)

    def user(self, prefix="3"):
        """An extension of this line alone, whose calls it gets."""
        name = f"{prefix}{next(numbers):04d}"
        endpoint.expect(name)
        return name

    def audio(self, tone=0, pt=0, **more):
        audio = Audio(tone, pt, **more)
        self.audios.append(audio)
        return audio

    def dialog(self, dialled, user=None, endpoint=None, **more):
        more.setdefault("host", "callpark.test")
        dialog = (endpoint or self.endpoint).dialog(user or self.user(), dialled, **more)
        self.dialogs.append(dialog)
        return dialog

    def outsider(self, dialled, **more):
        return self.dialog(dialled, user=f"+4930{next(numbers):07d}", host="provider.example", **more)

    def accept(self, user, timeout=PATIENCE, at=None):
        """The call to a user of the endpoint that all lines share, or of `at`."""
        dialog = (at or endpoint).accept(user, timeout)
        dialog.user = user
        self.dialogs.append(dialog)
        return dialog

    def own_endpoint(self, **more):
        made = Endpoint(**{"server": SERVER, **more})
        self.endpoints.append(made)
        return made

    # --- what most lines begin with ---

    def park(self, orbits, parker=None, tone=0, pt=0, sdp=None, headers=(), formats=None):
        """Somebody from outside is sent to the range by `parker`; hears music. The dialog, with .audio."""
        caller = self.outsider(orbits.park)
        caller.audio = self.audio(tone, pt)
        evidence = [f"Referred-By: <sip:{parker}@callpark.test>"] if parker else []
        caller.response_200 = caller.invite(evidence + list(headers), sdp or caller.audio.offer(formats))
        want(caller.response_200.code, 200, "parking")
        if not sdp:
            caller.audio.start(caller.response_200.body)
        return caller

    def retrieve(self, number, tone=0, pt=0, formats=None, expect=200):
        """Somebody inside dials the orbit. The dialog, with .audio."""
        retriever = self.dialog(str(number))
        retriever.audio = self.audio(tone, pt)
        retriever.response_200 = retriever.invite(sdp=retriever.audio.offer(formats))
        want(retriever.response_200.code, expect, "retrieving")
        if expect == 200:
            retriever.audio.start(retriever.response_200.body)
        return retriever

    def talk(self, a, b):
        """Two-way audio, told by the tone of each."""
        a.audio.hears(b.audio.tone)
        b.audio.hears(a.audio.tone)

    def sipp(self, file, dialled, user=None, timeout=20, keys=(), more=()):
        """A scenario file of SIPp, as one caller; fails with what SIPp says."""
        with tempfile.TemporaryDirectory(dir=os.environ.get("E2E_DIR")) as folder:
            command = ["sipp", f"{SERVER[0]}:{SERVER[1]}", "-sf", os.path.join(HERE, "sipp", file), "-s", str(dialled),
                       "-m", "1", "-l", "1", "-i", "127.0.0.1", "-nostdin", "-timeout", f"{timeout}s",
                       "-timeout_error", "-trace_err", "-error_file", os.path.join(folder, "errors"),
                       "-key", "user", user or self.user()]
            for key, value in keys:
                command += ["-key", key, str(value)]
            done = subprocess.run(command + list(more), cwd=folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=timeout + 10, check=False)
            if done.returncode != 0:
                try:
                    with open(os.path.join(folder, "errors"), encoding="utf-8", errors="replace") as errors:
                        said = errors.read()
                except OSError:
                    said = done.stdout.decode(errors="replace")[-600:]
                raise Missing(f"sipp {file}: exit {done.returncode}: {said[:700]}")

    def close(self):
        for dialog in self.dialogs:
            try:
                up = dialog.final_response and dialog.final_response.code < 300 or \
                    getattr(dialog.invite_request, "answered", False)
                if up and not dialog.ended.is_set():
                    dialog.over()
                    dialog.send("BYE")
            except OSError:
                pass
        for audio in self.audios:
            audio.close()
        for other in self.endpoints:
            other.close()


def want(value, expected, what):
    if value != expected:
        raise Missing(f"{what}: {value!r}, and should be {expected!r}")


def want_in(value, allowed, what):
    if value not in allowed:
        raise Missing(f"{what}: {value!r}, and should be {' or '.join(map(repr, allowed))}")


def want_that(truth, what):
    if not truth:
        raise Missing(what)


def find(pattern, text, what):
    found = re.search(pattern, text)
    if not found:
        raise Missing(f"{what}: nothing like {pattern!r} in {text[:200]!r}")
    return found.group(found.lastindex or 0)


def attempt(identifier, function, results, words):
    s = Scenario(identifier)
    started = time.monotonic()
    try:
        function(s)
        fault = None
    except Exception as error:  # whatever it is: the line has failed
        fault = [str(error) or repr(error)]
        if not isinstance(error, Missing):
            fault += traceback.format_exc().splitlines()[-6:]
        mine = {d.call_id for d in s.dialogs}
        for other in [endpoint] + s.endpoints:
            fault += [f"{way} {text[:90]}" for call, way, text in list(other.trace) if call in mine][-14:]
    try:
        s.close()
    except Exception as error:
        fault = fault or [f"closing: {error!r}"]
    results.put((identifier, words, fault, time.monotonic() - started))


def work(todo, results):
    while True:
        try:
            identifier, words, function, _ = todo.get_nowait()
        except queue.Empty:
            return
        attempt(identifier, function, results, words)


def run(at_once=6, after=lambda: None):
    """All lines, some at a time; prints TAP and ends the process, `after` before that."""
    global endpoint
    wanted = [w for w in sys.argv[1:] if w] or os.environ.get("E2E_ONLY", "").split()
    chosen = [l for l in lines if not wanted or l[0] in wanted]
    endpoint = Endpoint(SERVER, int(os.environ["E2E_PBX"]))
    todo, results, failed = queue.Queue(), queue.Queue(), 0
    slow, last = [l for l in chosen if l[3] == "slow"], [l for l in chosen if l[3] == "last"]
    for entry in [l for l in chosen if not l[3]]:
        todo.put(entry)
    for identifier, words, function, _ in slow:  # they only wait, so each has a thread to itself
        threading.Thread(target=attempt, args=(identifier, function, results, words), daemon=True).start()
    for _ in range(at_once):
        threading.Thread(target=work, args=(todo, results), daemon=True).start()
    print(f"1..{len(chosen)}", flush=True)
    for number in range(1, len(chosen) + 1):
        if number > len(chosen) - len(last):
            identifier, words, function, _ = last[number - len(chosen) - 1]
            threading.Thread(target=attempt, args=(identifier, function, results, words), daemon=True).start()
        try:
            identifier, words, fault, took = results.get(timeout=LIMIT)
        except queue.Empty:
            print(f"Bail out! no line has ended for {LIMIT} s", flush=True)
            failed += 1
            break
        failed += fault is not None
        print(f"{'not ok' if fault else 'ok'} {number} - {identifier} {words} # {took:.1f} s" if not fault else
              f"not ok {number} - {identifier} {words}")
        for text in fault or []:
            print("# " + text.replace("\n", "\n# "))
        sys.stdout.flush()
    after()
    os._exit(1 if failed else 0)
