"""The HTTP edge under clients that do not behave: SLOW (they take their time), BIG (they send too much), PATH (they
look for files)."""

import os
import socket
import threading
import time

from scenario import UnixConnection, line, run, want, want_in, want_that

PORT, PATIENCE = int(os.environ["E2E_WEB"]), 10
HEAD = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def dial():
    return socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE)


def hear(there):
    text = b""
    try:
        while more := there.recv(65536):
            text += more
    except ConnectionResetError:
        pass
    return text


def ask(request):
    """All that comes back for these bytes, and its status."""
    with dial() as there:
        there.sendall(request)
        text = hear(there)
    return int(text[9:12]) if text.startswith(b"HTTP/1.1 ") else 0, text


def get(target):
    return ask(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


def others_are_answered(words):
    """Quickly, by TCP and at the admin socket."""
    for _ in range(20):
        started = time.monotonic()
        want(ask(HEAD)[0], 200, f"an answer while {words}")
        want_that(time.monotonic() - started < 2, f"answers are slow while {words}")
    connection = UnixConnection(os.environ["E2E_SOCKET"])
    connection.request("GET", "/api/v1/number-ranges")
    want(connection.getresponse().status, 200, f"the admin socket while {words}")
    connection.close()


@line("SLOW-1", "headers that come byte by byte keep nobody waiting, and are answered in the end")
def dribble(_):
    answers = []

    def send_slowly():
        with dial() as there:
            for byte in HEAD:
                there.sendall(bytes([byte]))
                time.sleep(0.02)
            answers.append(hear(there)[9:12])

    threads = [threading.Thread(target=send_slowly) for _ in range(50)]
    for thread in threads:
        thread.start()
    others_are_answered("50 clients send byte by byte")
    for thread in threads:
        thread.join()
    want(answers, [b"200"] * 50, "answers to the slow ones")


@line("SLOW-2", "bodies that stop half way keep nobody waiting")
def half_a_body(_):
    waiting = [dial() for _ in range(50)]
    for there in waiting:
        there.sendall(b"POST /api/v1/number-ranges HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
    others_are_answered("50 bodies wait for their end")
    for there in waiting:
        there.close()
    others_are_answered("those who left are cleared away")


@line("SLOW-3", "200 idle connections keep nobody waiting")
def idle(_):
    waiting = [dial() for _ in range(200)]
    others_are_answered("200 connections are idle")
    want_that(all(there.fileno() >= 0 for there in waiting), "connections")
    for there in waiting:
        there.close()


@line("SLOW-4", "answers that nobody fetches keep nobody waiting")
def unread(_):
    waiting = [dial() for _ in range(50)]
    for there in waiting:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        there.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 500)
    others_are_answered("50 clients read nothing")
    for there in waiting:
        there.close()


@line("BIG-1", "a body that is too large is refused before it is sent")
def too_large(_):
    for length in b"1048577", b"99999999999":
        status, text = ask(b"POST /api/v1/number-ranges HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                           b"Content-Length: " + length + b"\r\nConnection: close\r\n\r\n")
        want(status, 413, "status")
        want_that(b"A body is at most 1 MiB" in text, "the words")
    status, _text = ask(b"PUT /api/v1/music/global HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                        b"Content-Length: 5000000\r\nConnection: close\r\n\r\n")
    want(status, 401, "5 MB of music from a stranger")


@line("BIG-2", "a body without an end is cut off")
def endless(_):
    chunk, sent = b"10000\r\n" + b"x" * 65536 + b"\r\n", 0
    with dial() as there:
        there.sendall(b"POST /api/v1/number-ranges HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 256 << 20:
                there.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
    want_that(sent < 64 << 20, f"{sent} bytes were taken")
    others_are_answered("an endless body was cut off")


@line("BIG-3", "headers and addresses that are too large are refused")
def large_headers(_):
    want(ask(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Much: " + b"x" * 100000 + b"\r\n\r\n")[0], 431, "a header")
    want(get(b"/" + b"x" * 600)[0], 414, "an address")


@line("PATH-1", "the page comes from the folder, and nothing from outside of it")
def paths(_):
    status, text = get(b"/ranges")
    want(status, 200, "the page")
    want_that(text.endswith(b"from a folder"), "another page came")
    want_that(get(b"/assets/app.js")[1].endswith(b"the script"), "another script came")
    for target in (b"/assets/../secret", b"/assets/../../secret", b"/assets/..%2f..%2fsecret",
                   b"/assets/%2e%2e/%2e%2e/secret", b"/assets/..%5c..%5csecret", b"/assets//etc/passwd",
                   b"/assets/%2fetc%2fpasswd", b"/../secret", b"/assets/../.hidden", b"/.hidden",
                   b"/assets/%00", b"/assets/..;/secret", b"//secret", b"/ranges/../../secret"):
        status, text = get(target)
        want_that(b"not for the web" not in text and b"hidden" != text[-6:] and b"root:" not in text,
                  f"{target}: {text[-100:]}")
        if not target.startswith(b"/ranges/"):  # which is the page, whatever stands behind
            want_in(status, (400, 401, 404), str(target))


run(at_once=1)
