/* The music on hold: a file of the administrator's, or the piece that is built in. */
#ifndef CALLPARK_MEDIA_MUSIC_H
#define CALLPARK_MEDIA_MUSIC_H

#include "media/sound.h"

#define MUSIC_SECONDS_MAX 600 /* what is longer is cut there, with a warning in the log */

/* "": the built-in piece. */
int music_load(struct sound *s, const char *path, struct err *err);
/* The same before it is encoded: as loud as callers hear it. */
int music_read(struct audio *a, const char *path, struct err *err);

#endif
