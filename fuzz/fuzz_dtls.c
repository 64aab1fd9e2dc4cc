/* Datagrams of a stranger for the handshake that makes the keys of an SRTP stream: each begins with
 * two bytes of its length. Nobody without the certificate that the SDP names gets keys. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "media/dtls.h"

static void lose(void *to, const uint8_t *data, size_t size)
{
    (void)to;
    assert(size > 0 && dtls_is(data, size));
}

static void take_all(struct dtls *d, const uint8_t *data, size_t size)
{
    enum dtls_state state = DTLS_SHAKING;

    while (size >= 2) {
        size_t length = (size_t)data[0] << 8 | data[1];

        data += 2;
        size -= 2;
        if (length > size)
            length = size;
        if (dtls_is(data, length))
            state = dtls_take(d, data, length);
        assert(state != DTLS_READY);
        data += length;
        size -= length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dtls_identity *own;
    struct session_crypto ours, theirs;
    struct session_dtls named = { .fingerprint_count = 1 };
    struct dtls *d;

    if (!own)
        assert(dtls_identity_new(&own, NULL) == 0);
    dtls_identity_fingerprint(own, &named.fingerprint[0]);
    d = dtls_new(own, &named, size % 2 == 1, lose, NULL);
    assert(d);
    if (size % 2 == 1)
        (void)dtls_start(d);
    take_all(d, data, size);
    (void)dtls_turn(d);
    assert(!dtls_keys(d, &ours, &theirs));
    dtls_free(d);
    return 0;
}
