"""systemd keeps the sockets: a restart, a crash, SIGTERM from anybody and its watchdog look the same to a phone."""

import os
import signal
import subprocess

from keep_phone import Caller, Phone, check, ctl, finish, legs_on_disk, until


def systemctl(*words):
    return subprocess.run(["systemctl", "--user", *words], capture_output=True, text=True, check=False)


def figure(name):
    return int(systemctl("show", "-P", name, "callpark").stdout.strip() or 0)


def restart(_):
    systemctl("restart", "callpark")


def by_signal(number):
    return lambda pid: os.kill(pid, number)


WAYS = [("systemctl restart", restart), ("kill -9", by_signal(signal.SIGKILL)), ("SIGTERM", by_signal(signal.SIGTERM)),
        ("systemctl restart once more", restart), ("the watchdog", by_signal(signal.SIGSTOP))]


def main():
    started = systemctl("start", "callpark")
    check(started.returncode == 0, "the unit starts", started.stderr)
    tcp, udp = Phone("TCP"), Phone("UDP")
    check(tcp.answered(tcp.ask()) and udp.answered(udp.ask()), "the server answers", (tcp.error, udp.error))
    made = ctl("range", "create", "All", "700", "719", "--destination", "pool1.example.com")
    check(made.returncode == 0, "a range is made", made.stderr)
    caller = Caller()
    check(caller.hears(), "a caller hears music", caller.error)
    until(lambda: legs_on_disk() == 1, "the row of his leg")
    kept = figure("NFileDescriptorStore")
    check(kept >= 7, "systemd keeps its sockets", kept)
    for name, way in WAYS:
        before = figure("MainPID")
        way(before)
        caller.forget()
        caller.says()
        by_udp, by_tcp = udp.ask(), tcp.ask()
        until(lambda old=before: figure("MainPID") not in (0, old), "another process")
        check(udp.answered(by_udp) and tcp.answered(by_tcp), f"{name}: what was sent meanwhile is answered",
              (udp.error, tcp.error))
        check(caller.hears(), f"{name}: music goes on", caller.error)
        until(lambda: figure("NFileDescriptorStore") == kept, "as many sockets as before")
    caller.hangs_up()
    said = caller.final("2 BYE")
    check(said.startswith("SIP/2.0 200"), "the caller hangs up", said[:40])
    systemctl("stop", "callpark")
    check(figure("NFileDescriptorStore") == 0, "after a stop nothing is kept")
    finish()


main()
