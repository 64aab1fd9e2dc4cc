/* An address and port as bytes, for comparing and hashing once for each packet. Pure but for the
 * system's form of it. */
#ifndef CALLPARK_MEDIA_ENDPOINT_H
#define CALLPARK_MEDIA_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"

enum family { FAMILY_NONE, FAMILY_4, FAMILY_6, FAMILIES };

struct endpoint {
    uint8_t host[16]; /* IPv4 in the first four, zeros behind */
    uint16_t port;    /* in host byte order */
    uint8_t family;   /* enum family */
};

union endpoint_socket {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* False, and FAMILY_NONE, for what is no numeric address or no place to send to (0.0.0.0, ::). An
 * IPv4 address written as IPv6 (::ffff:a.b.c.d) is the IPv4 address. */
bool endpoint_read(struct endpoint *e, const char *host, uint16_t port);
bool endpoint_any(struct endpoint *e, const char *host,
                  uint16_t port); /* 0.0.0.0 is fine, to bind */

socklen_t endpoint_to_socket(union endpoint_socket *s, const struct endpoint *e);
void endpoint_from_socket(struct endpoint *e, const union endpoint_socket *s);
void endpoint_to_address(struct address *a, const struct endpoint *e);

bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b);
bool endpoint_same(const struct endpoint *a, const struct endpoint *b);

/* `seed` is random for each process, so that nobody can choose addresses that all fall together. */
uint32_t endpoint_hash(const struct endpoint *e, bool with_port, uint64_t seed);

#endif
