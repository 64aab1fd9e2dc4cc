"""The HTTP API with real calls behind it: AP (what may be done to a call, who is told), AC (access, limits)."""

import http.client
import json
import os
import queue
import socket
import threading
import time

from phone import Missing
from scenario import UnixConnection, line, run, want, want_in, want_that

PATIENCE = 10


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()
        kind = response.headers.get("Content-Type", "")
        self.json = json.loads(self.text) if "json" in kind and "ndjson" not in kind and self.text else None


def http_ask(method, path, body=None, tcp=False, raw=None, **headers):
    """One request on the admin socket, or over TCP. Names of headers have _ for -."""
    connection = (http.client.HTTPConnection("127.0.0.1", int(os.environ["E2E_WEB"]), timeout=PATIENCE)
                  if tcp else UnixConnection(os.environ["E2E_SOCKET"]))
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    connection.request(method, path, raw if raw is not None else
                       json.dumps(body) if body is not None else None, headers)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def api(method, path, body=None, expect=200, **more):
    answer = http_ask(method, "/api/v1" + path, body, **more)
    want(answer.status, expect, f"{method} {path}: {answer.text[:200]}")
    return answer


class Events:
    """An event stream, read by a thread of its own."""

    def __init__(self, path="/api/v1/events", **headers):
        self.events, self.seen = queue.Queue(), []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.environ["E2E_SOCKET"])
        more = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        event = {}
        for text in response:
            text = text.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                event[name] = value
            else:
                self.events.put(event)
                event = {}

    def until(self, name, call=None):
        """The first event of this name (and call); those before it are passed over, and checked for gaps."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                event = self.events.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise Missing(f"no event {name}, but {[e.get('event') for e in self.seen]}")
            if "id" in event:
                if self.seen:
                    want(int(event["id"]), int(self.seen[-1]["id"]) + 1, "the id behind the last")
                self.seen.append(event)
            data = json.loads(event.get("data", "{}"))
            if event.get("event") == name and call in (None, data.get("call_id")):
                return data


def parked(s, **settings):
    orbits, parker = s.range(**settings), s.user()
    caller = s.park(orbits, parker, tone=440)
    return orbits, caller, parker, s.api.parked(orbits.orbit)


@line("AP-01", "hang up by the API: BYE, events without a gap, a record, a story, and then 410")
def hang_up(s):
    events = Events()
    want(events.until("snapshot")["complete"], True, "the snapshot")
    orbits, caller, parker, call = parked(s)
    parked_event = events.until("call.parked", call["id"])
    want(parked_event["call"]["orbit"], orbits.orbit, "orbit of the event")
    api("POST", f"/parked-calls/{call['id']}/hangup?dry_run=true")
    want(s.api.parked(orbits.orbit)["id"], call["id"], "a dry run hangs up on nobody")
    want_in(http_ask("POST", f"/api/v1/parked-calls/{call['id']}/hangup").status, (202, 204), "status")
    caller.request("BYE")
    s.api.free(orbits.orbit)
    events.until("call.hung_up", call["id"])
    record = s.api.record(orbits.orbit)
    want((record["id"], record["outcome"], record["range_id"]), (call["id"], "hung_up", orbits.id), "record")
    gone = api("GET", f"/parked-calls/{call['id']}", expect=410).json
    want(gone["type"], "/api/problems/call-gone", "type")
    steps = api("GET", f"/parked-calls/{call['id']}/timeline").json["items"]
    want([step["number"] for step in steps], list(range(1, len(steps) + 1)), "steps in order")
    want_that(all(step["reason"] for step in steps), f"a step without a reason: {steps}")
    want_in("call.hung_up", [step["step"] for step in steps], "the story")
    table = api("GET", f"/call-records?format=csv&orbit={orbits.orbit}").text.splitlines()
    want(len(table), 2, "lines of CSV")
    want(table[1].split(",")[0], call["id"], "id in CSV")


@line("AP-02", "retrieve by the API: the phone rings, answers, and both hear each other")
def retrieve(s):
    orbits, caller, parker, call = parked(s)
    taker = s.user()
    api("POST", f"/parked-calls/{call['id']}/retrieve", {"to": f"sip:{taker}@callpark.test"}, expect=202)
    phone = s.accept(taker)
    want_in(s.api.calls(orbits.orbit)[0]["state"], ("forwarding", "retrieving"), "state")
    phone.audio = s.audio(620)
    phone.audio.aim(phone.invite_request.body)
    phone.pick_up(phone.audio.offer())
    phone.audio.start()
    s.talk(caller, phone)
    s.api.free(orbits.orbit)


@line("AP-03", "a note and more time: versions are asked for, the ring back moves by what was asked")
def note_and_extend(s):
    orbits, caller, parker, call = parked(s, pickup_timeout="90s")
    path = f"/parked-calls/{call['id']}"
    api("PATCH", path, {"note": "re invoice"}, expect=428)
    stale = api("PATCH", path, {"note": "re invoice"}, expect=412, If_Match='"0"').json
    want(stale["current"]["orbit"], orbits.orbit, "the present one")
    etag = api("GET", path).headers["ETag"]
    want(api("PATCH", path, {"note": "re invoice"}, expect=202, If_Match=etag).json["note"], "re invoice", "note")
    api("PATCH", path, {"note": "other"}, expect=412, If_Match=etag)
    before = s.api.parked(orbits.orbit)["ringback_at"]
    api("POST", path + "/extend", {"seconds": 120}, expect=202)
    after = s.api.parked(orbits.orbit)["ringback_at"]
    parse = lambda text: time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    want_in(parse(after) - parse(before), (119, 120, 121), "seconds more")
    want(api("POST", path + "/extend", {"seconds": "1"}, expect=400).json["errors"][0]["pointer"], "/seconds", "place")


@line("AP-04", "a range with a call: refused, drained, and gone when the call has left")
def drain(s):
    orbits, caller, parker, call = parked(s)
    path = f"/number-ranges/{orbits.id}"
    refused = api("DELETE", path, expect=409, If_Match="*").json
    want((refused["type"], refused["calls"][0]["id"]), ("/api/problems/range-in-use", call["id"]), "refusal")
    api("PATCH", path, {"start": orbits[5]}, expect=409, If_Match="*")
    want(api("PATCH", path, {"end": orbits[4]}, If_Match="*").json["size"], 5, "a shrink that leaves the call inside")
    want(api("DELETE", path + "?mode=drain", expect=202, If_Match="*").json["state"], "draining", "state")
    want(api("GET", f"/orbits/{orbits[1]}").json["state"], "draining", "a free orbit of it")
    want(s.api.parked(orbits.orbit)["id"], call["id"], "the call stays")
    caller.bye()
    deadline = time.monotonic() + PATIENCE
    while http_ask("GET", "/api/v1" + path).status != 404:
        want_that(time.monotonic() < deadline, "the drained range stays")
        time.sleep(0.1)


@line("AP-05", "who comes back with the number of his last event misses none")
def comes_back(s):
    first = Events("/api/v1/events?topics=calls")
    first.until("snapshot")
    orbits, caller, parker, call = parked(s)
    first.until("call.parked", call["id"])
    last = first.seen[-1]["id"]
    first.socket.close()
    caller.bye()
    s.api.free(orbits.orbit)
    again = Events("/api/v1/events?topics=calls", Last_Event_ID=last)
    again.until("call.abandoned", call["id"])
    want(int(again.seen[0]["id"]), int(last) + 1, "the first id")
    lost = Events(Last_Event_ID="5")
    lost.until("reset")
    lost.until("snapshot")


@line("AC-01", "over TCP the token of the first start, but for health and figures")
def token(s):
    with open(os.environ["E2E_TOKEN_FILE"], encoding="ascii") as file:
        secret = file.read().strip()
    want(os.stat(os.environ["E2E_TOKEN_FILE"]).st_mode & 0o777, 0o600, "mode of the token's file")
    want(os.stat(os.environ["E2E_SOCKET"]).st_mode & 0o777, 0o600, "mode of the socket")
    refused = api("GET", "/sites", expect=401, tcp=True)
    want(refused.headers["WWW-Authenticate"].split()[0], "Bearer", "WWW-Authenticate")
    api("GET", "/sites", expect=401, tcp=True, Authorization="Bearer " + secret[:-1] + "!")
    api("GET", "/sites", tcp=True, Authorization="Bearer " + secret)
    for path in "/livez", "/readyz?verbose", "/version", "/metrics":
        want(http_ask("GET", path, tcp=True).status, 200, path)


@line("AC-02", "what is too large, too long or not JSON is refused with what to do")
def limits(s):
    for path, raw, kind, status, slug in (
            ("/sites", "x" * (1 << 20 | 1), "application/json", 413, "body-too-large"),
            ("/sites/" + "a" * 600, None, None, 414, "uri-too-long"),
            ("/sites/%zz", None, None, 400, "bad-request"),
            ("/sites", "<a/>", "text/xml", 415, "unsupported-media-type"),
            ("/sites", "{", "application/json", 400, "invalid-request"),
            ("/sites?dryrun=1", "{}", "application/json", 400, "invalid-request")):
        headers = {"Content_Type": kind} if kind else {}
        answer = http_ask("POST", "/api/v1" + path, raw=raw, **headers)
        want((answer.status, answer.json["type"]), (status, "/api/problems/" + slug), path[:40])
        page = http_ask("GET", answer.json["type"])
        want((page.status, len(page.text) > 40), (200, True), f"the page of {slug}")


@line("AC-03", "the figures have each name once, and parked calls among them")
def figures(s):
    orbits, caller, parker, call = parked(s)
    text = http_ask("GET", "/metrics").text
    types = [l.split()[2] for l in text.splitlines() if l.startswith("# TYPE ")]
    want(len(types), len(set(types)), "names")
    for l in text.splitlines():
        want_that(l.startswith("#") or float(l.rsplit(" ", 1)[1]) >= 0, l)
    want_that('callpark_orbits{destination="pool1.example.com",range="Range %s",state="parked"} 1' % orbits.first
              in text, "the range's figure")


@line("AC-04", "drained: not ready, no new parks, and back again", last=True)
def drained(s):
    orbits = s.range()
    api("POST", "/system/drain?dry_run=1")
    want(http_ask("GET", "/readyz").status, 200, "after the dry run")
    want(api("POST", "/system/drain").json["status"], "draining", "status")
    want(http_ask("GET", "/readyz").status, 503, "readyz")
    want(http_ask("GET", "/livez").status, 200, "livez")
    caller = s.outsider(orbits.park)
    caller.audio = s.audio()
    want(caller.invite(sdp=caller.audio.offer()).code, 503, "a new park")
    want(api("POST", "/system/undrain").json["status"], "ready", "status")
    s.park(orbits)
    copy = os.path.join(os.environ["E2E_DIR"], "copy.db")
    api("POST", "/system/backup", {"path": copy})
    want_that(os.path.getsize(copy) > 1000, "the backup is empty")
    want(api("POST", "/system/reload").json["reloaded"], True, "reload")


run()
