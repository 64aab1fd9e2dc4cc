"""What callers hear, by scope: MU. Each file is a tone, so that the ear can say which it is."""

import json
import math
import os
import sqlite3
import struct
import subprocess
import tempfile
import time

from audio import power_at
from again import start_again
from phone import Missing
from scenario import line, run, want, want_in, want_that

CALLPARKD, CALLPARKCTL = os.environ["CALLPARKD"], os.environ["CALLPARKCTL"]
SOCKET, FOLDER = os.environ["E2E_SOCKET"], os.environ["E2E_DIR"]


def wav(frequency, seconds=2, rate=16000):
    samples = b"".join(struct.pack("<h", int(6000 * math.sin(2 * math.pi * frequency * i / rate)))
                       for i in range(seconds * rate))
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate,
                       2, 16, b"data", len(samples))
    return head + samples


def file_of(name, content):
    """In a folder of its own: tests that run at once give their files the same names."""
    path = os.path.join(tempfile.mkdtemp(dir=FOLDER), name)
    with open(path, "wb") as f:
        f.write(content)
    return path


def curl(method, path, file=None, more=()):
    """Status and body; the way a script without callparkctl does it."""
    command = ["curl", "-sS", "--unix-socket", SOCKET, "-X", method, "-w", "\n%{http_code}", "-H", "If-Match: *",
               *more, f"http://localhost/api/v1/music/{path}"]
    done = subprocess.run(command + (["-T", file] if file else []), capture_output=True, timeout=60, check=False)
    body, _, status = done.stdout.rpartition(b"\n")
    if done.returncode:
        raise Missing(f"curl: {done.stderr.decode()}")
    return int(status), body


def put(path, frequency):
    status, body = curl("PUT", f"{path}?name={frequency}.wav", file_of(f"{frequency}.wav", wav(frequency)))
    want(status, 200, f"upload to {path}: {body[:200]}")
    return json.loads(body)


def ctl(*words):
    return subprocess.run([CALLPARKCTL, "--socket", SOCKET, *words], capture_output=True, timeout=60, check=False)


def tone_of(preview, frequency):
    """The share of this tone in a WAV file of 16 kHz; the filter counts in samples of 8 kHz."""
    want((preview[:4], struct.unpack("<HHI", preview[20:28])), (b"RIFF", (1, 1, 16000)), "head of the preview")
    samples = struct.unpack(f"<{(len(preview) - 44) // 2}h", preview[44:])
    return power_at(samples[3200:6400], frequency / 2)


@line("MU-01", "a range has music of its own, another does not; without it again the next call hears the built-in")
def one_range(s):
    mine, other = s.range(), s.range()
    made = put(f"ranges/{mine.id}", 600)
    want((made["own"], made["file"]["seconds"], made["file"]["type"]), (True, 2, "audio/wav"), "the answer")
    first, second = s.park(mine, "105"), s.park(other, "105")
    first.audio.hears(600)
    second.audio.hears_sound()
    second.audio.does_not_hear(600)
    want(curl("DELETE", f"ranges/{mine.id}")[0], 200, "status of the reset")
    third = s.park(mine, "105")
    third.audio.hears_sound()
    third.audio.does_not_hear(600)
    first.audio.hears(600, since=time.monotonic())  # a call keeps the rules it was parked under
    first.audio.one_stream()


@line("MU-02", "every codec, and the music that is heard while the other side holds")
def codecs_and_hold(s):
    orbits = s.range()
    put(f"ranges/{orbits.id}", 1000)
    for pt in 0, 8:
        caller = s.park(orbits, "105", pt=pt)
        caller.audio.hears(1000)
    retriever = s.retrieve(orbits.orbit, tone=700)
    first = [d for d in s.dialogs if hasattr(d, "audio")][0]
    first.audio.hears(700)
    want(retriever.invite(sdp=retriever.audio.offer(direction="sendonly", version=2)).code, 200, "hold")
    retriever.audio.hush()
    want(retriever.invite(sdp=retriever.audio.offer(direction="inactive", version=3)).code, 200, "hold")
    first.audio.hears(1000, since=time.monotonic())


@line("MU-03", "what is no music is refused in words and changes nothing")
def refused(s):
    orbits = s.range()
    path = f"ranges/{orbits.id}"
    for name, content, words in (("text.wav", b"I am no sound, and long enough to be looked at.", "WAV, FLAC, OGG or MP3"),
                                 ("empty.wav", b"", "is empty"), ("torn.wav", wav(600)[:40000], "ends in the middle"),
                                 ("silence.wav", wav(0), "silence"), ("short.wav", wav(600, 1)[:44] + bytes(64), "")):
        status, body = curl("PUT", f"{path}?name={name}", file_of(name, content))
        want(status, 422, f"status for {name}: {body[:200]}")
        want_in("music-unreadable", json.loads(body)["type"], "type")
        want_that(words in json.loads(body)["detail"], f"{name}: {json.loads(body)['detail']}")
    status, body = curl("PUT", path, file_of("large.wav", bytes((64 << 20) + 1)))
    want(status, 413, "status for more than 64 MiB")
    want(s.api.ask("GET", f"/music/{path}")["own"], False, "own music after all that")


@line("MU-04", "the file comes back as it was, the preview is what is heard")
def had_back(s):
    orbits = s.range()
    put(f"ranges/{orbits.id}", 800)
    want_that(curl("GET", f"ranges/{orbits.id}/file")[1] == wav(800), "the file is another one")
    status, body = curl("GET", f"ranges/{orbits.id}/preview")
    want(status, 200, "status of the preview")
    want_that(tone_of(body, 800) > 0.9, f"{tone_of(body, 800):.2f} of the preview is the tone")
    status, body = curl("GET", f"ranges/{s.range().id}/preview")  # the built-in one
    want(status, 200, "status of the preview")
    want_that(len(body) > 32000 * 50 and tone_of(body, 800) < 0.5, "the built-in piece")


@line("MU-05", "callparkctl: set, get, play, reset, a dry run, and what it refuses")
def command_line(s):
    orbits = s.range()
    name = s.api.ask("GET", f"/number-ranges/{orbits.id}")["name"]
    file = file_of("by ctl.wav", wav(900))
    done = ctl("music", "set", file, "--range", name, "--dry-run")
    want((done.returncode, b"dry run" in done.stderr), (0, True), f"dry run: {done.stderr}")
    want(s.api.ask("GET", f"/music/ranges/{orbits.id}")["own"], False, "own after a dry run")
    done = ctl("music", "set", file, "--range", name)
    want((done.returncode, b"by ctl.wav" in done.stdout), (0, True), f"set: {done.stderr}")
    s.park(orbits, "105").audio.hears(900)
    done = ctl("music", "get", "--range", name, "-o", "json")
    want(json.loads(done.stdout)["file"]["name"], "by ctl.wav", "name")
    done = ctl("music", "play", "--range", name)
    want_that(tone_of(done.stdout, 900) > 0.9, "play wrote something else")
    done = ctl("music", "reset", "--range", name)
    want((done.returncode, b"built-in" in done.stderr), (0, True), f"reset: {done.stderr}")
    want(ctl("music", "set", os.path.join(FOLDER, "nothing.wav"), "--range", name).returncode, 2, "no such file")
    want(ctl("music", "set", file_of("no.wav", b"no"), "--range", name).returncode, 7, "no music")
    want(ctl("music", "get", "--range", "Nobody's").returncode, 3, "no such range")
    want(ctl("music", "set", file, "--range", name, "--site", "Here").returncode, 2, "two scopes")


@line("MU-06", "a setting cannot name a file that is not there; music off is silence, whatever the music")
def settings(s):
    orbits = s.range()
    answer = s.api.ask("PATCH", f"/settings/ranges/{orbits.id}", {"music": "0" * 64}, expect=422)
    want_in("/music", answer["errors"][0]["pointer"], "place of the fault")
    put(f"ranges/{orbits.id}", 600)
    s.api.ask("PATCH", f"/settings/ranges/{orbits.id}", {"music_on_hold": False})
    silent = s.park(orbits, "105")
    silent.audio.wait_packets(20)
    silent.audio.does_not_hear(600)
    want(max(map(abs, silent.audio.samples(0.2))) < 50, True, "silence")


@line("MU-07", "wider scopes: the nearest that says something wins", last=True)
def inherited(s):
    near, far = s.range(), s.range()
    put("global", 900)
    put("sites/Here", 1100)
    put(f"ranges/{near.id}", 1500)
    s.park(near, "105").audio.hears(1500)
    s.park(far, "105").audio.hears(1100)
    want(curl("DELETE", "sites/Here")[0], 200, "reset of the site")
    s.park(far, "105").audio.hears(900)
    s.api.ask("PATCH", f"/settings/ranges/{far.id}", {"music": ""})  # the built-in piece, although the others have one
    plain = s.park(far, "105")
    plain.audio.hears_sound()
    plain.audio.does_not_hear(900)  # nothing in the built-in piece is near it
    want(curl("DELETE", "global")[0], 200, "reset of all")


@line("MU-08", "after a restart, and out of a copy of the store, the music is still there", last=True)
def after_a_restart(s):
    orbits = s.range()
    put(f"ranges/{orbits.id}", 1300)
    copy = os.path.join(FOLDER, "copy.db")
    want(ctl("system", "backup", copy).returncode, 0, "backup")
    with sqlite3.connect(copy) as db:
        rows = db.execute("SELECT data FROM music_files WHERE name = '1300.wav'").fetchall()
    want([row[0] for row in rows], [wav(1300)], "files in the copy")
    server = start_again()
    try:
        s.park(orbits, "105").audio.hears(1300)
        want(s.api.ask("GET", f"/music/ranges/{orbits.id}")["file"]["name"], "1300.wav", "name after the restart")
    finally:
        server.terminate()
        want(server.wait(20), 0, "status of the second server")


if __name__ == "__main__":
    run()
