/* How many streams a worker can keep on time, judged by how it spends its time: looked at four
 * times a second, long before anybody hears that it has too little. Pure. */
#ifndef CALLPARK_MEDIA_ROOM_H
#define CALLPARK_MEDIA_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#define ROOM_WINDOW_NS UINT64_C(250000000)

/* Parts in a thousand of a worker's time. Whoever is parked already will want somebody to talk to:
 * what is behind ROOM_MOST is for them. */
#define ROOM_MOST 940
/* A worker that needs less than this for itself is not short of time because of its calls: others
 * use the processor, and to refuse calls would change nothing. */
#define ROOM_LITTLE 200
/* So late packets leave when a worker waits for the processor longer than is good, and so many in a
 * thousand do: whoever shares his core waits a little all the time, and is on time all the same. */
#define ROOM_LATE_US 10000
#define ROOM_LATE_PART 10
/* Until there is enough to judge by: processor time of a stream in a second, in nanoseconds. */
#define ROOM_COST_GUESS 200000

/* What a worker has done so far, since whenever: processor time, packets, and of these how many
 * left ROOM_LATE_US late or later. */
struct room_done {
    uint64_t used_ns, sent, late;
};

struct room {
    uint64_t began_ns, asleep_ns; /* of the present window */
    struct room_done then;        /* at its beginning */
    uint32_t streams_then;
    /* Of the windows before, each counting half as much as the next one, in parts in a thousand:
     * not asleep; at work, and not only waiting for it; packets that were late. */
    uint32_t busy, used, late;
    uint32_t cost; /* ns of processor time in a second for each stream; 0: unknown */
};

void room_begin(struct room *r, uint64_t now_ns, const struct room_done *done);

/* It had nothing to do from `from` until `until`. A wake-up that came late is no sleep: `until` is
 * when it was asked for. */
void room_slept(struct room *r, uint64_t from_ns, uint64_t until_ns);

/* Is the window over? */
bool room_is_due(const struct room *r, uint64_t now_ns);

/* It is: judge it, and begin the next. `streams` it has now. */
void room_look(struct room *r, uint64_t now_ns, const struct room_done *done, uint32_t streams);

/* With how many streams it would be as busy as it may be with parked calls; never fewer than
 * `streams`, which it has. */
uint32_t room_fits(const struct room *r, uint32_t streams);

/* A worker as others see it: what it last said fits, and how many streams it has by now. */
struct room_seen {
    uint32_t fits, streams;
};

uint32_t room_left(struct room_seen of);

/* Which of them the next stream goes to: who is least full for what he can do; where nobody has
 * room, who has the fewest. */
unsigned room_choose(const struct room_seen *workers, unsigned count);

#endif
