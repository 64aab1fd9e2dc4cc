/* See front_tls.h. A context is counted by the connections that use it, so another one may come in
 * its place at any time: those that are open keep theirs. */
#include "sip/front_tls.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

#include "base/network.h"
#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

/* Forward secrecy and authenticated ciphers; those of TLS 1.3 are so anyway. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define DAY ((wall_msec)86400 * 1000)

const char *front_tls_why(char to[160])
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    (void)text_copy(to, 160,
                    reason ? reason : "the connection was closed"); /* the end may be cut */
    ERR_clear_error();
    return to;
}

/* ---- contexts ---- */

static wall_msec end_of(const X509 *cert)
{
    struct tm when;
    time_t at;

    if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert), &when) != 1)
        return 0;
    at = timegm(&when);
    return at > 0 ? (wall_msec)at * 1000 : 0;
}

static int exists(const char *key, const char *path, struct err *err)
{
    FILE *f = fopen(path, "re");

    if (!f)
        return err_set(err, -errno, "[sip] %s: %.200s cannot be read: %s", key, path,
                       strerror(errno));
    (void)fclose(f); /* it was only opened */
    return 0;
}

static int read_own(SSL_CTX *ctx, const struct sip_tls *c, struct err *err)
{
    char why[160];

    if (exists("tls-cert", c->cert, err) || exists("tls-key", c->key, err))
        return err ? err->code : -ENOENT;
    if (SSL_CTX_use_certificate_chain_file(ctx, c->cert) != 1)
        return err_set(err, -EINVAL,
                       "[sip] tls-cert: %.200s holds no certificate in PEM form: %s; it takes the "
                       "server's own, then its chain",
                       c->cert, front_tls_why(why));
    if (SSL_CTX_use_PrivateKey_file(ctx, c->key, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(ctx) == 1)
        return 0;
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
        ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH)
        return err_set(
            err, -EINVAL,
            "[sip] tls-key: the key in %.150s does not belong to the certificate in %.150s", c->key,
            c->cert);
    return err_set(err, -EINVAL,
                   "[sip] tls-key: %.200s holds no private key in PEM form, or one that a password "
                   "protects: it must be without",
                   c->key);
}

static int believe(SSL_CTX *ctx, const struct sip_tls *c, struct err *err)
{
    char why[160];

    if (!c->ca[0]) {
        (void)SSL_CTX_set_default_verify_paths(ctx); /* a system without any believes nobody */
        return 0;
    }
    if (exists("tls-ca", c->ca, err))
        return err ? err->code : -ENOENT;
    if (SSL_CTX_load_verify_locations(ctx, c->ca, NULL) != 1)
        return err_set(err, -EINVAL, "[sip] tls-ca: %.200s holds no certificates in PEM form: %s",
                       c->ca, front_tls_why(why));
    return 0;
}

/* Whether it counts is asked afterwards: SSL_get_verify_result() keeps what was found. */
static int take_any(int found, X509_STORE_CTX *chain)
{
    (void)found;
    (void)chain;
    return 1;
}

static SSL_CTX *new_context(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    if (!ctx)
        return NULL;
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_cipher_list(ctx, CIPHERS); /* a constant */
    /* Peers show the certificates of their servers when they call. */
    (void)X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(ctx), X509_PURPOSE_ANY);
    return ctx;
}

static void ask_for_certificates(SSL_CTX *ctx, const struct sip_tls *c)
{
    if (c->client_cert == CLIENT_CERT_ASK)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, take_any);
    else if (c->client_cert == CLIENT_CERT_REQUIRE)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    if (c->client_cert && c->ca[0])
        SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(c->ca));
}

void front_tls_say(const struct front_tls *tls, const struct sip_tls *c)
{
    const wall_msec now = clock_wall();
    char until[32];

    if (!tls->not_after)
        return;
    clock_rfc3339(until, tls->not_after);
    if (tls->not_after <= now)
        log_warning("sip",
                    "the certificate in %s is over since %s: phones refuse it; put a new "
                    "one there",
                    c->cert, until);
    else if (tls->not_after < now + 14 * DAY)
        log_warning("sip", "the certificate in %s is over in %llu days: put a new one there",
                    c->cert, (unsigned long long)((tls->not_after - now) / DAY));
    else
        log_info("sip", "the certificate in %s holds until %s", c->cert, until);
}

int front_tls_read(struct front_tls *out, const struct sip_tls *c, struct err *err)
{
    struct front_tls tls = { .server = c->cert[0] ? new_context(TLS_server_method()) : NULL,
                             .client = new_context(TLS_client_method()) };
    int code = 0;

    if (!tls.client || (c->cert[0] && !tls.server))
        code = err_set(err, -ENOMEM, "out of memory for TLS");
    if (!code && tls.server)
        code = read_own(tls.server, c, err) ? -EINVAL : believe(tls.server, c, err);
    if (!code && tls.server)
        code = read_own(tls.client, c, err); /* our own calls show it too */
    if (!code)
        code = believe(tls.client, c, err);
    if (code) {
        front_tls_done(&tls);
        return code;
    }
    if (tls.server) {
        ask_for_certificates(tls.server, c);
        tls.not_after = end_of(SSL_CTX_get0_certificate(tls.server));
    }
    SSL_CTX_set_verify(tls.client, SSL_VERIFY_PEER, c->verify_off ? take_any : NULL);
    *out = tls;
    return 0;
}

void front_tls_done(struct front_tls *tls)
{
    SSL_CTX_free(tls->server);
    SSL_CTX_free(tls->client);
    memset(tls, 0, sizeof *tls);
}

/* ---- names ---- */

static void add_name(struct front_peer *to, const char *name, size_t length)
{
    char *at;

    if (to->name_count == FRONT_NAMES_MAX || memchr(name, '\0', length) || !length)
        return; /* a name with an end in the middle is meant to deceive */
    at = to->names[to->name_count];
    if (!text_copy_n(at, sizeof to->names[0], name, length))
        return;
    for (; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    to->name_count++;
}

static void add_string(struct front_peer *to, const ASN1_STRING *s, const char *scheme)
{
    const char *text = (const char *)ASN1_STRING_get0_data(s);
    size_t length = (size_t)ASN1_STRING_length(s), prefix = strlen(scheme);

    if (length > prefix && strncasecmp(text, scheme, prefix) == 0 &&
        !memchr(text + prefix, '@', length - prefix)) /* of a user, not of a domain */
        add_name(to, text + prefix, length - prefix);
}

static void add_common_name(struct front_peer *to, X509 *cert)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (at >= 0)
        add_string(to, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), "");
}

/* RFC 5922 7.1: the URIs with sip: if there are any, else the DNS names; the common name only
 * where the extension is missing. */
static void read_names(struct front_peer *to, X509 *cert)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    int count = all ? sk_GENERAL_NAME_num(all) : 0;
    bool by_uri;

    to->name_count = 0;
    for (int i = 0; i < count; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

        if (name->type == GEN_URI)
            add_string(to, name->d.uniformResourceIdentifier, "sip:");
    }
    by_uri = to->name_count > 0;
    for (int i = 0; i < count && !by_uri; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

        if (name->type == GEN_DNS)
            add_string(to, name->d.dNSName, "");
    }
    if (!all)
        add_common_name(to, cert);
    GENERAL_NAMES_free(all);
}

void front_tls_names(SSL *ssl, struct front_peer *to)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);

    to->name_count = 0;
    to->verified = cert && SSL_get_verify_result(ssl) == X509_V_OK;
    if (to->verified)
        read_names(to, cert);
    X509_free(cert);
}

bool front_tls_is_for(SSL *ssl, const char *host)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);
    struct front_peer peer = { .name_count = 0 };
    struct ip ip;
    bool is = false;

    if (cert && ip_read(host, &ip)) {
        is = X509_check_ip_asc(cert, host, 0) == 1;
    } else if (cert) {
        read_names(&peer, cert);
        is = front_is_named(&peer, host);
    }
    X509_free(cert);
    return is;
}

/* ---- files that change ---- */

static void look_at(struct stat to[3], const struct sip_tls *c)
{
    const char *const paths[] = { c->cert, c->key, c->ca };

    for (size_t i = 0; i < 3; i++)
        if (!paths[i][0] || stat(paths[i], &to[i]) != 0)
            memset(&to[i], 0, sizeof to[i]);
}

static bool same(const struct stat a[3], const struct stat b[3])
{
    for (size_t i = 0; i < 3; i++)
        if (a[i].st_dev != b[i].st_dev || a[i].st_ino != b[i].st_ino ||
            a[i].st_size != b[i].st_size || a[i].st_mtim.tv_sec != b[i].st_mtim.tv_sec ||
            a[i].st_mtim.tv_nsec != b[i].st_mtim.tv_nsec)
            return false;
    return true;
}

void front_look_read(struct front_look *look, const struct sip_tls *config)
{
    look_at(look->read, config);
    memcpy(look->last, look->read, sizeof look->last);
}

bool front_look_changed(struct front_look *look, const struct sip_tls *config)
{
    struct stat now[3];
    bool changed;

    look_at(now, config);
    changed = !same(now, look->read) && same(now, look->last);
    memcpy(look->last, now, sizeof look->last);
    return changed;
}
