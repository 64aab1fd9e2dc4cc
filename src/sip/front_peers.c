/* Who is behind the front's connections, for the SIP thread. */
#include "sip/edge.h"

#include "base/text.h"
#include "sip/front.h"

bool front_lookup(const struct sip *s, const struct address *source, struct front_peer *out)
{
    (void)s;
    (void)source;
    (void)out;
    return false; /* there is no such listener yet */
}

bool front_is_named(const struct front_peer *peer, const char *name)
{
    for (unsigned i = 0; i < peer->name_count; i++)
        if (text_is_nocase(peer->names[i], name))
            return true;
    return false;
}
