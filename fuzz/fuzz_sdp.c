/* Bytes as SDP: whatever they are, they are read within bounds; and if the core agrees, our answer
 * has as many m= lines, is readable again, and names the payload type that was offered. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "sip/sdp.h"

static unsigned media_lines(const char *text, size_t size)
{
    unsigned n = 0;
    bool start = false;

    for (size_t i = 0; i < size; i++) {
        n += start && text[i] == 'm';
        start = text[i] == '\n' || text[i] == '\r';
    }
    return n;
}

static void check_offer(const struct session_offer *o)
{
    assert(o->present && o->codec_count <= SESSION_CODECS_MAX);
    assert(o->usable || o->warning);
    assert(memchr(o->rtp.host, '\0', sizeof o->rtp.host));
    for (unsigned i = 0; i < o->codec_count; i++)
        assert(o->codecs[i].codec > CODEC_NONE && o->codecs[i].payload_type < 128);
}

static void check_answer(const char *offer, size_t size, const struct session *agreed)
{
    static const struct session_local local = { .rtp = { "192.0.2.9", 4000 }, .rtcp_port = 4001 };
    static const struct sdp_origin origin = { .id = 1, .version = 1 };
    char text[SDP_TEXT_SIZE];
    struct session_offer again;

    if (!sdp_make_answer(text, sizeof text, offer, size, agreed, &local, &origin))
        return;
    assert(sdp_take(text, strlen(text), NULL, &again));
    assert(again.usable && again.rtp.port == 4000);
    assert(again.codecs[0].codec == agreed->codec);
    assert(again.codecs[0].payload_type == agreed->payload_type);
    assert(media_lines(text, strlen(text)) <= media_lines(offer, size));
    for (const char *c = text; *c; c++)
        assert(*c == '\r' || *c == '\n' || (unsigned char)*c >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct session_offer offer;
    struct session_wish wish = { .prefer = CODEC_NONE };
    struct session agreed;

    (void)sdp_take(text, size, NULL, &offer);
    check_offer(&offer);
    if (session_agree(&offer, &wish, &agreed) == SESSION_AGREED)
        check_answer(text, size, &agreed);
    return 0;
}
