/* Floods over UDP, kept off before they are read. Internal to src/sip. */
#ifndef CALLPARK_SIP_FLOOD_H
#define CALLPARK_SIP_FLOOD_H

#include <stdbool.h>

struct sip;

bool flood_start(struct sip *s); /* once the listeners are bound; false: no memory */
void flood_stop(struct sip *s);
void flood_ranges(struct sip *s); /* what can be retrieved has changed */

#endif
