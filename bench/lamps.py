#!/usr/bin/env python3
"""What lamps cost parking: INVITE to 200 for parks, without a watcher and with many. Starts a callparkd of its own.

    bench/lamps.py [--watchers 50000] [--orbits 100] [--parks 100] [--rate 2] [--callparkd build/callparkd]

Each orbit is watched by watchers / orbits phones, all behind one socket of another process, which answers every NOTIFY.
Every park lights an orbit and every hang-up darkens it, so each park makes twice that many NOTIFYs.
"""

import argparse
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n")
FIRST = 1000


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    s.bind(("127.0.0.1", 0))
    return s


def header(text, name):
    return re.search(rf"(?im)^{name}:[ \t]*(.*?)\r$", text).group(1)


def answer(sock, text, to):
    vias = "".join(f"Via: {v}\r\n" for v in re.findall(r"(?im)^Via:[ \t]*(.*?)\r$", text))
    lines = "".join(f"{n}: {header(text, n)}\r\n" for n in ("From", "To", "Call-ID", "CSeq"))
    sock.sendto(f"SIP/2.0 200 OK\r\n{vias}{lines}Content-Length: 0\r\n\r\n".encode(), to)


def watch(port, count, orbits, subscribed, notified, lit_at, worst):
    """All watchers. 50 at once wait for their first NOTIFY."""
    sock, sent, done = udp(), 0, 0
    me = sock.getsockname()[1]
    server = ("127.0.0.1", port)
    while True:
        while sent < count and sent - done < 50:
            orbit = FIRST + sent % orbits
            sock.sendto((f"SUBSCRIBE sip:{orbit}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{me};branch=z9hG4bKs{sent}\r\n"
                         f"Max-Forwards: 70\r\nFrom: <sip:w{sent}@x>;tag={sent}\r\nTo: <sip:{orbit}@127.0.0.1>\r\n"
                         f"Call-ID: w{sent}\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:w{sent}@127.0.0.1:{me}>\r\n"
                         "Event: dialog\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n").encode(), server)
            sent += 1
        text = sock.recvfrom(65536)[0].decode()
        if not text.startswith("NOTIFY"):
            if not text.startswith("SIP/2.0 200"):
                print("a SUBSCRIBE was answered", text.splitlines()[0], flush=True)
            continue
        answer(sock, text, server)
        if done < count:
            done += 1
            subscribed.value = done
        else:
            notified.value += 1
            if "<state>confirmed" in text:
                worst.value = max(worst.value, time.monotonic() - lit_at.value)


def park(sock, server, number, orbit):
    me = sock.getsockname()[1]

    def send(method, cseq, tag="", body=""):
        sock.sendto((f"{method} sip:{orbit}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{me};branch=z9hG4bK{method}{number}\r\n"
                     f"Max-Forwards: 70\r\nFrom: <sip:+4930{number}@provider.example>;tag=c{number}\r\n"
                     f"To: <sip:{orbit}@127.0.0.1>{tag}\r\nCall-ID: call{number}\r\nCSeq: {cseq} {method}\r\n"
                     f"Contact: <sip:c@127.0.0.1:{me}>\r\nReferred-By: <sip:105@127.0.0.1>\r\n"
                     + ("Content-Type: application/sdp\r\n" if body else "") +
                     f"Content-Length: {len(body)}\r\n\r\n{body}").encode(), server)

    def wait(cseq, again):
        """As a phone does, which sends again what may be lost."""
        pause, sent = 0.5, time.monotonic()
        while True:
            sock.settimeout(pause)
            try:
                text = sock.recvfrom(65536)[0].decode()
            except TimeoutError:
                if time.monotonic() > sent + 30:
                    sys.exit(f"nothing answers {cseq}")
                pause = min(4, 2 * pause)
                again()
                continue
            if text.startswith("SIP/2.0 ") and text[8] != "1" and header(text, "CSeq") == cseq and \
                    header(text, "Call-ID") == f"call{number}":
                return text

    started = time.monotonic()
    send("INVITE", 1, body=SDP)
    text = wait("1 INVITE", lambda: send("INVITE", 1, body=SDP))
    took = time.monotonic() - started
    if not text.startswith("SIP/2.0 200"):
        sys.exit(f"a park was refused: {text.splitlines()[0]}")
    tag = ";tag=" + header(text, "To").split(";tag=")[1]
    send("ACK", 1, tag)
    return took, lambda: (send("BYE", 2, tag), wait("2 BYE", lambda: send("BYE", 2, tag)))


def measure(server, args, base, lit_at):
    sock, times = udp(), []
    for i in range(args.parks):
        began = lit_at.value = time.monotonic()
        took, hang_up = park(sock, server, base + i, FIRST + i % args.orbits)
        times.append(took * 1000)
        time.sleep(max(0, began + 0.5 / args.rate - time.monotonic()))
        hang_up()
        time.sleep(max(0, began + 1 / args.rate - time.monotonic()))
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.99) - 1], times[-1]


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def main():
    parser = argparse.ArgumentParser()
    for name, default in ("watchers", 50000), ("orbits", 100), ("parks", 100), ("rate", 2):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--callparkd", default="build/callparkd")
    parser.add_argument("--callparkctl", default="build/callparkctl")
    args = parser.parse_args()
    folder, port = tempfile.mkdtemp(), free_port()
    with open(f"{folder}/conf", "w", encoding="ascii") as conf:
        conf.write(f"[node]\ndestination = pool1.example.com\n[sip]\nlisten = udp:127.0.0.1:{port}\n"
                   f"[web]\nlisten = 127.0.0.1:{free_port()}\nadmin-socket = {folder}/sock\n"
                   f"[store]\nurl = sqlite:{folder}/db\n[log]\nlevel = warning\n")
    server = subprocess.Popen([args.callparkd, "-c", f"{folder}/conf"])
    try:
        while subprocess.run([args.callparkctl, "--socket", f"{folder}/sock", "range", "create", "Bench", str(FIRST),
                              str(FIRST + args.orbits - 1), "--destination", "pool1.example.com"],
                             capture_output=True, check=False).returncode:
            time.sleep(0.2)
        subprocess.run([args.callparkctl, "--socket", f"{folder}/sock", "settings", "set", "cool_down=0"], check=True,
                       capture_output=True)
        subscribed, notified = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
        lit_at, worst = multiprocessing.Value("d", 0), multiprocessing.Value("d", 0)
        where = ("127.0.0.1", port)
        print("watchers  p50 ms  p99 ms  max ms  RSS MiB", flush=True)
        p50, p99, most = measure(where, args, 0, lit_at)
        print(f"{0:8d}  {p50:6.2f}  {p99:6.2f}  {most:6.2f}  {resident(server.pid):7.0f}", flush=True)
        watchers = multiprocessing.Process(target=watch, daemon=True, args=(port, args.watchers, args.orbits, subscribed,
                                                                            notified, lit_at, worst))
        started = time.monotonic()
        watchers.start()
        while subscribed.value < args.watchers:
            time.sleep(0.1)
            if time.monotonic() - started > 500:
                sys.exit(f"only {subscribed.value} subscriptions in 500 s")
        took = time.monotonic() - started
        p50, p99, most = measure(where, args, 100000, lit_at)
        print(f"{args.watchers:8d}  {p50:6.2f}  {p99:6.2f}  {most:6.2f}  {resident(server.pid):7.0f}")
        print(f"{args.watchers} subscribed in {took:.1f} s; {notified.value} NOTIFYs in {2 * args.parks} changes; "
              f"the last of those who watch a lamp knew after {worst.value * 1000:.0f} ms at most")
        watchers.kill()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
