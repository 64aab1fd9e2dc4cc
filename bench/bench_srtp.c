/* What it costs to protect a packet of 20 ms of G.711, in nanoseconds, with 1, 100 and 10,000
 * streams in turn: ours, libsrtp2, and the limit of this machine in the same run: the cipher alone,
 * with one key and no packet around it. Each figure is the best of five rounds that alternate.
 * [--short] */
#include <openssl/evp.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/bytes.h"
#include "media/srtp.h"
#include "sys/clock.h"

#define PAYLOAD 160
#define HEADER 12
#define ROOM (HEADER + PAYLOAD + SRTP_TRAILER_MAX)
#define STREAMS_MAX 10000
#define ROUNDS 5

static struct bench {
    struct session_crypto crypto;
    unsigned streams;
    struct srtp *ours;
    srtp_t *theirs;
    uint16_t sequence;
    uint8_t payload[PAYLOAD], packet[ROOM];
    EVP_CIPHER_CTX *alone;
    uint64_t span_ns;
} b;

static void stop(const char *why)
{
    (void)fprintf(stderr, "bench_srtp: %s\n", why);
    exit(1);
}

static void header(unsigned stream)
{
    b.packet[0] = 0x80;
    bytes_put16(b.packet + 2, b.sequence);
    bytes_put32(b.packet + 8, stream + 1);
}

static void protect_ours(unsigned stream)
{
    header(stream);
    if (!srtp_encrypt(&b.ours[stream], b.packet, HEADER, b.payload, PAYLOAD, b.packet + HEADER))
        stop("our packet was not protected");
}

static void protect_theirs(unsigned stream)
{
    int size = HEADER + PAYLOAD;

    header(stream);
    memcpy(b.packet + HEADER, b.payload, PAYLOAD); /* it works in place alone */
    if (srtp_protect(b.theirs[stream], b.packet, &size) != srtp_err_status_ok)
        stop("libsrtp2 refused a packet");
}

static void cipher_alone(unsigned stream)
{
    int size;

    header(stream);
    (void)EVP_EncryptUpdate(b.alone, b.packet + HEADER, &size, b.payload, PAYLOAD);
}

/* Nanoseconds for each packet, all streams in turn. */
static double measure(void (*one)(unsigned stream), uint16_t *sequence)
{
    uint64_t start = clock_now_ns(), end, packets = 0;

    b.sequence = *sequence;
    do {
        for (unsigned i = 0; i < 1000; i++, packets++) {
            unsigned stream = (unsigned)(packets % b.streams);

            if (stream == 0)
                b.sequence++;
            one(stream);
        }
        end = clock_now_ns();
    } while (end - start < b.span_ns);
    *sequence = b.sequence;
    return (double)(end - start) / (double)packets;
}

static void choose_theirs(srtp_policy_t *p)
{
    memset(p, 0, sizeof *p);
    if (b.crypto.suite == SRTP_AES_128_GCM)
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
    else
        srtp_crypto_policy_set_rtp_default(&p->rtp);
    p->rtcp = p->rtp;
    p->ssrc.type = ssrc_any_outbound;
    p->key = b.crypto.key;
}

static void open_all(unsigned count)
{
    srtp_policy_t policy;

    choose_theirs(&policy);
    for (unsigned i = 0; i < count; i++) {
        memcpy(b.crypto.key, &i, sizeof i);
        if (!srtp_begin(&b.ours[i], &b.crypto) ||
            srtp_create(&b.theirs[i], &policy) != srtp_err_status_ok)
            stop("no memory");
    }
    b.streams = count;
    b.alone = EVP_CIPHER_CTX_new();
    if (!b.alone ||
        EVP_EncryptInit_ex(b.alone, EVP_aes_128_ctr(), NULL, b.crypto.key, b.crypto.key) != 1)
        stop("no cipher");
}

static void close_all(void)
{
    for (unsigned i = 0; i < b.streams; i++) {
        srtp_done(&b.ours[i]);
        (void)srtp_dealloc(b.theirs[i]);
    }
    EVP_CIPHER_CTX_free(b.alone);
}

static void keep_best(double *best, double now)
{
    if (*best == 0 || now < *best)
        *best = now;
}

static void run(enum srtp_suite suite, unsigned count)
{
    double ours = 0, theirs = 0, alone = 0;
    uint16_t sent[3] = { 0 }; /* each has its own numbers, which must not jump */

    b.crypto.suite = suite;
    open_all(count);
    for (int round = 0; round < ROUNDS; round++) {
        keep_best(&ours, measure(protect_ours, &sent[0]));
        keep_best(&theirs, measure(protect_theirs, &sent[1]));
        keep_best(&alone, measure(cipher_alone, &sent[2]));
    }
    printf("%-24s %6u streams  ours %6.0f ns  libsrtp2 %6.0f ns  cipher alone %4.0f ns  "
           "libsrtp2/ours %.1f\n",
           suite_name(suite), count, ours, theirs, alone, theirs / ours);
    close_all();
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--short") == 0;
    unsigned counts[] = { 1, 100, quick ? 500 : STREAMS_MAX }; /* they take long to set up */

    b.span_ns = (quick ? 20 : 200) * UINT64_C(1000000);
    b.ours = calloc(STREAMS_MAX, sizeof *b.ours);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it holds pointers. */
    b.theirs = calloc(STREAMS_MAX, sizeof *b.theirs);
    memset(b.crypto.key, 0x42, sizeof b.crypto.key);
    if (!b.ours || !b.theirs || srtp_init() != srtp_err_status_ok)
        stop("no memory");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        run(SRTP_AES_128_SHA1_80, counts[i]);
        run(SRTP_AES_128_GCM, counts[i]);
    }
    free(b.ours);
    free(b.theirs);
    (void)srtp_shutdown();
    return 0;
}
