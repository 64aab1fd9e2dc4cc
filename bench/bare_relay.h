/* The yardstick of relaying: recvmmsg(), whose it is by where it came from, sendmmsg() to the other
 * one. A process of its own on the first core. */
#ifndef CALLPARK_BENCH_BARE_RELAY_H
#define CALLPARK_BENCH_BARE_RELAY_H

#include <stdint.h>
#include <sys/types.h>

/* Between hosts `first` and `first + pairs`, the next of each, and so on: `pairs` pairs, all at
 * this port. Tells its own port, on 127.0.0.1. Ends the program if it cannot be. */
pid_t bare_relay_start(uint32_t first, unsigned pairs, uint16_t port, uint16_t *own_port);
void bare_relay_stop(pid_t pid);

#endif
