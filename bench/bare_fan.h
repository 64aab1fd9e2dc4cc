/* The yardstick of the stream of events: whoever connects is sent the same bytes as all others,
 * whenever the program says so, by one send() each and nothing else. */
#ifndef CALLPARK_BENCH_BARE_FAN_H
#define CALLPARK_BENCH_BARE_FAN_H

#include <stdint.h>
#include <sys/types.h>

struct bare_fan {
    pid_t pid;
    uint16_t port; /* of 127.0.0.1 */
    int tell;
};

/* A process of its own on the first core; each event has so many bytes. Ends the program if it
 * cannot be. */
void bare_fan_start(struct bare_fan *b, unsigned bytes);
void bare_fan_stop(const struct bare_fan *b);

/* The next event, with the next number. */
void bare_fan_tell(const struct bare_fan *b);

#endif
