/* Certificates of the front: what is wrong with a file is said in words, and who a certificate says
 * somebody is (RFC 5922). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "sip/front_tls.h"
#include "sys/log.h"

static char folder[] = "/tmp/callpark-front.XXXXXX";

static void path_of(char to[SIP_PATH_SIZE], const char *name)
{
    assert_true(text_format(to, SIP_PATH_SIZE, "%s/%s", folder, name));
}

/* ---- certificates of the test, signed by themselves ---- */

static X509 *make(EVP_PKEY *key, const char *common_name, const char *san, long days)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    X509_EXTENSION *ext;

    assert_int_equal(X509_set_version(cert, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -86400L * 30));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * days));
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)common_name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(cert, name), 1);
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    if (san) {
        ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
        assert_non_null(ext);
        assert_int_equal(X509_add_ext(cert, ext, -1), 1);
        X509_EXTENSION_free(ext);
    }
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static void write_pair(const char *name, const char *common_name, const char *san, long days)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make(key, common_name, san, days);
    char path[SIP_PATH_SIZE], file[64];
    FILE *f;

    (void)text_format(file, sizeof file, "%s.pem", name);
    path_of(path, file);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, cert), 1);
    fclose(f);
    (void)text_format(file, sizeof file, "%s.key", name);
    path_of(path, file);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void config_of(struct sip_tls *c, const char *cert, const char *key, const char *ca)
{
    memset(c, 0, sizeof *c);
    if (cert)
        path_of(c->cert, cert);
    if (key)
        path_of(c->key, key);
    if (ca)
        path_of(c->ca, ca);
}

static int set_up(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_ERROR, LOG_FORM_TEXT, true);
    assert_non_null(mkdtemp(folder));
    write_pair("a", "a.example", "DNS:a.example", 10);
    write_pair("b", "b.example", NULL, 10);
    write_pair("old", "old.example", NULL, -1);
    write_pair("uri", "x", "URI:sip:Park.Example,URI:sip:bob@user.example,DNS:dns.example", 10);
    write_pair("dns", "cn.example", "DNS:one.example,DNS:two.example,IP:192.0.2.1", 10);
    write_pair("ip", "cn.example", "IP:192.0.2.1", 10);
    write_pair("wild", "w", "DNS:*.example", 10);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "a", "b", "old", "uri", "dns", "ip", "wild" };
    char path[SIP_PATH_SIZE], file[64];

    (void)state;
    for (size_t i = 0; i < 14; i++) {
        (void)text_format(file, sizeof file, "%s.%s", names[i / 2], i % 2 ? "key" : "pem");
        path_of(path, file);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return 0;
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *cert, *key, *ca, *words;
    } cases[] = {
        { "none.pem", "a.key", NULL, "tls-cert: " },
        { "a.pem", "none.key", NULL, "tls-key: " },
        { "a.key", "a.key", NULL, "holds no certificate in PEM form" },
        { "a.pem", "a.pem", NULL, "holds no private key in PEM form" },
        { "a.pem", "b.key", NULL, "does not belong to the certificate in" },
        { "a.pem", "a.key", "none.pem", "tls-ca: " },
        { "a.pem", "a.key", "a.key", "tls-ca: " },
        { NULL, NULL, "none.pem", "cannot be read: No such file" },
    };
    struct front_tls tls;
    struct sip_tls config;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = { 0 };

        config_of(&config, cases[i].cert, cases[i].key, cases[i].ca);
        assert_int_not_equal(front_tls_read(&tls, &config, &err), 0);
        if (!strstr(err.text, cases[i].words))
            fail_msg("'%s' does not say '%s'", err.text, cases[i].words);
    }
}

static void one_that_is_over_is_taken_with_a_warning(void **state)
{
    struct front_tls tls;
    struct sip_tls config;
    struct err err = { 0 };

    (void)state;
    config_of(&config, "old.pem", "old.key", NULL);
    assert_int_equal(front_tls_read(&tls, &config, &err), 0);
    assert_true(tls.not_after > 0);
    front_tls_done(&tls);
}

/* ---- two who shake hands in memory ---- */

struct pair {
    struct front_tls server_tls, client_tls;
    SSL *server, *client;
    bool up;
};

static SSL *side(SSL_CTX *ctx, BIO *bio, bool server)
{
    SSL *ssl = SSL_new(ctx);

    assert_non_null(ssl);
    SSL_set_bio(ssl, bio, bio);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

static void shake(struct pair *p, const struct sip_tls *server, const struct sip_tls *client)
{
    BIO *a, *b;
    struct err err = { 0 };

    memset(p, 0, sizeof *p);
    if (front_tls_read(&p->server_tls, server, &err) ||
        front_tls_read(&p->client_tls, client, &err))
        fail_msg("%s", err.text);
    assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
    p->server = side(p->server_tls.server, a, true);
    p->client = side(p->client_tls.client, b, false);
    for (int i = 0; i < 20; i++) {
        (void)SSL_do_handshake(p->client);
        (void)SSL_do_handshake(p->server);
    }
    p->up = SSL_is_init_finished(p->client) && SSL_is_init_finished(p->server);
}

static void part(struct pair *p)
{
    SSL_free(p->client);
    SSL_free(p->server);
    front_tls_done(&p->server_tls);
    front_tls_done(&p->client_tls);
}

static void who_a_certificate_says_he_is(void **state)
{
    static const struct {
        const char *name, *names;
        bool is_a;
    } cases[] = {
        { "uri", "park.example", false },
        { "dns", "one.example two.example", false },
        { "ip", "", false }, /* the common name counts only where there is no extension at all */
        { "b", "b.example", false },
        { "a", "a.example", true },
        { "wild", "*.example", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sip_tls server, client;
        struct pair p;
        struct front_peer peer;
        char cert[64], key[64], names[300] = "";

        (void)text_format(cert, sizeof cert, "%s.pem", cases[i].name);
        (void)text_format(key, sizeof key, "%s.key", cases[i].name);
        config_of(&server, "a.pem", "a.key", cert);
        server.client_cert = CLIENT_CERT_REQUIRE;
        config_of(&client, cert, key, "a.pem");
        shake(&p, &server, &client);
        assert_true(p.up);
        front_tls_names(p.server, &peer);
        assert_true(peer.verified);
        for (unsigned n = 0; n < peer.name_count; n++)
            (void)text_append(names, sizeof names, "%s%s", n ? " " : "", peer.names[n]);
        assert_string_equal(names, cases[i].names);
        assert_int_equal(front_tls_is_for(p.server, "a.example"), cases[i].is_a);
        assert_int_equal(front_tls_is_for(p.server, "192.0.2.1"),
                         text_is(cases[i].name, "dns") || text_is(cases[i].name, "ip"));
        assert_true(front_tls_is_for(p.client, "A.Example"));
        part(&p);
    }
}

static void whom_we_ask_for_a_certificate(void **state)
{
    static const struct {
        enum sip_client_cert asked;
        const char *cert, *ca; /* of the client, and whom the server believes */
        bool up, verified;
    } cases[] = {
        { CLIENT_CERT_NO, "b", "b.pem", true, false },
        { CLIENT_CERT_ASK, NULL, "b.pem", true, false },
        { CLIENT_CERT_ASK, "b", "b.pem", true, true },
        { CLIENT_CERT_ASK, "b", "dns.pem", true, false },
        { CLIENT_CERT_ASK, "old", "old.pem", true, false },
        { CLIENT_CERT_REQUIRE, NULL, "b.pem", false, false },
        { CLIENT_CERT_REQUIRE, "b", "b.pem", true, true },
        { CLIENT_CERT_REQUIRE, "b", "dns.pem", false, false },
        { CLIENT_CERT_REQUIRE, "old", "old.pem", false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sip_tls server, client;
        struct pair p;
        struct front_peer peer;
        char cert[64], key[64];

        (void)text_format(cert, sizeof cert, "%s.pem", cases[i].cert ? cases[i].cert : "");
        (void)text_format(key, sizeof key, "%s.key", cases[i].cert ? cases[i].cert : "");
        config_of(&server, "a.pem", "a.key", cases[i].ca);
        server.client_cert = cases[i].asked;
        config_of(&client, cases[i].cert ? cert : NULL, cases[i].cert ? key : NULL, "a.pem");
        shake(&p, &server, &client);
        if (p.up != cases[i].up)
            fail_msg("case %zu: up %d", i, p.up);
        if (p.up) {
            front_tls_names(p.server, &peer);
            assert_int_equal(peer.verified, cases[i].verified);
            assert_int_equal(peer.name_count > 0, cases[i].verified);
        }
        part(&p);
    }
}

static void whom_we_believe_when_we_call(void **state)
{
    struct sip_tls server, client;
    struct pair p;

    (void)state;
    config_of(&server, "a.pem", "a.key", NULL);
    config_of(&client, NULL, NULL, "b.pem");
    shake(&p, &server, &client);
    assert_false(p.up);
    part(&p);
    client.verify_off = true;
    shake(&p, &server, &client);
    assert_true(p.up);
    part(&p);
}

static void files_that_change_are_seen(void **state)
{
    struct sip_tls config;
    struct front_look look;

    (void)state;
    write_pair("b", "b.example", NULL, 10);
    config_of(&config, "b.pem", "b.key", NULL);
    front_look_read(&look, &config);
    assert_false(front_look_changed(&look, &config));
    write_pair("b", "b.example", "DNS:b.example", 11);
    assert_false(front_look_changed(&look, &config)); /* it may not be all yet */
    assert_true(front_look_changed(&look, &config));
    front_look_read(&look, &config);
    assert_false(front_look_changed(&look, &config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(one_that_is_over_is_taken_with_a_warning),
        cmocka_unit_test(who_a_certificate_says_he_is),
        cmocka_unit_test(whom_we_ask_for_a_certificate),
        cmocka_unit_test(whom_we_believe_when_we_call),
        cmocka_unit_test(files_that_change_are_seen),
    };

    return cmocka_run_group_tests_name("front_tls", tests, set_up, tear_down);
}
