/* The parking of the benchmarks at any other SIP server, for comparison:
 *     --target HOST:PORT --park N [--at URI] [--srtp SUITE] [--rate CALLS] [--seconds S]
 *     [--pid PID]
 * SUITE as in SDP, AES_CM_128_HMAC_SHA1_80; PID is the server's, for what it uses. */
#ifndef CALLPARK_BENCH_TARGET_H
#define CALLPARK_BENCH_TARGET_H

#include <stdbool.h>

/* Are these arguments for us? Then the first is --target. */
bool target_is_meant(int argc, char **argv);

/* Parks, listens, hangs up and prints. False: arguments that are none, or no call was answered. */
bool target_measure(int argc, char **argv);

#endif
