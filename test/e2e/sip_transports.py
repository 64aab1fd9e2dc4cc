"""TLS, WebSocket, secure WebSocket: section 8.2 of the wire, RFC 5922, RFC 7118."""

import os
import shutil
import signal
import socket
import ssl
import time

from dns import NameServer
from moves import consult, pick_up, take_over
from phone import Missing, PATIENCE
from scenario import SERVER, find, line, run, want, want_that
from stream_phone import (CLOSE, TEXT, CalledByTls, StreamEndpoint, ask_for_websocket, client_tls, connect, frame)

PORT = {"tls": int(os.environ["E2E_TLS"]), "ws": int(os.environ["E2E_WS"]), "wss": int(os.environ["E2E_WSS"])}
DIR = os.environ["E2E_DIR"]
CA = os.path.join(DIR, "ca.pem")
DEAD = int(os.environ["E2E_DEAD"])  # nobody listens there
names = NameServer(int(os.environ["E2E_DNS"]), {})


def by(s, transport, certificate=None, **more):
    """A phone on a connection of its own."""
    tls = client_tls(CA, certificate and os.path.join(DIR, certificate))
    made = StreamEndpoint(PORT[transport], transport, tls, **more)
    s.endpoints.append(made)
    return made


def log_has(text):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with open(os.environ["E2E_LOGFILE"], encoding="utf-8", errors="replace") as log:
            if text in log.read():
                return
        time.sleep(0.05)
    raise Missing(f"the log does not say {text!r}")


def ends(made, what):
    """The server closes this connection."""
    made.settimeout(PATIENCE)
    try:
        while made.recv(4096):
            pass
    except ssl.SSLError:
        pass
    except ConnectionError:
        pass
    except TimeoutError:
        raise Missing(f"{what}: the connection is still open") from None


def talks_when_rung(s, far, user, caller):
    """The user's phone at `far` is called, picks up, and both talk until the caller hangs up."""
    phone = s.accept(user, at=far)
    pick_up(s, phone, 620)
    s.talk(caller, phone)
    caller.bye()
    phone.request("BYE")


def park_over(s, endpoint, tone):
    """A call that comes by this connection is parked."""
    orbits, parker = s.range(), s.user()
    caller = s.dialog(orbits.park, endpoint=endpoint)
    caller.audio = s.audio(tone)
    response = caller.invite([f"Referred-By: <sip:{parker}@callpark.test>"], caller.audio.offer())
    want(response.code, 200, "parking")
    caller.audio.start(response.body)
    s.api.parked(orbits.orbit)
    return orbits, caller, response


def park_and_retrieve(s, transport, parts=1):
    orbits, caller, response = park_over(s, by(s, transport, parts=parts), 440)
    word = "ws" if transport == "wss" else transport
    find(rf"SIP/2\.0/{transport.upper()} ", response.get("Via"), "Via of the answer")
    find(rf"transport={word}>", response.get("Contact"), "our Contact")
    find(rf":{PORT[transport]};", response.get("Contact"), "our Contact")
    find(r"received=127\.0\.0\.1", response.get("Via"), "Via of the answer")
    want(response.param("Via", "rport"), str(caller.endpoint.port), "rport")
    caller.audio.hears_sound()
    other = s.dialog(orbits.orbit, endpoint=by(s, transport))
    other.audio = s.audio(800)
    answer = other.invite([], other.audio.offer())
    want(answer.code, 200, "retrieving")
    other.audio.start(answer.body)
    s.talk(caller, other)
    other.bye()
    bye = caller.request("BYE")
    find(rf"SIP/2\.0/{transport.upper()} 127\.0\.0\.1:{PORT[transport]};", bye.get("Via"), "Via of our request")


@line("TR-01", "park and retrieve over TLS; our BYE on the same connection")
def over_tls(s):
    park_and_retrieve(s, "tls")


@line("TR-02", "the same over WebSocket, every message in three fragments")
def over_ws(s):
    park_and_retrieve(s, "ws", parts=3)


@line("TR-03", "the same over secure WebSocket")
def over_wss(s):
    park_and_retrieve(s, "wss")


def rings_back_over(s, transport):
    phone = by(s, transport)
    orbits = s.range()
    extension = s.user()
    parker = phone.dialog(extension, orbits.park, host="callpark.test")
    s.dialogs.append(parker)
    parker.audio = s.audio(300)
    response = parker.invite(sdp=parker.audio.offer())
    want(response.code, 200, "the consultation")
    caller = take_over(s, orbits, parker, 440)
    parker.request("BYE")
    call = s.api.parked(orbits.orbit)
    phone.expect(extension)
    s.api.ring_back(call)
    talks_when_rung(s, phone, extension, caller)
    want(len(phone.dialogs), 2, "dialogs on the connection")


@line("TR-04", "a ring back to a phone that only its WebSocket leads to (.invalid)")
def ring_back_ws(s):
    rings_back_over(s, "ws")


@line("TR-04b", "the same by TLS: the address in the phone's Contact is that of its connection, where nobody listens")
def ring_back_tls(s):
    rings_back_over(s, "tls")


@line("TR-05", "the same over secure WebSocket")
def ring_back_wss(s):
    rings_back_over(s, "wss")


def called_by_tls(s, certificate, scheme="sip", host=None):
    """A parked call is sent to somebody with a TLS listener of his own; by the name `host`, whose first server is
    dead."""
    far = CalledByTls(os.path.join(DIR, certificate))
    s.endpoints.append(far)
    orbits, user = s.range(), s.user()
    far.expect(user)
    caller = s.park(orbits, s.user(), tone=440)
    if host:
        names.zone[("SRV", f"_sips._tcp.{host}")] = [(20, 1, far.port, f"a.{host}"), (10, 1, DEAD, f"a.{host}")]
        names.zone[("A", f"a.{host}")] = ["127.0.0.1"]
    uri = f"{scheme}:{user}@{host or f'127.0.0.1:{far.port}'}" + ("" if scheme == "sips" else ";transport=tls")
    call = s.api.parked(orbits.orbit)
    s.api.ask("POST", f"/parked-calls/{call['id']}/transfer", {"to": uri})
    return orbits, far, user, caller


@line("TR-06", "a call of ours by TLS, transport=tls and sips: the certificate is looked at, the dialog stays on its "
      "connection")
def call_by_tls(s):
    for scheme in "sip", "sips":
        orbits, far, user, caller = called_by_tls(s, "next", scheme)
        phone = s.accept(user, at=far)
        find(rf"SIP/2\.0/TLS 127\.0\.0\.1:{PORT['tls']};", phone.invite_request.get("Via"), "Via")
        find(r"transport=tls", phone.invite_request.get("Contact"), "Contact")
        pick_up(s, phone, 620)
        s.talk(caller, phone)
        intruder(s)  # there is a listener more now, that calls the phone for whoever connects to it
        want(phone.ask("OPTIONS").code, 200, "a request of theirs on our connection")
        caller.bye()
        phone.request("BYE")
        want(far.connections, 1, "connections")


@line("TR-06-SRV", "a call of ours to a name by TLS: by the SRV records of _sips._tcp, the next server when the first is dead; "
      "the certificate is for the name that was called (RFC 5922)")
def call_by_tls_srv(s):
    for scheme in "sip", "sips":
        orbits, far, user, caller = called_by_tls(s, "secured", scheme, host=f"{scheme}.secure.test")
        talks_when_rung(s, far, user, caller)
    orbits, far, user, caller = called_by_tls(s, "next", host="other.secure.test")
    log_has("its certificate is not for other.secure.test")
    s.api.parked(orbits.orbit)


@line("TR-07", "nobody with a certificate of another name is called by TLS (RFC 5922); the caller stays parked")
def call_by_tls_wrong_name(s):
    orbits, far, user, caller = called_by_tls(s, "stranger")
    log_has("its certificate is not for 127.0.0.1")
    s.api.parked(orbits.orbit)
    caller.audio.hears_sound(since=time.monotonic())


@line("TR-08", "TLS 1.1 is refused, 1.2 and 1.3 are not")
def versions(s):
    try:
        connect(PORT["tls"], client_tls(CA, version=ssl.TLSVersion.TLSv1_1))
        raise Missing("TLS 1.1 was taken")
    except (ssl.SSLError, ConnectionError):
        pass
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        connect(PORT["wss"], client_tls(CA, version=version)).close()


@line("RO-99", "who comes by TLS from outside is let in by the name in his certificate (RFC 5922), and by no other")
def mutual(s):
    want(s.dialog(s.range().park, endpoint=by(s, "tls", "sbc", source="127.0.0.5")).ask("OPTIONS").code, 200, "sbc")
    for certificate in "stranger", None:
        dialog = s.dialog(s.range().park, endpoint=by(s, "tls", certificate, source="127.0.0.5"))
        response = dialog.invite([], s.audio().offer())
        want_that(response.code in (401, 403), f"{certificate}: {response.code}")


@line("RO-99b", "other.example stands in the certificate too, but where there is a sip: URI only that counts")
def uri_before_dns(s):
    dialog = s.dialog(s.range().park, endpoint=by(s, "tls", "sbc", source="127.0.0.5"))
    response = dialog.invite([], s.audio().offer())
    want(response.code, 200, "parking by a peer with a certificate")


@line("TR-09", "the connection is lost, the call stays parked; who comes back on another one is reached there")
def comes_back(s):
    for transport in "tls", "wss":
        orbits, caller, _ = park_over(s, by(s, transport), 440)
        caller.endpoint.drop()
        s.api.parked(orbits.orbit)
        caller.endpoint.connect()
        again = caller.invite([], caller.audio.offer())
        want(again.code, 200, "re-INVITE on the new connection")
        retriever = s.retrieve(orbits.orbit, 800)
        s.talk(caller, retriever)
        retriever.bye()
        caller.request("BYE")


@line("TR-10", "a new certificate is served after its files changed; nobody's connection is lost", last=True)
def reload(s):
    orbits, caller, _ = park_over(s, by(s, "tls"), 440)

    def serial():
        made = connect(PORT["tls"], client_tls(CA))
        found = made.getpeercert()["serialNumber"]
        made.close()
        return found

    before = serial()
    for kind in ".key", ".pem":
        shutil.copy(os.path.join(DIR, "next" + kind), os.path.join(DIR, "server" + kind))
    os.kill(int(os.environ["E2E_PID"]), signal.SIGHUP)
    deadline = time.monotonic() + PATIENCE
    while serial() == before:
        want_that(time.monotonic() < deadline, "the new certificate is not served")
        time.sleep(0.05)
    retriever = s.retrieve(orbits.orbit, 800)
    s.talk(caller, retriever)
    want(caller.ask("OPTIONS").code, 200, "the old connection")


@line("TR-11", "a WebSocket is for SIP, and for pages of ours")
def refused_upgrades(s):
    def ask(**more):
        made = connect(PORT["ws"])
        answer, _ = ask_for_websocket(made, **more)
        made.close()
        return int(answer.split()[1])

    want(ask(), 101, "without an origin")
    want(ask(origin="https://phones.example"), 101, "a page of ours")
    want(ask(protocol="chat, sip"), 101, "two protocols")
    want(ask(origin="https://evil.example"), 403, "a page of others")
    want(ask(protocol="chat"), 400, "another protocol")
    want(ask(protocol=None), 400, "no protocol")
    want(ask(version="8"), 426, "an old version")


@line("TR-12", "bad frames end the connection: too long, without a mask, no SIP in it, cut short")
def bad_frames(s):
    sip = b"OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK1\r\n"
    for what, data in (("too long", frame(TEXT, b"x" * 70000)), ("no mask", frame(TEXT, b"hello", masked=False)),
                       ("no SIP", frame(TEXT, b"hello")), ("reserved opcode", frame(5, b"hello")),
                       ("cut short", frame(TEXT, sip + b"Content-Length: 10\r\n\r\nabc"))):
        made = connect(PORT["ws"])
        _, reader = ask_for_websocket(made)
        made.sendall(data)
        ends(made, what)
        made.close()
    park_over(s, by(s, "ws"), 440)


@line("TR-13", "a handshake, a request or a message that never ends is given up")
def slow(s):
    silent = connect(PORT["tls"])
    half = connect(PORT["ws"])
    half.sendall(b"GET / HTTP/1.1\r\n")
    begun = connect(PORT["tls"], client_tls(CA))
    begun.sendall(b"OPTIONS sip:x@y SIP/2.0\r\nVia: ")
    part = connect(PORT["ws"])
    ask_for_websocket(part)
    part.sendall(frame(TEXT, b"OPTIONS sip:x@y", fin=False))
    for what, made in ("silent", silent), ("half a request", half), ("half a message", begun), ("a fragment", part):
        ends(made, what)
        made.close()


@line("TR-14", "one address has so many connections and no more")
def limit(s):
    made = []
    for _ in range(40):
        made.append(connect(PORT["ws"], source="127.0.0.9"))
        ask_for_websocket(made[-1])
    more = connect(PORT["ws"], source="127.0.0.9")
    ends(more, "the forty-first")
    park_over(s, by(s, "ws"), 440)
    for each in made + [more]:
        each.close()


@line("TR-15", "CRLF CRLF is answered with CRLF (RFC 5626), and a WebSocket is pinged")
def keep_alive(s):
    made = connect(PORT["tls"], client_tls(CA))
    made.sendall(b"\r\n\r\n")
    want(made.recv(10), b"\r\n", "over TLS")
    made.close()
    made = connect(PORT["wss"], client_tls(CA))
    _, reader = ask_for_websocket(made)
    made.sendall(frame(TEXT, b"\r\n\r\n"))
    want(reader.frame(), (TEXT, b"\r\n"), "over WebSocket")
    made.sendall(frame(9, b"are you there"))
    want(reader.frame(), (10, b"are you there"), "their ping")
    made.sendall(frame(CLOSE, b"\x03\xe8"))
    want(reader.frame()[0], CLOSE, "their farewell")
    made.close()


@line("TR-16", "a request that names another transport than it came by is refused")
def wrong_via(s):
    made = connect(PORT["tls"], client_tls(CA))
    for transport, call_id in ("UDP", "tr16-wrong"), ("TLS", "tr16-right"):
        made.sendall(f"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:5060;branch=z9hG4bK1\r\n"
                     f"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\n"
                     "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n".encode())
    find("tr16-right", made.recv(4096).decode(), "the first answer")
    made.close()


def inner_listeners():
    """Where the SIP library takes what the front relays: the listeners on odd addresses of loopback."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [row.split() for row in list(table)[1:]]
    for row in rows:
        address, _, port = row[1].partition(":")
        packed = bytes.fromhex(address)[::-1]
        if row[3] == "0A" and packed[0] == 127 and packed[1] >= 64:
            yield ".".join(map(str, packed)), int(port, 16)


@line("TR-17", "who connects to the inside of the front by himself is refused, though his address is trusted")
def intruder(s):
    found = list(inner_listeners())
    want_that(found, "there is no listener on loopback")
    for host, port in found:
        made = socket.create_connection((host, port), 5, source_address=("127.0.0.1", 0))
        made.settimeout(0.5)
        made.sendall(b"OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
                     b"To: <sip:c@d>\r\nCall-ID: tr17\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
                     b"Content-Length: 0\r\n\r\n")
        try:
            answer = made.recv(4096)
        except (TimeoutError, ConnectionError):
            answer = b""  # a server of another test may be slow; it does not say yes either
        made.close()
        want_that(b"SIP/2.0 200" not in answer, f"{host}:{port} said {answer[:40]}")


if __name__ == "__main__":
    run()
