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

import direct
import scenario
from lamps import shown, watch
from phone import Endpoint, Missing
from scenario import SERVER, Scenario, want

OUT = sys.argv[1] if len(sys.argv) > 1 else "docs/flows"
flows = []


def flow(name, title, words, roles, show=(), host="127.0.0.1"):
    """`roles`: who takes part, from left to right, all of them at `host`; `show`: first lines of the messages to be
    printed whole."""
    def keep(function):
        flows.append((name, title, words, roles, show, host, function))
        return function

    return keep


class Cast(Scenario):
    """A scenario whose parties have a name and a socket each."""

    def __init__(self, roles, host):
        super().__init__("flow")
        self.role = {name: self.own_endpoint(host=host) for name in roles if name not in ("callpark", "phones")}
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
    user, _, parameters = re.sub(r"^sips?:", "", uri).split("@")[0].partition(";")
    more = " ticket" if parameters.startswith("ticket") else ""
    more += " Replaces" if re.search(r"(?im)^replaces:", text) else ""
    told = re.search(r"\r\n\r\nSIP/2\.0 (\d+)|<state>(\w+)", text) if method == "NOTIFY" else None
    more += f" {told.group(1) or told.group(2)}" if told else ""
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


def draw(name, title, words, roles, show, host, function):
    capture = Capture()
    cast = Cast(roles, host)
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


def told(dialog, code):
    """The NOTIFY that says this of a REFER; one that came before it is answered too."""
    while True:
        notify = dialog.request("NOTIFY")
        dialog.reply(notify, 200)
        if notify.body.startswith(f"SIP/2.0 {code}"):
            return


@flow("park-by-refer", "REFER to callpark: it fetches Alice itself (RFC 5359 2.15)",
      """
Bob talks to Alice through the phone system and asks callpark by REFER to take his place: Refer-To names Alice and, in Replaces,
their dialog. The 202 tells the orbit; callpark calls with that Replaces and nothing else. The phone system takes Alice out
of Bob's call and gives her to callpark. The last NOTIFY tells the orbit again.
""", ("Bob", "callpark", "phones"), ("REFER 700", "202", "INVITE alice Replaces", "NOTIFY 105 200"))
def park_by_refer(s):
    s.orbits()
    scenario.endpoint.expect("alice")
    bob = s.as_role("Bob", "700", "105")
    ids = "call%40pbx%3Bto-tag%3Dhis%3Bfrom-tag%3Dmine"
    answer = bob.ask("REFER", [f"Refer-To: <sip:alice@{scenario.endpoint.where}?Replaces={ids}>",
                               "Referred-By: <sip:105@callpark.test>"])
    want(answer.code, 202, "the answer to REFER")
    alice = s.rung("phones", "alice", 440)
    alice.pick_up(alice.audio.offer())
    alice.audio.start()
    told(bob, 200)
    s.api.parked("701")
    alice.audio.hears_sound()
    alice.bye()


@flow("transfer-after-bridge", "Carol has retrieved Alice, and transfers her to Dave",
      """
After a retrieval callpark stands between the two, so a transfer by either of them is a REFER to callpark. It calls Dave,
in the name of Alice and referred by Carol; she talks to Alice until Dave answers, and is told how it went.
""", ("Alice", "callpark", "Carol", "phones"), ("REFER", "INVITE 107", "NOTIFY 106 200"))
def transfer_after_bridge(s):
    s.orbits()
    scenario.endpoint.expect("107")
    alice = s.up(s.as_role("Alice", "700", "+4930555123", 440, display="Alice"),
                 ["Referred-By: <sip:105@callpark.test>"])
    s.api.parked("701")
    carol = s.up(s.as_role("Carol", "701", "106", 600, display="Carol"))
    s.talk(alice, carol)
    want(carol.ask("REFER", ["Refer-To: <sip:107@callpark.test>"]).code, 202, "the answer to REFER")
    dave = s.rung("phones", "107", 800)
    dave.ring()
    dave.pick_up(dave.audio.offer())
    dave.audio.start()
    told(carol, 200)
    carol.request("BYE")
    s.talk(alice, dave)
    dave.bye()
    alice.request("BYE")


@flow("lamp-and-pickup", "Carol's phone watches an orbit; its lit key picks the call up by Replaces",
      """
The lamp is dark, is lit when Alice is parked, and dark again when she is retrieved. The document names the call by ids that are
good for that call only; a phone that has the key pressed calls the orbit with Replaces (RFC 5359 2.16). Without it the orbit is
simply dialled. (The answers to NOTIFY are Carol's phone's own.)
""", ("Alice", "callpark", "Carol"), ("SUBSCRIBE 701", "NOTIFY 106 confirmed", "INVITE 701 Replaces"))
def lamp_and_pickup(s):
    s.orbits()
    lamp = watch(s, "701", user="106", endpoint=s.role["Carol"])
    alice = s.up(s.as_role("Alice", "700", "+4930555123", 440, display="Alice"),
                 ["Referred-By: <sip:105@callpark.test>"])
    shown(lamp, "confirmed")
    s.api.parked("701")
    carol = s.up(s.as_role("Carol", "701", "106", 600, display="Carol"), [lamp.lamp.replaces()])
    s.talk(alice, carol)
    shown(lamp, "terminated")
    carol.bye()
    alice.request("BYE")
    want(lamp.ask("SUBSCRIBE", ["Event: dialog", "Expires: 0"]).code, 200, "the end of watching")


def with_ticket(s, uri):
    uri = re.sub("@[^;]+", f"@{SERVER[0]}:{SERVER[1]}", uri)
    dialog = s.as_role("Carol", "701", "106", 600, display="Carol", uri=uri)
    dialog.remote = f"<{uri}>"
    return dialog


@flow("ticket", "A ticket takes one call and no other",
      """
Whoever is told of a parked call gets an address with a ticket (API, events, lamps). Carol dials it when Alice has already hung up
and Emil is parked at the same number: she is refused, and he stays. With the ticket of his call she has him.
""", ("Alice", "Emil", "callpark", "Carol"), ("INVITE 701 ticket", "480"))
def ticket(s):
    s.orbits()
    evidence = ["Referred-By: <sip:105@callpark.test>"]
    alice = s.up(s.as_role("Alice", "700", "+4930555123", 440, display="Alice"), evidence)
    old = s.api.parked("701")["ticket"]
    alice.bye()
    s.api.free("701")
    emil = s.up(s.as_role("Emil", "700", "+4930555124", 500, display="Emil"), evidence)
    late = with_ticket(s, old)
    want(late.invite([], late.audio.offer()).code, 480, "the ticket of a call that has gone")
    carol = s.up(with_ticket(s, s.api.parked("701")["ticket"]))
    s.talk(emil, carol)
    carol.bye()
    emil.request("BYE")


def retrieved(s):
    """Alice is parked, and Carol has her."""
    s.orbits()
    alice = s.up(s.as_role("Alice", "700", "+4930555123", 440, display="Alice"),
                 ["Referred-By: <sip:105@callpark.test>", "Supported: replaces"])
    s.api.parked("701")
    carol = s.as_role("Carol", "701", "106", 600, display="Carol")
    carol.allow = direct.REFERS
    return alice, s.up(carol)


@flow("direct-media", "Direct media: after the retrieval the two phones send to each other",
      """
Both phones are at a system with `direct-media = yes`. The retrieval is as ever, through callpark; then each phone is told by re-INVITE
where the other is, and the audio goes between the two. The signalling stays: who hangs up is heard here.
""", ("Alice", "callpark", "Carol"), (), host="127.0.0.5")
def direct_media(s):
    alice, carol = retrieved(s)
    direct.told(alice, carol)
    direct.told(carol, alice)
    direct.straight(alice, carol)
    direct.straight(carol, alice)
    s.talk(alice, carol)
    carol.bye()
    alice.request("BYE")


@flow("leaving-the-path", "Leaving the path: Carol is asked to take the call over",
      """
Both phones are at a system with `exit = refer`. When Carol has retrieved the call her phone gets REFER with Replaces of Alice's call
with callpark. It calls Alice directly, and Alice's phone ends the call with callpark: nothing goes through the server any more.
""", ("Alice", "callpark", "Carol"), ("REFER",), host="127.0.0.3")
def leaving_the_path(s):
    alice, carol = retrieved(s)
    alice.endpoint.expect(alice.user)
    request = direct.asked(carol)
    past = s.own_endpoint(host="127.0.0.3", server=("127.0.0.3", alice.endpoint.port))
    s.ports[past.port] = "Carol"
    direct.replace(s, alice, carol, request, past)
    want(direct.tell(carol, 200), 200, "NOTIFY")
    direct.straight(alice, carol)
    want(alice.ask("BYE").code, 200, "the end of Alice's call with callpark")
    carol.request("BYE")
    alice.audio.hush()  # the two would talk on, and the capture ends in silence
    carol.audio.hush()


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
