"""A name server for tests: answers from a table, over UDP on loopback."""

import socket
import struct
import threading

TYPES = {"A": 1, "SRV": 33, "NAPTR": 35}


def name(text):
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".") if part) + b"\0"


def read_name(data, at):
    parts = []
    while data[at]:
        parts.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(parts).lower(), at + 1


def record(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "SRV":
        priority, weight, port, target = value
        return struct.pack("!HHH", priority, weight, port) + name(target)
    order, preference, service, replacement = value
    words = b"".join(bytes([len(w)]) + w.encode() for w in ("s", service, ""))
    return struct.pack("!HH", order, preference) + words + name(replacement)


class NameServer:
    """`zone`: {("SRV", "_sip._udp.pbx.example"): [value, ...]}, None in the place of the list: it is not answered. `asked` is
    what was asked, in order. Answers may be kept for `ttl` seconds."""

    def __init__(self, port, zone, ttl=60):
        self.zone, self.asked, self.port, self.ttl = zone, [], port, ttl
        self.start()

    def start(self):
        self.running = True
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def stop(self):
        """Nobody is there any more, which whoever asks is told by the system."""
        self.running = False
        self.thread.join()
        self.socket.close()

    def serve(self):
        while self.running:
            try:
                data, source = self.socket.recvfrom(4096)
            except socket.timeout:
                continue
            asked, at = read_name(data, 12)
            number = struct.unpack("!H", data[at:at + 2])[0]
            kind = next((k for k, n in TYPES.items() if n == number), "")
            self.asked.append((kind, asked))
            found = self.zone.get((kind, asked), [])
            if found is None:
                continue
            known = any(known == asked for _, known in self.zone)
            head = data[:2] + struct.pack("!HHHHH", 0x8580 | (0 if known else 3), 1, len(found), 0, 0)
            answers = b""
            for value in found:
                body = record(kind, value)
                answers += name(asked) + struct.pack("!HHIH", number, 1, self.ttl, len(body)) + body
            self.socket.sendto(head + data[12:at + 4] + answers, source)
