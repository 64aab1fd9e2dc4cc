/* Music of scopes: which files there are, and which call hears which. Files are read from the store
 * and encoded as chores, one after the other, and given to the media edge. A call hears the piece
 * of its own rules; until that has been read, or when it is lost, the configured one. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "media/piece.h"
#include "sys/log.h"

#define LOST_MAX 16            /* remembered, so that not every call asks for them */
#define LOST_FOR ((msec)60000) /* then they are looked for once more */

struct lost {
    char sha256[MUSIC_SIZE];
    msec until;
};

struct music {
    char configured[512];     /* [media] music, as the media edge was started with */
    struct music_file *files; /* all that the store has, without their data */
    size_t count, room;
    /* What the media edge is to learn; [0] is being read when `reading`. */
    char wanted[MEDIA_PIECES_MAX][MUSIC_SIZE];
    unsigned wanted_count;
    bool reading;
    struct lost lost[LOST_MAX];
    unsigned next_lost;
};

int music_new(struct app *a, struct err *err)
{
    a->music = calloc(1, sizeof(*a->music));
    if (!a->music)
        return err_set(err, -ENOMEM, "out of memory for the table of music");
    (void)text_copy(a->music->configured, sizeof(a->music->configured), a->config.media.music);
    return 0;
}

const char *music_configured(const struct app *a)
{
    return a->music->configured;
}

/* ---- which files there are ---- */

static struct music_file *find(const struct app *a, const char *sha256)
{
    for (size_t i = 0; i < a->music->count; i++) {
        if (text_is(a->music->files[i].sha256, sha256))
            return &a->music->files[i];
    }
    return NULL;
}

const struct music_file *app_music_file(const struct app *a, const char *sha256)
{
    return find(a, sha256);
}

static bool make_room(struct music *m)
{
    size_t room = m->room ? 2 * m->room : 16;
    struct music_file *more;

    if (m->files && m->count < m->room)
        return true;
    more = realloc(m->files, room * sizeof(*more));
    if (!more)
        return false;
    m->files = more;
    m->room = room;
    return true;
}

/* Without memory it is not listed until the next start; it is kept and heard all the same. */
void music_add(struct app *a, const struct music_file *file)
{
    struct music *m = a->music;
    struct music_file *there = find(a, file->sha256);

    if (there)
        *there = *file;
    else if (make_room(m))
        m->files[m->count++] = *file;
}

/* ---- what is heard ---- */

static struct lost *lost_find(struct app *a, const char *sha256)
{
    for (unsigned i = 0; i < LOST_MAX; i++) {
        if (text_is(a->music->lost[i].sha256, sha256))
            return &a->music->lost[i];
    }
    return NULL;
}

static void lose(struct app *a, const char *sha256, const char *why)
{
    struct lost *l = lost_find(a, sha256);

    if (!l)
        l = &a->music->lost[a->music->next_lost++ % LOST_MAX];
    (void)text_copy(l->sha256, sizeof(l->sha256), sha256);
    l->until = a->now + LOST_FOR;
    log_warning("media",
                "the music %.12s... cannot be played: %s; callers hear the configured piece "
                "instead: upload it again, or reset the setting",
                sha256, why);
}

/* Calls that waited for a piece get it in the midst of the other one. */
static void retune(struct app *a, const char *sha256)
{
    for (const struct call *c = calls_next(a->park.calls, 0); c;
         c = calls_next(a->park.calls, c->id)) {
        if (!text_is(c->rules.music, sha256))
            continue;
        (void)media_tune(a->media, c->caller_leg, sha256); /* a leg without audio hears nothing */
        (void)media_tune(a->media, c->peer, sha256);
    }
}

void music_teach(struct app *a, const char *sha256, struct piece *piece)
{
    if (media_put_piece(a->media, sha256, piece))
        lose(a, sha256, "more than 60 different pieces are being heard at once");
    else
        retune(a, sha256);
}

static void read_next(struct app *a);

/* What was read first on the list is done with, as it may be. */
static void read_done(struct app *a)
{
    struct music *m = a->music;

    m->wanted_count--;
    memmove(m->wanted[0], m->wanted[1], m->wanted_count * sizeof(m->wanted[0]));
    m->reading = false;
    read_next(a);
}

struct decoding {
    struct chore chore; /* first */
    struct store_rows *rows;
    struct piece *piece;
    struct err err;
};

static void run_decoding(struct chore *c)
{
    struct decoding *d = (struct decoding *)c;
    const struct stored_music *m = d->rows->music;
    struct piece_source from = { .name = m->file.name, .data = m->data, .size = m->file.bytes };
    struct piece_about about;
    char hash[MUSIC_SIZE];

    music_hash(hash, m->data, m->file.bytes);
    if (!text_is(hash, m->file.sha256))
        (void)err_set(&d->err, -EBADMSG, "the store has it with other bytes than were uploaded");
    else
        (void)piece_make(&d->piece, &from, &about, &d->err); /* or `piece` stays NULL */
}

static void decoded(struct app *a, struct chore *c)
{
    struct decoding *d = (struct decoding *)c;

    if (d->piece)
        music_teach(a, d->rows->music->file.sha256, d->piece);
    else if (!c->dropped)
        lose(a, d->rows->music->file.sha256, d->err.text);
    store_rows_free(d->rows);
    free(d);
    read_done(a);
}

static void file_read(void *context, struct store_rows *rows, const char *err)
{
    struct app *a = context;
    struct decoding *d = rows && rows->music ? calloc(1, sizeof(*d)) : NULL;

    if (d) {
        d->chore.run = run_decoding;
        d->chore.done = decoded;
        d->rows = rows;
        if (app_chore(a, &d->chore))
            return;
        free(d);
        err = "too much is being done at once";
    }
    lose(a, a->music->wanted[0], err ? err : "its file is not in the store");
    store_rows_free(rows);
    read_done(a);
}

static void read_next(struct app *a)
{
    struct music *m = a->music;
    struct store_query q = { .type = QUERY_MUSIC };

    if (m->reading || !m->wanted_count)
        return;
    m->reading = true;
    (void)text_copy(q.music, sizeof(q.music), m->wanted[0]);
    app_ask(a, &q, file_read, a);
}

/* Have it read, unless it is there, or on its way, or was lost just now. */
static void want(struct app *a, const char *sha256)
{
    struct music *m = a->music;
    const struct lost *l = lost_find(a, sha256);

    assert(m);
    if (!*sha256 || media_has_piece(a->media, sha256) || (l && a->now < l->until))
        return;
    for (unsigned i = 0; i < m->wanted_count; i++) {
        if (text_is(m->wanted[i], sha256))
            return;
    }
    if (m->wanted_count == MEDIA_PIECES_MAX)
        return; /* the call after next asks again */
    (void)text_copy(m->wanted[m->wanted_count++], MUSIC_SIZE, sha256);
    read_next(a);
}

void music_tune(struct app *a, leg_id leg, const struct call *c)
{
    const char *sha256 = c ? c->rules.music : "";

    if (*sha256 && !media_has_piece(a->media, sha256)) {
        want(a, sha256);
        sha256 = "";
    }
    (void)media_tune(a->media, leg, sha256); /* a leg without audio hears nothing */
}

/* So that the first caller hears it from the beginning. */
void music_prepare(struct app *a)
{
    const struct deployment *d = a->deployment;

    want(a, d->global.values.music);
    for (size_t i = 0; i < d->site_count; i++)
        want(a, d->sites[i].settings.values.music);
    for (size_t i = 0; i < d->destination_count; i++)
        want(a, d->destinations[i].settings.values.music);
    for (size_t i = 0; i < d->range_settings_count; i++)
        want(a, d->range_settings[i].values.music);
}

void music_free(struct app *a)
{
    if (a->music)
        free(a->music->files);
    free(a->music);
    a->music = NULL;
}
