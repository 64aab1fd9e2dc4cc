/* Reading and judging a certificate and its key. When this is done is decided in tls.c. */
#include "http/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/log.h"

#define FILE_MAX ((off_t)1 << 20)

/* ---- files -------------------------------------------------------------------------------------
 */

static int cannot_read(const char *key, const char *path, const char *why, struct err *err)
{
    return err_set(err, -EIO, "[web] %s: %.200s cannot be read: %s", key, path, why);
}

static int read_fd(gnutls_datum_t *to, int fd, const struct stat *st)
{
    ssize_t n;

    to->data = gnutls_malloc((size_t)st->st_size + 1);
    if (!to->data)
        return -ENOMEM;
    n = read(fd, to->data, (size_t)st->st_size);
    to->size = n > 0 ? (unsigned)n : 0;
    return n == st->st_size ? 0 : -EIO;
}

/* The text of a file, to be freed by gnutls_free() whatever comes. `key` is its word in the
 * configuration. */
static int read_file(gnutls_datum_t *to, const char *key, const char *path, struct stat *st,
                     struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code;

    if (fd < 0)
        return cannot_read(key, path, strerror(errno), err);
    if (fstat(fd, st) != 0)
        code = cannot_read(key, path, strerror(errno), err);
    else if (!S_ISREG(st->st_mode))
        code = cannot_read(key, path, "it is no file", err);
    else if (st->st_size > FILE_MAX)
        code = cannot_read(key, path, "it is larger than 1 MiB", err);
    else
        code = read_fd(to, fd, st) ? cannot_read(key, path, "it was cut short", err) : 0;
    close(fd);
    return code;
}

/* ---- what a certificate says -------------------------------------------------------------------
 */

static wall_msec when(time_t seconds)
{
    return seconds > 0 ? (wall_msec)seconds * 1000 : 0;
}

static void put_name(char *to, size_t size,
                     int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned),
                     gnutls_x509_crt_t crt)
{
    gnutls_datum_t text = { 0 };

    if (get(crt, &text, 0) == 0)
        (void)text_copy(to, size, (const char *)text.data); /* the end may be cut */
    gnutls_free(text.data);
}

/* The names that browsers compare: all DNS names and addresses, with commas between. */
static void put_names(char *to, size_t size, gnutls_x509_crt_t crt)
{
    for (unsigned i = 0; i < 100; i++) {
        char value[256], shown[256];
        size_t length = sizeof value - 1;
        int type = gnutls_x509_crt_get_subject_alt_name(crt, i, value, &length, NULL);

        if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
            continue;
        if (type < 0)
            return;
        value[length] = '\0';
        if (type == GNUTLS_SAN_IPADDRESS)
            (void)inet_ntop(length == 4 ? AF_INET : AF_INET6, value, shown,
                            sizeof shown); /* fits */
        else if (type == GNUTLS_SAN_DNSNAME)
            (void)text_copy(shown, sizeof shown, value); /* the same size */
        else
            continue;
        (void)text_append(to, size, "%s%s", to[0] ? ", " : "", shown); /* the end may be cut */
    }
}

static void put_fingerprint(char to[65], gnutls_x509_crt_t crt)
{
    unsigned char hash[32];
    size_t size = sizeof hash;

    to[0] = '\0';
    if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, hash, &size) == 0)
        for (size_t i = 0; i < size; i++)
            (void)text_append(to, 65, "%02x", hash[i]); /* fits */
}

static void describe(struct http_certificate *about, gnutls_x509_crt_t crt, const char *file)
{
    put_name(about->subject, sizeof about->subject, gnutls_x509_crt_get_dn3, crt);
    put_name(about->issuer, sizeof about->issuer, gnutls_x509_crt_get_issuer_dn3, crt);
    put_names(about->names, sizeof about->names, crt);
    put_fingerprint(about->fingerprint, crt);
    about->not_before = when(gnutls_x509_crt_get_activation_time(crt));
    about->not_after = when(gnutls_x509_crt_get_expiration_time(crt));
    (void)text_copy(about->file, sizeof about->file, file); /* the same size */
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static int take_chain(struct certificate *c, const gnutls_x509_crt_t *chain, unsigned count,
                      const char *file, struct err *err)
{
    if (count > CHAIN_MAX)
        return err_set(err, -EINVAL, "[web] tls-cert: %.200s holds more than %d certificates", file,
                       CHAIN_MAX);
    for (unsigned i = 0; i < count; i++) {
        if (gnutls_x509_crt_export2(chain[i], GNUTLS_X509_FMT_DER, &c->chain[i]) != 0)
            return err_set(err, -ENOMEM, "out of memory for the certificate");
        c->chain_length++;
    }
    describe(&c->about, chain[0], file);
    return 0;
}

static bool belong_together(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    unsigned char a[64], b[64];
    size_t a_size = sizeof a, b_size = sizeof b;

    return gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, a, &a_size) == 0 &&
           gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, b, &b_size) == 0 &&
           a_size == b_size && memcmp(a, b, a_size) == 0;
}

static int read_key(struct certificate *c, const char *file, struct err *err)
{
    gnutls_datum_t text = { 0 };
    struct stat st = { .st_mode = 0 };
    int code = read_file(&text, "tls-key", file, &st, err);

    if (!code && (gnutls_x509_privkey_init(&c->key) != 0 ||
                  gnutls_x509_privkey_import2(c->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0) != 0))
        code = err_set(err, -EINVAL,
                       "[web] tls-key: %.200s holds no private key in PEM form, or one that a "
                       "password protects: it must be without",
                       file);
    if (!code && st.st_mode & 0004)
        log_warning("http", "everybody on this machine can read the key in %s: chmod 640 it", file);
    if (text.data)
        gnutls_memset(text.data, 0, text.size);
    gnutls_free(text.data);
    return code;
}

static int read_chain(struct certificate *c, const char *file, const char *key_file,
                      struct err *err)
{
    gnutls_datum_t text = { 0 };
    gnutls_x509_crt_t *chain = NULL;
    unsigned count = 0;
    struct stat st = { .st_mode = 0 };
    int code = read_file(&text, "tls-cert", file, &st, err);

    if (!code && (gnutls_x509_crt_list_import2(&chain, &count, &text, GNUTLS_X509_FMT_PEM,
                                               GNUTLS_X509_CRT_LIST_SORT) < 0 ||
                  count == 0))
        code = err_set(err, -EINVAL,
                       "[web] tls-cert: %.200s holds no certificates in PEM form, or some that do "
                       "not follow from each other: it takes the server's own, then its chain",
                       file);
    if (!code)
        code = take_chain(c, chain, count, file, err);
    if (!code && !belong_together(chain[0], c->key))
        code = err_set(err, -EINVAL,
                       "[web] tls-key: the key in %.150s does not belong to the certificate in "
                       "%.150s",
                       key_file, file);
    for (unsigned i = 0; chain && i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    gnutls_free(text.data);
    return code;
}

int certificate_read(struct certificate **out, const char *cert_file, const char *key_file,
                     struct err *err)
{
    struct certificate *c = calloc(1, sizeof *c);
    int code;

    if (!c)
        return err_set(err, -ENOMEM, "out of memory for the certificate");
    code = read_key(c, key_file, err);
    if (!code)
        code = read_chain(c, cert_file, key_file, err);
    if (code) {
        certificate_free(c);
        return code;
    }
    *out = c;
    return 0;
}

void certificate_free(struct certificate *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < c->chain_length; i++)
        gnutls_free(c->chain[i].data);
    if (c->key)
        gnutls_x509_privkey_deinit(c->key);
    free(c);
}

/* ---- for a handshake ---------------------------------------------------------------------------
 */

static bool copy_key(const struct certificate *c, gnutls_privkey_t *key)
{
    if (gnutls_privkey_init(key) != 0)
        return false;
    if (gnutls_privkey_import_x509(*key, c->key, GNUTLS_PRIVKEY_IMPORT_COPY) == 0)
        return true;
    gnutls_privkey_deinit(*key);
    return false;
}

bool certificate_copy(const struct certificate *c, gnutls_pcert_st **chain, gnutls_privkey_t *key)
{
    gnutls_pcert_st *copy = gnutls_calloc(c->chain_length, sizeof *copy);
    unsigned done = 0;

    while (copy && done < c->chain_length &&
           gnutls_pcert_import_x509_raw(&copy[done], &c->chain[done], GNUTLS_X509_FMT_DER, 0) == 0)
        done++;
    if (done == c->chain_length && copy_key(c, key)) {
        *chain = copy;
        return true;
    }
    while (done > 0)
        gnutls_pcert_deinit(&copy[--done]);
    gnutls_free(copy);
    return false;
}
