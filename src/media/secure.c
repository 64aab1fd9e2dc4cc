/* See secure.h. */
#include "media/secure.h"

#include <stdlib.h>

void secure_fetch(const struct secure *s)
{
    for (size_t at = 0; at < srtp_hot() + CACHE_LINE - 1; at += CACHE_LINE)
        __builtin_prefetch((const char *)&s->out + at, 1);
}

void secure_fetch_more(const struct secure *s)
{
    srtp_cipher_fetch(s->out.cipher);
}

void secure_done(struct stream *s)
{
    if (!s->secure)
        return;
    srtp_done(&s->secure->in);
    srtp_done(&s->secure->out);
    srtp_done(&s->secure->before);
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

bool secure_change(struct stream *s, const struct session_crypto *ours,
                   const struct session_crypto *theirs)
{
    struct secure *k = s->secure;
    bool made = true;

    if (!k)
        return secure_open(s, ours, theirs);
    if (ours->suite != SRTP_NONE) {
        srtp_done(&k->out);
        made = srtp_begin(&k->out, ours);
    }
    if (theirs->suite != SRTP_NONE) {
        srtp_done(&k->before);
        k->before = k->in;
        made = srtp_begin(&k->in, theirs) && made;
    }
    if (!made)
        secure_done(s);
    return made;
}

static bool take_with(struct srtp *k, uint8_t *packet, size_t *size, bool rtcp)
{
    return (rtcp ? srtcp_decrypt(k, packet, size) : srtp_decrypt(k, packet, size)) == SRTP_OK;
}

bool secure_take(struct secure *s, uint8_t *packet, size_t *size, bool rtcp)
{
    if (take_with(&s->in, packet, size, rtcp)) {
        if (s->before.suite != SRTP_NONE)
            srtp_done(&s->before); /* whoever has the new key does not go back */
        return true;
    }
    return s->before.suite != SRTP_NONE && take_with(&s->before, packet, size, rtcp);
}
