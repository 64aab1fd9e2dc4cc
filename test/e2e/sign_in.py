"""Signing in, as a browser and as a program do it. `before` and `after` a restart of the server, which share
a file and the numbering of their lines."""

import hashlib
import http.client
import json
import os
import re
import subprocess
import sys
import time

WEB = int(os.environ["E2E_WEB"])
KEPT = os.path.join(os.environ["E2E_DIR"], "kept.json")
HOST = f"127.0.0.1:{WEB}"
V1 = "/api/v1"
kept = {"number": 0, "failed": 0}


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()
        self.json = json.loads(self.text) if "json" in response.headers.get("Content-Type", "") else None

    def slug(self):
        return (self.json or {}).get("type", "").rpartition("/")[2]


class Client:
    """With a cookie it is a browser on a page of ours, without one a program."""

    def __init__(self, cookie=None, token=None):
        self.cookie, self.token = cookie, token

    def connect(self, method, path, body=None, **more):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.cookie:
            headers.update({"Cookie": self.cookie, "Sec-Fetch-Site": "same-origin"})
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        headers.update({k.replace("_", "-"): v for k, v in more.items()})
        connection = http.client.HTTPConnection("127.0.0.1", WEB, timeout=20)
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {k: v for k, v in headers.items() if v is not None})
        return connection

    def ask(self, method, path, body=None, **more):
        connection = self.connect(method, V1 + path, body, **more)
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def sign_in(self, name, password):
        answer = self.ask("POST", "/auth/login", {"name": name, "password": password})
        if answer.status == 200:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return answer


def ok(passed, words, seen=None):
    kept["number"] += 1
    kept["failed"] += not passed
    print(f"{'ok' if passed else 'not ok'} {kept['number']} - {words}", flush=True)
    if not passed:
        print(f"# seen: {getattr(seen, 'status', '')} {getattr(seen, 'text', seen)}", flush=True)


def is_(answer, status, words, slug=None):
    ok(answer.status == status and (slug is None or answer.slug() == slug), words, answer)


def ctl(*arguments):
    return subprocess.run([os.environ["CALLPARKCTL"], "--socket", os.environ["E2E_SOCKET"], *arguments],
                          capture_output=True, text=True, timeout=30, check=False)


def set_up():
    nobody = Client()
    answer = nobody.ask("GET", "/setup")
    ok(answer.json.get("needed") and answer.json["suggested_range"]["start"] == "*7000",
       "a new server wants to be set up", answer)
    with open(os.environ["E2E_LOGFILE"], encoding="utf-8") as log:
        token = re.search(r"/setup#token=([0-9a-f]{64})", log.read())
    ok(token, "the log tells the set-up link")
    wish = {"token": token[1], "name": "Anna", "password": "correct horse"}
    is_(nobody.ask("POST", "/setup", wish | {"token": "0" * 64}), 403, "another token is none", "setup-token")
    is_(nobody.ask("POST", "/setup", wish | {"password": "short"}), 422, "nor a short password one",
        "weak-password")
    answer = nobody.ask("POST", "/setup", wish)
    is_(answer, 201, "the first administrator is made")
    cookie = answer.headers.get("Set-Cookie", "")
    ok(all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/")) and "Domain" not in cookie,
       "and signed in, by a cookie that no script reads", cookie)
    is_(nobody.ask("POST", "/setup", wish | {"name": "eve"}), 409, "once", "setup-done")
    return Client(cookie.partition(";")[0])


def passwords(anna):
    is_(Client().ask("GET", "/auth/me"), 401, "nobody is nobody", "not-signed-in")
    answer = anna.ask("GET", "/auth/me")
    ok(answer.json["name"] == "anna" and "users.write" in answer.json["permissions"], "anna is anna", answer)
    browser = Client()
    is_(browser.sign_in("anna", "correct horse"), 200, "she signs in a second time")
    is_(browser.ask("POST", "/auth/logout", {}), 204, "and out")
    is_(browser.ask("GET", "/auth/me"), 401, "and that cookie is worth nothing")
    wrong, times = [], []
    for name in "anna", "nobody":
        began = time.monotonic()
        wrong.append(browser.sign_in(name, "x"))
        times.append(time.monotonic() - began)
    ok(wrong[0].status == wrong[1].status == 401 and wrong[0].json["detail"] == wrong[1].json["detail"],
       "a wrong name and a wrong password are told the same", wrong[1])
    # Argon2 is what takes the time; without it an answer is there in a millisecond.
    ok(min(times) > 0.01, "and the same work is done for both", times)
    answer = next((a for a in (browser.sign_in("anna", "x") for _ in range(8)) if a.status == 429), None)
    ok(answer and int(answer.headers["Retry-After"]) >= 1, "who goes on guessing has to wait", answer)


def other_pages(anna):
    for words, more in (("Sec-Fetch-Site", {"Sec_Fetch_Site": "cross-site"}),
                        ("Origin", {"Sec_Fetch_Site": None, "Origin": "http://evil.example"}),
                        ("neither", {"Sec_Fetch_Site": None}),
                        ("a form", {"Content_Type": "text/plain"})):
        is_(anna.ask("POST", "/sites", {"name": "Evil"}, **more), 403, f"another page is refused by {words}",
            "cross-site")
    is_(anna.ask("POST", "/sites", {"name": "Berlin"}, Sec_Fetch_Site=None, Origin=f"http://{HOST}"), 201,
        "our own is not")


def roles(anna):
    is_(anna.ask("POST", "/destinations", {"fqdn": "p2.example.com", "site": "Berlin"}), 201, "a second pool")
    for name, start, pool in ("Here", "*7000", "pool1"), ("There", "*7100", "p2"):
        is_(anna.ask("POST", "/number-ranges", {"name": name, "start": start, "end": start[:-2] + "49",
                                                "destination": f"{pool}.example.com"}), 201, f"range {name}")
    is_(anna.ask("POST", "/users", {"name": "bert", "password": "long enough", "role": "voice-administrator",
                                    "scope": "site:Berlin"}), 201, "bert looks after Berlin")
    bert = Client()
    return bert


def scoped(bert):
    answer = bert.ask("GET", "/number-ranges")
    ok([r["name"] for r in answer.json["items"]] == ["There"], "he sees the ranges of Berlin only", answer)
    answer = bert.ask("POST", "/number-ranges", {"name": "x", "start": "*7200", "end": "*7249",
                                                 "destination": "pool1.example.com"})
    is_(answer, 403, "and makes none elsewhere", "not-permitted")
    is_(bert.ask("GET", "/users"), 403, "nor sees who there is", "not-permitted")
    is_(bert.ask("POST", "/role-bindings", {"user": "bert", "role": "administrator"}), 403,
        "nor makes himself more")


def tokens(anna):
    answer = anna.ask("POST", "/tokens", {"name": "backup", "permissions": ["ranges.read"], "expires_in": 3600})
    is_(answer, 201, "a token is made")
    program = Client(token=answer.json["token"])
    is_(program.ask("GET", "/number-ranges"), 200, "it reads ranges")
    is_(program.ask("GET", "/users"), 403, "and nothing else", "not-permitted")
    cut = Client(token=answer.json["token"][:-1] + "!")
    ok("checksum" in cut.ask("GET", "/number-ranges").json["detail"], "one that is not whole is told so")
    listed = anna.ask("GET", "/tokens").json["items"][0]
    ok("token" not in listed and listed["last_used_at"], "it is told once, and when it was used", listed)
    is_(anna.ask("DELETE", f"/tokens/{answer.json['id']}"), 204, "it is revoked")
    is_(program.ask("GET", "/number-ranges"), 401, "and worth nothing")


def streams(anna, bert):
    stream = bert.connect("GET", V1 + "/events").getresponse()
    mine = anna.ask("GET", "/sessions?user=bert").json["items"]
    ok(len(mine) == 1, "his session is listed", mine)
    is_(anna.ask("DELETE", f"/sessions/{mine[0]['id']}"), 204, "and ended")
    began = time.monotonic()
    stream.read()  # until it is closed
    ok(time.monotonic() - began < 15, "his event stream ends with it")
    is_(bert.ask("GET", "/auth/me"), 401, "and he is out")


def chain(entries):
    """The hash of each, computed again from what is shown; the newest comes first."""
    previous = "0" * 64
    for e in reversed(entries):
        at = e["at"]
        seconds = time.mktime(time.strptime(at[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        texts = [previous, e["id"], int(seconds) * 1000 + int(at[20:23]), e["actor"], e["source"], e["request_id"],
                 e["action"], e["subject"], e["subject_id"]]
        texts += [json.dumps(e[side], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                  if e[side] is not None else "" for side in ("before", "after")]
        if e["prev_hash"] != previous:
            return f"{e['id']}: prev_hash"
        previous = hashlib.sha256("\n".join(str(t) for t in texts).encode()).hexdigest()
        if e["hash"] != previous:
            return f"{e['id']}: hash of {texts}"
    return ""


def trail(anna):
    entries = anna.ask("GET", "/audit-events?limit=1000").json["items"]
    actions = [e["action"] for e in entries]
    for action in ("auth.setup", "auth.login", "auth.login_failed", "auth.logout", "user.created", "role.granted",
                   "range.created", "site.created", "token.created", "token.revoked", "session.revoked"):
        ok(action in actions, f"{action} is in the trail", actions)
    ok("correct horse" not in json.dumps(entries) and "argon2" not in json.dumps(entries), "no password is")
    ok(not chain(entries), "the chain holds", chain(entries))
    head = anna.ask("GET", "/audit-events:head").json
    ok(head["hash"] == entries[0]["hash"] and head["id"] == len(entries) == head["count"], "to its head", head)
    verified = ctl("audit", "verify")
    ok(verified.returncode == 0, "callparkctl says so, too", verified.stdout + verified.stderr)
    made = next(e for e in entries if e["action"] == "range.created" and e["subject"] == "Here")
    is_(anna.ask("POST", f"/audit-events/{made['id']}/undo?dry_run=true", {}), 200, "undo, dry")
    answer = anna.ask("POST", f"/audit-events/{made['id']}/undo", {})
    is_(answer, 200, "a range that was made is taken away again")
    is_(anna.ask("POST", f"/audit-events/{made['id']}/undo", {}), 409, "once", "undo-conflict")
    gone = anna.ask("GET", "/audit-events?action=range.deleted").json["items"][0]
    answer = anna.ask("POST", f"/audit-events/{gone['id']}/undo", {})
    ok(answer.status == 200 and answer.json["result"]["name"] == "Here", "and comes back", answer)


def by_link(name):
    made = ctl("setup", "--user", name)
    link = re.search(r"/signin#link=([0-9a-f]{64})", made.stdout)
    ok(made.returncode == 0 and link, f"callparkctl makes {name} a link", made.stdout + made.stderr)
    browser = Client()
    answer = browser.ask("POST", "/auth/login", {"link": link[1]})
    is_(answer, 200, "which signs in")
    browser.cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return browser


def before():
    anna = set_up()
    other_pages(anna)
    bert = roles(anna)
    is_(bert.sign_in("bert", "long enough"), 200, "bert signs in")
    scoped(bert)
    tokens(anna)
    streams(anna, bert)
    passwords(anna)
    kept["cookie"] = anna.cookie
    made = anna.ask("POST", "/tokens", {"name": "kept"})
    kept["token"] = made.json["token"]
    trail(anna)
    with open(KEPT, "w", encoding="utf-8") as file:
        json.dump(kept, file)


def after():
    with open(KEPT, encoding="utf-8") as file:
        kept.update(json.load(file))
    anna = Client(kept["cookie"])
    for _ in range(100):
        try:
            answer = anna.ask("GET", "/auth/me")
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    ok(answer.status == 200 and answer.json["name"] == "anna", "her session is still there after a restart", answer)
    is_(Client(token=kept["token"]).ask("GET", "/users"), 200, "and her token")
    ok(not Client().ask("GET", "/setup").json["needed"], "and nothing is to be set up")
    entries = anna.ask("GET", "/audit-events?limit=1000").json["items"]
    ok(len(entries) > 20 and not chain(entries), "and the trail goes on", chain(entries))
    is_(anna.ask("PATCH", "/auth/me", {"password": "a longer horse", "old_password": "correct horse"}), 200,
        "she takes another password")
    browser = by_link("anna")
    is_(browser.ask("PATCH", "/users/bert", {"disabled": True}, If_Match="*"), 200, "bert is disabled")
    is_(Client().sign_in("bert", "long enough"), 401, "and does not come in", "wrong-credentials")
    is_(browser.ask("DELETE", "/users/anna", If_Match="*"), 409, "the last administrator stays",
        "last-administrator")
    print(f"1..{kept['number']}")


before() if sys.argv[1] == "before" else after()
sys.exit(kept["failed"] > 0)
