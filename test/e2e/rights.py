"""Least rights: LR. What the running server has given up, and what nobody can read anywhere: the secrets of a busy
story are looked for in all that it says."""

import base64
import json
import os
import subprocess
import time

from scenario import UnixConnection, line, run, want, want_that
from srtp import park, secure

PID, FOLDER, SOCKET = os.environ["E2E_PID"], os.environ["E2E_DIR"], os.environ["E2E_SOCKET"]
SANITIZED = b"__asan_init" in open(f"/proc/{PID}/exe", "rb").read()
secrets = {"in the environment": "secret-of-environment", "in the file": "secret-of-the-file"}


def status(path):
    with open(f"{path}/status", encoding="utf-8") as file:
        return dict(l.rstrip("\n").split(":\t", 1) for l in file if ":\t" in l)


def tasks(pid):
    return [f"/proc/{pid}/task/{t}" for t in os.listdir(f"/proc/{pid}/task")]


def helper():
    """The child of the server."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if status(f"/proc/{pid}")["PPid"].strip() == PID:
                return pid
        except (OSError, KeyError):
            continue
    return None


@line("LR-01", "an ordinary user is enough: music, audio both ways, a ring back")
def ordinary(s):
    orbits = s.range()
    caller = s.park(orbits, s.user(), tone=440)
    caller.audio.hears_sound()
    s.talk(caller, s.retrieve(orbits.orbit, tone=880))


@line("LR-02", "every thread: no capability, never more rights, a filter of system calls; files are the user's alone")
def given_up(s):
    root = os.getuid() == 0
    for task in tasks(PID):
        has = status(task)
        want((has["NoNewPrivs"], has["Seccomp"]), ("1", "2"), f"{task} {has['Name']}")
        want({has[c] for c in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, {"0" * 16}, f"capabilities of {has['Name']}")
        if root:
            want(has["Uid"].split(), ["65534"] * 4, f"user of {has['Name']}")
    child = helper()
    has = status(f"/proc/{child}")
    want((has["NoNewPrivs"], has["CapEff"]), ("1", "0" * 16), "the helper")
    for name in os.listdir(FOLDER):
        if name.startswith("callpark.db") or name == "admin.sock":
            want(os.stat(os.path.join(FOLDER, name)).st_mode & 0o077, 0, f"rights of others on {name}")
    if not SANITIZED:
        want(os.stat(f"/proc/{PID}/mem").st_uid, 0, "whose /proc/PID/mem is")  # nobody's: no core, no reading


@line("LR-03", "the helper has no variable of ours and no file but its socket")
def helper_has_nothing(s):
    child = helper()
    with open(f"/proc/{child}/environ", "rb") as file:
        names = sorted(v.partition(b"=")[0] for v in file.read().split(b"\0") if v)
    want(names, [b"LC_ALL", b"PATH"], "variables of the helper")
    kinds = {fd: os.readlink(f"/proc/{child}/fd/{fd}") for fd in os.listdir(f"/proc/{child}/fd")}
    want(sorted(kinds), ["0", "1", "2"], f"descriptors of the helper: {kinds}")
    want_that(kinds["0"].startswith("socket:"), f"its first one is {kinds['0']}")


@line("LR-04", "a start where others may read the store is refused in words", slow=True)
def store_of_others(s):
    path = os.path.join(FOLDER, "wide.db")
    with open(path, "wb"):
        pass
    os.chmod(path, 0o644)
    if os.getuid() == 0:
        os.chown(path, 65534, 65534)
    with open(os.path.join(FOLDER, "callpark.conf"), encoding="utf-8") as file:
        config = file.read().replace("callpark.db", "wide.db").replace("admin.sock", "wide.sock")
    with open(os.path.join(FOLDER, "wide.conf"), "w", encoding="utf-8") as file:
        file.write(config)
    done = subprocess.run([os.environ["CALLPARKD"], "-c", os.path.join(FOLDER, "wide.conf")], capture_output=True,
                          text=True, timeout=60, check=False)
    want(done.returncode, 1, f"exit code: {done.stderr}")
    want_that("others may read" in done.stderr and "chmod 600" in done.stderr, done.stderr)


# ---- secrets ----

def raw(method, path, body=None, headers=()):
    connection = UnixConnection(SOCKET)
    connection.timeout = 60
    connection.request(method, path, json.dumps(body) if body is not None else None,
                       {"Content-Type": "application/json", "If-Match": "*", **dict(headers)})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, text


def people():
    secrets["of a user"] = "secret-of-anna-1"
    secrets["that was wrong"] = "secret-of-nobody-2"
    secrets["of a phone"] = "secret-of-a-phone-3"
    want(raw("POST", "/api/v1/users", {"name": "anna", "password": "secret-of-anna-1", "role": "administrator"})[0], 201,
         "making a user")
    code, text = raw("PUT", "/api/v1/users/anna/sip-password", {"password": "secret-of-a-phone-3"})
    want_that(code < 300, f"password of a phone: {code} {text}")
    raw("POST", "/api/v1/auth/login", {"name": "anna", "password": "secret-of-nobody-2"})
    raw("POST", "/api/v1/auth/login", {"name": "anna", "password": "secret-of-anna-1"})
    code, text = raw("POST", "/api/v1/tokens", {"name": "script", "user": "anna"})
    want_that(code < 300, f"making a token: {code} {text}")
    secrets["of a token"] = json.loads(text)["token"]


def calls(s):
    orbits = s.range(pin="86420975")
    secrets["PIN"] = "86420975"
    audio = secure(s, 440)
    park(s, orbits, audio)
    audio.hears_sound()
    secrets["key of theirs"] = base64.b64encode(audio.master).decode()
    secrets["key of ours"] = base64.b64encode(audio.theirs).decode()
    retriever = s.dialog(orbits.orbit)
    retriever.audio = s.audio(880)
    want(retriever.invite(sdp=retriever.audio.offer()).code, 200, "retrieving")
    retriever.audio.start(retriever.final_response.body)
    for key in "86420975#":
        want(retriever.ask("INFO", body=key, kind="application/dtmf").code, 200, key)
    s.api.free(orbits.orbit)
    want(retriever.ask("BYE").code, 200, "hanging up")
    s.api.record(orbits.orbit)
    return orbits


READ = ["/metrics", "/readyz?verbose", *("/api/v1/" + path for path in (
    "system", "system/hops", "number-ranges", "parked-calls", "call-records", "users", "tokens",
    "settings/global", "audit", "auth/me", "definitions", "destinations", "sites", "nodes", "sessions"))]


def places(orbits):
    """Name and bytes of all that anybody could read."""
    for path in [*READ, f"/api/v1/settings/ranges/{orbits.id}", f"/api/v1/settings/effective?range={orbits.id}"]:
        yield path, raw("GET", path)[1]
    code, bundle = raw("POST", "/api/v1/system/support-bundle", {})
    want(code, 200, "the support bundle")
    yield "the support bundle", bundle
    with open(os.environ["E2E_LOGFILE"], "rb") as file:
        yield "the log", file.read()
    for name in "cmdline", "environ":
        with open(f"/proc/{PID}/{name}", "rb") as file:
            yield f"/proc/PID/{name}", file.read()
    done = subprocess.run([os.environ["CALLPARKCTL"], "--socket", SOCKET, "event", "history"],
                          capture_output=True, timeout=60, check=False)
    want(done.returncode, 0, f"event history: {done.stderr}")
    yield "events", done.stdout


@line("LR-05", "passwords, tokens, keys of SRTP and PINs are in no log, metric, answer, bundle, event, nor in /proc", slow=True)
def secrets_are_kept(s):
    people()
    orbits = calls(s)
    found = []
    looked = 0
    for place, content in places(orbits):
        looked += len(content)
        found += [f"the secret {name} is in {place}" for name, secret in secrets.items() if secret.encode() in content]
    want_that(looked > 20000, f"only {looked} bytes were looked at")
    want(found, [], "what was found")


if __name__ == "__main__":
    run()
