/* Numeric addresses and networks ("10.0.0.0/8", "2001:db8::/32"), for lists of who may do what.
 * Pure: no names are looked up. IPv4 is kept as IPv4-mapped IPv6 (RFC 4291 2.5.5.2), so that one
 * comparison serves both, however a socket shows its peer. */
#ifndef CALLPARK_BASE_NETWORK_H
#define CALLPARK_BASE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct ip {
    uint8_t byte[16];
};

struct network {
    struct ip ip;
    uint8_t bits; /* of 128: 10.0.0.0/8 has 104 */
};

/* A numeric address, whole text, without brackets, port or zone. False if it is none. */
bool ip_read(const char *text, struct ip *ip);
bool ip_is_v4(const struct ip *ip);

/* An address (a network of one) or "address/bits". Bits behind the prefix are ignored. */
bool network_read(const char *text, struct network *n);
bool network_holds(const struct network *n, const struct ip *ip);

/* The same for an address as text, with or without brackets; what is no address is in no network.
 */
bool network_holds_text(const struct network *n, const char *address);

#endif
