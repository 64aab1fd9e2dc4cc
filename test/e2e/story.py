"""What a line with software of others has seen, in words; with INTEROP_LOG=FILE it is written there, and tools/interop.py
makes docs/interop.md of it. Nothing is told that was not seen."""

import json
import os
import subprocess
import threading

writing = threading.Lock()


def note(what):
    if os.environ.get("INTEROP_LOG"):
        with writing, open(os.environ["INTEROP_LOG"], "a", encoding="utf-8") as log:
            log.write(json.dumps(what) + "\n")


def versions(*packages):
    """What is installed here, as its package says."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages], capture_output=True,
                          text=True, check=False)
    note({"versions": dict(text.split() for text in done.stdout.splitlines())})


class Story:
    def __init__(self, s, words):
        self.api = s.api
        self.what = {"line": s.identifier, "words": words, "parked": "", "retrieved": "", "saw": []}

    def parks(self, orbit, who):
        self.api.parked(orbit)
        self.what["parked"] = who

    def music(self, phone, tones=()):
        phone.hears_music(tones)
        self.saw("music")

    def talk(self, a, b):
        a.hears(b.tone)
        b.hears(a.tone)
        self.saw("each other")

    def retrieves(self, who):
        self.what["retrieved"] = who

    def saw(self, words):
        self.what["saw"].append(words)

    def end(self):
        note(self.what)
