/* What a lamp shows of a parked call: which orbit, lit or not, who waits, and by which ids it can
 * be picked up (sip.md 1.2, 4.4, 7.1). Pure. */
#ifndef CALLPARK_CORE_LAMP_H
#define CALLPARK_CORE_LAMP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/calls.h"

#define PICKUP_SIZE 64
#define PICKUP_TAG_SIZE 24
#define TICKET_SIZE 40

/* Ids by which one parked call, and never another, can be asked for: those of a dialog that does
 * not exist, for a Replaces header, and the ticket for an address. */
struct pickup {
    char call_id[PICKUP_SIZE];
    char our_tag[PICKUP_TAG_SIZE], their_tag[PICKUP_TAG_SIZE];
    char ticket[TICKET_SIZE]; /* hex digits; all "" : none */
};

struct orbit_lamp {
    number_key orbit;
    call_id call; /* whose lamp it is, or was */
    bool lit;
    enum lamp how;
    char display[DISPLAY_SIZE], uri[URI_SIZE]; /* who waits; "" : nobody is named */
    struct pickup pickup;                      /* filled in by whoever holds the secret */
};

/* The lamp of the orbit that this call has. It is lit from the moment the call counts as parked
 * until somebody has it: not while the number is being told, as a transfer may still undo that. */
void lamp_of(const struct call *c, struct orbit_lamp *out);

/* What the ids are made of: 32 bytes that nobody can guess, different for each call. */
#define PICKUP_BYTES 32
void pickup_write(struct pickup *to, call_id call, const unsigned char bytes[PICKUP_BYTES]);

/* Which call such a text says it is for, to make its bytes again; 0: it is not of that form. */
call_id pickup_call(const char *pickup_call_id);
call_id ticket_call(const char *ticket);

/* Are these the ids of `own`? Of the tags either may come first, as phones differ; the time that it
 * takes says nothing about where they differ. */
bool pickup_fits(const struct pickup *own, const char *name, const char *tag, const char *other);
bool ticket_fits(const struct pickup *own, const char *ticket);

#endif
