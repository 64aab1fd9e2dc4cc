/* Pieces of music go to a worker by value, in its queue of commands, when the first leg there is
 * tuned to one. One is dropped when no leg has it; since commands keep their order, a worker that
 * has said so plays it nowhere. So nobody counts references, and no lock is needed. */
#include "media/setup.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "media/piece.h"
#include "sys/queue.h"

static void forget(struct piece_slot *s)
{
    piece_free(s->piece);
    *s = (struct piece_slot){ .piece = NULL };
}

void pieces_done(struct pieces *p)
{
    for (size_t i = 0; i < MEDIA_PIECES_MAX; i++)
        forget(&p->slot[i]);
}

unsigned pieces_find(const struct pieces *p, const char *name)
{
    for (unsigned i = 0; *name && i < MEDIA_PIECES_MAX; i++)
        if (p->slot[i].piece && !p->slot[i].leaving && text_is(p->slot[i].name, name))
            return i + 1;
    return 0;
}

void pieces_dropped(struct pieces *p, unsigned number)
{
    struct piece_slot *s = &p->slot[number - 1];

    assert(s->leaving && s->waiting > 0);
    if (--s->waiting > 0)
        return;
    forget(s);
    p->leaving--;
}

/* Is a leg there that may still play it? One whose CMD_CLOSE is on its way will not. */
static bool is_heard(const struct media *m, unsigned number)
{
    for (uint32_t i = 0; i < m->legs.most; i++) {
        const struct leg *leg = &m->legs.all[i];

        if (leg->piece == number && (leg->leg || leg->closing))
            return true;
    }
    return false;
}

void media_ask_to_drop(struct media *m)
{
    for (unsigned i = 0; i < MEDIA_PIECES_MAX; i++) {
        struct piece_slot *s = &m->pieces.slot[i];
        struct command c = { .type = CMD_DROP, .piece = { .number = (uint8_t)(i + 1) } };

        for (unsigned w = 0; s->to_tell && w < m->config.workers; w++)
            if (s->to_tell & 1U << w && queue_put(m->workers[w].commands, &c))
                s->to_tell &= (uint16_t) ~(1U << w);
    }
}

static struct piece_slot *longest_unused(struct media *m)
{
    struct piece_slot *best = NULL;

    for (unsigned i = 0; i < MEDIA_PIECES_MAX; i++) {
        struct piece_slot *s = &m->pieces.slot[i];

        if (s->piece && !s->leaving && (!best || s->used < best->used) && !is_heard(m, i + 1))
            best = s;
    }
    return best;
}

static unsigned count(const struct pieces *p)
{
    unsigned there = 0;

    for (unsigned i = 0; i < MEDIA_PIECES_MAX; i++)
        there += p->slot[i].piece && !p->slot[i].leaving;
    return there;
}

static void make_room(struct media *m)
{
    struct piece_slot *s = count(&m->pieces) >= PIECES_KEPT ? longest_unused(m) : NULL;

    if (!s)
        return;
    if (!s->known) {
        forget(s);
        return;
    }
    s->leaving = true;
    s->to_tell = s->known;
    s->waiting = (uint8_t)__builtin_popcount(s->known);
    m->pieces.leaving++;
    media_ask_to_drop(m);
}

int media_piece_put(struct media *m, const char *name, struct piece *piece)
{
    assert(*name);
    if (pieces_find(&m->pieces, name)) {
        piece_free(piece);
        return 0;
    }
    make_room(m);
    for (unsigned i = 0; i < MEDIA_PIECES_MAX; i++) {
        struct piece_slot *s = &m->pieces.slot[i];

        if (s->piece)
            continue;
        s->piece = piece;
        s->used = ++m->pieces.used;
        (void)text_copy(s->name, sizeof s->name, name); /* a hash fits */
        return 0;
    }
    piece_free(piece);
    return -ENOSPC;
}

int media_piece_publish(struct media *m, unsigned number, unsigned worker)
{
    struct piece_slot *s = &m->pieces.slot[number - 1];
    struct command c = { .type = CMD_PIECE,
                         .piece = { .number = (uint8_t)number, .sound = s->piece->sound } };

    s->used = ++m->pieces.used;
    if (s->known & 1U << worker)
        return 0;
    if (!queue_put(m->workers[worker].commands, &c))
        return -EAGAIN;
    s->known |= (uint16_t)(1U << worker);
    return 0;
}
