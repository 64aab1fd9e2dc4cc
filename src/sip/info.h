/* A key that somebody pressed, as phones say it by INFO: application/dtmf-relay ("Signal=5") and
 * application/dtmf ("5"). Pure. */
#ifndef CALLPARK_SIP_INFO_H
#define CALLPARK_SIP_INFO_H

#include <stddef.h>

/* The key ('0' to '9', '*', '#', 'A' to 'D') that a body of this Content-Type tells; '\0': none, or
 * nothing that can be read. */
char info_digit(const char *type, const char *body, size_t length);

#endif
