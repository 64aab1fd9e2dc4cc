"""Dialogs, session timers, refusals: section 8 of the wire, and draining."""

import time

from phone import Message, Missing, uri_of
from scenario import find, line, run, want, want_in, want_that


@line("RO-90", "Session-Expires 30: 422 with Min-SE 90")
def too_small(s):
    s.sipp("RO-90.xml", s.range().park)


@line("8.3-timer", "a peer with session timers gets 1800 s and refreshes them")
def timer(s):
    s.sipp("SD-TIMER.xml", s.range().park)
    orbits = s.range()
    caller = s.park(orbits, "105", headers=["Supported: timer", "Session-Expires: 600;refresher=uac"])
    want(caller.response_200.get("Session-Expires"), "600;refresher=uac", "Session-Expires")
    response = caller.ask("UPDATE", ["Supported: timer", "Session-Expires: 600;refresher=uac"])
    want((response.code, response.get("Session-Expires")), (200, "600;refresher=uac"), "refresh")


@line("RO-95", "a re-INVITE with a lower CSeq: 500")
def low_cseq(s):
    s.sipp("RO-95.xml", s.range().park)


@line("RO-94", "a strict router in the route set: its address in the Request-URI, the far end's last in Route")
def strict_router(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    caller.audio = s.audio()
    where = caller.endpoint.where
    response = caller.invite([f"Record-Route: <sip:{where}>", "Referred-By: <sip:105@callpark.test>"],
                             caller.audio.offer(), ack=False)
    want(response.code, 200, "parking")
    caller.ack()
    call = s.api.parked(orbits.orbit)
    s.api.ask("POST", f"/parked-calls/{call['id']}/hangup", {})
    bye = caller.request("BYE")
    want(bye.uri, f"sip:{where}", "Request-URI")
    want([uri_of(r) for r in bye.all("Route")][-1:], [f"sip:{caller.user}@{where}"], "the last Route")


@line("8.3-481", "requests in a dialog that there is not: 481 each; CANCEL of nothing as well")
def no_dialog(s):
    s.sipp("SD-481.xml", "701")
    s.sipp("SD-CANCEL-481.xml", "701")


@line("8.3-glare", "a re-INVITE while one waits for its ACK: 491 or 500 with Retry-After")
def second_invite(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    want(caller.invite(sdp=caller.audio.offer(version=2), ack=False).code, 200, "the first")
    first = caller.invite_cseq
    response = caller.invite(sdp=caller.audio.offer(version=3))
    want_in(response.code, (200, 491, 500), "the second")
    if response.code == 500:
        want_that(response.get("Retry-After"), "500 without Retry-After")
    caller.invite_cseq = first
    caller.ack()
    caller.audio.wait_packets(5, since=time.monotonic())


@line("8.3-refused", "a re-INVITE that cannot be accepted: 488, the old session goes on")
def refused(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    response = caller.invite(sdp=caller.audio.offer(["96 SPEEX/8000"], version=2))
    want(response.code, 488, "answer")
    caller.audio.wait_packets(10, since=time.monotonic())
    s.api.parked(orbits.orbit)


@line("8.3-REFER", "REFER within a call is refused with a clear code, and the call goes on")
def refer(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    code = caller.ask("REFER", ["Refer-To: <sip:106@callpark.test>"]).code
    want_in(code, (405, 501, 403, 603), "answer")
    caller.audio.wait_packets(10, since=time.monotonic())


@line("8.3-INFO", "INFO within a call: 200, and nothing changes")
def info(s):
    orbits = s.range()
    caller = s.park(orbits, "105")
    want_in(caller.ask("INFO").code, (200, 469), "INFO without a package")
    want(caller.ask("OPTIONS").code, 200, "OPTIONS within the call")
    s.api.parked(orbits.orbit)


@line("8.3-route", "Record-Route: our requests go by that route, in order, to the Contact")
def routes(s):
    orbits = s.range()
    here = s.endpoint.where
    routes = [f"<sip:{here};lr;hop=1>", f"<sip:{here};lr;hop=2>"]
    caller = s.park(orbits, "105", headers=[f"Record-Route: {route}" for route in routes])
    call = s.api.parked(orbits.orbit)
    s.api.ask("POST", f"/parked-calls/{call['id']}/hangup", {})
    bye = caller.request("BYE", 15)
    want(", ".join(bye.all("Route")).replace(" ", ""), ",".join(routes), "Route")
    find(f"sip:{caller.user.replace('+', '.')}@", bye.uri, "request URI")


@line("8.2-compact", "compact names, folded lines, odd case: as any other")
def compact(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    audio = s.audio()
    body = audio.offer()
    caller.send("OPTIONS")
    text = (f"INVITE sip:{orbits.park}@{s.server[0]}:{s.server[1]} SIP/2.0\r\n"
            f"v: SIP/2.0/UDP {s.endpoint.where};branch=z9hG4bK{caller.call_id};rport\r\n"
            f"mAx-fOrWaRdS: 70\r\nf: \"Ren\u00e9e\"\r\n  <sip:{caller.user}@provider.example>;tag={caller.local_tag}\r\n"
            f"t: <sip:{orbits.park}@callpark.test>\r\ni: {caller.call_id}\r\ncSeQ: 900   INVITE\r\n"
            f"m: <sip:{caller.user}@{s.endpoint.where}>\r\nb: <sip:105@callpark.test>\r\n"
            f"c: application/sdp\r\nl: {len(body)}\r\n\r\n{body}")
    caller.invite_text, caller.invite_cseq, caller.cseq = text, 900, 900
    s.endpoint.send(text)
    want(caller.follow(caller.response((900, "INVITE"))).code, 200, "answer")
    want(s.api.parked(orbits.orbit)["caller"]["name"], "Ren\u00e9e", "name")


@line("8.7-junk", "junk gets 4xx or nothing, and the next OPTIONS is answered")
def junk(s):
    start = f"INVITE sip:701@{s.server[0]} SIP/2.0\r\n"
    via = f"Via: SIP/2.0/UDP {s.endpoint.where};branch=z9hG4bKjunk\r\n"
    for text in ("\r\n\r\n", "x", start, start + via, start + via + "\r\n", "SIP/2.0 200 OK\r\n\r\n",
                 start.replace("SIP/2.0", "SIP/7.0") + via + "\r\n", start + via + "CSeq: 99999999999 INVITE\r\n\r\n",
                 start + via + "Content-Length: -5\r\n\r\n", start + "A: b\r\n" * 500 + "\r\n", "\x00" * 300,
                 start + via + "From: \"<sip:a@b>;tag=1\r\nTo: <sip:c@d\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"):
        s.endpoint.send(text)
    probe = s.dialog("ping")
    want(probe.ask("OPTIONS", timeout=5).code, 200, "OPTIONS afterwards")


@line("8.2-big", "65 headers more are fine; a From of 3 kB is refused, and nothing breaks")
def big(s):
    orbits = s.range()
    caller = s.outsider(orbits.park)
    many = [f"X-Filler-{n}: {'x' * 20}" for n in range(65)]
    want(caller.invite(many + ["Referred-By: <sip:105@callpark.test>"], s.audio().offer()).code, 200, "answer")
    long_one = s.dialog(orbits.park, user="9" * 3000)
    want_that(long_one.invite(sdp=s.audio().offer()).code in (400, 403, 414, 486, 200), "answer to a long From")


@line("8.4-503", "draining: new parks 503 with Retry-After, retrievals work, OPTIONS 200", last=True)
def draining(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440)
    s.api.parked(orbits.orbit)
    s.api.ask("POST", "/system/drain", {})
    try:
        refused = s.outsider(orbits.park)
        response = refused.invite(["Referred-By: <sip:105@callpark.test>"], s.audio().offer())
        want(response.code, 503, "a new park")
        want_that(response.get("Retry-After"), "503 without Retry-After")
        want(s.dialog("ping").ask("OPTIONS").code, 200, "OPTIONS")
        s.talk(caller, s.retrieve(orbits.orbit, 620))
    finally:
        s.api.ask("POST", "/system/undrain", {})


if __name__ == "__main__":
    run()
