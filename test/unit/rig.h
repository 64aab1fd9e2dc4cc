/* The parking machine on a bench: a range 700-702, one node, events as short lines of text, actions
 * as text again, so that a test reads like a conversation. */
#ifndef CALLPARK_TEST_RIG_H
#define CALLPARK_TEST_RIG_H

#include "core/park.h"

#define RIG_TEXT_SIZE 1024

struct rig {
    struct park p;
    struct deployment deployment;
    void *calls_memory, *orbits_memory;
    msec now;
    call_id call;    /* of the last ACT_SAVE */
    uint64_t write;  /* its number */
    struct call row; /* the call as it was then */
    char last_why[WHY_SIZE];
    char said[RIG_TEXT_SIZE]; /* the actions of the last line */
};

struct rig *rig_new(void);
void rig_free(struct rig *r);

// clang-format off
/* Carry out one line; what came of it stands in `said`. Numbers are legs; legs that the machine
 * starts are 100, 102, ...
 *   set KEY VALUE                  a setting of the deployment
 *   invite 1 700 from=105 [by=106] [history=107] [retarget] [early-only] [ask=park|retrieve] [orbit=701]
 *          [replaces=leg:3|ended:3|taken|early|ours:100|unknown|twice] [loop] [media] [untrusted]
 *   saved | notsaved               the last change; or one with this number: saved 3
 *   up 1 | failed 100 404 | gone 1 [heard] | cancelled 1 [answered] | ringing 100
 *   identity 1 200 | moved 1 | said 1 [wait] | keys 3 2580
 *   may 3 1 | exited 3 200 | sounds 1    3 can take 1 over | what came of it | audio since "listen"
 *   invite ... ticket | pickup     of the last saved call
 *   retrieve URI | transfer URI | ring | extend SECONDS | hangup | note TEXT | force
 *   refer 1 to=URI [leg=3 | at=700] [from=105] [by=106] [replaces=...] [far]     REFER number 1
 *   fetch to=URI at=700 [from=105] [replaces=...]                      asked for by command
 *   restart [up|answered|calling|lost] [...] [...]     all that was written is put back; the caller's leg, his
 *                                  peer's, that of who was to come in somebody's place: lost if not said
 *   at SECONDS                     since the start; every deadline up to then is taken
 *   drain on|off | dial on|off | close | open    the house; orbits 700-702 to new calls
 * Actions: save, forget, answer:1:orbit700, refuse:1:486, bye:1[:200], call:100:parker:sip:...,
 * refer:1:202[:orbit700] (its answer), notify:1:200[:orbit700], music:1, say:1:orbit, bridge:1:3, exit:3:1, listen:1, and the names of steps without "call.". */
// clang-format on
void rig_do(struct rig *r, const char *line);

struct rig_line {
    const char *line, *said;
};

/* Carry out the lines up to one without text; each must say exactly what stands beside it. */
void rig_run(struct rig *r, const struct rig_line *lines);

/* One test: a fresh rig, settings as they come, and a conversation. */
struct rig_script {
    const char *name;
    struct rig_line line[32]; /* the last one has no text */
};

int rig_main(const char *group, const struct rig_script *scripts, size_t count);

/* Call 1 from outside, sent here by 105, waits in orbit 700 since second 0. */
#define RIG_PARKED_BY_105                                                                          \
    { "invite 1 park from=+4930123456 by=105", "parking save" },                                   \
        { "saved", "answer:1 parked save" },                                                       \
    {                                                                                              \
        "up 1", "music:1"                                                                          \
    }

/* 105 himself has dialled, hears the number of orbit 700, and may transfer somebody here. */
#define RIG_105_CONSULTS                                                                           \
    { "invite 1 park from=105", "parking save" }, { "saved", "answer:1:orbit700 telling save" },   \
    {                                                                                              \
        "up 1", "say:1:orbit"                                                                      \
    }

/* A restart by hand: an empty core, whose calls get ids above `last`, and a row put back. */
void rig_new_core(struct rig *r, call_id last);
bool rig_restore(struct rig *r, const struct call *row, const struct restore *legs);

struct call *rig_call(struct rig *r); /* the one of the last save; NULL when it has ended */

#endif
