/* What the files that decide about an INVITE (decide*.c but decide_refer.c) share; nobody else
 * includes it. decide.c has the order and what is asked for by a command or a park number,
 * decide_orbit.c what dialling an orbit means and the addresses of one call, decide_replaces.c a
 * Replaces header, decide_who.c whom a call belongs to. */
#ifndef CALLPARK_CORE_DECIDE_INSIDE_H
#define CALLPARK_CORE_DECIDE_INSIDE_H

#include "base/text.h"
#include "core/decide.h"

/* What a decision is made from, and where it goes. */
struct question {
    const struct invite *in;
    const struct house *house;
    const struct deployment *d;
    const struct orbits *orbits;
    struct calls *calls;
    msec now;
    struct decision *out;
    bool evidence;       /* somebody sent this call here */
    bool outsider;       /* and that is all there is to show it: his number is none of ours */
    struct trace *trace; /* NULL: nobody asks how */
};

/* What a question found, when somebody wants to know. */
#define NOTE(q, about, ...)                                                                        \
    do {                                                                                           \
        struct trace_line *note_line = trace_next((q)->trace, about);                              \
        if (note_line)                                                                             \
            (void)text_format(note_line->found, sizeof note_line->found, __VA_ARGS__);             \
    } while (0)

/* ---- decide.c */

/* The sentence stands in `out->why` before this. */
void decide_refuse(const struct question *q, uint16_t code);
/* Into this orbit; 0: the next free one from `first` to `last`, or anywhere if these are 0. The
 * sentence stands in `out->why`. */
void decide_to_park(const struct question *q, number_key orbit, number_key first, number_key last);
/* May `who` do `what` (SIP_MAY_...) in this range, or 0 for the node? */
bool decide_has(const struct question *q, unsigned what, const struct party *who, range_id range);
/* Who parks is whoever sent the call, as far as that is known. */
bool decide_may_park(const struct question *q, range_id range);
/* Refuses with 403: he may not `what`. */
void decide_may_not(const struct question *q, const char *what);
/* The rules that hold in this range. */
struct rules decide_rules(const struct question *q, range_id range);
/* The party's address, or words for somebody who gives none. */
const char *decide_who_is(const struct party *p);
/* What shows that somebody sent the call here, or that nothing does. */
void decide_note_evidence(const struct question *q);

/* ---- decide_orbit.c */

/* False, with nothing decided: `text` is no orbit of ours. */
bool decide_by_orbit(const struct question *q, const char *text, enum explicit_action ask);
/* By the ids of a lamp (sip.md 4.4), by a ticket: that call, and no other. */
void decide_pick_up(const struct question *q);
void decide_by_ticket(const struct question *q);

/* ---- decide_replaces.c */

/* The INVITE has a Replaces header (RFC 3891). */
void decide_by_replaces(const struct question *q);

#endif
