/* OpenSSL reads and writes by a BIO of ours, which keeps the borders of datagrams. */
#include "media/dtls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define MTU 1200 /* of a datagram we write: goes through any path there is */
#define IP_OVERHEAD 48
#define CERTIFICATES_MAX 8192 /* bytes of theirs that we are willing to read */
#define RESEND_FIRST 100000   /* us; doubled each time */
#define RESEND_MAX 1600000
#define LIFE (30L * 24 * 3600) /* seconds: nobody checks it, and no process should live longer */
#define DAY (24L * 3600)

struct dtls_identity {
    SSL_CTX *context;
    BIO_METHOD *method;
    struct session_fingerprint fingerprint;
};

struct dtls {
    SSL *ssl;
    struct session_dtls theirs;
    enum dtls_state state;
    bool active, started;
    const uint8_t *in; /* the datagram being read; NULL: none */
    size_t in_size;
    dtls_send *send;
    void *to;
};

bool dtls_is(const uint8_t *data, size_t size)
{
    return size > 0 && data[0] >= 20 && data[0] <= 63;
}

/* ---- datagrams in and out ---- */

static int bio_read(BIO *bio, char *to, int room)
{
    struct dtls *d = BIO_get_data(bio);
    size_t size = d->in_size;

    BIO_clear_retry_flags(bio);
    if (!d->in || room < 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    if (size > (size_t)room)
        size = (size_t)room;
    memcpy(to, d->in, size);
    d->in = NULL;
    return (int)size;
}

static int bio_write(BIO *bio, const char *from, int size)
{
    const struct dtls *d = BIO_get_data(bio);

    if (size > 0)
        d->send(d->to, (const uint8_t *)from, (size_t)size);
    return size; /* what the network loses is sent again */
}

static long bio_control(BIO *bio, int what, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    switch (what) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return MTU;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return IP_OVERHEAD;
    default:
        return 0;
    }
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "callpark datagrams");

    if (m && BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
        BIO_meth_set_ctrl(m, bio_control) && BIO_meth_set_create(m, bio_create))
        return m;
    BIO_meth_free(m);
    return NULL;
}

/* ---- whose certificate ---- */

static const EVP_MD *digest_of(enum fingerprint_hash hash)
{
    switch (hash) {
    case HASH_SHA256:
        return EVP_sha256();
    case HASH_SHA384:
        return EVP_sha384();
    case HASH_SHA512:
        return EVP_sha512();
    case HASH_NONE:
    case HASH_SHA1: /* can be forged by now (RFC 8122 5.1) */
    case HASHES:
        break;
    }
    return NULL;
}

static bool has_fingerprint(const X509 *certificate, const struct session_fingerprint *wanted)
{
    const EVP_MD *digest = digest_of(wanted->hash);
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    return digest && X509_digest(certificate, digest, bytes, &size) == 1 &&
           size == fingerprint_size(wanted->hash) && CRYPTO_memcmp(bytes, wanted->bytes, size) == 0;
}

/* In the place of a chain up to an authority: a certificate is theirs if any of their fingerprints
 * is its own (RFC 8122 5). */
static int check_certificate(X509_STORE_CTX *store, void *unused)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct dtls *d = SSL_get_app_data(ssl);
    const X509 *certificate = X509_STORE_CTX_get0_cert(store);

    (void)unused;
    for (unsigned i = 0; certificate && i < d->theirs.fingerprint_count; i++)
        if (has_fingerprint(certificate, &d->theirs.fingerprint[i]))
            return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

/* ---- our certificate ---- */

static bool fill_certificate(X509 *x, EVP_PKEY *key)
{
    uint64_t serial = 0;
    X509_NAME *name = X509_get_subject_name(x);

    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 && X509_set_version(x, 2) &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) &&
           X509_gmtime_adj(X509_getm_notBefore(x), -DAY) &&
           X509_gmtime_adj(X509_getm_notAfter(x), LIFE) && X509_set_pubkey(x, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"callpark", -1, -1,
                                      0) &&
           X509_set_issuer_name(x, name) && X509_sign(x, key, EVP_sha256()) > 0;
}

static bool use_new_certificate(struct dtls_identity *i)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    unsigned size = 0;
    bool good = key && x && fill_certificate(x, key) &&
                X509_digest(x, EVP_sha256(), i->fingerprint.bytes, &size) == 1 &&
                SSL_CTX_use_certificate(i->context, x) == 1 &&
                SSL_CTX_use_PrivateKey(i->context, key) == 1;

    i->fingerprint.hash = HASH_SHA256;
    X509_free(x);
    EVP_PKEY_free(key);
    return good;
}

/* What browsers and phones have had since WebRTC asks for it (RFC 8827 6.5), and nothing older. */
static bool restrict_context(SSL_CTX *c)
{
    SSL_CTX_set_options(c, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(c, 1); /* a datagram is read whole or lost */
    SSL_CTX_set_max_cert_list(c, CERTIFICATES_MAX);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(c, check_certificate, NULL);
    return SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!SHA384:!SHA256") ==
               1 &&
           SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_tlsext_use_srtp(c, "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:"
                                          "SRTP_AES128_CM_SHA1_80") == 0; /* 0 is success */
}

int dtls_identity_new(struct dtls_identity **out, struct err *err)
{
    struct dtls_identity *i = calloc(1, sizeof *i);

    if (i) {
        i->context = SSL_CTX_new(DTLS_method());
        i->method = make_method();
    }
    if (!i || !i->context || !i->method || !restrict_context(i->context) ||
        !use_new_certificate(i)) {
        dtls_identity_free(i);
        return err_set(err, -ENOMEM,
                       "media: no certificate for SRTP could be made: memory or random numbers are "
                       "short, or OpenSSL is set up not to allow P-256");
    }
    *out = i;
    return 0;
}

void dtls_identity_free(struct dtls_identity *i)
{
    if (!i)
        return;
    SSL_CTX_free(i->context);
    BIO_meth_free(i->method);
    free(i);
}

void dtls_identity_fingerprint(const struct dtls_identity *i, struct session_fingerprint *out)
{
    *out = i->fingerprint;
}

/* ---- one handshake ---- */

static unsigned resend_after(SSL *ssl, unsigned before_us)
{
    (void)ssl;
    if (before_us == 0)
        return RESEND_FIRST;
    return before_us >= RESEND_MAX / 2 ? RESEND_MAX : before_us * 2;
}

struct dtls *dtls_new(const struct dtls_identity *own, const struct session_dtls *theirs,
                      bool active, dtls_send *send, void *to)
{
    struct dtls *d = calloc(1, sizeof *d);
    SSL *ssl = SSL_new(own->context);
    BIO *bio = BIO_new(own->method);

    if (!d || !ssl || !bio) {
        free(d);
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    *d = (struct dtls){ .ssl = ssl, .theirs = *theirs, .active = active, .send = send, .to = to };
    BIO_set_data(bio, d);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, d);
    (void)SSL_set_mtu(ssl, MTU); /* above the least there is */
    DTLS_set_timer_cb(ssl, resend_after);
    if (active)
        SSL_set_connect_state(ssl);
    else
        SSL_set_accept_state(ssl);
    return d;
}

void dtls_free(struct dtls *d)
{
    if (!d)
        return;
    if (d->state == DTLS_READY)
        (void)SSL_shutdown(d->ssl); /* whether they hear it or not */
    SSL_free(d->ssl);
    ERR_clear_error();
    free(d);
}

/* What a call of the library has come to. That our BIO had nothing (more) to read is sometimes
 * called a failed system call, when a record before it was thrown away. */
static enum dtls_state judge(struct dtls *d, int result)
{
    int why = SSL_get_error(d->ssl, result);

    if (why == SSL_ERROR_ZERO_RETURN)
        d->state = DTLS_ENDED;
    else if (why == SSL_ERROR_SSL)
        d->state = DTLS_FAILED;
    ERR_clear_error(); /* the next stream of this thread shall not find it */
    return d->state;
}

static enum dtls_state shake(struct dtls *d)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(d->ssl);
    if (result != 1)
        return judge(d, result);
    d->state = SSL_get_selected_srtp_profile(d->ssl) ? DTLS_READY : DTLS_FAILED;
    return d->state;
}

enum dtls_state dtls_start(struct dtls *d)
{
    if (d->started || !d->active)
        return d->state;
    d->started = true;
    return shake(d);
}

/* Behind the handshake: goodbye, or the end of the handshake once more because ours was lost. Data
 * is of no meaning here. */
static enum dtls_state read_rest(struct dtls *d)
{
    char nothing[256];
    int result;

    ERR_clear_error();
    do
        result = SSL_read(d->ssl, nothing, sizeof nothing);
    while (result > 0);
    return judge(d, result);
}

enum dtls_state dtls_take(struct dtls *d, const uint8_t *data, size_t size)
{
    if (d->state == DTLS_FAILED || d->state == DTLS_ENDED)
        return d->state;
    d->started = true;
    d->in = data;
    d->in_size = size;
    if (d->state == DTLS_SHAKING)
        (void)shake(d);
    else
        (void)read_rest(d);
    d->in = NULL;
    return d->state;
}

enum dtls_state dtls_turn(struct dtls *d)
{
    if (d->state != DTLS_SHAKING || !d->started)
        return d->state;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(d->ssl) < 0)
        d->state = DTLS_FAILED;
    ERR_clear_error();
    return d->state;
}

static enum srtp_suite suite_of(unsigned long profile)
{
    switch (profile) {
    case SRTP_AES128_CM_SHA1_80:
        return SRTP_AES_128_SHA1_80;
    case SRTP_AEAD_AES_128_GCM:
        return SRTP_AES_128_GCM;
    case SRTP_AEAD_AES_256_GCM:
        return SRTP_AES_256_GCM;
    default:
        return SRTP_NONE;
    }
}

/* Both keys, then both salts, the client's first (RFC 5764 4.2). */
bool dtls_keys(const struct dtls *d, struct session_crypto *ours, struct session_crypto *theirs)
{
    const SRTP_PROTECTION_PROFILE *profile =
        d->state == DTLS_READY ? SSL_get_selected_srtp_profile(d->ssl) : NULL;
    enum srtp_suite suite = profile ? suite_of(profile->id) : SRTP_NONE;
    size_t key = suite_key_size(suite), salt = suite_salt_size(suite);
    struct session_crypto *client = d->active ? ours : theirs, *server = d->active ? theirs : ours;
    uint8_t bytes[2 * SRTP_KEY_MAX];

    if (suite == SRTP_NONE ||
        SSL_export_keying_material(d->ssl, bytes, 2 * (key + salt), "EXTRACTOR-dtls_srtp", 19, NULL,
                                   0, 0) != 1)
        return false;
    *client = *server =
        (struct session_crypto){ .suite = suite, .key_size = (uint8_t)(key + salt) };
    memcpy(client->key, bytes, key);
    memcpy(server->key, bytes + key, key);
    memcpy(client->key + key, bytes + 2 * key, salt);
    memcpy(server->key + key, bytes + 2 * key + salt, salt);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}
