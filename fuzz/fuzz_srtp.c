/* What comes in on a port that wants SRTP. A first byte chooses the suite and the length of the
 * MKI; then packets, each behind its length (two bytes) and a byte that says what becomes of it:
 * taken as it is, or protected first with the right key, with a bit turned over or not. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "media/srtp.h"

#define ROOM 1024

struct state {
    struct srtp out, in;
};

static void begin(struct state *s, uint8_t choice)
{
    struct session_crypto c = { .suite = (enum srtp_suite)(1 + choice % (SRTP_SUITES - 1)),
                                .mki_size = choice >> 3 & 7 };

    memset(c.key, 0x5A, sizeof c.key);
    memset(c.mki, 1, c.mki_size);
    assert(srtp_begin(&s->out, &c) && srtp_begin(&s->in, &c));
}

/* What has the wrong key is never taken, whatever it looks like. */
static void raw(struct state *s, bool rtcp, const uint8_t *data, size_t size)
{
    uint8_t bytes[ROOM];
    size_t length = size;
    enum srtp_verdict v;

    memcpy(bytes, data, size);
    v = rtcp ? srtcp_decrypt(&s->in, bytes, &length) : srtp_decrypt(&s->in, bytes, &length);
    assert(length <= size && (v == SRTP_OK || (length == size && !memcmp(bytes, data, size))));
}

static void keyed(struct state *s, uint8_t how, const uint8_t *data, size_t size)
{
    uint8_t bytes[ROOM + SRTCP_TRAILER_MAX], before[ROOM];
    bool rtcp = how & 1;
    size_t length;

    if (size < 12)
        return;
    memcpy(bytes, data, size);
    bytes[0] = 0x80;
    memcpy(before, bytes, size);
    length = rtcp ? srtcp_encrypt(&s->out, bytes, size)
                  : 12 + srtp_encrypt(&s->out, bytes, 12, bytes + 12, size - 12, bytes + 12);
    assert(length > size && length <= size + SRTCP_TRAILER_MAX);
    if (how & 4)
        bytes[how % length] ^= 0x10;
    if ((rtcp ? srtcp_decrypt(&s->in, bytes, &length) : srtp_decrypt(&s->in, bytes, &length)) ==
        SRTP_OK)
        assert(length == size && ((how & 4) || !memcmp(bytes, before, size)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state s;

    if (size == 0)
        return 0;
    begin(&s, *data++);
    size--;
    while (size >= 3) {
        size_t length = (size_t)(data[0] << 8 | data[1]) % ROOM;
        uint8_t how = data[2];

        data += 3;
        size -= 3;
        if (length > size)
            length = size;
        if (how & 2)
            keyed(&s, how, data, length);
        else
            raw(&s, how & 1, data, length);
        data += length;
        size -= length;
    }
    srtp_done(&s.out);
    srtp_done(&s.in);
    return 0;
}
