/* Networks as administrators write them: "10.0.0.0/8", "192.0.2.7", "2001:db8::/32". Pure. */
#ifndef CALLPARK_BASE_NETWORK_H
#define CALLPARK_BASE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d, so that both families compare alike */
    unsigned bits;       /* of the 128 that count */
};

/* Read a network or a single address; false if the text is neither. Brackets around an IPv6 address are fine. */
bool network_read(const char *text, struct network *n);

/* Is this numeric address (with or without brackets, an IPv4-mapped one included) in the network? */
bool network_holds(const struct network *n, const char *address);

#endif
