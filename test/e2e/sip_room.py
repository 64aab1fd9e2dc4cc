"""More calls than the server can send audio to: eight streams at once, of which one is kept."""

import os
import subprocess
import time

from scenario import find, line, run, want, want_in, want_that

MOST = 7
WORDS = "no more calls can hear music on time"


def room(s):
    return s.api.figure("rtp_streams_room")


@line("TM-1", "seven are parked and hear music; the eighth is refused with 486 and told why, and nobody is the worse for it; "
      "one of the seven is retrieved with the stream that was kept, and when he has gone another is parked")
def one_too_many(s):
    orbits = s.range()
    callers = [s.park(orbits, tone=440) for _ in range(MOST)]
    want(room(s), 0, "rtp_streams_room")
    for worker in 0, 1:
        want_in(s.api.figure(rf'rtp_worker_streams\{{worker="{worker}"\}}'), (3, 4), f"streams of worker {worker}")
    late = s.outsider(orbits.park)
    late.audio = s.audio(440)
    answer = late.invite(["Referred-By: <sip:105@callpark.test>"], late.audio.offer())
    want(answer.code, 486, "who comes too late")
    find(WORDS, answer.get("Warning"), "Warning")
    want_that(not answer.all("Retry-After"), "Retry-After, as if it were a 503")
    want(s.api.figure(r'parks_total\{[^}]*result="overload"\}'), 1, "parks_total")
    explained = subprocess.run([os.environ["CALLPARKCTL"], "--socket", os.environ["E2E_SOCKET"], "explain",
                                "--from", "105", "--to", "park"],
                               stdout=subprocess.PIPE, check=False, timeout=20).stdout.decode()
    find(WORDS, explained, "callparkctl explain")
    since = time.monotonic()
    for caller in callers:
        caller.audio.hears_sound(since=since)
    retriever = s.retrieve(orbits.orbit, tone=880)
    s.talk(callers[0], retriever)
    callers[0].bye()
    retriever.over()
    deadline = time.monotonic() + 5
    while not room(s):
        want_that(time.monotonic() < deadline, "there is no room when two have gone")
        time.sleep(0.05)
    s.park(orbits, tone=440)
    late_packets = s.api.figure(r'rtp_packet_lateness_seconds_bucket\{le="\+Inf"\}')
    want_that(late_packets > 0, "no packet has left")
    want_that(late_packets >= s.api.figure(r'rtp_packet_lateness_seconds_bucket\{le="0.0005"\}'), "the histogram falls")


if __name__ == "__main__":
    run()
