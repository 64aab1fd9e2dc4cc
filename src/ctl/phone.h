/* The test phone: small SIP phones over UDP in one poll loop, each with a tone of its own. It calls
 * and is called, holds nothing back of what it sees, and shares no code with src/sip or src/media,
 * whose faults it is to find. */
#ifndef CALLPARK_CTL_PHONE_H
#define CALLPARK_CTL_PHONE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/types.h"
#include "ctl/tone.h"

#define PHONES_MAX 8
#define PHONE_CALLS_MAX 64 /* of all phones together */
#define PHONE_NEVER UINT32_MAX

struct phones;     /* the loop, and all phones in it */
struct phone;      /* one: an address, a tone, a manner of answering */
struct phone_call; /* one dialog of a phone; lives as long as `phones` */

/* What is known of a call. */
struct phone_facts {
    unsigned
        status; /* of the final answer to our INVITE; 0: none yet, 408: nobody answered at all */
    unsigned provisional; /* the last one before it, 0: none */
    char reason[128];     /* its reason phrase */
    bool incoming, up, ended;
    bool ended_by_peer; /* BYE, or CANCEL before we answered */
    bool bye_answered;  /* our own BYE got its 200 */
    char why[128];      /* Reason header of the far end's BYE or CANCEL */
    char orbit[16];     /* X-Callpark-Orbit; "" : not said */
    char identity[256]; /* P-Asserted-Identity of the far end, or From of who calls */
    char alert[128];    /* Alert-Info of who calls */
    msec asked, settled,
        over;         /* when the INVITE left or came, was answered for good, and the call ended */
    unsigned packets; /* of RTP that came */
    unsigned sources; /* different SSRCs among them: one call has one */
    unsigned jumps;   /* sequence numbers that did not follow the one before */
    struct ear ear;
};

/* `server` is "HOST:PORT" or "[HOST]:PORT". */
struct phones *phones_new(const char *server, struct err *err);
void phones_free(struct phones *all);
/* Turn the loop until `done` says so (true) or the time is up (false). */
typedef bool phones_done(const void *about);
bool phones_until(struct phones *all, phones_done *done, const void *about, msec patience);
void phones_wait(struct phones *all, msec span);
/* Set from a signal's handler: whoever waits in phones_until() gets false at once, and so does who
 * comes later. */
extern volatile sig_atomic_t phones_stopped;
/* Hang up all calls and wait until that is done, two seconds at most, stopped or not. */
void phones_hang_up(struct phones *all);
const char *phones_server(const struct phones *all); /* "127.0.0.1:5060", numeric */

/* Ask the server for OPTIONS; the status of its answer, 408 if there is none. */
unsigned phones_options(struct phones *all, struct phone *p, msec patience);

/* A negative tone: it says nothing, but for a packet now and then. */
struct phone *phone_add(struct phones *all, const char *user, const char *display, int tone,
                        struct err *err);
const char *phone_uri(const struct phone *p); /* "sip:user@127.0.0.1:40001" */
/* What it does when it is called: answer after so long, or ring for ever (PHONE_NEVER). */
void phone_manner(struct phone *p, uint32_t answer_after);
/* The newest call that came in; NULL: none yet. */
struct phone_call *phone_incoming(struct phone *p);
/* Forget the calls that came in, so that phone_incoming() waits for the next. */
void phone_forget(struct phone *p);

struct phone_dial {
    const char *target;      /* user part, "7003" */
    const char *referred_by; /* URI; NULL: none */
    const char *replaces;    /* NULL: none */
    const char *user;        /* of From, and in P-Asserted-Identity; NULL: the phone's own */
    const char *display;
};

/* NULL when there are too many calls, or no port for RTP. */
struct phone_call *phone_dial(struct phone *p, const struct phone_dial *dial);
void phone_hang_up(struct phone_call *c); /* BYE, or CANCEL before it was answered */
void phone_drop(struct phone_call *c);    /* it has ended, and nobody asks about it any more */
const struct phone_facts *phone_facts(const struct phone_call *c);
/* Open the ear anew: what was heard before does not count. */
void phone_listen(struct phone_call *c);
/* What a Replaces header must say to take this call over; false before it is up. */
bool phone_replaces(const struct phone_call *c, char *to, size_t size);

#endif
