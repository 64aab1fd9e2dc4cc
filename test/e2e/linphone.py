"""Linphone's console as a telephone that does as it is told. It has no sound card here: it plays a file and records
another. Without a folder for its database it opens no port for SIP and says nothing of that."""

import os
import re
import subprocess

from audio import RATE
from ports import next_ports
from softphone import Ear, end, free_port, read_samples, until, write_tone

SETTINGS = """[sip]
sip_port={sip}
sip_tcp_port=0
sip_tls_port=0
use_ipv6=0
guess_hostname=0
contact="Lin" <sip:{name}@127.0.0.1>
default_proxy=0
[proxy_0]
reg_proxy=<sip:{where}>
reg_identity=sip:{name}@{where}
reg_expires=60
reg_sendregister=1
[rtp]
audio_rtp_port={rtp}
[sound]
echocancellation=0
"""


class Linphone(Ear):
    """One linphonec, registered at `where`, that knows this codec alone."""

    def __init__(self, name, tone, where, codec=("PCMU", 8000)):
        self.name, self.tone, self.where, self.mark = name, tone, where, 0
        self.folder = os.path.join(os.environ["E2E_DIR"], f"linphone-{name}")
        for below in ".local/share/linphone", ".config/linphone":
            os.makedirs(os.path.join(self.folder, below))
        rc, self.heard = os.path.join(self.folder, "rc"), os.path.join(self.folder, "heard.wav")
        with open(rc, "w", encoding="utf-8") as f:
            f.write(SETTINGS.format(sip=free_port(), name=name, where=where, rtp=next_ports(2)))
        write_tone(os.path.join(self.folder, "tone.wav"), tone)
        self.log = open(os.path.join(self.folder, "log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(["linphonec", "-c", rc, "-d", "6", "-l", os.path.join(self.folder, "trace")],
                                        env={**os.environ, "HOME": self.folder}, text=True, stdin=subprocess.PIPE,
                                        stdout=self.log, stderr=self.log)
        self.rate = codec[1]
        self.keep_codec("{} ({})".format(*codec))
        self.order("soundcard use files")
        self.says("Using wav files")
        self.order(f"play {self.folder}/tone.wav")
        self.order(f"record {self.heard}")

    def keep_codec(self, only):
        self.order("codec list")
        self.says("L16 (44100)")
        for number, name in re.findall(r"(\d+): (\S+ \(\d+\)) enabled", self.said()):
            if name != only:
                self.order(f"codec disable {number}")
                self.says(f"{name} disabled")

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return f.read()[self.mark:]

    def says(self, text):
        until(lambda: text in self.said(), f"{self.name}: {text!r}", self.said)

    def order(self, words):
        self.mark += len(self.said())
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def call(self, number):
        self.order(f"call sip:{number}@{self.where}")
        self.says("connected")

    def newest(self, seconds):
        try:
            return read_samples(self.heard, int(seconds * RATE), self.rate)
        except OSError:
            return ()

    def close(self):
        end(self.process, self.log)
