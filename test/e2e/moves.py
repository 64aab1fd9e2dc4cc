"""Moves that several lists of scenarios begin with."""

from scenario import want


def consult(s, orbits, tone=0):
    """The parker's second call, to the range; he is told the number."""
    parker = s.dialog(orbits.park)
    parker.audio = s.audio(tone)
    response = parker.invite(sdp=parker.audio.offer())
    want(response.code, 200, "the consultation")
    want(response.get("X-Callpark-Orbit"), orbits.orbit, "X-Callpark-Orbit")
    parker.audio.start(response.body)
    return parker


def take_over(s, orbits, replaced, tone=0, headers=("Require: replaces",), sdp=None, ack=True):
    """The transferred party calls with Replaces; the dialog, answered or not."""
    caller = s.outsider(orbits.park)
    caller.audio = s.audio(tone)
    caller.answer = caller.invite([f"Replaces: {replaced.ids()}",
                                   f"Referred-By: <sip:{replaced.user}@callpark.test>", *headers],
                                  sdp or caller.audio.offer(), ack=ack)
    if caller.answer.code == 200:
        caller.audio.start(caller.answer.body)
    return caller


def parked(s, tone=440, **settings):
    """A caller parked by a phone that can be rung: range, caller, parker's extension, call."""
    orbits, parker = s.range(**settings), s.user()
    caller = s.park(orbits, parker, tone=tone)
    return orbits, caller, parker, s.api.parked(orbits.orbit)


def ringing(s, **settings):
    """... and his phone rings. The ring back as the phone sees it comes last."""
    orbits, caller, parker, call = parked(s, **settings)
    s.api.ring_back(call)
    phone = s.accept(parker)
    phone.ring()
    s.api.state(orbits.orbit, "ringing_back")
    return orbits, caller, parker, phone


def pick_up(s, phone, tone):
    phone.audio = s.audio(tone)
    phone.audio.aim(phone.invite_request.body)
    phone.pick_up(phone.audio.offer())
    phone.audio.start()
    return phone
