/* Files of music on their way in and out: sent by somebody, read as a chore, kept by the store; and
 * given back, as they came or as callers hear them. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "media/piece.h"

void music_hash(char to[MUSIC_SIZE], const void *data, size_t size)
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    (void)crypto_hash_sha256(hash, data, size); /* cannot fail */
    (void)sodium_bin2hex(to, MUSIC_SIZE, hash, sizeof(hash));
}

/* ---- uploads ---- */

struct upload {
    struct chore chore; /* first */
    struct music_result result;
    char *data;
    struct piece *piece;
    bool dry_run;
    app_music_put_done *done;
    void *context;
};

static void upload_free(struct upload *u)
{
    piece_free(u->piece);
    free(u->data);
    free(u);
}

static void upload_end(struct upload *u, enum music_status status)
{
    u->result.status = status;
    u->done(u->context, &u->result);
    upload_free(u);
}

static void run_upload(struct chore *c)
{
    struct upload *u = (struct upload *)c;
    struct music_file *f = &u->result.file;
    struct piece_source from = { .name = f->name, .data = u->data, .size = f->bytes };
    struct piece_about about;

    if (piece_make(&u->piece, &from, &about, &u->result.err) != 0)
        return;
    music_hash(f->sha256, u->data, f->bytes);
    f->length = about.length;
    (void)text_copy(f->type, sizeof(f->type), about.type);
    u->result.cut = about.cut;
}

static void write_upload(struct app *a, struct upload *u)
{
    struct app_token token = { .kind = TOKEN_MUSIC, .context = u };
    struct change *change;

    turn_end_group(a);
    change = turn_add(a, CHANGE_MUSIC_PUT);
    if (change) {
        u->result.file.uploaded_at = a->wall;
        change->music.file = u->result.file;
        change->music.data = u->data;
        u->data = NULL;
        a->group_token = turn_token(a, &token);
    }
    if (change && a->group_token) {
        turn_end_group(a);
        return;
    }
    turn_drop_group(a);
    (void)err_set(&u->result.err, -EBUSY, "the store is too far behind: try again");
    upload_end(u, MUSIC_BUSY);
}

static void uploaded(struct app *a, struct chore *c)
{
    struct upload *u = (struct upload *)c;

    if (c->dropped)
        upload_free(u); /* the server ends, and answers whoever waits */
    else if (!u->piece)
        upload_end(u, MUSIC_UNREADABLE);
    else if (u->dry_run)
        upload_end(u, MUSIC_FINE);
    else
        write_upload(a, u);
}

void music_written(struct app *a, void *context, const struct store_event *ev)
{
    struct upload *u = context;

    if (ev->result != STORE_DONE) {
        (void)err_set(&u->result.err, -EIO, "%s", ev->text);
        upload_end(u, MUSIC_STORE);
        return;
    }
    music_add(a, &u->result.file);
    music_teach(a, u->result.file.sha256, u->piece);
    u->piece = NULL;
    upload_end(u, MUSIC_FINE);
}

void app_music_put(struct app *a, const struct music_upload *given, app_music_put_done *done,
                   void *context)
{
    struct upload *u = calloc(1, sizeof(*u));

    if (!u) {
        struct music_result busy = { .status = MUSIC_BUSY };

        free(given->data);
        (void)err_set(&busy.err, -ENOMEM, "memory is short: try again");
        done(context, &busy);
        return;
    }
    *u = (struct upload){ .chore = { .run = run_upload, .done = uploaded },
                          .data = given->data,
                          .dry_run = given->dry_run,
                          .done = done,
                          .context = context };
    u->result.file.bytes = given->size;
    (void)text_copy(u->result.file.name, NAME_SIZE, given->name);
    (void)text_copy(u->result.file.uploaded_by, DISPLAY_SIZE, given->by);
    if (app_chore(a, &u->chore))
        return;
    (void)err_set(&u->result.err, -EBUSY, "too much is being done at once: try again");
    upload_end(u, MUSIC_BUSY);
}

/* ---- downloads ---- */

struct download {
    struct chore chore; /* first */
    struct app *app;
    struct store_rows *rows; /* NULL: the configured piece */
    char path[512];
    bool preview;
    char *bytes;
    size_t size;
    struct err err;
    app_music_bytes *done;
    void *context;
};

static void download_end(struct download *d)
{
    d->done(d->context, d->bytes, d->size, d->err.text[0] ? d->err.text : NULL);
    store_rows_free(d->rows);
    free(d);
}

static void run_preview(struct chore *c)
{
    struct download *d = (struct download *)c;
    struct piece_source from = { .path = d->path };

    if (d->rows)
        from = (struct piece_source){ .name = d->rows->music->file.name,
                                      .data = d->rows->music->data,
                                      .size = d->rows->music->file.bytes };
    (void)piece_preview(&d->bytes, &d->size, &from, &d->err); /* or `err` says why not */
}

static void previewed(struct app *a, struct chore *c)
{
    struct download *d = (struct download *)c;

    (void)a;
    if (!c->dropped) {
        download_end(d);
        return;
    }
    store_rows_free(d->rows);
    free(d);
}

static void preview(struct app *a, struct download *d)
{
    d->chore.run = run_preview;
    d->chore.done = previewed;
    if (app_chore(a, &d->chore))
        return;
    (void)err_set(&d->err, -EBUSY, "too much is being done at once: try again");
    download_end(d);
}

static void file_found(void *context, struct store_rows *rows, const char *err)
{
    struct download *d = context;

    d->rows = rows;
    if (!rows || !rows->music) {
        (void)err_set(&d->err, -ENOENT, "%s", err ? err : "its file is not in the store any more");
    } else if (d->preview) {
        preview(d->app, d);
        return;
    } else {
        d->bytes = rows->music->data;
        d->size = rows->music->file.bytes;
        rows->music->data = NULL;
    }
    download_end(d);
}

void app_music_get(struct app *a, const char *sha256, bool as_heard, app_music_bytes *done,
                   void *context)
{
    struct download *d = calloc(1, sizeof(*d));
    struct store_query q = { .type = QUERY_MUSIC };

    if (!d) {
        done(context, NULL, 0, "memory is short: try again");
        return;
    }
    d->app = a;
    d->preview = as_heard;
    d->done = done;
    d->context = context;
    (void)text_copy(d->path, sizeof(d->path), music_configured(a)); /* of the same size */
    (void)text_copy(q.music, sizeof(q.music), sha256);
    if (*sha256)
        app_ask(a, &q, file_found, d);
    else
        preview(a, d);
}

/* ---- the end ---- */

void music_files_free(struct app *a)
{
    for (size_t i = 0; a->tokens && i < TOKENS_WAITING; i++) {
        const struct app_token *t = &a->tokens[i];

        if (t->token && t->kind == TOKEN_MUSIC)
            upload_free(t->context);
        else if (t->token && t->kind == TOKEN_QUERY && t->rows == file_found)
            free(t->context);
    }
}
