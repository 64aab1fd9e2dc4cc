#include "measure.h"

#include <poll.h>

#include "processor.h"

void measure_while_heard(struct receiver *receiver, pid_t pid, int settle, double seconds,
                         struct used *u)
{
    double all, media;

    (void)poll(NULL, 0, settle);
    receiver_begin(receiver);
    all = processor_of(pid);
    media = processor_of_threads(pid, "media-");
    receiver_listen(receiver, seconds);
    u->all = processor_of(pid) - all;
    u->media = processor_of_threads(pid, "media-") - media;
    receiver_sum(receiver, seconds, &u->heard);
}
