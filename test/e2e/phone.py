"""A scripted telephone: SIP messages as they stand on the wire, and dialogs that do only what they are told.

One Endpoint is one socket with many dialogs; it answers by itself only where a test would say nothing new
(BYE, retransmissions). What arrives waits in the dialog's queue until the test asks for it.
"""

import queue
import random
import re
import socket
import threading
import time

PATIENCE = 20.0  # seconds that a test waits for what must come; a busy machine is slow


class Missing(AssertionError):
    """What should have come did not, or something else came."""


def token(length=10):
    return "".join(random.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))


COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
           "c": "content-type", "s": "subject", "k": "supported", "e": "content-encoding", "b": "referred-by",
           "x": "session-expires"}


class Message:
    def __init__(self, data):
        head, _, self.body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        self.start, self.headers = lines[0], []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            self.headers.append((COMPACT.get(name, name), value.strip()))
        self.at, self.repeated = time.monotonic(), False
        self.code, self.method, self.uri = 0, "", ""
        if self.start.startswith("SIP/2.0 "):
            self.code, self.phrase = int(self.start[8:11]), self.start[12:]
        else:
            self.method, self.uri = (self.start.split(" ") + [""])[:2]

    def __str__(self):
        return self.start

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def get(self, name):
        return (self.all(name) + [""])[0]

    def param(self, header, name):
        found = re.search(r";\s*" + name + r'=("[^"]*"|[^;,>\s]+)', self.get(header).split(">")[-1])
        return found.group(1) if found else ""

    @property
    def cseq(self):
        number, method = self.get("CSeq").split()
        return int(number), method

    @property
    def branch(self):
        return re.search(r"branch=([^;,\s]+)", self.get("Via")).group(1)

    @property
    def transaction(self):
        """What a request and those sent again have in common."""
        return self.method, self.cseq, self.branch

    def dialled(self):
        found = re.match(r"sips?:([^@;]+)@", self.uri)
        return found.group(1) if found else ""


def uri_of(header):
    """The URI in a From, To or Contact."""
    found = re.search(r"<([^>]*)>", header)
    return found.group(1) if found else header.split(";")[0].strip()


class Endpoint:
    """One UDP socket, or TCP connections, that many dialogs share."""

    def __init__(self, server, port=0, transport="udp", host="127.0.0.1"):
        self.server, self.transport, self.host = server, transport, host
        self.dialogs, self.users, self.trace = {}, {}, []
        self.texts, self.text_codes = {}, {}
        self.lock = threading.Lock()
        self.open = True
        self.more = ";transport=tcp" if transport == "tcp" else ""  # in Contact
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if transport == "udp":
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            self.socket.bind((host, port))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        else:
            self.socket = socket.create_connection(server[:2], 5)
            self.socket.settimeout(None)
        self.port = self.socket.getsockname()[1]
        reader = self.read_udp if transport == "udp" else self.read_tcp
        threading.Thread(target=reader, daemon=True).start()

    @property
    def where(self):
        return (f"[{self.host}]" if ":" in self.host else self.host) + f":{self.port}"

    def read_udp(self):
        while self.open:
            try:
                data, source = self.socket.recvfrom(65536)
            except OSError:
                return
            if data.strip():
                self.take(data, source)

    def read_tcp(self):
        data = b""
        while True:
            try:
                more = self.socket.recv(65536)
            except OSError:
                return
            if not more:
                return
            data += more
            while b"\r\n\r\n" in data.lstrip(b"\r\n"):
                data = data.lstrip(b"\r\n")
                head, _, rest = data.partition(b"\r\n\r\n")
                length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
                length = int(length.group(1)) if length else 0
                if len(rest) < length:
                    break
                self.take(head + b"\r\n\r\n" + rest[:length], None)
                data = rest[length:]

    def take(self, data, source):
        try:
            message = Message(data)
        except (ValueError, AttributeError):
            return
        message.source = source
        with self.lock:
            call_id = message.get("Call-ID")
            dialog = self.dialogs.get(call_id)
            if not dialog and message.method == "INVITE":
                waiting = self.users.get(message.dialled())
                if waiting is not None:
                    dialog = Dialog(self, call_id=call_id)
                    dialog.incoming(message)
                    waiting.put(dialog)
                else:
                    self.answer(message, 404, "Not Found", [], "")
                    return
            elif not dialog and message.method == "MESSAGE":
                self.take_text(message)
            elif not dialog and message.method == "OPTIONS":  # is anybody there?
                self.answer(message, 200, "OK", [], "")
        if dialog:
            dialog.take(message)

    def take_text(self, message):
        """A text message to a user; 0 in `text_codes`: it is not answered. Who asks for a password takes what has one."""
        code = self.text_codes.get(message.dialled(), 200)
        headers = []
        if isinstance(code, str):
            code, headers = (200, []) if message.get("Authorization") else (401, [code])
        self.texts.setdefault(message.dialled(), queue.Queue()).put(message)
        if code:
            self.answer(message, code, "Whatever", headers, "")

    def text(self, user, timeout=PATIENCE):
        with self.lock:
            waiting = self.texts.setdefault(user, queue.Queue())
        try:
            return waiting.get(timeout=timeout)
        except queue.Empty:
            raise Missing(f"no text message to {user} within {timeout} s") from None

    def send(self, text, to=None):
        data = text.encode() if isinstance(text, str) else text
        if self.transport == "udp":
            self.socket.sendto(data, to or self.server)
        else:
            self.socket.sendall(data)

    def answer(self, request, code, phrase, headers, body, tag=""):
        lines = [f"SIP/2.0 {code} {phrase}"]
        lines += [f"Via: {via}" for via in request.all("Via")]
        lines += [f"Record-Route: {route}" for route in request.all("Record-Route")]
        to = request.get("To")
        if ";tag=" not in to and code > 100:
            to += f";tag={tag or token()}"
        lines += [f"From: {request.get('From')}", f"To: {to}", f"Call-ID: {request.get('Call-ID')}",
                  f"CSeq: {request.get('CSeq')}"] + headers
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode())}")
        text = "\r\n".join(lines) + "\r\n\r\n" + body
        self.send(text, request.source)
        return text

    def expect(self, user):
        """From now on calls to `user` wait to be taken with accept()."""
        self.users.setdefault(user, queue.Queue())

    def accept(self, user, timeout=PATIENCE):
        try:
            return self.users[user].get(timeout=timeout)
        except queue.Empty:
            raise Missing(f"nobody called {user} within {timeout} s") from None

    def dialog(self, user, dialled, **more):
        return Dialog(self, user=user, dialled=dialled, **more)

    def close(self):
        self.open = False
        self.socket.close()


class Dialog:
    """One call of one party, also before and after it is one."""

    def __init__(self, endpoint, user="", dialled="", call_id=None, host="pbx.test", display="", uri=None):
        self.endpoint = endpoint
        self.call_id = call_id or token(16)
        self.local_tag, self.remote_tag = token(), ""
        server = endpoint.server
        where = f"[{server[0]}]:{server[1]}" if ":" in server[0] else f"{server[0]}:{server[1]}"
        self.uri = uri or f"sip:{dialled}@{where}"
        self.local = (f'"{display}" ' if display else "") + f"<sip:{user}@{host}>"
        self.remote = f"<{uri_of(self.uri)}>"
        self.user, self.cseq, self.branch = user, random.randint(1, 1000), ""
        self.target, self.routes = self.uri, []
        self.inbox, self.seen, self.arrived = [], [], threading.Condition()
        self.answers = {}  # by transaction: what was said to it last, or None
        self.allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE"
        self.acked = {}  # by CSeq number: the ACK of a 200
        self.invite_request = None
        self.provisionals, self.final_response = [], None
        self.auto = {"BYE", "OPTIONS", "UPDATE", "INFO", "CANCEL"}
        self.audio, self.ended = None, threading.Event()
        self.invite_cseq = 0
        with_lock = endpoint.lock if call_id is None else None
        if with_lock:
            with with_lock:
                endpoint.dialogs[self.call_id] = self
        else:
            endpoint.dialogs[self.call_id] = self

    # --- what comes in ---

    def incoming(self, request):
        self.invite_request = request
        self.remote, self.local = request.get("From"), request.get("To")
        self.remote_tag = request.param("From", "tag")
        self.target = uri_of(request.get("Contact"))
        self.routes = request.all("Record-Route")
        self.cseq = 1

    def take(self, message):
        self.endpoint.trace.append((self.call_id, "<", message.start))
        self.seen.append(message)
        if message.method and self.repeated_request(message):
            return
        if message.method and message.method in self.auto:
            self.answer_by_itself(message)
        elif message.code and message.cseq[1] == "INVITE" and self.repeated_final(message):
            return
        with self.arrived:
            self.inbox.append(message)
            self.arrived.notify_all()

    def repeated_request(self, message):
        """Sent again, as our answer was late, or was lost (RFC 3261 17.2): no news to the test. What it has said to it
        is said again."""
        with self.arrived:
            message.repeated = message.transaction in self.answers
            answer = self.answers.setdefault(message.transaction)
        if message.repeated and answer:
            self.endpoint.send(answer, message.source)
        return message.repeated

    def repeated_final(self, message):
        """A 200 that we have acknowledged came again: the ACK was lost, or is only now on its way. It is sent again
        each time (RFC 3261 13.2.2.4)."""
        if message.code < 200 or not self.final_response:
            return False
        repeated = message.cseq == self.final_response.cseq and message.branch == self.final_response.branch
        if repeated and message.code < 300 and self.acked.get(message.cseq[0]):
            self.endpoint.send(self.acked[message.cseq[0]])
        return repeated

    def answer_by_itself(self, message):
        if message.method == "CANCEL":
            self.reply(message, 200)
            if self.invite_request and not getattr(self.invite_request, "answered", False):
                self.reply(self.invite_request, 487, "Request Terminated")
            return
        self.reply(message, 200)
        if message.method == "BYE":
            self.over()

    def wait(self, want, timeout=PATIENCE, what=""):
        """The first message for which want(message) holds; the others stay where they are."""
        deadline = time.monotonic() + timeout
        with self.arrived:
            while True:
                for message in self.inbox:
                    if want(message):
                        self.inbox.remove(message)
                        return message
                left = deadline - time.monotonic()
                if left <= 0:
                    got = ", ".join(m.start[:60] for m in self.seen[-6:]) or "nothing"
                    raise Missing(f"{self.user}: {what or 'a message'} did not come within {timeout} s; "
                                  f"came: {got}")
                self.arrived.wait(left)

    def request(self, method, timeout=PATIENCE):
        return self.wait(lambda m: m.method == method, timeout, method)

    def response(self, cseq, timeout=PATIENCE):
        """The final response to the request with this CSeq; provisional ones are kept."""
        def final(message):
            if not message.code or message.cseq != cseq:
                return False
            if message.code < 200 and message not in self.provisionals:
                self.provisionals.append(message)
            return message.code >= 200

        return self.wait(final, timeout, f"an answer to {cseq[1]}")

    def count(self, method):
        """Requests of this method, however often each was sent."""
        return len([m for m in self.seen if m.method == method and not m.repeated])

    def quiet(self, seconds, *methods):
        """Fails if one of these requests (or any) comes meanwhile, or came before and nobody has asked for it."""
        before = len(self.seen)
        time.sleep(seconds)
        came = [m for m in self.seen[before:]
                if m.method and not m.repeated and (not methods or m.method in methods)]
        with self.arrived:
            came += [m for m in self.inbox
                     if m.method in methods and m is not self.invite_request and not getattr(m, "answered", False)]
        if came:
            raise Missing(f"{self.user}: {came[0].start} came, where nothing should")

    # --- what goes out ---

    def lines(self, method, cseq, branch, headers, uri=None, to=None):
        endpoint = self.endpoint
        remote = to or self.remote
        if self.remote_tag and ";tag=" not in remote and method != "CANCEL":
            remote += f";tag={self.remote_tag}"
        local = self.local if ";tag=" in self.local else f"{self.local};tag={self.local_tag}"
        lines = [f"{method} {uri or self.target} SIP/2.0",
                 f"Via: SIP/2.0/{endpoint.transport.upper()} {endpoint.where};branch={branch};rport",
                 "Max-Forwards: 70", f"From: {local}", f"To: {remote}", f"Call-ID: {self.call_id}",
                 f"CSeq: {cseq} {method}"]
        lines += [f"Route: {route}" for route in self.routes]
        if method in ("INVITE", "UPDATE", "SUBSCRIBE", "REFER"):
            lines.append(f"Contact: <sip:{self.user or 'x'}@{endpoint.where}{endpoint.more}>")
            lines.append(f"Allow: {self.allow}")
        return lines + list(headers)

    def send(self, method, headers=(), body="", cseq=None, branch=None, uri=None, to=None, kind="application/sdp"):
        """A request; returns (CSeq number, method) to wait for its response."""
        if cseq is None:
            if method not in ("ACK", "CANCEL"):
                self.cseq += 1
            cseq = self.cseq
        branch = branch or "z9hG4bK" + token()
        lines = self.lines(method, cseq, branch, headers, uri, to)
        if body:
            lines.append(f"Content-Type: {kind}")
        lines.append(f"Content-Length: {len(body.encode())}")
        self.endpoint.trace.append((self.call_id, ">", lines[0]))
        text = "\r\n".join(lines) + "\r\n\r\n" + body
        self.endpoint.send(text)
        self.last_sent = text
        if method == "INVITE":
            self.branch, self.invite_cseq, self.invite_text = branch, cseq, text
            self.invite_to = [l for l in lines if l.startswith("To: ")][0][4:]
        return cseq, method

    def ask(self, method, headers=(), body="", timeout=PATIENCE, **more):
        """Send a request and wait for its final response."""
        return self.response(self.send(method, headers, body, **more), timeout)

    def invite(self, headers=(), sdp="", timeout=PATIENCE, ack=True, ack_sdp="", **more):
        """Call; the final response. A 2xx is acknowledged unless ack is False, a refusal always."""
        self.asked_at = time.monotonic()
        response = self.response(self.send("INVITE", headers, sdp, **more), timeout)
        return self.follow(response, ack, ack_sdp)

    def follow(self, response, ack=True, ack_sdp=""):
        self.final_response = response
        if response.code >= 300:
            self.send("ACK", cseq=self.invite_cseq, branch=self.branch, to=response.get("To"))
            return response
        if not self.remote_tag:
            self.remote_tag = response.param("To", "tag")
            self.remote = response.get("To")
            self.routes = list(reversed(response.all("Record-Route")))
        if response.get("Contact"):
            self.target = uri_of(response.get("Contact"))
        if ack:
            self.ack(ack_sdp)
        return response

    def ack(self, sdp=""):
        self.send("ACK", body=sdp, cseq=self.invite_cseq)
        self.acked[self.invite_cseq] = self.last_sent

    def cancel(self):
        """Like the INVITE in all that identifies it (RFC 3261 9.1), so To is without the tag of the answer."""
        return self.send("CANCEL", cseq=self.invite_cseq, branch=self.branch, uri=self.invite_uri(), to=self.invite_to)

    def invite_uri(self):
        return self.invite_text.split(" ", 2)[1]

    def bye(self, timeout=PATIENCE, headers=()):
        self.over()
        return self.ask("BYE", headers, timeout=timeout)

    def over(self):
        """A phone whose call is over says no more."""
        self.ended.set()
        if self.audio:
            self.audio.hush()

    def reply(self, request, code, phrase="", headers=(), sdp=""):
        phrases = {100: "Trying", 180: "Ringing", 200: "OK", 486: "Busy Here", 404: "Not Found"}
        headers = list(headers)
        if request.method in ("INVITE", "UPDATE"):
            headers += [f"Contact: <sip:{self.user or 'x'}@{self.endpoint.where}{self.endpoint.more}>",
                        f"Allow: {self.allow}"]
        if request.method == "INVITE" and code >= 200:
            request.answered = True
        self.endpoint.trace.append((self.call_id, ">", f"{code} to {request.method}"))
        said = self.endpoint.answer(request, code, phrase or phrases.get(code, "Said"), headers, sdp, self.local_tag)
        with self.arrived:
            self.answers[request.transaction] = said

    def pick_up(self, sdp, headers=()):
        """Answer the call that came in, and wait for the ACK."""
        self.reply(self.invite_request, 200, headers=headers, sdp=sdp)
        return self.request("ACK")

    def ring(self, code=180):
        self.reply(self.invite_request, code, "Ringing")

    def refuse(self, code, phrase=""):
        self.reply(self.invite_request, code, phrase)
        return self.request("ACK")

    def ids(self):
        """The three strings that a Replaces header names this dialog with, as seen from the server."""
        return f"{self.call_id};to-tag={self.remote_tag};from-tag={self.local_tag}"
