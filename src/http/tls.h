/* The certificate of the web listener: who takes it, and how another comes in its place while
 * connections are made. Internal to src/http. */
#ifndef CALLPARK_HTTP_TLS_H
#define CALLPARK_HTTP_TLS_H

#include <gnutls/abstract.h>

#include "http/http.h"

/* TLS 1.2 with forward secrecy and authenticated ciphers, and 1.3. */
#define TLS_PRIORITIES                                                                             \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-AES-128-CBC:-AES-256-CBC:"          \
    "-AES-128-CCM:-AES-256-CCM:-SHA1:%SERVER_PRECEDENCE"

struct tls;

/* Reads both files and watches them. One at a time in a process: GnuTLS asks for a certificate
 * without saying on whose behalf. */
int tls_start(struct tls **out, const char *cert_file, const char *key_file, struct err *err);
void tls_stop(struct tls *t); /* when no connection is left; NULL is fine */

/* Read the files again, soon and on the watching thread, which logs how it went. */
void tls_reread(struct tls *t);

bool tls_about(struct http_certificate *about);

/* What GnuTLS asks in each handshake (gnutls_certificate_retrieve_function3). */
int tls_choose(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
               gnutls_pcert_st **chain, unsigned *chain_length, gnutls_ocsp_data_st **ocsp,
               unsigned *ocsp_length, gnutls_privkey_t *key, unsigned *flags);

#endif
