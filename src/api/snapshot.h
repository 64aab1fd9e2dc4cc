/* What a listener to the events gets first: all that is now, as far as he may see it. */
#ifndef CALLPARK_API_SNAPSHOT_H
#define CALLPARK_API_SNAPSHOT_H

#include "app/app.h"

/* The last one that was made. After a break of the network a thousand browsers come back at once,
 * and mostly see the same. Zeroed at first. */
struct snapshot {
    uint64_t number; /* of the event before it */
    struct rights rights;
    struct http_text *text;
};

/* Send the snapshot behind the event `number` to somebody with these rights. False: the stream is
 * gone, or there is no memory. */
bool snapshot_send(struct snapshot *s, struct app *a, uint64_t number, const struct rights *r,
                   uint64_t stream);
void snapshot_forget(struct snapshot *s);

#endif
