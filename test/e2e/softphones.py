"""baresip as caller, parker and retriever behind Kamailio. Prints TAP."""

import glob
import json
import math
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import wave

CALLPARKD = os.environ.get("CALLPARKD", "build/callparkd")
CALLPARKCTL = os.environ.get("CALLPARKCTL", "build/callparkctl")
PATIENCE = 25
RATE = 8000

KAMAILIO = """
#!KAMAILIO
children=2
log_stderror=yes
debug=1
fork=yes
disable_tcp=yes
listen=udp:127.0.0.1:{port}
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "siputils.so"
loadmodule "textops.so"
modparam("usrloc", "db_mode", 0)
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here"); exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (is_method("REGISTER")) {{ save("location"); exit; }}
    if (is_method("INVITE")) record_route();
    if ($rU == "from-anna") {{
        # As a session border controller does that ends a REFER itself and says who sent it.
        $rU = "park";
        append_hf("Referred-By: <sip:anna@127.0.0.1:{port}>\r\n");
    }}
    if ($rU == "park" || $rU =~ "^7[0-9][0-9]$") {{
        $du = "sip:127.0.0.1:{callpark}";
        t_relay(); exit;
    }}
    if (!lookup("location")) {{ sl_send_reply("404", "Not found"); exit; }}
    t_relay();
}}
"""

BARESIP = """
poll_method epoll
sip_listen 127.0.0.1:{sip}
audio_player aubridge,{name}
audio_source aufile,{tone}
audio_alert aubridge,{name}
rtp_ports {rtp}-{rtp_end}
ctrl_tcp_listen 127.0.0.1:{ctrl}
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path {dumps}
net_interface 127.0.0.1
statmode_default off
"""


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def check(self, good, name, why=""):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}")
        if not good:
            print("\n".join(f"# {line[:200]}" for line in why.splitlines()))
        sys.stdout.flush()
        return good


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(question, patience=PATIENCE):
    """What `question` answers, as soon as it is something; None when patience ends."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    return None


def write_tone(path, hertz):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        samples = [int(9000 * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(RATE * 60)]
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))


def read_samples(path):
    """The samples of a WAV file, also of one whose header was not brought up to date."""
    with open(path, "rb") as f:
        data = f.read()
    at = data.find(b"data")
    body = data[at + 8 :] if at >= 0 else b""
    return struct.unpack(f"<{len(body) // 2}h", body[: len(body) // 2 * 2])


def share_of(samples, hertz):
    """How much of the energy is at this frequency, 0 to 1 (Goertzel)."""
    energy = sum(s * s for s in samples)
    if not samples or energy < len(samples) * 100:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * hertz / RATE)
    a = b = 0.0
    for s in samples:
        a, b = s + factor * a - b, a
    power = a * a + b * b - factor * a * b
    return power / (energy * len(samples) / 2)


def hears(path, hertz):
    """Some tenth of a second in this recording that is mostly this tone."""
    samples = read_samples(path)
    step = RATE // 10
    return any(share_of(samples[i : i + step], hertz) > 0.5 for i in range(0, len(samples) - step, step))


def hears_music(path, tones):
    """Half a second that sounds, and is none of the phones' tones."""
    samples = read_samples(path)
    step = RATE // 2
    for i in range(0, len(samples) - step, step):
        piece = samples[i : i + step]
        if sum(s * s for s in piece) > step * 10000 and all(share_of(piece, t) < 0.3 for t in tones):
            return True
    return False


class Phone:
    def __init__(self, name, hertz, folder, proxy, auto):
        self.name, self.hertz = name, hertz
        self.folder = os.path.join(folder, name)
        self.dumps = os.path.join(self.folder, "dumps")
        os.makedirs(self.dumps)
        self.ctrl = free_tcp_port()
        rtp = random.randrange(40000, 50000, 20)
        tone = os.path.join(self.folder, "tone.wav")
        write_tone(tone, hertz)
        modules = next(iter(glob.glob("/usr/lib/baresip/modules") + glob.glob("/usr/lib/*/baresip/modules")))
        with open(os.path.join(self.folder, "config"), "w") as f:
            f.write(BARESIP.format(sip=free_port(), name=name, tone=tone, rtp=rtp, rtp_end=rtp + 18,
                                   ctrl=self.ctrl, modules=modules, dumps=self.dumps))
        with open(os.path.join(self.folder, "accounts"), "w") as f:
            f.write(f"<sip:{name}@127.0.0.1:{proxy}>;auth_pass=x;regint=60;audio_codecs=pcmu"
                    f";answermode={'auto' if auto else 'manual'}\n")
        open(os.path.join(self.folder, "contacts"), "w").close()
        self.log = open(os.path.join(self.folder, "log"), "w")
        self.process = subprocess.Popen(["baresip", "-f", self.folder], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)

    def said(self):
        self.log.flush()
        with open(self.log.name, errors="replace") as f:
            return f.read()

    def command(self, command, params=""):
        body = json.dumps({"command": command, "params": params}).encode()
        with socket.create_connection(("127.0.0.1", self.ctrl), timeout=5) as s:
            s.sendall(str(len(body)).encode() + b":" + body + b",")
            s.settimeout(1)
            try:
                return s.recv(4096)
            except OSError:
                return b""

    def recordings(self):
        return sorted(glob.glob(os.path.join(self.dumps, "*dec*.wav")), key=os.path.getmtime)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def free_tcp_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, folder, sip, proxy):
        self.socket = os.path.join(folder, "admin.sock")
        rtp = random.randrange(30000, 38000, 200)
        config = os.path.join(folder, "callpark.conf")
        with open(config, "w") as f:
            f.write(f"[node]\nname = test\ndestination = pool1.example.com\n"
                    f"[sip]\nlisten = udp:127.0.0.1:{sip}\ntrusted = 127.0.0.0/8\n"
                    f"outbound = sip:127.0.0.1:{proxy}\n"
                    f"[media]\nrtp-ports = {rtp}-{rtp + 199}\n"
                    f"[web]\nlisten = 127.0.0.1:0\nadmin-socket = {self.socket}\n"
                    f"[store]\nurl = sqlite:{folder}/callpark.db\n")
        self.log = open(os.path.join(folder, "callparkd.log"), "w")
        self.process = subprocess.Popen([CALLPARKD, "-c", config], stdout=self.log, stderr=self.log)

    def ctl(self, *words):
        done = subprocess.run([CALLPARKCTL, "--socket", self.socket, *words], capture_output=True,
                              text=True, timeout=20, check=False)
        return done.returncode, done.stdout, done.stderr

    def calls(self):
        code, out, _ = self.ctl("call", "list", "-o", "json")
        return json.loads(out).get("items", []) if code == 0 and out else []

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def start_kamailio(folder, port, callpark):
    modules = next(iter(glob.glob("/usr/lib/*/kamailio/modules") + glob.glob("/usr/lib/kamailio/modules")))
    config = os.path.join(folder, "kamailio.cfg")
    with open(config, "w") as f:
        f.write(KAMAILIO.format(port=port, callpark=callpark, modules=modules).lstrip())
    log = open(os.path.join(folder, "kamailio.log"), "w")
    return subprocess.Popen(["kamailio", "-f", config, "-DD", "-m", "64", "-M", "8", "-Y", folder,
                             "-P", os.path.join(folder, "kamailio.pid")],
                            stdout=log, stderr=log, start_new_session=True)


def parked(server, state="parked"):
    return next((c for c in server.calls() if c["state"] == state), None)


def park_by_blind_transfer(tap, server, parker, caller, target, name):
    """The caller rings the parker, who answers by himself and transfers to `target`."""
    caller.command("dial", f"sip:{parker.name}@127.0.0.1:{parker.proxy}")
    if not tap.check(wait_for(lambda: "Call established" in parker.said()[parker.mark :]),
                     f"{name}: caller and parker talk", parker.said()[-600:]):
        return None
    time.sleep(1.2)  # recordings are named by the second in which they begin
    parker.command("transfer", f"sip:{target}@127.0.0.1:{parker.proxy}")
    call = wait_for(lambda: parked(server))
    tap.check(call is not None, f"{name}: the caller is parked", caller.said()[-800:])
    return call


def scenario(tap, server, anna, bob, carol):
    phones = (anna, bob, carol)
    for phone in phones:
        tap.check(wait_for(lambda: "200 OK" in phone.said() or "registered" in phone.said()),
                  f"{phone.name} is registered at the proxy", phone.said()[-600:])
        phone.mark = 0
    code, _, words = server.ctl("range", "create", "Front desk", "700", "719", "--destination",
                                "pool1.example.com")
    tap.check(code == 0, "a range is made", words)
    call = park_by_blind_transfer(tap, server, anna, bob, "park", "blind park")
    if not call:
        return
    time.sleep(2)  # so that there is something to be heard
    carol.command("dial", f"sip:{call['orbit']}@127.0.0.1:{anna.proxy}")
    tap.check(wait_for(lambda: "Call established" in carol.said()), "the retriever is connected",
              carol.said()[-600:])
    tap.check(wait_for(lambda: not server.calls()), "the orbit is free again", str(server.calls()))
    time.sleep(2)  # talk
    carol.command("hangup")
    tap.check(wait_for(lambda: bob.said().count("session closed") + bob.said().count("terminated") > 0),
              "the caller is hung up on when the retriever hangs up", bob.said()[-600:])
    time.sleep(1)  # the recordings are written when the calls are closed
    tap.check(bob.recordings() and hears_music(bob.recordings()[-1], [p.hertz for p in phones]),
              "the caller heard music", str(bob.recordings()))
    tap.check(bob.recordings() and hears(bob.recordings()[-1], carol.hertz),
              "the caller heard the retriever", str(bob.recordings()))
    tap.check(carol.recordings() and hears(carol.recordings()[-1], bob.hertz),
              "the retriever heard the caller", str(carol.recordings()))

    for phone in phones:
        phone.mark = len(phone.said())
        phone.command("hangup")
    call = park_by_blind_transfer(tap, server, anna, bob, "from-anna", "ring back")
    if not call:
        return
    tap.check("anna" in (call["parker"] or {}).get("uri", ""), "the parker is known", json.dumps(call))
    time.sleep(1.2)  # likewise
    anna.mark = len(anna.said())
    code, _, words = server.ctl("call", "ringback", call["id"])
    tap.check(code == 0, "a ring back is asked for", words)
    tap.check(wait_for(lambda: "Call established" in anna.said()[anna.mark :]),
              "the parker's phone rings and answers", anna.said()[-600:])
    tap.check(wait_for(lambda: not server.calls()), "the call has left its orbit", str(server.calls()))
    time.sleep(2)  # talk
    bob.command("hangup")
    time.sleep(1.5)  # the recordings are written when the calls are closed
    tap.check(anna.recordings() and hears(anna.recordings()[-1], bob.hertz),
              "the parker heard the caller", str(anna.recordings()))
    tap.check(bob.recordings() and hears(bob.recordings()[-1], anna.hertz),
              "the caller heard the parker", str(bob.recordings()))


def main():
    tap = Tap()
    folder = tempfile.mkdtemp(prefix="softphones-", dir=os.environ.get("TMPDIR"))
    proxy, sip = free_port(), free_port()
    server = Server(folder, sip, proxy)
    kamailio = start_kamailio(folder, proxy, sip)
    phones = []
    try:
        up = wait_for(lambda: server.ctl("status")[0] == 0)
        tap.check(up, "callparkd is up", open(server.log.name).read()[-600:])
        for name, hertz, auto in (("anna", 500, True), ("bob", 700, False), ("carol", 1100, False)):
            phone = Phone(name, hertz, folder, proxy, auto)
            phone.proxy, phone.mark = proxy, 0
            phones.append(phone)
        scenario(tap, server, *phones)
    finally:
        for phone in phones:
            phone.stop()
        os.killpg(kamailio.pid, signal.SIGTERM)
        kamailio.wait(10)
        tap.check(server.stop() == 0, "callparkd ends well", open(server.log.name).read()[-2000:])
    print(f"1..{tap.number}")
    if tap.failed:
        print(f"# logs: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(tap.failed > 0)


main()
