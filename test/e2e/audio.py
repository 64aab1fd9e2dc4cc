"""The ear and the mouth of a scripted phone: RTP on a socket of its own, a tone to say who is speaking, and
Goertzel's filter to tell who is heard."""

import math
import os
import random
import re
import socket
import struct
import threading
import time

from phone import Missing, PATIENCE
from ports import next_ports

RATE = 8000


def ulaw_to_linear(byte):
    byte = ~byte & 0xFF
    value = (((byte & 0x0F) << 3) + 0x84) << ((byte & 0x70) >> 4)
    return 0x84 - value if byte & 0x80 else value - 0x84


def alaw_to_linear(byte):
    byte ^= 0x55
    value, segment = (byte & 0x0F) << 4, (byte & 0x70) >> 4
    value = value + 8 if segment == 0 else (value + 0x108) << (segment - 1)
    return value if byte & 0x80 else -value


DECODE = {0: [ulaw_to_linear(b) for b in range(256)], 8: [alaw_to_linear(b) for b in range(256)]}


def encoder(table):
    """By looking for the nearest value; slow, so used once for each tone."""
    ordered = sorted((value, byte) for byte, value in enumerate(table))
    values = [value for value, _ in ordered]

    def encode(sample):
        low, high = 0, len(values) - 1
        while low < high:
            middle = (low + high) // 2
            if values[middle] < sample:
                low = middle + 1
            else:
                high = middle
        if low > 0 and abs(values[low - 1] - sample) < abs(values[low] - sample):
            low -= 1
        return ordered[low][1]

    return encode


ENCODE = {pt: encoder(table) for pt, table in DECODE.items()}


def tone_bytes(pt, frequency, amplitude=8000):
    """One second of a tone whose frequency is a whole number, so that it goes on seamlessly."""
    return bytes(ENCODE[pt](int(amplitude * math.sin(2 * math.pi * frequency * i / RATE)))
                 for i in range(RATE))


def power_at(samples, frequency):
    """The part of the signal's energy that is at this frequency, 0 to 1 (Goertzel)."""
    count = len(samples)
    total = sum(x * x for x in samples)
    if not count or total / count < 100:  # as good as silence
        return 0.0
    k = 2 * math.cos(2 * math.pi * frequency / RATE)
    a = b = 0.0
    for x in samples:
        a, b = x + k * a - b, a
    return (a * a + b * b - k * a * b) * 2 / (count * total)


class Packet:
    def __init__(self, data, source):
        self.at, self.source = time.monotonic(), source
        first, second, self.seq, self.stamp, self.ssrc = struct.unpack("!BBHII", data[:12])
        self.marker, self.pt = bool(second & 0x80), second & 0x7F
        self.payload = data[12 + 4 * (first & 15):]


class Audio:
    """One RTP stream in each direction. `tone` is what this phone says, in Hz; 0: it says nothing."""

    def __init__(self, tone=0, pt=0, host="127.0.0.1", ptime=20):
        self.host, self.pt, self.tone, self.ptime = host, pt, tone, ptime
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket, self.rtcp = self.bind_pair()
        self.port = self.socket.getsockname()[1]
        self.packets, self.reports = [], []
        self.target, self.open, self.speaks = None, True, True
        self.ssrc, self.seq, self.stamp = random.getrandbits(32), random.getrandbits(16), random.getrandbits(32)
        threading.Thread(target=self.listen, daemon=True).start()
        threading.Thread(target=self.listen_reports, daemon=True).start()

    def bind_pair(self):
        for _ in range(200):
            rtp, rtcp = (socket.socket(self.family, socket.SOCK_DGRAM) for _ in range(2))
            port = next_ports(2)
            try:
                rtp.bind((self.host, port))
                rtcp.bind((self.host, port + 1))
                return rtp, rtcp
            except OSError:
                pass
            rtp.close()
            rtcp.close()
        raise Missing("no free pair of ports for RTP")

    def listen(self):
        while self.open:
            try:
                data, source = self.socket.recvfrom(4096)
            except OSError:
                return
            if len(data) >= 12 and data[0] >> 6 == 2:
                self.packets.append(Packet(data, source))

    def listen_reports(self):
        while self.open:
            try:
                self.reports.append(self.rtcp.recv(4096))
            except OSError:
                return

    # --- SDP ---

    def offer(self, formats=None, direction="", more=(), version=1, host=None, port=None, ptime=None):
        """SDP with this phone's address. `formats`: payload types, or lines like '111 PCMU/8000'."""
        formats = formats or [str(self.pt), "101 telephone-event/8000"]
        numbers = [str(f).split()[0] for f in formats]
        host = host or self.host
        kind = "IP6" if ":" in host else "IP4"
        lines = ["v=0", f"o=- 4711 {version} IN {kind} {self.host}", "s=-", f"c=IN {kind} {host}", "t=0 0",
                 f"m=audio {self.port if port is None else port} RTP/AVP {' '.join(numbers)}"]
        lines += [f"a=rtpmap:{f}" for f in formats if " " in str(f)]
        if ptime:
            lines.append(f"a=ptime:{ptime}")
        if direction:
            lines.append(f"a={direction}")
        return "\r\n".join(lines + list(more)) + "\r\n"

    def aim(self, sdp):
        """Send to where this SDP says."""
        host = re.search(r"(?m)^c=IN IP[46] ([^\s/]+)", sdp)
        port = re.search(r"(?m)^m=audio (\d+)", sdp)
        if not host or not port:
            raise Missing(f"no address in the SDP: {sdp!r}")
        self.target = (host.group(1), int(port.group(1)))

    def start(self, sdp=None):
        if sdp:
            self.aim(sdp)
        threading.Thread(target=self.speak, daemon=True).start()
        return self

    def speak(self):
        sound = tone_bytes(self.pt, self.tone) if self.tone else bytes([0xD5 if self.pt == 8 else 0xFF]) * RATE
        size, sent, start = RATE * self.ptime // 1000, 0, time.monotonic()
        while self.open and self.speaks:
            at = sent * size % RATE
            piece = (sound + sound)[at:at + size]
            self.send(piece, marker=sent == 0)
            sent += 1
            time.sleep(max(0, start + sent * self.ptime / 1000 - time.monotonic()))

    def hush(self):
        """Say no more, as a phone does that has handed its call on."""
        self.speaks = False

    def send(self, payload, marker=False, pt=None, stamp=None, source=None):
        header = struct.pack("!BBHII", 0x80, (0x80 if marker else 0) | (self.pt if pt is None else pt),
                             self.seq & 0xFFFF, (self.stamp if stamp is None else stamp) & 0xFFFFFFFF, self.ssrc)
        self.seq += 1
        if stamp is None:
            self.stamp += len(payload)
        try:
            (source or self.socket).sendto(header + payload, self.target)
        except OSError:
            pass

    def keys(self, text, pt=101):
        """Press these keys: telephone-events beside the sound (RFC 4733), the end of each three times."""
        for key in text:
            stamp, event = self.stamp, "0123456789*#ABCD".index(key)
            for number in range(5):
                flags = (0x80 if number >= 2 else 0) | 10
                length = 160 * (min(number, 2) + 1)
                self.send(bytes([event, flags]) + length.to_bytes(2, "big"), marker=number == 0, pt=pt, stamp=stamp)
                time.sleep(0.02)

    # --- what is heard ---

    def samples(self, seconds=0.2, since=0.0):
        """The newest sound, decoded."""
        wanted, found = int(seconds * RATE), []
        for packet in reversed(list(self.packets)):
            if packet.at < since or len(found) * 160 >= wanted + 160:
                break
            if packet.pt in DECODE:
                found.append(packet)
        table = [x for packet in reversed(found) for x in map(DECODE[packet.pt].__getitem__, packet.payload)]
        return table[-wanted:] if len(table) >= wanted else []

    def wait(self, test, what, timeout=PATIENCE):
        deadline = time.monotonic() + timeout
        while not test():
            if time.monotonic() > deadline:
                streams = sorted({(p.source[1], p.ssrc) for p in list(self.packets)})
                raise Missing(f"{what} was not heard within {timeout} s ({len(self.packets)} packets came; "
                              f"from port and SSRC: {streams[:4]})")
            time.sleep(0.02)
        return time.monotonic()

    def hears(self, frequency, timeout=PATIENCE, since=0.0):
        return self.wait(lambda: power_at(self.samples(0.2, since), frequency) > 0.7, f"{frequency} Hz", timeout)

    def hears_sound(self, timeout=PATIENCE, since=0.0):
        """Music or words: whatever is not silence."""
        def loud():
            samples = self.samples(0.3, since)
            return samples and sum(x * x for x in samples) / len(samples) > 10000

        return self.wait(loud, "any sound", timeout)

    def hears_nothing(self, seconds=0.4):
        before = len(self.packets)
        time.sleep(seconds)
        came = len(self.packets) - before
        if came > 1:
            raise Missing(f"{came} packets came within {seconds} s, where none should")

    def does_not_hear(self, frequency):
        if power_at(self.samples(0.2), frequency) > 0.3:
            raise Missing(f"{frequency} Hz is heard, and should not be")

    def wait_packets(self, count=5, timeout=PATIENCE, since=0.0):
        """`count` packets that came after `since`."""
        def enough():
            return len([p for p in list(self.packets) if p.at > since]) >= count

        self.wait(enough, f"{count} packets", timeout)
        return [p for p in list(self.packets) if p.at > since]

    def one_stream(self):
        """One SSRC, and no jump in sequence numbers."""
        packets = list(self.packets)
        if len({p.ssrc for p in packets}) > 1:
            raise Missing("the SSRC changed")
        for a, b in zip(packets, packets[1:]):
            if (b.seq - a.seq) & 0xFFFF != 1:
                raise Missing(f"sequence number {a.seq} is followed by {b.seq}")

    def close(self):
        self.open = False
        self.socket.close()
        self.rtcp.close()


def answer_pt(sdp):
    """The payload types of the audio line, in order."""
    line = re.search(r"(?m)^m=audio \d+ \S+ ([\d ]+)", sdp)
    return [int(n) for n in line.group(1).split()] if line else []


def direction(sdp):
    found = re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)", sdp)
    return found.group(1) if found else "sendrecv"


def port_of(sdp):
    return int(re.search(r"(?m)^m=audio (\d+)", sdp).group(1))


def origin(sdp):
    return re.search(r"(?m)^o=(.*)$", sdp).group(1).strip()


SELF_CHECK = os.environ.get("AUDIO_SELF_CHECK")
if SELF_CHECK:  # the filter must tell two tones apart before anything is believed that it says
    for payload in (0, 8):
        heard = [DECODE[payload][b] for b in tone_bytes(payload, 600)[:1600]]
        assert power_at(heard, 600) > 0.9 and power_at(heard, 700) < 0.1
