/* What the app and the media edge know of a leg, as text for the store: written and read here, so
 * that a later start has what this one had. Keys of its audio are in it. */
#ifndef CALLPARK_APP_LEG_TEXT_H
#define CALLPARK_APP_LEG_TEXT_H

#include "app/inside.h"

/* A line name=value for each thing that is not 0 or empty. False: `size` is too little, which
 * that of a row's column never is. */
bool leg_text_write(char *to, size_t size, const struct app_leg *l);

/* Into a zeroed leg. Lines that this version does not know are ignored. False: one cannot be, or
 * there is no end of ours: `unread` names it. */
bool leg_text_read(struct app_leg *l, const char *text, char unread[64]);

#endif
