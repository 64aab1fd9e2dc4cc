"""baresip as a telephone that does as it is told: by its control socket, with a tone for a voice, and an ear that reads
what it records. Where it registers, and over what it talks, is up to the test."""

import glob
import json
import math
import os
import socket
import struct
import subprocess
import time
import wave

from audio import RATE, power_at
from phone import Missing
from ports import next_ports

PATIENCE = 25  # seconds; a program starts slowly on a machine that does other things too

CONFIG = """
poll_method epoll
sip_listen 127.0.0.1:{sip}
sip_cafile {ca}
sip_verify_server {verify}
audio_player aubridge,{name}
audio_source aufile,{tone}
audio_alert aubridge,{name}
rtp_ports {rtp}-{rtp_end}
ctrl_tcp_listen 127.0.0.1:{control}
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module srtp.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path {folder}
net_interface 127.0.0.1
statmode_default off
"""


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_pair():
    """baresip listens by UDP and TCP, and by TLS at the next port."""
    while True:
        first = free_port()
        try:
            for port in first, first + 1:
                with socket.socket() as s:
                    s.bind(("127.0.0.1", port))
            return first
        except (OSError, OverflowError):
            continue


def write_tone(path, hertz, seconds=60):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        second = [int(9000 * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(RATE)]
        out.writeframes(struct.pack(f"<{RATE}h", *second) * seconds)


def read_samples(path, newest, rate=RATE):
    """The newest samples, 8,000 a second, of a WAV file that is still written: its header says nothing yet."""
    step = rate // RATE
    with open(path, "rb") as f:
        size = (os.path.getsize(path) - 44) // 2 * 2
        f.seek(44 + max(0, size - 2 * newest * step))
        body = f.read(2 * newest * step)
    return struct.unpack(f"<{len(body) // 2}h", body[:len(body) // 2 * 2])[::step]


def until(test, what, said=lambda: "", patience=PATIENCE):
    """What `test` answers, as soon as it is something."""
    end = time.monotonic() + patience
    while True:
        answer = test()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Missing(f"{what} did not happen within {patience} s: {said()[-500:]}")
        time.sleep(0.05)


def end(process, log):
    """Ends a telephone that is a program, and what it writes to."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    log.close()


class Ear:
    """Whose newest sound is looked at; newest(seconds), name and said() are the phone's."""

    def hears(self, hertz):
        until(lambda: power_at(self.newest(0.2), hertz) > 0.6, f"{self.name} hears {hertz} Hz", self.said)

    def hears_music(self, tones=()):
        """What sounds, and is nobody's voice."""
        def music():
            heard = self.newest(0.5)
            loud = heard and sum(x * x for x in heard) / len(heard) > 10000
            return loud and all(power_at(heard, t) < 0.3 for t in tones)

        until(music, f"{self.name} hears music", self.said)


class Softphone(Ear):
    """One baresip. `where` is what stands behind the @ of its address."""

    def __init__(self, name, tone, where, parameters="", ca=None, answers=False):
        self.name, self.tone, self.where = name, tone, where
        self.folder = os.path.join(os.environ["E2E_DIR"], f"baresip-{name}")
        os.makedirs(self.folder)
        self.control, self.mark = free_port(socket.SOCK_STREAM), 0
        self.write_files(parameters, ca, answers)
        self.log = open(os.path.join(self.folder, "log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(["baresip", "-f", self.folder], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        until(self.listens, f"{name}: baresip's start", self.said)

    def write_files(self, parameters, ca, answers):
        tone, rtp = os.path.join(self.folder, "tone.wav"), next_ports(20)
        write_tone(tone, self.tone)
        modules = glob.glob("/usr/lib/baresip/modules") + glob.glob("/usr/lib/*/baresip/modules")
        text = CONFIG.format(sip=free_pair(), name=self.name, tone=tone, rtp=rtp, rtp_end=rtp + 18, modules=modules[0],
                             control=self.control, folder=self.folder, ca=ca or "", verify="yes" if ca else "no")
        mode = "auto" if answers else "manual"
        account = f"<sip:{self.name}@{self.where}>;audio_codecs=pcmu;answermode={mode};{parameters}\n"
        for file, content in ("config", text), ("accounts", account), ("contacts", ""):
            with open(os.path.join(self.folder, file), "w", encoding="utf-8") as f:
                f.write(content)

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.control)) == 0

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return f.read()[self.mark:]

    def says(self, text):
        """Waits until it has printed this since the last order."""
        until(lambda: text in self.said(), f"{self.name}: {text!r}", self.said)

    def order(self, command, parameters=""):
        self.mark += len(self.said())
        body = json.dumps({"command": command, "params": parameters}).encode()
        with socket.create_connection(("127.0.0.1", self.control), timeout=5) as s:
            s.sendall(str(len(body)).encode() + b":" + body + b",")
            s.recv(4096)

    def call(self, number):
        self.order("dial", f"sip:{number}@{self.where}")
        self.says("Call established")

    def transfer(self, number):
        self.order("transfer", f"sip:{number}@{self.where}")

    def newest(self, seconds):
        """The newest sound of its newest call."""
        files = sorted(glob.glob(os.path.join(self.folder, "*dec*.wav")), key=os.path.getmtime)
        return read_samples(files[-1], int(seconds * RATE)) if files else ()

    def close(self):
        end(self.process, self.log)
