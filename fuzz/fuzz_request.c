/* Bytes as a SIP request: the parser's work and what is made of it for the decision (sip.md 1.3).
 * No text of it may hold what could end a line. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "sip/read.h"

static void check_party(const struct party *p)
{
    assert(memchr(p->display, '\0', sizeof p->display));
    assert(text_is_plain(p->display) && text_is_plain(p->uri) && text_is_plain(p->contact));
    assert(!strpbrk(p->uri, "<>\" \r\n") && !strpbrk(p->contact, "<>\" \r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct invite in;
    struct session_offer offer;

    if (size == 0 || size > 65536 || !read_invite((const char *)data, size, &in, &offer))
        return 0;
    check_party(&in.from);
    check_party(&in.referred_by);
    check_party(&in.history);
    assert(text_is_plain(in.dialled) && text_is_plain(in.dialled_to));
    assert(strspn(in.orbit_param, "0123456789*#") == strlen(in.orbit_param));
    assert(strspn(in.ask_orbit, "0123456789*#") == strlen(in.ask_orbit));
    assert(in.replaces == REPLACES_NONE && !in.trusted);
    return 0;
}
