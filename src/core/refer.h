/* One REFER (RFC 3515) as the SIP edge saw it, or what the API asks for in its stead: whom to call,
 * and for which call. Text unescaped, bounded, nothing judged. */
#ifndef CALLPARK_CORE_REFER_H
#define CALLPARK_CORE_REFER_H

#include "core/decide.h"

#define REPLACES_SIZE 512 /* the value of a Replaces header */

struct refer {
    uint32_t number;            /* of the request at the edge, to answer with; 0: no REFER */
    leg_id leg;                 /* in whose dialog, or named by Target-Dialog; 0: outside of any */
    char source[ADDRESS_SIZE];  /* for the log */
    char dialled[DIALLED_SIZE]; /* outside of a dialog: where to park, as in an INVITE */
    char dialled_to[DIALLED_SIZE]; /* likewise */
    char orbit_param[NUMBER_SIZE]; /* likewise */
    struct party from;
    bool has_referred_by;
    struct party referred_by;
    char target[URI_SIZE];          /* Refer-To, without what follows the `?` */
    char target_user[DIALLED_SIZE]; /* of it, as dialled in an INVITE */
    char target_orbit[NUMBER_SIZE]; /* its ;orbit= */
    bool near;    /* its host is us, one of our domains, or in a network that we trust */
    bool allowed; /* or one that this peer may name in particular */
    char replaces[REPLACES_SIZE]; /* the dialog that the target's is to take the place of; "": none
                                   */
    enum replaces names;          /* whether that is one of ours */
    leg_id replaces_leg;
    number_key first, last; /* outside of a dialog: between these; 0, 0: as `dialled` says */
    bool commanded;         /* by somebody with the right to: he may call whom he likes */
};

enum refer_kind {
    REFER_REFUSE,
    REFER_FETCH,  /* call the target and park it */
    REFER_INTO,   /* the same, in the place of the consultation that asked */
    REFER_CALL,   /* call the target for the other side of a conversation */
    REFER_REPARK, /* the other side goes (back) to an orbit; nobody is called */
    REFER_JOIN    /* the other sides of two conversations get each other */
};

struct refer_decision {
    enum refer_kind kind;
    uint16_t code; /* of a refusal */
    uint16_t retry_after;
    char why[WHY_SIZE];
    struct decision park; /* FETCH, REPARK: where */
    leg_id leg;           /* who refers; his call stands in `call` */
    call_id call;
    call_id
        other; /* JOIN: the other conversation; REPARK: a consultation whose orbit it is, or 0 */
};

void decide_refer(const struct refer *r, const struct house *house, const struct deployment *d,
                  const struct orbits *orbits, struct calls *calls, msec now,
                  struct refer_decision *out);

#endif
