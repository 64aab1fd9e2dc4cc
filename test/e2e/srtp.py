"""SRTP for a scripted phone (RFC 3711), as far as AES_CM_128_HMAC_SHA1_80 and _32 go: written from the RFC and sharing
nothing with the server, so that both cannot be wrong in the same way."""

import base64
import hashlib
import hmac
import os
import re
import struct
import time

from audio import Audio, Packet
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def key_stream(key, iv, size):
    encryptor = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return encryptor.update(bytes(size))


class Keys:
    """One direction: the session keys of a master key, and the rollovers of each source."""

    def __init__(self, master, tag_size=10):
        self.master, self.tag_size, self.highest = master, tag_size, {}
        self.cipher, self.auth, self.salt = (self.derive(label, size) for label, size in ((0, 16), (1, 20), (2, 14)))

    def derive(self, label, size):
        iv = bytearray(self.master[16:30] + b"\0\0")
        iv[7] ^= label
        return key_stream(self.master[:16], bytes(iv), size)

    def iv(self, ssrc, index):
        over = struct.pack("!IIHI", 0, ssrc, index >> 32, index & 0xFFFFFFFF)
        return bytes(a ^ b for a, b in zip(self.salt, over)) + b"\0\0"

    def index(self, ssrc, seq):
        highest = self.highest.get(ssrc, seq)
        step = (seq - highest + 0x8000 & 0xFFFF) - 0x8000
        return max(highest + step, seq)

    def crypt(self, header, payload, index):
        stream = key_stream(self.cipher, self.iv(struct.unpack("!I", header[8:12])[0], index), len(payload))
        return bytes(a ^ b for a, b in zip(payload, stream))

    def tag(self, packet, index):
        return hmac.new(self.auth, packet + struct.pack("!I", index >> 16), hashlib.sha1).digest()[:self.tag_size]

    def protect(self, packet):
        seq, ssrc = struct.unpack("!H", packet[2:4])[0], struct.unpack("!I", packet[8:12])[0]
        index = self.highest[ssrc] = self.index(ssrc, seq)
        sealed = packet[:12] + self.crypt(packet[:12], packet[12:], index)
        return sealed + self.tag(sealed, index)

    def open(self, data):
        """The packet in the clear; None: the tag is wrong."""
        if len(data) < 12 + self.tag_size:
            return None
        sealed, tag = data[:-self.tag_size], data[-self.tag_size:]
        seq, ssrc = struct.unpack("!H", data[2:4])[0], struct.unpack("!I", data[8:12])[0]
        index = self.index(ssrc, seq)
        if not hmac.compare_digest(tag, self.tag(sealed, index)):
            return None
        self.highest[ssrc] = max(index, self.highest.get(ssrc, 0))
        return sealed[:12] + self.crypt(sealed[:12], sealed[12:], index)


class SecureAudio(Audio):
    """A phone that speaks SRTP, and counts what comes otherwise."""

    def __init__(self, tone=0, pt=0, suite="AES_CM_128_HMAC_SHA1_80", profile="RTP/SAVP", tag=1, lifetime=""):
        self.suite, self.profile, self.crypto_tag, self.lifetime = suite, profile, tag, lifetime
        self.sending = self.hearing = None
        self.bad, self.sent = 0, []
        self.rekey()
        super().__init__(tone, pt)

    def rekey(self):
        self.master = os.urandom(30)
        return self

    def crypto(self):
        key = base64.b64encode(self.master).decode()
        return f"a=crypto:{self.crypto_tag} {self.suite} inline:{key}{self.lifetime}"

    def offer(self, *args, more=(), **settings):
        plain = super().offer(*args, more=[*more, self.crypto()], **settings)
        return plain.replace(f"m=audio {self.port} RTP/AVP", f"m=audio {self.port} {self.profile}", 1)

    def answered(self, sdp):
        """The key of the other side, and ours, hold from now on."""
        found = re.search(r"(?m)^a=crypto:(\d+) (\S+) inline:([A-Za-z0-9+/=]+)", sdp)
        assert found, f"no key in {sdp!r}"
        size = 4 if self.suite.endswith("_32") else 10
        self.answer_tag, self.answer_suite = int(found.group(1)), found.group(2)
        self.theirs = base64.b64decode(found.group(3))
        self.hearing, self.sending = Keys(self.theirs, size), Keys(self.master, size)
        return self

    def start(self, sdp=None):
        if sdp:
            self.answered(sdp)
        return super().start(sdp)

    def listen(self):
        while self.open:
            try:
                data, source = self.socket.recvfrom(4096)
            except OSError:
                return
            if not self.hearing:  # music may be faster than the answer
                continue
            clear = self.hearing.open(data)
            if clear:
                self.packets.append(Packet(clear, source))
            else:
                self.bad += 1

    def send(self, payload, marker=False, pt=None, stamp=None, source=None):
        header = struct.pack("!BBHII", 0x80, (0x80 if marker else 0) | (self.pt if pt is None else pt),
                             self.seq & 0xFFFF, (self.stamp if stamp is None else stamp) & 0xFFFFFFFF, self.ssrc)
        self.seq += 1
        self.stamp += len(payload)
        self.raw(self.sending.protect(header + payload), source)

    def raw(self, data, source=None):
        self.sent = [*self.sent[-50:], data]
        try:
            (source or self.socket).sendto(data, self.target)
        except OSError:
            pass

    def hears_since(self, since=None):
        self.hears_sound(since=time.monotonic() if since is None else since)


def key_of(sdp):
    return base64.b64decode(re.search(r"inline:([A-Za-z0-9+/=]+)", sdp).group(1))


def secure(s, *args, **settings):
    """The audio of a phone with keys, closed behind the line."""
    audio = SecureAudio(*args, **settings)
    s.audios.append(audio)
    return audio


def park(s, orbits, audio, parker="105", **settings):
    """As Scenario.park(), by a phone with keys; hears music through them."""
    caller = s.park(orbits, parker, sdp=audio.offer(**settings))
    caller.audio = audio.start(caller.response_200.body)
    return caller
