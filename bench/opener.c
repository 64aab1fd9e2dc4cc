#include "opener.h"

#include <openssl/evp.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <string.h>

#include "media/bytes.h"
#include "sys/clock.h"

#define SPAN_NS UINT64_C(3000000000) /* at most */
#define PACKETS 20

/* Of all that came: what the key opened, and what else its stream brought. */
struct opened {
    uint32_t ssrc;
    unsigned packets, streams, refused;
};

static bool prepare(srtp_t *session, const char *suite, const char *key)
{
    unsigned char bytes[64] = { 0 };
    srtp_policy_t policy = { .ssrc.type = ssrc_any_inbound, .key = bytes };

    if (strlen(key) > 64 ||
        EVP_DecodeBlock(bytes, (const unsigned char *)key, (int)strlen(key)) < 28)
        return false;
    if (strstr(suite, "GCM"))
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    else
        srtp_crypto_policy_set_rtp_default(&policy.rtp);
    policy.rtcp = policy.rtp;
    return srtp_init() == srtp_err_status_ok && srtp_create(session, &policy) == srtp_err_status_ok;
}

static void look_at(struct opened *o, srtp_t session, uint8_t *packet, size_t size)
{
    uint32_t ssrc = size < 12 ? 0 : bytes_get32(packet + 8);
    int length = (int)size;
    bool opens;

    if (o->packets >= PACKETS / 2 && ssrc != o->ssrc)
        return; /* found: what remains is whether all of it opens */
    opens = srtp_unprotect(session, packet, &length) == srtp_err_status_ok;
    if (opens) {
        o->streams += !o->packets || ssrc != o->ssrc;
        o->ssrc = ssrc;
        o->packets++;
    } else if (o->packets && ssrc == o->ssrc) {
        o->refused++;
    }
}

bool opener_opens_one(struct receiver *r, const char *suite, const char *key)
{
    uint64_t end = clock_now_ns() + SPAN_NS;
    uint8_t packet[RECEIVER_PACKET_MOST];
    struct opened o = { 0 };
    srtp_t session;

    if (!prepare(&session, suite, key)) {
        printf("%s: the answer has no key that libsrtp2 takes\n", suite);
        return false;
    }
    receiver_begin(r);
    while (clock_now_ns() < end && o.packets < PACKETS) {
        size_t size = receiver_take(r, packet, 10);

        if (size)
            look_at(&o, session, packet, size);
    }
    (void)srtp_dealloc(session);
    (void)srtp_shutdown();
    printf("%s: the key of the last answer opens %u packets of %u stream%s, and refuses %u of it\n",
           suite, o.packets, o.streams, o.streams == 1 ? "" : "s", o.refused);
    return o.streams == 1 && o.packets == PACKETS && !o.refused;
}
