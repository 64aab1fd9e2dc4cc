/* The self-test: what its steps and its stage share. */
#ifndef CALLPARK_CTL_SELFTEST_H
#define CALLPARK_CTL_SELFTEST_H

#include "ctl/ctl.h"
#include "ctl/phone.h"

#define SELFTEST_NUMBERS 10

struct selftest {
    struct ctl *ctl;
    struct phones *phones;
    /* caller, parker, another caller, retriever, fallback */
    struct phone *alice, *bob, *carol, *dave, *erin;
    char number[SELFTEST_NUMBERS][16]; /* of the temporary range */
    char range[64];                    /* its id; "" : there is none yet */
    char park_user[64];
    struct phone_call *caller, *other; /* of the scene that is on */
    char detail[400];                  /* why the step failed: what was expected and what came */
};

/* Find the server, make the range and its settings, add the phones. CTL_OK or an exit code; what is
 * wrong has been said. */
int stage_open(struct selftest *t, struct ctl *ctl);
/* Hang up, and take the range away unless it is to be kept. */
void stage_close(struct selftest *t);
/* Where the server takes SIP: --sip, or what it says itself. */
int stage_server(struct ctl *ctl, char server[96], struct ctl_reply *system);

/* Set the range's own settings. `timeout` is pickup_timeout in seconds. */
bool stage_settings(struct selftest *t, int timeout, const char *free_orbit);
/* The call in an orbit as the API shows it; NULL: none. To be given back with json_decref(). */
json_t *stage_call(struct selftest *t, const char *orbit);
/* Ask for an action on it; `to` is whom it is for, NULL: nobody. False with `detail`. */
bool stage_act(struct selftest *t, const char *orbit, const char *action, const char *to);

bool selftest_fail(struct selftest *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
