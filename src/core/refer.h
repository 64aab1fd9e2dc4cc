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
};

#endif
