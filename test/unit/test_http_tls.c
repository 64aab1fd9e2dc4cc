/* Certificates: what is read of them, which are refused and why, and that handshakes never meet
 * one that is being taken away. The pairs are made here. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/x509.h>

#include "base/text.h"
#include "http/certificate.h"
#include "http/tls.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define DAY 86400

struct files {
    char folder[64], cert[96], key[96], other_cert[96], other_key[96];
};

static void put(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    close(fd);
}

/* A certificate for `name` that ends in so many seconds, signed by its own key. */
static void make_pair(const char *cert, const char *key_file, const char *name, long seconds)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_datum_t text;

    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(
                         key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                     0);
    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    assert_int_equal(gnutls_x509_crt_set_version(crt, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(crt, "\1", 1), 0);
    assert_int_equal(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                                   (unsigned)strlen(name)),
                     0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(crt, time(NULL) - 30 * DAY), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(crt, time(NULL) + seconds), 0);
    assert_int_equal(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
                                                          (unsigned)strlen(name), GNUTLS_FSAN_SET),
                     0);
    assert_int_equal(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, "\300\0\2\7",
                                                          4, GNUTLS_FSAN_APPEND),
                     0);
    assert_int_equal(gnutls_x509_crt_set_key(crt, key), 0);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text), 0);
    put(cert, text.data, text.size);
    gnutls_free(text.data);
    assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text), 0);
    put(key_file, text.data, text.size);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

static int set_up(void **state)
{
    struct files *f = calloc(1, sizeof *f);

    assert_non_null(f);
    (void)text_copy(f->folder, sizeof f->folder, "/tmp/test_tls_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)text_format(f->cert, sizeof f->cert, "%s/cert.pem", f->folder);
    (void)text_format(f->key, sizeof f->key, "%s/key.pem", f->folder);
    (void)text_format(f->other_cert, sizeof f->other_cert, "%s/other.pem", f->folder);
    (void)text_format(f->other_key, sizeof f->other_key, "%s/other.key", f->folder);
    make_pair(f->cert, f->key, "park.example.com", 90 * DAY);
    make_pair(f->other_cert, f->other_key, "other.example.com", 90 * DAY);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct files *f = *state;

    (void)unlink(f->cert);
    (void)unlink(f->key);
    (void)unlink(f->other_cert);
    (void)unlink(f->other_key);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static void it_says_what_it_is(void **state)
{
    struct files *f = *state;
    struct certificate *c = NULL;
    struct err err;

    if (certificate_read(&c, f->cert, f->key, &err))
        fail_msg("%s", err.text);
    assert_string_equal(c->about.subject, "CN=park.example.com");
    assert_string_equal(c->about.issuer, "CN=park.example.com");
    assert_string_equal(c->about.names, "park.example.com, 192.0.2.7");
    assert_string_equal(c->about.file, f->cert);
    assert_int_equal(strlen(c->about.fingerprint), 64);
    assert_true(c->about.not_before < clock_wall());
    assert_true(c->about.not_after > clock_wall() + (wall_msec)89 * DAY * 1000);
    assert_int_equal(c->chain_length, 1);
    certificate_free(c);
}

static void what_will_not_do_is_refused(void **state)
{
    struct files *f = *state;
    char missing[96];
    struct {
        const char *cert, *key, *words;
    } cases[] = {
        { missing, f->key, "[web] tls-cert: " },
        { f->cert, missing, "cannot be read: No such file" },
        { f->folder, f->key, "cannot be read: it is no file" },
        { f->key, f->key, "holds no certificates in PEM form" },
        { f->cert, f->cert, "holds no private key in PEM form" },
        { f->cert, f->other_key, "does not belong to the certificate" },
    };

    (void)text_format(missing, sizeof missing, "%s/missing", f->folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct certificate *c = NULL;
        struct err err;

        assert_int_not_equal(certificate_read(&c, cases[i].cert, cases[i].key, &err), 0);
        assert_null(c);
        if (!strstr(err.text, cases[i].words))
            fail_msg("'%s' does not say '%s'", err.text, cases[i].words);
    }
    put(f->cert, "", 0);
    assert_int_not_equal(certificate_read(&(struct certificate *){ NULL }, f->cert, f->key, NULL),
                         0);
}

/* Wait until the certificate that is served is of this name, for so many hundredths of a second. */
static bool comes_within(const char *name, int hundredths)
{
    struct http_certificate about = { .subject = "" };

    for (int i = 0; i < hundredths; i++) {
        const struct timespec rest = { .tv_nsec = 10000000 };

        if (tls_about(&about) && strstr(about.subject, name))
            return true;
        nanosleep(&rest, NULL);
    }
    return false;
}

static bool comes(const char *name)
{
    return comes_within(name, 1000);
}

/* At the start it is better than no page; in the place of a good one it is refused. */
static void one_that_is_over_replaces_nothing(void **state)
{
    struct files *f = *state;
    struct tls *t = NULL;
    struct err err;

    make_pair(f->cert, f->key, "over.example.com", -1);
    if (tls_start(&t, f->cert, f->key, &err))
        fail_msg("%s", err.text);
    make_pair(f->cert, f->key, "good.example.com", DAY);
    tls_reread(t);
    assert_true(comes("good"));
    make_pair(f->cert, f->key, "over.example.com", -1);
    tls_reread(t);
    assert_false(comes_within("over", 30));
    tls_stop(t);
    assert_false(tls_about(&(struct http_certificate){ .subject = "" }));
}

struct handshakes {
    atomic_bool stop;
    atomic_uint made;
};

static void *shake(void *argument)
{
    struct handshakes *h = argument;

    while (!atomic_load(&h->stop)) {
        gnutls_pcert_st *chain = NULL;
        gnutls_ocsp_data_st *ocsp;
        gnutls_privkey_t key = NULL;
        unsigned chain_length, ocsp_length, flags;

        assert_int_equal(
            tls_choose(NULL, NULL, &chain, &chain_length, &ocsp, &ocsp_length, &key, &flags), 0);
        assert_int_equal(chain_length, 1);
        assert_int_equal(flags, GNUTLS_CERT_RETR_DEINIT_ALL);
        gnutls_pcert_deinit(chain);
        gnutls_free(chain);
        gnutls_privkey_deinit(key);
        atomic_fetch_add(&h->made, 1);
    }
    return NULL;
}

static void handshakes_go_on_meanwhile(void **state)
{
    struct files *f = *state;
    struct handshakes h = { .stop = false };
    pthread_t threads[3];
    struct tls *t = NULL;
    struct err err;

    if (tls_start(&t, f->cert, f->key, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(thread_start(&threads[i], "shake", shake, &h, NULL), 0);
    for (int i = 0; i < 40; i++) {
        bool odd = i % 2;

        make_pair(f->cert, f->key, odd ? "odd.example.com" : "even.example.com", DAY);
        tls_reread(t);
        assert_true(comes(odd ? "odd" : "even"));
    }
    atomic_store(&h.stop, true);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_true(atomic_load(&h.made) > 40);
    tls_stop(t);
}

/* Nobody says anything; one file comes after the other. */
static void changed_files_are_noticed(void **state)
{
    struct files *f = *state;
    struct tls *t = NULL;
    struct err err;

    if (tls_start(&t, f->cert, f->key, &err))
        fail_msg("%s", err.text);
    assert_int_equal(rename(f->other_cert, f->cert), 0);
    assert_int_equal(rename(f->other_key, f->key), 0);
    assert_true(comes("other.example.com"));
    tls_stop(t);
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_FILES(it_says_what_it_is),
        WITH_FILES(what_will_not_do_is_refused),
        WITH_FILES(one_that_is_over_replaces_nothing),
        WITH_FILES(handshakes_go_on_meanwhile),
        WITH_FILES(changed_files_are_noticed),
    };

    return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
