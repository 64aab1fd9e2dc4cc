"""Phones that come by TLS, WebSocket or secure WebSocket, and one that is called by TLS. What they say is that of
phone.py; this is only how it travels."""

import base64
import os
import random
import select
import socket
import ssl
import struct
import threading

from phone import Endpoint, Missing, token

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def client_tls(ca, certificate=None, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    if certificate:
        context.load_cert_chain(certificate + ".pem", certificate + ".key")
    if version:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    return context


def connect(port, tls=None, source="127.0.0.1", server_name="127.0.0.1"):
    made = socket.create_connection(("127.0.0.1", port), 5, source_address=(source, 0))
    made.settimeout(8)
    return tls.wrap_socket(made, server_hostname=server_name) if tls else made


class Shared:
    """A TLS connection that one thread reads while another writes: never both inside of OpenSSL, which is not made
    for that (the reader takes in session tickets, which change what the writer uses)."""

    def __init__(self, made):
        self.made, self.lock = made, threading.Lock()
        made.settimeout(0)

    def recv(self, size):
        while True:
            with self.lock:
                try:
                    return self.made.recv(size)
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
            select.select([self.made], [], [])

    def sendall(self, data):
        rest = memoryview(data)
        while rest:
            with self.lock:
                try:
                    rest = rest[self.made.send(rest):]
                    continue
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
            select.select([], [self.made], [])

    def __getattr__(self, name):
        return getattr(self.made, name)


def frame(opcode, data, fin=True, masked=True):
    """A frame of RFC 6455 as a client sends it."""
    size, mask = len(data), os.urandom(4)
    head = bytes([(0x80 if fin else 0) | opcode])
    bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + data
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


class Reader:
    """Bytes of a socket, as many as asked for; EOFError at its end."""

    def __init__(self, from_socket):
        self.socket, self.data = from_socket, b""

    def more(self):
        got = self.socket.recv(65536)
        if not got:
            raise EOFError
        self.data += got

    def take(self, size):
        while len(self.data) < size:
            self.more()
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def until(self, end):
        while end not in self.data:
            self.more()
        taken, _, self.data = self.data.partition(end)
        return taken + end

    def frame(self):
        head = self.take(2)
        size = head[1] & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        return head[0] & 0x0F, self.take(size)


def ask_for_websocket(made, origin=None, protocol="sip", host="127.0.0.1", version="13"):
    """The request that opens one; what came back, and a reader of what follows."""
    lines = ["GET /ws HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
             f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", f"Sec-WebSocket-Version: {version}"]
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    if origin:
        lines.append(f"Origin: {origin}")
    made.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    reader = Reader(made)
    return reader.until(b"\r\n\r\n").decode(), reader


class StreamEndpoint(Endpoint):
    """One connection to the server. `transport` is tls, ws or wss; a WebSocket has no address (RFC 7118 5)."""

    def __init__(self, port, transport, tls=None, source="127.0.0.1", parts=1):
        self.transport, self.server, self.host = transport, ("127.0.0.1", port), source
        self.dialogs, self.users, self.trace = {}, {}, []
        self.lock, self.open, self.parts = threading.Lock(), True, parts
        self.invalid = token(12) + ".invalid"
        self.tls, self.source, self.closed = tls, source, threading.Event()
        self.more = ";transport=tls" if transport == "tls" else ";transport=ws"
        self.pings = 0
        self.connect()

    def connect(self):
        self.socket = connect(self.server[1], None if self.transport == "ws" else self.tls, self.source)
        self.port = self.socket.getsockname()[1]
        reader = None
        if self.transport != "tls":
            answer, reader = ask_for_websocket(self.socket)
            if " 101 " not in answer:
                raise Missing(f"no WebSocket: {answer[:100]}")
        self.socket.settimeout(None)
        if self.tls and self.transport != "ws":
            self.socket = Shared(self.socket)
        if reader:
            reader.socket = self.socket
        self.closed = threading.Event()
        threading.Thread(target=self.read, args=(reader, self.closed), daemon=True).start()

    @property
    def where(self):
        return self.invalid if self.transport != "tls" else f"{self.host}:{self.port}"

    def read(self, reader, closed):
        try:
            if reader:
                self.read_frames(reader)
            else:
                self.read_tcp()
        except (EOFError, OSError, ValueError):
            pass
        closed.set()

    def read_frames(self, reader):
        while True:
            opcode, data = reader.frame()
            if opcode == PING:
                self.pings += 1
                self.socket.sendall(frame(PONG, data))
            elif opcode in (TEXT, BINARY) and data.strip():
                self.take(data, None)
            elif opcode == CLOSE:
                return

    def send(self, text, to=None):
        data = text.encode() if isinstance(text, str) else text
        if self.transport == "tls":
            self.socket.sendall(data)
            return
        cuts = sorted(random.sample(range(1, len(data)), self.parts - 1)) if self.parts > 1 else []
        for i, (begin, end) in enumerate(zip([0] + cuts, cuts + [len(data)])):
            self.socket.sendall(frame(TEXT if i == 0 else 0, data[begin:end], end == len(data)))

    def close(self):
        """Not before its reader has left: the number of a socket that is closed under it may be another's the next
        moment, and TLS reads by number."""
        self.open = False
        self.drop()
        self.socket.close()

    def drop(self):
        """The network goes away without a word."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.closed.wait(5)


class CalledByTls(Endpoint):
    """A phone or system with a TLS listener of its own."""

    def __init__(self, certificate):
        self.transport, self.server, self.host = "tls", ("127.0.0.1", 0), "127.0.0.1"
        self.dialogs, self.users, self.trace = {}, {}, []
        self.lock, self.open, self.more = threading.Lock(), True, ";transport=tls"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate + ".pem", certificate + ".key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.socket, self.connections, self.readers = None, 0, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while self.open:
            try:
                plain = self.listener.accept()[0]
                self.socket = Shared(self.context.wrap_socket(plain, server_side=True))
                self.connections += 1
                reader = threading.Thread(target=self.read_tcp, daemon=True)
                self.readers.append((self.socket, reader))
                reader.start()
            except OSError:
                continue

    def close(self):
        self.open = False
        self.listener.close()
        for made, reader in self.readers:
            try:
                made.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            reader.join(5)
            made.close()
