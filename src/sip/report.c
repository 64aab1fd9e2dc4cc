/* Events on their way to the loop. Nothing is lost when its queue is full for a moment: an event
 * that was refused waits here, and all later ones queue up behind it. */
#include "sip/edge.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sys/log.h"

#define HELD_MAX 65536
#define HELD_RETRY_MSEC 20

struct held {
    struct held *next;
    struct sip_event event;
};

size_t sip_event_size(enum sip_event_type type)
{
    switch (type) {
    case SIP_INVITE:
    case SIP_LOCKED_OUT:
        return offsetof(struct sip_event, invite) + sizeof(struct invite);
    case SIP_REFERRED:
        return offsetof(struct sip_event, refer) + sizeof(struct refer);
    case SIP_HOP:
        return offsetof(struct sip_event, hop) + sizeof(struct sip_hop);
    case SIP_WATCH:
        return offsetof(struct sip_event, watch) + sizeof(struct sip_watch);
    case SIP_ACKED:
    case SIP_OFFERED:
    case SIP_IDENTITY:
    case SIP_ANSWERED:
    case SIP_REOFFERED:
    case SIP_PREPARED:
    case SIP_DIALOG:
        return offsetof(struct sip_event, dialog) + sizeof(struct sip_dialog);
    case SIP_CANCELLED:
    case SIP_RINGING:
    case SIP_FAILED:
    case SIP_GONE:
    case SIP_DIGIT:
    case SIP_EXITED:
        break;
    }
    return offsetof(struct sip_event, party);
}

struct sip_event *report_begin_edge(struct sip *s, enum sip_event_type type)
{
    memset(&s->event, 0, sip_event_size(type));
    s->event.type = type;
    return &s->event;
}

struct sip_event *report_begin(struct leg *leg, enum sip_event_type type)
{
    struct sip_event *ev = report_begin_edge(leg->edge, type);

    ev->leg = leg->id;
    ev->offer.dtmf_payload_type = -1;
    return ev;
}

/* Keys of audio may be in it, and the event stays in its place until the next one. */
static void wipe(struct sip_event *ev)
{
    if (sip_event_size(ev->type) <= offsetof(struct sip_event, offer))
        return;
    explicit_bzero(ev->offer.crypto, sizeof ev->offer.crypto);
    explicit_bzero(ev->dialog.local_sdp, sizeof ev->dialog.local_sdp);
}

static void drop(struct held *h)
{
    explicit_bzero(h, sizeof *h);
    free(h);
}

static void try_again(struct sip *s, su_timer_t *timer, void *unused)
{
    struct held *h;

    (void)unused;
    while ((h = s->held_first) != NULL && s->report(s->to, &h->event)) {
        s->held_first = h->next;
        s->held_count--;
        drop(h);
    }
    if (h)
        su_timer_set_interval(timer, try_again, NULL, HELD_RETRY_MSEC);
    else
        s->held_last = &s->held_first;
}

static void hold(struct sip *s)
{
    struct held *h = s->held_count < HELD_MAX ? malloc(sizeof *h) : NULL;

    if (!h) { /* the loop has been stuck for long; its own deadlines will clean up */
        log_error("sip", "an event of leg %llu was lost: the loop takes none",
                  (unsigned long long)s->event.leg);
        return;
    }
    h->next = NULL;
    h->event = s->event;
    *s->held_last = h;
    s->held_last = &h->next;
    s->held_count++;
    if (!s->held_timer)
        s->held_timer = su_timer_create(su_root_task(s->root), 0);
    if (s->held_count == 1)
        su_timer_set_interval(s->held_timer, try_again, NULL, HELD_RETRY_MSEC);
}

void report_edge(struct sip *s)
{
    if (s->held_first || !s->report(s->to, &s->event))
        hold(s);
    wipe(&s->event);
}

void report_send(struct leg *leg)
{
    struct sip *s = leg->edge;

    if (!leg->silent)
        report_edge(s);
    else
        wipe(&s->event);
}

bool report_offer(struct leg *leg)
{
    struct sip *s = leg->edge;

    bool taken = !s->held_first && s->report(s->to, &s->event);

    wipe(&s->event);
    return taken;
}

void report_forget(struct sip *s)
{
    while (s->held_first) {
        struct held *h = s->held_first;

        s->held_first = h->next;
        drop(h);
    }
    if (s->held_timer)
        su_timer_destroy(s->held_timer);
}
