"""A parent that keeps sockets: what a phone sees of a crash and of an upgrade. Prints TAP."""

import errno
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

from keep_phone import DIR, PATIENCE, SIP, Caller, Phone, check, ctl, finish, legs_on_disk, until

PARENT = int(os.environ["E2E_PID"])
REAL = os.environ["E2E_REAL"]
CONFIG = os.environ["E2E_CONFIG"]
LOG = os.environ["E2E_LOGFILE"]
PROGRAM = os.path.join(DIR, "callparkd")


def log():
    with open(LOG, encoding="utf-8", errors="replace") as f:
        return f.read()


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(c) for c in f.read().split()]
    except OSError:
        return []


def child(parent=PARENT, other=None):
    """The server that the parent has started, once it is another one than before."""
    return until(lambda: next((c for c in children(parent) if c != other and alive(c)), None), "a child")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


def fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def kill_and_hold():
    """The server is dead, and stays it until go_on()."""
    os.kill(PARENT, signal.SIGSTOP)
    until(lambda: state(PARENT) == "T", "the parent's halt")
    dead = child()
    os.kill(dead, signal.SIGKILL)
    until(lambda: not alive(dead), "the end of the server")
    return dead


def go_on():
    os.kill(PARENT, signal.SIGCONT)


def over_a_crash(tcp, udp, stays, leaves, by_tcp):
    check(stays.hears() and leaves.hears() and by_tcp.hears(), "three callers hear music",
          (stays.error, leaves.error, by_tcp.error))
    until(lambda: legs_on_disk() == 3, "the rows of their legs")
    dead = kill_and_hold()
    leaves.hangs_up()
    stays.forget()
    stays.says()
    asked = [udp.ask() for _ in range(3)] + [udp.ask()]
    meanwhile = tcp.ask()
    udp.listen()
    stays.says()
    stays.forget()
    leaves.phone.listen()
    check(not (udp.error or leaves.phone.error or stays.error), "with the server dead no ICMP error comes",
          (udp.error, leaves.phone.error, stays.error))
    late = Phone("TCP")  # waits in the kernel
    late_call = late.ask()
    admin = socket.socket(socket.AF_UNIX)
    admin.settimeout(PATIENCE)
    admin.connect(os.environ["E2E_SOCKET"])
    admin.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    go_on()
    check(child(other=dead) != dead, "the server is started again after kill -9")
    check(all(udp.answered(call) for call in asked), "what was sent by UDP meanwhile is answered", udp.error)
    check(tcp.answered(meanwhile), "the TCP connection is open, and what was sent on it is answered", tcp.error)
    check(tcp.answered(tcp.ask()), "so is a request after it", tcp.error)
    check(late.answered(late_call), "who connected meanwhile is answered", late.error)
    check(admin.recv(100).startswith(b"HTTP/1.1 200"), "so is who connected to the admin socket")
    late.socket.close()
    check(stays.hears(), "music goes on from the same port", stays.error)
    said = leaves.final("2 BYE")
    check(said.startswith("SIP/2.0 200"), "who hung up meanwhile gets a 200", said[:40])


def over_an_upgrade(tcp, udp, stays):
    before = child()
    newer = PROGRAM + ".new"
    with open(newer, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\necho newer >"{DIR}/newer"\nexec "{REAL}" "$@"\n')
    os.chmod(newer, 0o755)
    os.rename(newer, PROGRAM)
    os.kill(PARENT, signal.SIGUSR2)
    call = udp.ask()
    check(child(other=before) != before, "SIGUSR2 puts another server in its place")
    check(udp.answered(call), "what came by UDP meanwhile is answered", udp.error)
    check(tcp.answered(tcp.ask()), "the TCP connection is open over the upgrade", tcp.error)
    stays.forget()
    stays.says()
    check(stays.hears(), "and so does the music go on", stays.error)
    check(os.path.exists(f"{DIR}/newer"), "it is the newer program that runs")
    check("callparkd ended with" not in log().split("is to be replaced", 1)[1], "and that counts as no crash")


def many_times(tcp, udp):
    def figures():
        """Once it serves, and the parent knows what it keeps."""
        check_in = udp.ask()
        udp.answered(check_in)
        return fds(PARENT), fds(child())

    first = figures()
    for n in range(20):
        before = child()
        if n % 2:
            os.kill(PARENT, signal.SIGUSR2)
        else:
            os.kill(before, signal.SIGKILL)
        child(other=before)
        call = udp.ask()
        if not udp.answered(call):
            break
    check(not udp.error and tcp.answered(tcp.ask()), "20 restarts later the TCP connection is open", tcp.error)
    last = until(lambda: figures() == first and figures(), "the same number of descriptors") if not udp.error else 0
    check(last == first, "and no descriptor is left over", f"{first} before, {last} after")


def who_hangs_up(udp):
    before = fds(PARENT)
    gone = Phone("TCP")
    gone.answered(gone.ask())
    until(lambda: fds(PARENT) == before + 1, "a kept connection")
    gone.socket.close()
    check(until(lambda: fds(PARENT) == before, "the end of it"), "a connection that the phone ends is kept no longer")
    check(udp.answered(udp.ask()), "and the server goes on", udp.error)


def other_listeners(udp):
    with open(CONFIG, encoding="utf-8") as f:
        lines = f.read()
    with open(CONFIG, "w", encoding="utf-8") as f:
        f.write(lines.replace(f"listen = tcp:127.0.0.1:{SIP}\n", ""))
    before = child()
    os.kill(PARENT, signal.SIGUSR2)
    child(other=before)
    check(udp.answered(udp.ask()), "with a listener less it serves", udp.error)

    def refused():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            return s.connect_ex(("127.0.0.1", SIP)) == errno.ECONNREFUSED

    check(until(refused, "a refusal"), "and a listener that is not wanted any more is closed")


def that_dies_at_once():
    """The pauses grow; how long they are in truth is the machine's affair."""
    newer = PROGRAM + ".bad"
    with open(newer, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nexit 7\n")
    os.chmod(newer, 0o755)
    with open(PROGRAM, encoding="utf-8") as f:
        good = f.read()
    os.rename(newer, PROGRAM)
    start = len(log())
    os.kill(child(), signal.SIGKILL)
    pattern = r"started again in (\d+) ms"
    until(lambda: len(re.findall(pattern, log()[start:])) >= 4, "four starts")
    pauses = [int(p) for p in re.findall(pattern, log()[start:])]
    check(pauses == sorted(pauses) and pauses[3] >= 1000, "one that dies at once is given longer and longer pauses", pauses)
    newer = PROGRAM + ".good"
    with open(newer, "w", encoding="utf-8") as f:
        f.write(good)
    os.chmod(newer, 0o755)
    os.rename(newer, PROGRAM)
    udp = Phone("UDP")
    os.kill(PARENT, signal.SIGUSR2)  # who puts it right need not wait for the next start
    check(udp.answered(udp.ask()), "and it serves when the program is put right", udp.error)


def faults_at_the_start():
    with tempfile.NamedTemporaryFile("w", suffix=".conf", dir=DIR) as f:
        f.write("[sip]\nlisten = udp:127.0.0.1:1x\n")
        f.flush()
        done = subprocess.run([REAL, "--keep", "-c", f.name], capture_output=True, text=True, timeout=PATIENCE, check=False)
    check(done.returncode == 1 and done.stderr, "a configuration that is wrong is told at once", done)


def main():
    tcp, udp = Phone("TCP"), Phone("UDP")
    check(tcp.answered(tcp.ask()) and udp.answered(udp.ask()), "the server answers", (tcp.error, udp.error))
    made = ctl("range", "create", "All", "700", "719", "--destination", "pool1.example.com")
    check(made.returncode == 0, "a range is made", made.stderr)
    stays, leaves, by_tcp = Caller(), Caller(), Caller("TCP")
    over_a_crash(tcp, udp, stays, leaves, by_tcp)
    over_an_upgrade(tcp, udp, stays)
    done = ctl("call", "hangup", "702", "--yes")
    check(done.returncode == 0 and by_tcp.hung_up_on(), "a BYE of ours goes down the connection that was kept",
          (done.stderr, by_tcp.phone.error))
    who_hangs_up(udp)
    many_times(tcp, udp)
    check(stays.hears(), "and the caller still hears music", stays.error)
    stays.hangs_up()
    said = stays.final("2 BYE")
    check(said.startswith("SIP/2.0 200"), "until he hangs up", said[:40])
    other_listeners(udp)
    that_dies_at_once()
    faults_at_the_start()
    finish()


main()
