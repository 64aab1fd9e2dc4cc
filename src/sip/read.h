/* One INVITE as text, read as the edge reads it from the network, without an edge: for tests,
 * fuzzing and the question "what would happen if this came in". */
#ifndef CALLPARK_SIP_READ_H
#define CALLPARK_SIP_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "core/decide.h"
#include "core/session.h"

/* False: it is no request that would be looked at. What depends on legs (Replaces, our own ring
 * back) is left empty. */
bool read_invite(const char *text, size_t length, struct invite *to, struct session_offer *offer);

#endif
