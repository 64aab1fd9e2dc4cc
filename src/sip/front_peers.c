/* Who is behind the front's connections, for the SIP thread. The front reports each connection
 * before its first message, so whoever asks takes in the news first and then looks. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/front_conn.h"

struct entry {
    struct front_peer peer;
    char contact[FRONT_CONTACT_SIZE]; /* the last one that it gave; "" : none */
};

struct front_book {
    struct entry *by_port[65536];
};

/* The edge of this thread: what the library tells of a message does not lead to the edge. */
static _Thread_local struct front *ours;

struct front_book *front_book_new(void)
{
    return calloc(1, sizeof(struct front_book));
}

void front_book_free(struct front_book *b)
{
    for (unsigned i = 0; b && i < 65536; i++)
        free(b->by_port[i]);
    free(b);
    ours = NULL;
}

int front_news_fd(const struct front *f)
{
    return queue_fd(f->news);
}

void front_news(struct front *f)
{
    struct front_record r;

    ours = f;
    while (queue_take(f->news, &r, 1) == 1) {
        struct entry **at = &f->book->by_port[r.port];

        free(*at);
        *at = r.gone ? NULL : calloc(1, sizeof **at);
        if (*at)
            (*at)->peer = r.peer;
    }
}

static struct entry *find(struct front *f, const struct address *source)
{
    if (!text_is(source->host, f->host))
        return NULL;
    front_news(f);
    return f->book->by_port[source->port];
}

bool front_lookup(const struct sip *s, const struct address *source, struct front_peer *out)
{
    const struct entry *e = NULL;

    if (s->front)
        e = find(s->front, source);
    if (e)
        *out = e->peer;
    return e != NULL;
}

void front_real(struct address *source)
{
    const struct entry *e;

    if (!ours || !text_is(source->host, ours->host))
        return;
    e = find(ours, source);
    if (e)
        *source = e->peer.source;
    else
        memset(source, 0, sizeof *source);
}

bool front_is_named(const struct front_peer *peer, const char *name)
{
    for (unsigned i = 0; i < peer->name_count; i++)
        if (text_is_nocase(peer->names[i], name))
            return true;
    return false;
}

void front_note_contact(struct front *f, uint16_t near_port, const char *contact)
{
    struct entry *e = f->book->by_port[near_port];

    if (e && !text_copy(e->contact, sizeof e->contact, contact))
        e->contact[0] = '\0'; /* half an address leads nowhere */
}

uint16_t front_of_contact(struct front *f, const char *contact)
{
    front_news(f);
    for (unsigned i = 0; contact[0] && i < 65536; i++)
        if (f->book->by_port[i] && text_is(f->book->by_port[i]->contact, contact))
            return (uint16_t)i;
    return 0;
}
