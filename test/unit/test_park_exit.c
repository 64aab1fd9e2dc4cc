/* Leaving the path of two who talk: asked once, and whatever comes of it, nobody is lost by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

/* clang-format off */
#define CONNECTED RIG_PARKED_BY_105, \
    { "invite 3 700 from=104", "answer:3:caller=sip:+4930123456@pbx.example retrieving save" }, \
    { "up 3", "bridge:1:3 retrieved save" }
#define ASKED CONNECTED, { "may 3 1", "exit:3:1 exiting" }
#define SAID ASKED, { "exited 3 200", "" }

static const struct rig_script scripts[] = {
    { "RX-01: he takes it over, and the caller hangs up on us: both legs end",
      { SAID, { "gone 1", "bye:3:200 exited ended forget" } } },
    { "RX-04: the caller hangs up before anybody has said anything",
      { ASKED, { "gone 1", "bye:3:200 exited ended forget" }, { "exited 3 200", "" } } },
    { "he says that he has it, and hangs up before the caller does",
      { SAID, { "gone 3 heard", "bye:1:200 exited ended forget" } } },
    { "... without ever having made a sound here: the caller waits, until he hangs up himself",
      { SAID, { "gone 3", "music:1 returned save" }, { "gone 1", "abandoned ended forget" } } },
    { "... but who hangs up without having said so has hung up",
      { ASKED, { "gone 3 heard", "bye:1 hung_up ended forget" } } },
    { "RX-02: refused: all stays as it is, and it is not asked again",
      { ASKED, { "exited 3 603", "exit_failed" }, { "exited 3 200", "" }, { "at 60", "" },
        { "gone 1", "bye:3 hung_up ended forget" } } },
    { "not a word for five seconds",
      { ASKED, { "at 4", "" }, { "at 5", "exit_failed" }, { "at 60", "" } } },
    { "RX-03: he says that he has it, the caller is still heard: the two stay",
      { SAID, { "at 1", "" }, { "at 2", "listen:1" }, { "sounds 1", "" }, { "at 4", "" },
        { "at 5", "exit_failed" }, { "at 60", "" }, { "gone 1", "bye:3 hung_up ended forget" } } },
    { "RX-03: ... the caller's audio has stopped: BYE to his old leg, and to the other",
      { SAID, { "at 2", "listen:1" }, { "at 4", "" },
        { "at 5", "bye:1:200 bye:3:200 exited ended forget" } } },
    { "what is heard of the other one, or before it was listened for, is nothing",
      { SAID, { "sounds 1", "" }, { "at 2", "listen:1" }, { "sounds 3", "" },
        { "at 5", "bye:1:200 bye:3:200 exited ended forget" } } },
    { "the caller lets go while he is listened for",
      { SAID, { "at 2", "listen:1" }, { "sounds 1", "" }, { "gone 1", "bye:3:200 exited ended forget" } } },
    { "said twice, it counts from the first time",
      { SAID, { "at 1", "" }, { "exited 3 200", "" }, { "exited 3 500", "" }, { "at 2", "listen:1" } } },
    { "a transfer in the middle: whoever is heard of then is nobody's matter any more",
      { SAID, { "refer 1 to=sip:106@pbx.example leg=3", "refer:1:202 call:100:target:sip:106@pbx.example transferring save" },
        { "at 2", "exit_failed" }, { "sounds 1", "" }, { "at 8", "" } } },
    { "nobody is asked before both are there",
      { RIG_PARKED_BY_105,
        { "invite 3 700 from=104", "answer:3:caller=sip:+4930123456@pbx.example retrieving save" },
        { "may 3 1", "" }, { "exited 3 200", "" }, { "up 3", "bridge:1:3 retrieved save" },
        { "may 3 1", "exit:3:1 exiting" } } },
    { "nor who was rung back",
      { RIG_PARKED_BY_105, { "ring", "call:100:parker:sip:105@pbx.example ringback_started save" },
        { "up 100", "bridge:1:100 ringback_answered save" }, { "may 100 1", "" } } },
    { "nor the fallback",
      { { "set timeout_uri sip:op@pbx", "" }, { "set max_park 1m", "" }, RIG_PARKED_BY_105,
        { "at 60", "call:100:fallback:sip:op@pbx forwarding save" },
        { "up 100", "bridge:1:100 forwarded save" }, { "may 100 1", "" } } },
    { "nor anybody while a REFER is carried out",
      { CONNECTED,
        { "refer 1 leg=3 to=sip:106@pbx.example", "refer:1:202 call:100:target:sip:106@pbx.example transferring save" },
        { "may 3 1", "" } } },
    { "nor while another leg is to take the place of his; whoever has come is asked for himself",
      { CONNECTED,
        { "invite 5 x from=106 replaces=leg:3", "answer:5:caller=sip:+4930123456@pbx.example save" },
        { "may 3 1", "" }, { "up 5", "bridge:1:5 taken_over save bye:3" }, { "may 5 1", "exit:5:1 exiting" } } },
    { "nor whoever has come before he has acknowledged",
      { CONNECTED,
        { "invite 5 x from=106 replaces=leg:3", "answer:5:caller=sip:+4930123456@pbx.example save" },
        { "gone 3", "music:1 taken_over save" }, { "may 5 1", "" }, { "up 5", "bridge:1:5" },
        { "may 5 1", "exit:5:1 exiting" } } },
    { "another leg comes while he is asked: that is over, and his going ends nothing",
      { ASKED,
        { "invite 5 x from=106 replaces=leg:3", "answer:5:caller=sip:+4930123456@pbx.example save" },
        { "up 5", "bridge:1:5 taken_over save bye:3" }, { "exited 3 200", "" }, { "gone 3", "" }, { "at 10", "" },
        { "gone 5 heard", "bye:1 hung_up ended forget" } } },
    { "he sends the caller to an orbit while he is asked: parked again, and what he was asked is over",
      { ASKED, { "refer 1 leg=3 to=sip:702@pbx.example", "refer:1:202 transferring save" },
        { "exited 3 200", "" }, { "saved", "notify:1:200:orbit702 bye:3:200 music:1 parked save" },
        { "at 10", "" }, { "gone 1", "abandoned ended forget" } } },
    { "hung up by a person while he is asked",
      { ASKED, { "hangup", "bye:1:480 bye:3:480 hung_up ended forget" }, { "exited 3 200", "" } } },
    { "only a retriever is asked, only once, and only about the one whom he talks to",
      { CONNECTED, { "may 1 3", "" }, { "may 3 5", "" }, { "may 3 1", "exit:3:1 exiting" }, { "may 3 1", "" } } },
};

int main(void)
{
    return rig_main("park_exit", scripts, sizeof scripts / sizeof *scripts);
}
