/* A phone that watches orbits, and an edge with two ranges for it: 700 with 701 to 720, 800 with
 * 801 to 803. For the tests of lamps; cmocka's asserts are inside. */
#ifndef CALLPARK_TEST_WATCH_PHONE_H
#define CALLPARK_TEST_WATCH_PHONE_H

#include "sip_phone.h"

extern char watching_ours[128]; /* the edge's tag in the subscription that was made last */

/* Set-ups: patient, so that no NOTIFY comes twice on a busy machine; with the timers of other
 * tests; with short subscriptions, two of them at most, and a profile. */
int watching_set_up(void **state);
int watching_set_up_quick(void **state);
int watching_set_up_strange(void **state);

number_key watching_number(const char *text);
/* Two other ranges, the first of which only some may watch. */
void watching_ranges_allowing(const char *who);
/* The first `count` of the two ranges, anew. */
void watching_ranges(unsigned count);

/* What the application tells of an orbit. */
struct orbit_lamp watching_lamp_at(const char *orbit, call_id call);
void watching_light(const char *orbit, call_id call);
void watching_darken(const char *orbit, call_id call);

/* What the phone does: SUBSCRIBE in a dialog of its own, or again in one; taking a NOTIFY; asking
 * until the orbit shows `state`, as commands and messages cross. */
void watching_subscribe_to(const char *uri, const char *to_tag, const char *more);
void watching_subscribe(const char *user, const char *more);
void watching_refused(const char *user, const char *more, const char *status);
void watching_notified(void);
void watching_poll_until(const char *user, const char *state);

/* What stands in the message that came last. */
unsigned watching_version_of(const char *what);
void watching_shows(const char *text);
void watching_shows_not(const char *text);

#endif
