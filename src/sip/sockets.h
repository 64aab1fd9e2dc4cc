/* The library binds and accepts by itself, and takes no socket from anybody. So the functions of
 * the C library that it calls for this are ours (sockets.c), and give it sockets that were kept
 * over a restart. Internal to src/sip; on the SIP thread. */
#ifndef CALLPARK_SIP_SOCKETS_H
#define CALLPARK_SIP_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

/* The socket of listener number `n` is about to be bound; `listen` is its line in the
 * configuration. The port that it had before, if it was kept; else `port` as it is. */
uint16_t sockets_begin(unsigned n, const char *listen, const char *transport, const char *host,
                       uint16_t port);
/* It is bound, or that failed: its descriptor, which stays the library's, or -1. From now on it is
 * kept, and so is each connection that is accepted there. */
int sockets_end(void);

/* Connections that were kept for that listener, one each time: the next accept() gives it. False:
 * there are no more. */
bool sockets_next_connection(unsigned n);

#endif
