"""A phone in a browser (test/web/phone.mjs) and plain ones: who parks, who hears, who retrieves."""

import json
import os
import queue
import subprocess
import threading
import time

from phone import Missing
from scenario import HERE, line, run, want
from softphone import Softphone
from story import Story, note, versions

PATIENCE = 40  # seconds; a browser starts slowly on a machine that does other things too


class Browser:
    """One Chromium with one page that is a phone. Its tone is what it says."""

    def __init__(self, user, tone, secure=False):
        port = os.environ["E2E_WSS" if secure else "E2E_WS"]
        environment = {**os.environ, "PHONE_SERVER": f"ws{'s' if secure else ''}://127.0.0.1:{port}",
                       "PHONE_USER": user, "PHONE_TONE": str(tone)}
        self.tone, self.lines = tone, queue.Queue()
        self.process = subprocess.Popen(["node", os.path.join(HERE, "../web/phone.mjs")], env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self.read, daemon=True).start()
        self.answer()

    def read(self):
        for text in self.process.stdout:
            self.lines.put(json.loads(text))
        self.lines.put({"fault": "the browser's driver has ended"})

    def answer(self):
        try:
            said = self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise Missing(f"the browser does not answer within {PATIENCE} s") from None
        if "fault" in said:
            raise Missing(f"the browser: {said['fault']}")
        return said

    def do(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def until(self, test, what):
        deadline = time.monotonic() + PATIENCE
        while True:
            heard = self.do("hear")
            if test(heard):
                return heard
            if time.monotonic() > deadline:
                raise Missing(f"the browser does not hear {what}, but {heard}")
            time.sleep(0.05)

    def hears_music(self, _=()):
        return self.until(lambda h: h["decibel"] is not None and h["decibel"] > -60, "any sound")

    def hears(self, hertz):
        return self.until(lambda h: abs(h["hertz"] - hertz) < 15 and h["decibel"] > -50, f"{hertz} Hz")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


@line("MD-11", "a browser parks by WebSocket, DTLS and ICE, hears music in Opus, and is retrieved by a plain phone: two-way audio")
def browser_parks(s):
    orbits = s.range()
    browser = Browser(s.user(), 700)
    try:
        browser.do("call", to=orbits.orbit)
        s.api.parked(orbits.orbit, PATIENCE)
        heard = browser.hears_music()
        want(heard["codec"], "audio/opus", "codec")
        retriever = s.retrieve(orbits.orbit, 1300)
        retriever.audio.hears(700)
        browser.hears(1300)
        retriever.bye()
        browser.do("wait", **{"for": "ended"})
    finally:
        browser.close()


@line("MD-11b", "a plain phone's call is retrieved by a browser over secure WebSocket: two-way audio, and its BYE ends both")
def browser_retrieves(s):
    orbits = s.range()
    caller = s.park(orbits, s.user(), tone=1300)
    s.api.parked(orbits.orbit, PATIENCE)
    browser = Browser(s.user(), 700, secure=True)
    try:
        browser.do("call", to=orbits.orbit)
        caller.audio.hears(700)
        browser.hears(1300)
        caller.audio.one_stream()
        browser.do("hangup")
        caller.request("BYE")
    finally:
        browser.close()


@line("MD-11c", "a browser parks by consulting; it is rung back on its own connection, and answers: two-way audio")
def browser_is_rung(s):
    orbits = s.range()
    browser = Browser(s.user(), 700)
    try:
        browser.do("call", to=orbits.park)
        ids = browser.do("dialog")
        caller = s.outsider(orbits.park)
        caller.audio = s.audio(1300)
        answer = caller.invite([f"Replaces: {ids['call']};to-tag={ids['theirs']};from-tag={ids['ours']}",
                                "Require: replaces"], caller.audio.offer())
        want(answer.code, 200, "taking over")
        caller.audio.start(answer.body)
        browser.do("wait", **{"for": "ended"})
        s.api.ring_back(s.api.parked(orbits.orbit, PATIENCE))
        browser.do("wait", **{"for": "ringing"})
        browser.do("answer")
        caller.audio.hears(700)
        browser.hears(1300)
    finally:
        browser.close()


def story(identifier, words):
    def keep(function):
        def told(s):
            seen = Story(s, words)
            function(s, seen)
            seen.end()

        return line(identifier, words)(told)

    return keep


def desk_phone(s, name, tone):
    """baresip: TLS, whose certificate it looks at, and audio with keys in the SDP or none at all."""
    return Softphone(name, tone, f"127.0.0.1:{os.environ['E2E_TLS']};transport=tls", "regint=0;mediaenc=srtp-mand",
                     ca=os.environ["E2E_CA"])


@story("MD-11d", "a desk phone's call (TLS, SDES) is parked and retrieved by a browser (WSS, DTLS): two-way audio")
def desk_to_browser(s, seen):
    orbits = s.range()
    desk, browser = desk_phone(s, "anna", 1100), None
    try:
        desk.call(orbits.orbit)
        seen.parks(orbits.orbit, "baresip (TLS, SDES), by dialling the orbit")
        seen.music(desk)
        browser = Browser(s.user(), 700, secure=True)
        browser.do("call", to=orbits.orbit)
        seen.talk(desk, browser)
        seen.retrieves("JsSIP in Chromium (WSS, DTLS-SRTP)")
        browser.do("hangup")
        desk.says("session closed")
    finally:
        desk.close()
        if browser:
            browser.close()


@story("MD-11e", "a browser's call (WSS, DTLS) is parked and retrieved by a desk phone (TLS, SDES): two-way audio")
def browser_to_desk(s, seen):
    orbits = s.range()
    browser, desk = Browser(s.user(), 700, secure=True), None
    try:
        browser.do("call", to=orbits.orbit)
        seen.parks(orbits.orbit, "JsSIP in Chromium (WSS, DTLS-SRTP), by dialling the orbit")
        seen.music(browser)
        desk = desk_phone(s, "carol", 1100)
        desk.call(orbits.orbit)
        seen.talk(browser, desk)
        seen.retrieves("baresip (TLS, SDES)")
        desk.order("hangup")
        browser.do("wait", **{"for": "ended"})
    finally:
        browser.close()
        if desk:
            desk.close()


if __name__ == "__main__":
    versions("chromium", "baresip-core")
    with open(os.path.join(HERE, "../web/node_modules/jssip/package.json"), encoding="utf-8") as package:
        note({"versions": {"jssip (npm)": json.load(package)["version"]}})
    run(at_once=3)  # a browser each
