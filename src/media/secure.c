/* See secure.h. */
#include "media/secure.h"

#include <stdlib.h>

void secure_done(struct stream *s)
{
    if (!s->secure)
        return;
    srtp_done(&s->secure->in);
    srtp_done(&s->secure->out);
    free(s->secure);
    s->secure = NULL;
}

bool secure_open(struct stream *s, const struct session_crypto *ours,
                 const struct session_crypto *theirs)
{
    secure_done(s);
    s->secure = calloc(1, sizeof *s->secure);
    if (s->secure && srtp_begin(&s->secure->out, ours) && srtp_begin(&s->secure->in, theirs))
        return true;
    secure_done(s);
    return false;
}
