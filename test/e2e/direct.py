"""What phones do whose audio, or whose whole call, goes past callpark."""

import re
import time
from urllib.parse import unquote

from audio import port_of
from scenario import want

REFERS = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, REFER, NOTIFY"


def told(dialog, about, code=200, sdp=None):
    """A re-INVITE with somebody else's audio, or (about None) with the server's own; answered."""
    request = dialog.wait(lambda m: m.method == "INVITE" and m is not dialog.invite_request, what="re-INVITE")
    if about:
        want(port_of(request.body), about.audio.port, f"{dialog.user} is told of")
    if code == 200:
        dialog.audio.aim(request.body)
    dialog.reply(request, code, sdp=(sdp or dialog.audio.offer(version=2)) if code == 200 else "")
    dialog.request("ACK")
    return request


def straight(to, source, timeout=8):
    """Nothing but what comes from there is heard any more."""
    began = time.monotonic()
    to.audio.wait(lambda: to.audio.packets[-1].source[1] == source.audio.port and
                  time.monotonic() - to.audio.packets[-1].at < 0.2, "audio without a stop on its way", timeout)
    since = time.monotonic()
    packets = to.audio.wait_packets(5, since=since)
    want({p.source[1] for p in packets}, {source.audio.port}, "where the audio comes from")
    return since - began


def asked(retriever, code=202):
    request = retriever.request("REFER")
    retriever.reply(request, code)
    return request


def tell(retriever, code, state="terminated;reason=noresource"):
    """NOTIFY of the REFER: how the call that it asked for stands."""
    headers = ["Event: refer", f"Subscription-State: {state}"]
    return retriever.ask("NOTIFY", headers, f"SIP/2.0 {code} Said\r\n", kind="message/sipfrag").code


def replace(s, caller, retriever, request, past=None):
    """The retriever calls the caller as he was asked to, and is answered. Both ends of the new dialog."""
    target, ids = re.search(r"<([^?>]*)[?]Replaces=([^&>]*)", request.get("Refer-To")).groups()
    want(target, f"sip:{caller.user}@{caller.endpoint.where}", "whom to call")
    want(unquote(ids), f"{caller.call_id};to-tag={caller.local_tag};from-tag={caller.remote_tag}", "Replaces")
    past = past or s.own_endpoint(host="127.0.0.3", server=("127.0.0.3", caller.endpoint.port))
    call = past.dialog(retriever.user, caller.user, uri=target)
    number = call.send("INVITE", [f"Replaces: {unquote(ids)}", "Require: replaces"], retriever.audio.offer())
    taken = caller.endpoint.accept(caller.user)
    taken.reply(taken.invite_request, 200, sdp=caller.audio.offer())
    want(call.follow(call.response(number)).code, 200, "the new call")
    caller.audio.aim(taken.invite_request.body)
    retriever.audio.aim(call.final_response.body)
