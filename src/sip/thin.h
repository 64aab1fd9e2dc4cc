/* What the kernel is to drop of a flood before it is read: a program of classic BPF for a UDP
 * socket (man 7 socket, SO_ATTACH_FILTER), which needs no right. Pure. */
#ifndef CALLPARK_SIP_THIN_H
#define CALLPARK_SIP_THIN_H

#include <linux/filter.h>
#include <stddef.h>

#include "core/number.h"

/* On kernels before 6.5 a socket has room for some 2,500 instructions (net.core.optmem_max). */
#define THIN_PROGRAM_MAX 2048
#define THIN_ORBITS_MAX 256
#define THIN_WHOLE 1000 /* a share of all */

/* Numbers whose INVITEs are retrievals: they are let through. */
struct thin_orbits {
    number_key first, last; /* of one length; without a prefix */
};

struct thin {
    struct thin_orbits at[THIN_ORBITS_MAX];
    size_t count;
    bool prefixed; /* there are numbers with * or # as well: whatever begins so is let through */
};

/* Take these numbers in as well. More than there is room for are taken in as one interval for each
 * length: then some parks are let through, and no retrieval is dropped. */
void thin_add(struct thin *t, number_key first, number_key last);

/* The program that drops `share` (of THIN_WHOLE) of what would begin something: INVITEs for no
 * orbit, and OPTIONS, SUBSCRIBE, REGISTER, MESSAGE, PUBLISH. What belongs to a dialog is addressed
 * to our Contact, in which there is no user part, and passes; so do ACK, BYE, CANCEL, all other
 * methods and every response. Returns how many instructions there are. */
size_t thin_program(struct sock_filter to[THIN_PROGRAM_MAX], const struct thin *t, unsigned share);

/* The share for the next moment, from the present one and how full the socket's queue is (`used`
 * of `room` bytes): up in steps, down slowly, 0 when it is over. */
unsigned thin_share(unsigned share, size_t used, size_t room);

#endif
