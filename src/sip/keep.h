/* What the store keeps of a leg, and legs that are taken up again from it. Internal to src/sip; a
 * part of edge.h. */
#ifndef CALLPARK_SIP_KEEP_H
#define CALLPARK_SIP_KEEP_H

#include "sip/sofia.h"

#include <stdbool.h>
#include <stddef.h>

#include "sip/sip.h"

/* ---- keep.c ---- */

/* Bring facts up to date with what the library knows of the dialog. */
void sip_leg_refresh_facts(struct leg *leg);
/* The dialog as the store is to have it, for an event that is about to leave. */
void sip_leg_dialog(struct leg *leg, struct sip_dialog *to);
/* SIP_DIALOG, if the store has to know something new of it. */
void report_dialog(struct leg *leg);

/* Now by the wall clock as it was set when a row was written that has this clock_offset() and boot:
 * nobody's time is over because it was set since. */
wall_msec keep_now(const struct sip *s, uint64_t clock, const char *boot);
/* Their INVITE, as far as our answer to it repeats it; forgotten when its ACK has come. */
void sip_leg_keep_invite(struct leg *leg, const sip_t *sip);
void sip_leg_drop_invite(struct leg *leg);

/* ---- restore.c ---- */

/* Take up the legs of an earlier run, before the first message is read. */
void restore_legs(struct sip *s);
/* A response to nothing that we have under way; true: it was to an INVITE of an earlier run, and is
 * dealt with. */
bool restore_answered(struct sip *s, const sip_t *sip);

/* ---- probe.c ---- */

/* The n-th of those that were taken up waits for its turn to be asked whether it lives. */
void probe_later(struct leg *leg, size_t n);
void probe_now(struct leg *leg);   /* probe_at has come */
void probe_heard(struct leg *leg); /* its far end has shown that it is there */

#endif
