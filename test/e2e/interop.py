"""Telephones and a proxy that others have written: who parks, who hears, who retrieves."""

import os
import threading

from kamailio import Kamailio
from lamps import Lamp, news, shown, watch
from linphone import Linphone
from scenario import SERVER, line, run, want, want_that
from softphone import Softphone, until
from story import Story, versions

PROXY = int(os.environ["E2E_PROXY"])
WHERE = f"127.0.0.1:{PROXY}"
LOST = int(os.environ["E2E_LOST"])


class Here(list):
    """Phones of a line, which end with it."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for phone in self:
            phone.close()

    def baresip(self, name, tone, parameters="regint=60", where=WHERE, **more):
        self.append(Softphone(name, tone, where, parameters, **more))
        if where == WHERE:
            until(lambda: kamailio.knows(name), f"{name}: its registration", self[-1].said)
        return self[-1]

    def linphone(self, name, tone, **more):
        self.append(Linphone(name, tone, WHERE, **more))
        until(lambda: kamailio.knows(name), f"{name}: its registration", self[-1].said)
        return self[-1]


def transferred(here, caller, number):
    """`caller` rings a phone that answers by itself, and is transferred to `number`; the parker."""
    parker = here.baresip(caller.name + "desk", 500, answers=True)
    caller.call(parker.name)
    parker.hears(caller.tone)
    parker.transfer(f"{parker.name}.{number}")
    return parker


def story(identifier, words):
    def keep(function):
        def told(s):
            seen = Story(s, words)
            with Here() as here:
                function(s, here, seen)
            seen.end()

        return line(identifier, words)(told)

    return keep


@story("IO-01", "baresip transfers a call to the range, another baresip dials the orbit; all registered at Kamailio")
def blind_park(s, here, seen):
    r = s.range()
    caller = here.baresip("bob", 700)
    parker = transferred(here, caller, r.park)
    seen.parks(r.orbit, "baresip, by a blind transfer of baresip")
    want_that(parker.name in s.api.parked(r.orbit)["parker"]["uri"], "the parker is not known")
    seen.music(caller, [500])
    retriever = here.baresip("carol", 1100)
    retriever.call(r.orbit)
    seen.talk(caller, retriever)
    seen.retrieves("baresip")
    retriever.order("hangup")
    s.api.free(r.orbit)


@story("IO-02", "nobody comes: baresip, which parked the call, is rung back through Kamailio")
def ring_back(s, here, seen):
    r = s.range()
    caller = here.baresip("dora", 700)
    parker = transferred(here, caller, r.park)
    seen.parks(r.orbit, "baresip, by a blind transfer of baresip")
    s.api.ring_back(s.api.parked(r.orbit))
    parker.says("Call established")
    seen.talk(caller, parker)
    seen.retrieves("baresip, rung back")
    s.api.free(r.orbit)


@story("IO-03", "baresip by TLS with SRTP (SDES) and no proxy retrieves what a baresip by UDP and RTP parked at the proxy")
def tls_and_srtp(s, here, seen):
    r = s.range()
    caller = here.baresip("emil", 700)
    caller.call(r.orbit)
    seen.parks(r.orbit, "baresip (UDP, RTP), by dialling the orbit")
    seen.music(caller)
    retriever = here.baresip("frida", 1100, "regint=0;mediaenc=srtp-mand", f"127.0.0.1:{os.environ['E2E_TLS']};transport=tls",
                             ca=os.environ["E2E_CA"])
    retriever.call(r.orbit)
    seen.talk(caller, retriever)
    seen.retrieves("baresip (TLS, SDES)")


@story("IO-04", "Linphone (Opus) dials the orbit, hears music, and is retrieved by baresip (PCMU)")
def linphone_waits(s, here, seen):
    r = s.range()
    caller = here.linphone("gerd", 700, codec=("opus", 48000))
    caller.call(r.orbit)
    seen.parks(r.orbit, "Linphone (Opus), by dialling the orbit")
    seen.music(caller)
    retriever = here.baresip("hanna", 1100)
    retriever.call(r.orbit)
    seen.talk(caller, retriever)
    seen.retrieves("baresip")


@story("IO-05", "baresip is transferred to the range, and Linphone retrieves it")
def linphone_retrieves(s, here, seen):
    r = s.range()
    caller = here.baresip("inge", 700)
    transferred(here, caller, r.park)
    seen.parks(r.orbit, "baresip, by a blind transfer of baresip")
    seen.music(caller, [500])
    retriever = here.linphone("jan", 1100)
    retriever.call(r.orbit)
    seen.talk(caller, retriever)
    seen.retrieves("Linphone")
    retriever.order("terminate")
    s.api.free(r.orbit)


@story("IO-06", "nobody comes: Linphone, in whose name a call was parked, is rung back through Kamailio")
def linphone_is_rung(s, here, seen):
    r = s.range()
    parker = here.linphone("karl", 1100)
    caller = here.baresip("lena", 700)
    caller.call(f"karl.{r.park}")
    seen.parks(r.orbit, "baresip, sent by Kamailio in the name of Linphone")
    s.api.ring_back(s.api.parked(r.orbit))
    parker.says("Receiving new incoming call")
    parker.order("answer")
    seen.talk(caller, parker)
    seen.retrieves("Linphone, rung back")


@story("IO-07", "SIPp calls through Kamailio and is parked; baresip retrieves it, and SIPp gets the BYE")
def sipp_waits(s, here, seen):
    r = s.range()
    retriever = here.baresip("mona", 1100)
    sipp = threading.Thread(target=s.sipp, args=("IO-07.xml", r.park), daemon=True,
                            kwargs={"more": ["-rsa", WHERE], "timeout": 60})
    sipp.start()
    seen.parks(r.orbit, "SIPp, with Referred-By")
    retriever.call(r.orbit)
    seen.retrieves("baresip")
    s.api.free(r.orbit)
    retriever.order("hangup")
    sipp.join(20)
    want(sipp.is_alive(), False, "SIPp still waits for its BYE")
    seen.saw("its BYE")


@story("IO-08", "Kamailio's dispatcher: of two servers one is gone; all calls go to the one that answers OPTIONS")
def dispatcher(s, here, seen):
    until(lambda: kamailio.servers().get(LOST, "").startswith("I"), "the dispatcher sees who is gone", kamailio.said)
    want(kamailio.servers()[SERVER[1]], "AP", "the flags of this server")
    r, proxy = s.range(), s.own_endpoint(server=("127.0.0.1", PROXY))
    for n in range(4):
        caller = s.dialog(f"any-{r[n]}", endpoint=proxy)
        want(caller.invite([], s.audio().offer()).code, 200, "a call by the dispatcher")
    seen.saw("four calls parked, none lost; flags AP and I")


@story("IO-09", "Kamailio as presence server: what callpark publishes is what a phone that watches there sees")
def presence(s, here, seen):
    r, watcher = s.range(), s.own_endpoint(server=("127.0.0.1", PROXY))
    caller = s.park(r, s.user())
    s.api.parked(r.orbit)
    lamp = watch(s, r.orbit, endpoint=watcher)
    if not lamp.notify.body:  # it was here before what is published
        lamp.lamp = Lamp(news(lamp).body)
    if lamp.lamp.state != "confirmed":
        shown(lamp, "confirmed")
    want_that(caller.user in lamp.lamp.who[1], "the lamp does not name the caller")
    seen.saw("the lamp lit, with the caller's name")
    caller.bye()
    shown(lamp, "terminated")
    seen.saw("dark")


@story("IO-10", "Kamailio as registrar: callpark registers with digest; who calls the account is parked, baresip retrieves")
def account(s, here, seen):
    until(lambda: kamailio.knows("7000"), "callpark's registration", kamailio.said)
    want(s.api.ask("GET", "/system")["sip"]["registered"], 1, "addresses registered")
    r = s.range()
    s.api.ask("PATCH", f"/number-ranges/{r.id}", {"park_number": "7000"})
    caller, retriever = here.baresip("nora", 700), here.baresip("otto", 1100)
    caller.call("7000")
    seen.parks(r.orbit, "baresip, by dialling the account")
    retriever.call(r.orbit)
    seen.talk(caller, retriever)
    seen.retrieves("baresip")


if __name__ == "__main__":
    kamailio = Kamailio(PROXY, SERVER[1], LOST)
    versions("baresip-core", "linphone-cli", "sip-tester", "kamailio")
    run(after=kamailio.close)
