"""Draws each main flow as a ladder, from a capture of a real run: test/e2e/flows.sh starts the server and this.

Every party has a socket of its own, so that a packet says by its ports who sent it. For each flow a Markdown file is
written: the ladder, and the messages that matter in full; with FLOWS_PCAP=FOLDER the capture itself, too.
"""

import os
import re
import socket
import struct
import sys
import threading
import time

import scenario
from phone import Endpoint, Missing
from scenario import SERVER, Scenario, want

OUT = sys.argv[1] if len(sys.argv) > 1 else "docs/flows"
flows = []


def flow(name, title, words, roles, show=()):
    """`roles`: who takes part, from left to right; `show`: first lines of the messages to be printed whole."""
    def keep(function):
        flows.append((name, title, words, roles, show, function))
        return function

    return keep


class Cast(Scenario):
    """A scenario whose parties have a name and a socket each."""

    def __init__(self, roles):
        super().__init__("flow")
        self.role = {name: self.own_endpoint() for name in roles if name not in ("callpark", "phones")}
        self.ports = {e.port: name for name, e in self.role.items()}

    def orbits(self):
        """701 to 720, and 700 that parks in any of them; the same for all flows, as one follows the other."""
        found = [r for r in self.api.items("/number-ranges") if r["start"] == "701"]
        if not found:
            found = [self.api.ask("POST", "/number-ranges", {
                "name": "Reception", "start": "701", "end": "720", "allocation": "lowest",
                "destination": "pool1.example.com", "park_number": "700"})]
            self.api.ask("PATCH", f"/settings/ranges/{found[0]['id']}", {"cool_down": "0"})
        return found[0]

    def as_role(self, role, dialled, user, tone=0, **more):
        dialog = self.dialog(dialled, user=user, endpoint=self.role[role], **more)
        dialog.audio = self.audio(tone)
        self.ports[dialog.audio.port] = role
        return dialog

    def up(self, dialog, headers=()):
        response = dialog.invite(list(headers), dialog.audio.offer())
        want(response.code, 200, f"{dialog.user} calls")
        dialog.audio.start(response.body)
        dialog.audio.wait_packets(3)
        return dialog

    def rung(self, role, user, tone=0, timeout=30):
        """The call that comes to the proxy for this user: that is this role's phone."""
        dialog = self.accept(user, timeout)
        dialog.audio = self.audio(tone)
        self.ports[dialog.audio.port] = role
        dialog.audio.aim(dialog.invite_request.body)
        return dialog


# ---- the capture --------------------------------------------------------------------------------------------------


class Capture:
    """All UDP on loopback, as the kernel shows it to a packet socket; needs root."""

    def __init__(self):
        self.taken = []
        try:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(0x0800))
        except PermissionError:
            raise Missing("capturing on loopback needs root") from None
        self.socket.bind(("lo", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.settimeout(0.3)
        self.ending = False
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            try:
                frame, where = self.socket.recvfrom(65536)
            except TimeoutError:
                if self.ending:
                    return
                continue
            if where[2] != socket.PACKET_OUTGOING and frame[23] == socket.IPPROTO_UDP:
                self.taken.append((time.time(), frame))

    def stop(self):
        """Ends when nothing has come for a moment; the packets as (source port, destination port, payload)."""
        self.ending = True
        self.thread.join()
        self.socket.close()
        return [parts(frame) for _, frame in self.taken]

    def write(self, file):
        """For other programs: the capture in the classic format of libpcap."""
        with open(file, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for at, frame in self.taken:
                out.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame)


def parts(frame):
    at = 14 + (frame[14] & 15) * 4
    return (*struct.unpack("!HH", frame[at:at + 4]), frame[at + 8:])


# ---- the ladder ---------------------------------------------------------------------------------------------------

WIDTH = 27


def first_line(payload):
    text = payload.decode("utf-8", "replace")
    line = text.split("\r\n", 1)[0]
    if line.startswith("SIP/2.0 "):
        method = re.search(r"(?im)^cseq:\s*\d+ (\w+)", text)
        return line[8:] + (f" ({method.group(1)})" if method and method.group(1) != "INVITE" else ""), text
    method, uri = line.split(" ")[:2]
    user = re.sub(r"^sips?:", "", uri).split("@")[0]
    more = " Replaces" if re.search(r"(?im)^replaces:", text) else ""
    more += " +SDP" if "\r\nv=0" in text else ""
    return f"{method} {user}{more}" if "@" in uri else method + more, text


def is_sip(payload):
    return payload[:8] == b"SIP/2.0 " or re.match(rb"[A-Z]+ sips?:", payload) is not None


def steps(taken, ports):
    """(source, target, label, text) of all that happened, the packets of a stream as one line until it changes."""
    streams, result = {}, []
    for source, target, payload in taken:
        if source not in ports or target not in ports:
            continue
        sender, receiver = ports[source], ports[target]
        if is_sip(payload):
            label, text = first_line(payload)
            result.append((sender, receiver, label, text))
        elif len(payload) > 12 and payload[0] >> 6 == 2 and payload[1] & 127 < 64:
            if streams.get((sender, receiver)) != target:
                streams[(sender, receiver)] = target
                result.append((sender, receiver, "RTP", ""))
    return merge_media(result)


def merge_media(found):
    """RTP both ways, one right behind the other, is one line with two heads."""
    result = []
    for step in found:
        back = result and step[2] == "RTP" and result[-1][2] == "RTP" and result[-1][:2] == (step[1], step[0])
        if back:
            result[-1] = (step[1], step[0], "RTP both ways", "")
        else:
            result.append(step)
    return result


def arrow(left, right, step, roles):
    row = []
    begin, end = sorted((left, right))
    rightward = right > left
    span = (end - begin) * WIDTH - 1
    label, fill = f" {step[2]} ", "=" if step[2].startswith("RTP") else "-"
    both = step[2] == "RTP both ways"
    body = label[:span - 2].center(span - 1, fill) if span > 4 else fill * (span - 1)
    body = ("<" if both else fill) + body[:-1] + ">" if rightward else "<" + body[:-1] + (">" if both else fill)
    for i in range(len(roles)):
        row.append("|")
        if i == len(roles) - 1:
            break
        row.append(body if i == begin else "" if begin < i < end else " " * (WIDTH - 1))
    line, i = "", 0
    while i < len(roles):
        line += "|"
        if i == begin:
            line += body
            i = end
            continue
        if i < len(roles) - 1:
            line += " " * (WIDTH - 1)
        i += 1
    return line.rstrip()


def ladder(found, roles):
    place = {name: i for i, name in enumerate(roles)}
    lines = ["".join(name.ljust(WIDTH) for name in roles).rstrip()]
    for step in found:
        if step[0] in place and step[1] in place and step[0] != step[1]:
            lines.append(arrow(place[step[0]], place[step[1]], step, roles))
    return "\n".join(lines)


def stable(text):
    """Without what is another in every run, so that a new capture shows only what has really changed."""
    known = {}

    def name(kind):
        def one(found):
            key = (kind, found.group(2))
            known.setdefault(key, f"{kind}{sum(k[0] == kind for k in known) + 1}")
            return found.group(1) + known[key]
        return one

    text = text.replace("\r\n", "\n").rstrip("\n")
    text = re.sub(r"(branch=)([^;,\s>]+)", name("branch-"), text)
    text = re.sub(r"(tag=)([^;,\s>&?]+)", name("tag-"), text)
    text = re.sub(r"(?im)(^call-id: |^replaces: )([^;\s]+)", name("call-"), text)
    text = re.sub(r"(127\.0\.0\.1:)(\d+)", name("port-"), text)
    text = re.sub(r"(rport=)(\d+)", name("port-"), text)
    text = re.sub(r"(m=audio )(\d+)", name("port-"), text)
    text = re.sub(r"(a=rtcp:)(\d+)", name("port-"), text)
    text = re.sub(r"(o=\S+ )(\d+)", name("session-"), text)
    text = re.sub(r"(?i)(nonce=)([^;\s]+)", name("nonce-"), text)
    text = re.sub(r"(ticket=)([^;>@\s\"]+)", name("ticket-"), text)
    text = re.sub(r"(?im)(^server: |^user-agent: )(\S+)", r"\1callpark", text)
    text = re.sub(r"(a=ssrc:)(\d+)", name("ssrc-"), text)
    return re.sub(r"(?m)(^CSeq: )\d+", r"\1n", text)


def write(name, title, words, roles, show, found):
    parts = [f"# {title}", "", words.strip(), "", "```", ladder(found, roles), "```"]
    for wanted in show:
        for step in found:
            if step[3].startswith(wanted) or step[2].startswith(wanted):
                parts += ["", f"`{step[2]}`, {step[0]} to {step[1]}:", "", "```", stable(step[3]), "```"]
                break
        else:
            raise Missing(f"{name}: no message begins with {wanted!r}")
    parts += ["", "Drawn from a capture of a real run by `./dev flows`; names and numbers that differ with every "
              "run are replaced.", ""]
    with open(os.path.join(OUT, name + ".md"), "w", encoding="utf-8") as page:
        page.write("\n".join(parts))


def draw(name, title, words, roles, show, function):
    capture = Capture()
    cast = Cast(roles)
    try:
        function(cast)
    finally:
        taken = capture.stop()
        cast.close()
    if os.environ.get("FLOWS_PCAP"):
        capture.write(os.path.join(os.environ["FLOWS_PCAP"], name + ".pcap"))
    ports = {SERVER[1]: "callpark", scenario.endpoint.port: "phones", **cast.ports}
    for source, target, payload in taken:  # what talks to a phone's audio port and is no phone is the server's
        if not is_sip(payload):
            for mine, other in (source, target), (target, source):
                if mine in cast.ports and other not in ports:
                    ports[other] = "callpark"
    write(name, title, words, roles, show, steps(taken, ports))
    print(f"drawn {os.path.join(OUT, name + '.md')}", flush=True)


# ---- the flows ----------------------------------------------------------------------------------------------------


@flow("blind-park", "Blind transfer: parked, and retrieved from another phone",
      """
Bob's phone transfers Alice to the park number. Her phone (or the phone system in her name) calls callpark, with
Referred-By naming Bob. She is answered at once and hears music. Carol dials the orbit and has her: the audio goes
through callpark, nothing is asked of Alice's phone.
""", ("Alice", "callpark", "Carol"), ("INVITE 700", "INVITE 701"))
def blind_park(s):
    s.orbits()
    alice = s.up(s.as_role("Alice", "700", "+4930555123", 440, display="Alice"),
                 ["Referred-By: <sip:105@callpark.test>"])
    s.api.parked("701")
    carol = s.up(s.as_role("Carol", "701", "106", 600, display="Carol"))
    s.talk(alice, carol)
    carol.bye()
    alice.request("BYE")


@flow("attended-park", "Attended transfer: Bob hears the number, then Alice takes his place",
      """
Bob calls the park number himself and is told the number: on his display and in words. His phone then has Alice's
phone call with Replaces, naming Bob's call. Her call takes over the orbit; Bob's call is ended by callpark.
""", ("Alice", "Bob", "callpark"), ("200 Parked", "INVITE 700 Replaces"))
def attended_park(s):
    s.orbits()
    bob = s.up(s.as_role("Bob", "700", "105", 500, display="Bob"))
    alice = s.as_role("Alice", "700", "+4930555123", 440, display="Alice")
    s.up(alice, [f"Replaces: {bob.ids()}", "Require: replaces", "Referred-By: <sip:105@callpark.test>"])
    bob.request("BYE")
    s.api.parked("701")
    alice.bye()


@flow("ring-back", "Nobody comes: Bob is rung back",
      """
Alice waits in her orbit, with music, while Bob's phone rings; somebody else could still have her. Bob answers and
has her. The ring back names the orbit and the caller, and says by Alert-Info that it is one.
""", ("Alice", "callpark", "phones"), ("INVITE 105",))
def ring_back(s):
    s.orbits()
    scenario.endpoint.expect("105")
    alice = s.up(s.as_role("Alice", "700", "+4930555123", 440, display="Alice"),
                 ["Referred-By: <sip:105@callpark.test>"])
    s.api.ring_back(s.api.parked("701"))
    bob = s.rung("phones", "105", 500)
    bob.ring()
    s.api.state("701", "ringing_back")
    bob.pick_up(bob.audio.offer())
    bob.audio.start()
    s.talk(alice, bob)
    bob.bye()
    alice.request("BYE")


@flow("retrieved-while-ringing", "Carol retrieves the call while Bob is rung back",
      """
The retriever wins: Bob's phone stops ringing, told that the call was completed elsewhere, so that it notes no missed
call.
""", ("Alice", "callpark", "phones", "Carol"), ("CANCEL",))
def retrieved_while_ringing(s):
    s.orbits()
    scenario.endpoint.expect("105")
    alice = s.up(s.as_role("Alice", "700", "+4930555123", 440, display="Alice"),
                 ["Referred-By: <sip:105@callpark.test>"])
    s.api.ring_back(s.api.parked("701"))
    bob = s.rung("phones", "105", 500)
    bob.ring()
    s.api.state("701", "ringing_back")
    carol = s.up(s.as_role("Carol", "701", "106", 600, display="Carol"))
    bob.request("CANCEL")
    s.talk(alice, carol)
    alice.bye()
    carol.request("BYE")


def main():
    scenario.endpoint = Endpoint(SERVER, int(os.environ["E2E_PBX"]))
    wanted = os.environ.get("E2E_ONLY", "").split()
    os.makedirs(OUT, exist_ok=True)
    failed = 0
    for entry in flows:
        if wanted and entry[0] not in wanted:
            continue
        try:
            draw(*entry)
        except Missing as missing:
            failed += 1
            print(f"{entry[0]}: {missing}", flush=True)
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
