/* A certificate with its chain and key, as read from two PEM files. Whole and consistent, or not
 * made at all. Internal to src/http. */
#ifndef CALLPARK_HTTP_CERTIFICATE_H
#define CALLPARK_HTTP_CERTIFICATE_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "http/http.h"

#define CHAIN_MAX 16

struct certificate {
    gnutls_datum_t chain[CHAIN_MAX]; /* each as DER, the server's own first */
    unsigned chain_length;
    gnutls_x509_privkey_t key;
    struct http_certificate about;
    struct certificate *next; /* of those that are given up */
};

/* 0, or a negative errno with words that name the file at fault. */
int certificate_read(struct certificate **out, const char *cert_file, const char *key_file,
                     struct err *err);
void certificate_free(struct certificate *c); /* NULL is fine */

/* Copies for one handshake, which GnuTLS frees (GNUTLS_CERT_RETR_DEINIT_ALL). */
bool certificate_copy(const struct certificate *c, gnutls_pcert_st **chain, gnutls_privkey_t *key);

#endif
