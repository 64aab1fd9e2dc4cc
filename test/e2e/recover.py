"""After kill -9 and a start everybody is where he was: FO. One line after the other, as each kills the server."""

import datetime
import os
import re
import signal
import sqlite3
import threading
import time

import again
from again import FOLDER
from audio import origin, port_of
from lamps import shown, watch
from scenario import SERVER6, T1, find, line, run, want, want_that
from srtp import park as park_secure, secure


def rows():
    with sqlite3.connect(f"file:{os.path.join(FOLDER, 'callpark.db')}?mode=ro", uri=True) as db:
        return db.execute("SELECT dialog, media FROM legs").fetchall()


def written(dialog, test, what):
    """A leg's row is written a few milliseconds after the word on the wire that it tells of."""
    deadline = time.monotonic() + 20
    while not [1 for text, media in rows() if dialog.call_id in text and test(media + text)]:
        want_that(time.monotonic() < deadline, f"{what} is not on disk")
        time.sleep(0.02)


def kill(s, how=signal.SIGKILL):
    """Once it has on disk what the phones know; when it was over, by the clock of the packets."""
    for dialog in s.dialogs:
        if (dialog.acked or dialog.audio and dialog.invite_request) and not dialog.ended.is_set():
            written(dialog, lambda row: "pending=1" not in row, "a leg that is up")
    again.end(how)
    return time.monotonic()


def crash(s, how=signal.SIGKILL, outage=0.0):
    ended = kill(s, how)
    time.sleep(outage)
    again.start()
    again.wait_for_it()
    return ended


# --- what holds of everybody ---

def is_told_nothing(*dialogs):
    """No re-INVITE, no UPDATE and no BYE has come to it: nothing has changed for it."""
    for dialog in dialogs:
        for method in ("INVITE", "UPDATE", "BYE"):
            mine = dialog.invite_request is not None and method == "INVITE"
            want(dialog.count(method), 1 if mine else 0, f"{method} to {dialog.user}")


def music_goes_on(caller, since, sdp=None):
    packets = caller.audio.wait_packets(10, since=since)
    want({p.source[1] for p in packets}, {port_of(sdp or caller.response_200.body)}, "the port that music comes from")
    want(len({p.ssrc for p in packets}), 1, "streams at once")
    caller.audio.hears_sound(since=since)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def is_the_same(before, after):
    """Of a call as the API shows it; moments are told from two clocks, which are read one after the other."""
    for key, value in before.items():
        if key.endswith("_at") and value and after[key]:
            want_that(abs(moment(value) - moment(after[key])) < 0.5, f"{key} was {value} and is {after[key]}")
        elif key not in ("version", "reason"):
            want(after[key], value, f"{key} of a call after the restart")
    want_that(after["version"] >= before["version"], f"version {before['version']} is followed by {after['version']}")


def timeline(s, call):
    return s.api.items(f"/parked-calls/{call['id']}/timeline")


def all_the_same(s, orbits, count, how=signal.SIGKILL):
    callers = [s.park(orbits, s.user()) for _ in range(count)]
    before = [s.api.parked(orbits[n]) for n in range(count)]
    steps = [timeline(s, call) for call in before]
    ended = crash(s, how)
    for caller in callers:
        music_goes_on(caller, ended)
    for n in range(count):
        is_the_same(before[n], s.api.parked(orbits[n]))
        want(timeline(s, before[n])[:len(steps[n])], steps[n], "the beginning of the timeline")
    is_told_nothing(*callers)
    return callers, ended


# --- the lines ---

@line("FO-01", "kill -9 with parked calls: same orbits, music from the same ports, nobody is told anything")
def parked(s):
    all_the_same(s, s.range(), 6)


@line("FO-01-term", "SIGTERM and a start: the same")
def ended_in_peace(s):
    all_the_same(s, s.range(), 3, signal.SIGTERM)


@line("FO-01-lamp", "the lamp stays lit, and its version goes on rising")
def lamp(s):
    orbits = s.range()
    watcher = watch(s, orbits.orbit)
    s.park(orbits, s.user())
    before = shown(watcher, "confirmed").version
    crash(s)
    anew = watch(s, orbits.orbit)
    want((anew.lamp.state, anew.lamp.version > before), ("confirmed", True), "the lamp")


@line("FO-01-v6", "IPv6, and a phone behind a NAT that has sent once and is silent")
def six_and_nat(s):
    orbits = s.range()
    six = s.own_endpoint(server=SERVER6, host="::1")
    caller = s.dialog(orbits.park, endpoint=six)
    caller.audio = s.audio(host="::1")
    caller.response_200 = caller.invite(sdp=caller.audio.offer())
    hidden = s.dialog(orbits.park)
    hidden.audio = s.audio()
    hidden.response_200 = hidden.invite(sdp=hidden.audio.offer(port=9))
    hidden.audio.start(hidden.response_200.body)
    hidden.audio.wait_packets(5)
    hidden.audio.hush()
    written(hidden, lambda row: f"place=127.0.0.1|{hidden.audio.port}" in row, "where the audio comes from")
    ended = crash(s)
    music_goes_on(caller, ended)
    music_goes_on(hidden, ended)


@line("FO-01-tcp", "a caller who signals by TCP: his music goes on, and his BYE by a new connection ends his call")
def by_tcp(s):
    orbits = s.range()
    phone = s.own_endpoint(transport="tcp")
    caller = s.dialog(orbits.park, endpoint=phone)
    caller.audio = s.audio()
    caller.response_200 = caller.invite(sdp=caller.audio.offer())
    caller.audio.start(caller.response_200.body)
    s.api.parked(orbits.orbit)
    ended = crash(s)
    music_goes_on(caller, ended)
    s.api.parked(orbits.orbit)
    other = s.own_endpoint(transport="tcp")
    other.dialogs, caller.endpoint = phone.dialogs, other
    want(caller.bye().code, 200, "BYE")
    s.api.free(orbits.orbit)


@line("FO-02", "he is retrieved after it: two-way audio")
def retrieved(s):
    orbits = s.range()
    caller = s.park(orbits, s.user(), tone=440)
    s.api.parked(orbits.orbit)
    crash(s)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    want(retriever.bye().code, 200, "BYE of the retriever")
    caller.request("BYE")
    want(s.api.record(orbits.orbit)["outcome"], "retrieved", "outcome")


@line("FO-03", "he hangs up during the outage: his BYE, sent again, is answered 200, and the orbit is free")
def gone_meanwhile(s):
    orbits = s.range()
    caller = s.park(orbits, s.user())
    s.api.parked(orbits.orbit)
    kill(s)
    asked = caller.send("BYE")
    caller.over()
    text, answered = caller.last_sent, threading.Event()

    def insist():
        while not answered.wait(0.5):
            caller.endpoint.send(text)

    threading.Thread(target=insist, daemon=True).start()
    again.start()
    again.wait_for_it()
    code = caller.response(asked).code
    answered.set()
    want(code, 200, "answer to BYE")
    s.api.free(orbits.orbit)


@line("FO-04", "his BYE is lost for good: the sweep finds that he is gone, and the orbit is free")
def gone_unheard(s):
    orbits = s.range()
    caller, stays = s.park(orbits, s.user()), s.park(orbits, s.user())
    s.api.parked(orbits[1])
    kill(s)
    caller.over()
    caller.auto.discard("OPTIONS")
    again.start()
    again.wait_for_it()
    caller.reply(caller.request("OPTIONS", 60), 481, "Call Does Not Exist")
    s.api.free(orbits[0], 60)
    s.api.parked(orbits[1])
    is_told_nothing(stays)


@line("FO-05", "his time ran out during the outage: the parker is rung back at once, and once")
def time_ran_out(s):
    parker = s.user()
    orbits = s.range(pickup_timeout="10s")
    caller = s.park(orbits, parker, tone=440)
    s.api.parked(orbits.orbit)
    crash(s, outage=10)
    started = time.monotonic()
    phone = s.accept(parker)
    want_that(time.monotonic() - started < 5, "the ring back came late")
    phone.audio = s.audio(620)
    phone.audio.start(phone.invite_request.body)
    phone.pick_up(phone.audio.offer())
    s.talk(caller, phone)
    want(phone.count("INVITE"), 1, "INVITEs to the parker")


@line("FO-06", "he changes his session after it: answered, with an o= that goes on rising")
def changed_after(s):
    orbits = s.range()
    caller = s.park(orbits, s.user())
    s.api.parked(orbits.orbit)
    crash(s)
    before = origin(caller.response_200.body).split()
    moved = s.audio()
    response = caller.invite(sdp=moved.offer(version=2))
    want(response.code, 200, "answer to the re-INVITE")
    after = origin(response.body).split()
    want(after[:2] + after[3:], before[:2] + before[3:], "o=")
    want_that(int(after[2]) >= int(before[2]), f"the version went from {before[2]} to {after[2]}")
    moved.hears_sound()


@line("FO-07", "our next request in his dialog has a higher CSeq than all before, also after a second restart")
def higher(s):
    orbits = s.range()
    caller = s.park(orbits, s.user())
    call = s.api.parked(orbits.orbit)
    crash(s)
    before = caller.request("OPTIONS", 60).cseq[0]
    written(caller, lambda row: int(re.search(r"(?m)^cseq_reserved=(\d+)", row).group(1)) > before, "the next block of CSeq")
    crash(s)
    s.api.ask("POST", f"/parked-calls/{call['id']}/hangup", {})
    after = caller.request("BYE").cseq[0]
    want_that(after > before, f"CSeq {after} follows {before}")


@line("FO-08", "SDES: the same keys, another SSRC, heard in both directions")
def with_keys(s):
    orbits = s.range()
    caller = park_secure(s, orbits, secure(s, 440))
    caller.audio.hears_sound()
    sources = {p.ssrc for p in caller.audio.packets}
    caller.audio.seq = 0xFFF0  # its numbers roll over, which nobody writes down
    time.sleep(1)
    ended = crash(s)
    music_goes_on(caller, ended)
    after = {p.ssrc for p in caller.audio.packets if p.at > ended + 0.1}
    want_that(not sources & after, "the SSRC is the old one: its key stream begins anew")
    want_that(min(p.seq for p in caller.audio.packets if p.ssrc in after) < 0x8000, "the sequence begins high")
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    is_told_nothing(caller)


@line("FO-09", "two who talk hear each other again, and the end of one ends the other")
def talk_on(s):
    orbits = s.range()
    caller = s.park(orbits, s.user(), tone=440)
    retriever = s.retrieve(orbits.orbit, 620)
    s.talk(caller, retriever)
    ended = crash(s)
    caller.audio.hears(620, since=ended)
    retriever.audio.hears(440, since=ended)
    is_told_nothing(caller, retriever)
    want(caller.bye().code, 200, "BYE of the caller")
    retriever.request("BYE")


@line("FO-10", "between our 200 and the ACK: the 200 comes again, its ACK is taken, and he is parked")
def unacknowledged(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    caller.audio = s.audio()
    caller.response_200 = caller.invite(["Referred-By: <sip:105@callpark.test>"], caller.audio.offer(), ack=False)
    written(caller, lambda row: "pending=1" in row, "a leg that was answered")
    kill(s)
    seen = len(caller.seen)
    again.start()
    again.wait_for_it()
    deadline = time.monotonic() + 20
    while not [m for m in caller.seen[seen:] if m.code == 200]:
        want_that(time.monotonic() < deadline, "the 200 did not come again")
        time.sleep(0.05)
    caller.ack()
    s.api.parked(orbits.orbit)
    caller.audio.hears_sound()
    time.sleep(64 * T1)
    s.api.parked(orbits.orbit)
    want(caller.count("BYE"), 0, "BYE")


@line("FO-11", "while the parker is rung back: that ring ends, the caller is parked, and is rung back again later")
def ringing_back(s):
    parker = s.user()
    orbits = s.range(pickup_timeout="10s", max_pickup_attempts="2")
    caller = s.park(orbits, parker)
    call = s.api.parked(orbits.orbit)
    s.api.ring_back(call)
    phone = s.accept(parker)
    phone.ring()
    s.api.state(orbits.orbit, "ringing_back")
    written(phone, lambda row: "pending=1" in row, "the ring back")
    ended = crash(s)
    phone.request("CANCEL")
    s.api.parked(orbits.orbit)
    music_goes_on(caller, ended)
    second = s.accept(parker, 40)
    want_that(second.call_id != phone.call_id, "the old ring goes on")
    second.refuse(486)


@line("FO-11-late", "the parker answers during the outage: acknowledged and hung up, the caller is parked")
def answered_late(s):
    parker = s.user()
    orbits = s.range()
    caller = s.park(orbits, parker)
    call = s.api.parked(orbits.orbit)
    s.api.ring_back(call)
    phone = s.accept(parker)
    phone.ring()
    s.api.state(orbits.orbit, "ringing_back")
    written(phone, lambda row: "pending=1" in row, "the ring back")
    kill(s)
    phone.audio = s.audio()
    phone.reply(phone.invite_request, 200, sdp=phone.audio.offer())
    text, over = phone.answers[phone.invite_request.transaction], threading.Event()

    def insist():
        while not over.wait(0.5):
            phone.endpoint.send(text, phone.invite_request.source)

    threading.Thread(target=insist, daemon=True).start()
    again.start()
    again.wait_for_it()
    phone.request("ACK")
    phone.request("BYE")
    over.set()
    s.api.parked(orbits.orbit)
    is_told_nothing(caller)


@line("FO-14", "the last bytes of the write-ahead file are torn: it starts, and those before them are there")
def torn(s):
    orbits = s.range()
    callers = [s.park(orbits, s.user()) for _ in range(3)]
    for n in range(3):
        s.api.parked(orbits[n])
    ended = kill(s)
    wal = os.path.join(FOLDER, "callpark.db-wal")
    with open(wal, "r+b") as file:
        file.truncate(os.path.getsize(wal) - 100)
    again.start()
    again.wait_for_it()
    for n in range(2):
        s.api.parked(orbits[n])
        music_goes_on(callers[n], ended)


@line("FO-15", "who watched goes on watching, or is told 481 and watches anew: the lamp is right")
def watcher_refreshes(s):
    orbits = s.range()
    watcher = watch(s, orbits.orbit)
    s.park(orbits, s.user())
    shown(watcher, "confirmed")
    crash(s)
    code = watcher.ask("SUBSCRIBE", ["Event: dialog", "Expires: 600"]).code
    want_that(code in (200, 202, 481), f"a refresh was answered {code}")
    if code == 481:
        watcher = watch(s, orbits.orbit)
    want(watcher.lamp.state, "confirmed", "the lamp")


@line("FO-16", "killed again while it starts, and again: nobody is there twice, nobody is lost")
def again_and_again(s):
    orbits = s.range()
    callers = [s.park(orbits, s.user(), tone=440) for _ in range(4)]
    before = [s.api.parked(orbits[n]) for n in range(4)]
    kill(s)
    for patience in (0.1, 0.3, 0.8):
        again.start()
        time.sleep(patience)
        ended = kill(s)
    again.start()
    again.wait_for_it()
    for n in range(4):
        want(len(s.api.calls(orbits[n])), 1, f"calls in orbit {orbits[n]}")
        is_the_same(before[n], s.api.parked(orbits[n]))
        music_goes_on(callers[n], ended)
    is_told_nothing(*callers)
    retriever = s.retrieve(orbits[2], 620)
    s.talk(callers[2], retriever)


def copy_row(db, table, key, old, **changed):
    """The same row once more, with some of it changed."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    row = dict(zip(columns, db.execute(f"SELECT {','.join(columns)} FROM {table} WHERE {key} = ?", (old,)).fetchone()))
    row.update(changed)
    db.execute(f"INSERT INTO {table} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",
               [row[name] for name in columns])


def spoil(orbits):
    """Rows as they would be if changes had been lost, or somebody had written into them."""
    with sqlite3.connect(os.path.join(FOLDER, "callpark.db")) as db:
        calls = dict(db.execute("SELECT orbit, id FROM calls").fetchall())
        ids = [next(id for orbit, id in calls.items() if str(orbit).endswith(orbits[n])) for n in range(5)]
        legs = [db.execute("SELECT leg FROM legs WHERE call = ?", (id,)).fetchone()[0] for id in ids]
        db.execute("DELETE FROM legs WHERE leg = ?", (legs[0],))
        copy_row(db, "calls", "id", ids[1], id=ids[4] + 1000)
        db.execute("UPDATE legs SET media = 'local=nowhere' WHERE leg = ?", (legs[2],))
        db.execute("UPDATE legs SET dialog = 'nonsense' WHERE leg = ?", (legs[3],))
        copy_row(db, "legs", "leg", legs[4], leg=legs[4] + 1000, call=ids[4] + 2000)


@line("FO-16-stale", "rows of nothing, half a call, two in one orbit, nonsense: each is named, the others are as they were")
def stale(s):
    orbits = s.range()
    callers = [s.park(orbits, s.user()) for _ in range(5)]
    before = [s.api.parked(orbits[n]) for n in range(5)]
    ended = kill(s)
    spoil(orbits)
    again.start()
    again.wait_for_it()
    for n in (1, 4):
        is_the_same(before[n], s.api.parked(orbits[n]))
        music_goes_on(callers[n], ended)
    is_told_nothing(callers[1])
    for n, why in (0, "no row of the caller's leg"), (2, "cannot be read: local"), (3, "cannot be read"):
        s.api.free(orbits[n])
        record = s.api.record(orbits[n])
        want(record["outcome"], "interrupted", "outcome")
        find(why, record["reason"], "reason")
    callers[2].request("BYE")
    again.start_again(signal.SIGKILL)
    want(len(s.api.items(f"/call-records?orbit={orbits[0]}")), 1, "records of a call that was closed")
    for n in (1, 4):
        s.api.parked(orbits[n])
    with open(os.path.join(FOLDER, "callparkd.log"), encoding="utf-8") as log:
        find("is of no call", log.read(), "the leg of no call in the log")


def the_last_one():
    """A sanitizer says what it found at the very end."""
    if not again.server:
        again.end(signal.SIGKILL)
        return
    again.end()
    if again.server.returncode:
        print(f"Bail out! callparkd ended with status {again.server.returncode}", flush=True)
        os._exit(1)


if __name__ == "__main__":
    run(at_once=1, after=the_last_one)
