/* The servers that our requests go to, as the loop knows them: once a second it is told what has
 * changed. Not for whom a call is sent to, see out_hops.c. */
#include "sip/edge.h"

#include <string.h>

#include "base/text.h"
#include "sys/clock.h"

#define TICK_MSEC 1000

static void report_hop(struct sip *s, unsigned place)
{
    const struct hop *h = &s->hops->hop[place];
    struct sip_hop *to = &report_begin_edge(s, SIP_HOP)->hop;

    to->place = place;
    to->state = h->state;
    to->port = h->at.port;
    to->watched = h->watched;
    to->since = h->since;
    to->answered = h->answered;
    to->measured = h->measured;
    to->round_trip = h->round_trip;
    (void)text_copy(to->system, sizeof to->system, h->system);             /* the same size */
    (void)text_copy(to->transport, sizeof to->transport, h->at.transport); /* the same size */
    (void)text_copy(to->host, sizeof to->host, h->at.host);                /* the same size */
    report_edge(s);
}

static void on_tick(struct sip *s, su_timer_t *timer, void *unused)
{
    (void)unused;
    options_tick(s);
    hops_age(s->hops, clock_now());
    for (unsigned i = 0; i < SIP_HOPS_MAX; i++)
        if (s->hops->hop[i].changed) {
            s->hops->hop[i].changed = false;
            report_hop(s, i);
        }
    su_timer_set(timer, on_tick, NULL);
}

bool hops_start(struct sip *s)
{
    s->hop_timer = su_timer_create(su_root_task(s->root), TICK_MSEC);
    if (s->hop_timer)
        su_timer_set(s->hop_timer, on_tick, NULL);
    return s->hop_timer != NULL;
}

void hops_stop(struct sip *s)
{
    su_timer_destroy(s->hop_timer);
    s->hop_timer = NULL;
}
