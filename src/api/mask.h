/* Telephone numbers made unreadable for those who may not see them: "+142•••••00". Internal to
 * src/api. */
#ifndef CALLPARK_API_MASK_H
#define CALLPARK_API_MASK_H

#include <stddef.h>

#define MASK_DIGITS 7  /* what is shorter is an orbit or an extension, and nobody's secret */
#define MASK_GROWTH 3  /* times as long is a masked text at most: each • takes three bytes */
#define MASK_SIZE 1024 /* room for all that is shown here */

/* Every number within a sentence, a name or a note. Returns `to`. */
const char *mask_text(char to[MASK_SIZE], const char *text);

/* An address: its number or, when it is a name, all of that but its first letter. What stands
 * behind the host is left out, as it may say the same once more. */
const char *mask_uri(char to[MASK_SIZE], const char *uri);

#endif
