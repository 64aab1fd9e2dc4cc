/* What callers of a scope hear: the file that somebody uploaded for it, or for a wider one. Which
 * it is is the setting `music`; the file itself is kept by the app, which also reads it. */
#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/places.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"

#define MUSIC HTTP_MUSIC_PATH
#define FILE_NAME_SIZE 128

struct music_plan {
    struct scope scope;
    struct admin_change change;
    bool cut;
    char disposition[FILE_NAME_SIZE + 32], type[64];
};

/* ---- which scope ---- */

static enum scope_kind kind_asked(const struct ask *q)
{
    const char *rest = q->rq->path + strlen(MUSIC);

    return text_starts(rest, "sites/")          ? SCOPE_SITE
           : text_starts(rest, "destinations/") ? SCOPE_DESTINATION
           : text_starts(rest, "ranges/")       ? SCOPE_RANGE
                                                : SCOPE_GLOBAL;
}

static struct music_plan *plan(struct ask *q, enum permission needs)
{
    struct music_plan *p = ask_plan(q, sizeof *p);

    return p && scope_asked(q, kind_asked(q), needs, &p->scope) ? p : NULL;
}

/* The next wider scope; false: there is none. */
static bool widen(const struct deployment *d, struct scope *s)
{
    const struct range *r = s->kind == SCOPE_RANGE ? ranges_by_id(&d->ranges, s->range) : NULL;
    const struct destination *dest =
        s->kind == SCOPE_DESTINATION ? deployment_destination(d, s->name) : NULL;
    struct scope wider = { .kind = SCOPE_GLOBAL };

    if (s->kind == SCOPE_GLOBAL)
        return false;
    if (r) {
        wider.kind = SCOPE_DESTINATION;
        (void)text_copy(wider.name, sizeof wider.name, r->destination); /* fits */
    } else if (dest && dest->site[0]) {
        wider.kind = SCOPE_SITE;
        (void)text_copy(wider.name, sizeof wider.name, dest->site); /* fits */
    }
    *s = wider;
    return true;
}

static const char *said_by(const struct deployment *d, const struct scope *s)
{
    const struct settings *said = deployment_settings(d, s);

    return said && said->set & UINT32_C(1) << SET_MUSIC ? said->values.music : NULL;
}

/* The hash of what is heard, "" for the configured piece, and in `from` who says so; false in
 * `said`: nobody does. */
static const char *heard(const struct ask *q, const struct scope *asked, struct scope *from,
                         bool *said)
{
    const struct deployment *d = app_deployment(q->app);
    const char *sha256 = NULL;

    *from = *asked;
    do
        sha256 = said_by(d, from);
    while (!sha256 && widen(d, from));
    *said = sha256 != NULL;
    return sha256 ? sha256 : "";
}

/* ---- as JSON ---- */

static json_t *show_from(const struct scope *from, bool said)
{
    char id[IDENT_SIZE];

    if (!said)
        return json_pack("{s:s}", "scope", "default");
    switch (from->kind) {
    case SCOPE_SITE:
        return json_pack("{s:s, s:o}", "scope", "site", "name", show_text(from->name));
    case SCOPE_DESTINATION:
        return json_pack("{s:s, s:o}", "scope", "destination", "name", show_text(from->name));
    case SCOPE_RANGE:
        return json_pack("{s:s, s:s}", "scope", "range", "name", ident_range(id, from->range));
    case SCOPE_GLOBAL:
        break;
    }
    return json_pack("{s:s}", "scope", "global");
}

static json_t *show_file(const struct music_file *f)
{
    if (!f)
        return json_null();
    return json_pack("{s:o, s:o, s:s, s:I, s:f, s:o, s:o}", "name", show_text(f->name), "type",
                     show_text(f->type), "sha256", f->sha256, "bytes", (json_int_t)f->bytes,
                     "seconds", (double)f->length / 1000, "uploaded_at", show_time(f->uploaded_at),
                     "uploaded_by", show_text(f->uploaded_by));
}

static json_t *show(struct ask *q, const struct scope *asked)
{
    const struct settings *own = deployment_settings(app_deployment(q->app), asked);
    char text[SCOPE_TEXT_SIZE];
    struct scope from;
    bool said;
    const char *sha256 = heard(q, asked, &from, &said);
    const struct music_file *file = *sha256 ? app_music_file(q->app, sha256) : NULL;
    json_t *body;

    scope_text(asked, text);
    body = json_pack(
        "{s:s, s:b, s:o, s:o, s:I}", "scope", asked->kind == SCOPE_GLOBAL ? "global" : text, "own",
        own && own->set & UINT32_C(1) << SET_MUSIC ? 1 : 0, "from", show_from(&from, said), "file",
        show_file(file), "version", (json_int_t)(own ? own->version : 0));
    if (*sha256 && !file)
        (void)json_object_set_new(body, "lost", json_true());
    return body;
}

static json_t *current(struct ask *q)
{
    const struct music_plan *p = q->plan;
    const struct settings *s = deployment_settings(app_deployment(q->app), &p->scope);

    if (!s)
        return NULL;
    version_etag(q, s->version);
    return show(q, &p->scope);
}

/* Not 304 by the version: what a wider scope says changes the answer and not that. */
void get_music(struct ask *q)
{
    if (plan(q, MAY_SETTINGS_READ))
        reply_json(q, 200, current(q));
}

/* ---- changes ---- */

static void saved(struct ask *q, const struct admin_result *result)
{
    const struct music_plan *p = q->plan;
    json_t *body = current(q);

    (void)result;
    if (q->dry_run)
        (void)json_object_set_new(body, "dry_run", json_true());
    if (p->cut)
        (void)json_object_set_new(body, "cut", json_true());
    reply_json(q, 200, body);
}

/* The plan of a change to a scope whose version was named; NULL: replied to. */
static struct music_plan *plan_change(struct ask *q)
{
    struct music_plan *p = plan(q, MAY_SETTINGS_WRITE);
    const struct settings *now;

    if (!p)
        return NULL;
    q->current = current;
    now = deployment_settings(app_deployment(q->app), &p->scope);
    if (!version_matches(q, now->version, &p->change))
        return NULL;
    p->change.what = ADMIN_SETTINGS_PUT;
    p->change.scope = p->scope;
    p->change.settings = *now;
    return p;
}

void delete_music(struct ask *q)
{
    struct music_plan *p = plan_change(q);

    if (!p)
        return;
    settings_unset(&p->change.settings, SET_MUSIC);
    admin_make(q, &p->change, 1, saved);
}

/* What would be heard; of the settings nothing but this changes. */
static void reply_dry(struct ask *q, const struct music_result *r)
{
    const struct music_plan *p = q->plan;
    json_t *body = current(q);

    (void)json_object_set_new(body, "own", json_true());
    (void)json_object_set_new(body, "from", show_from(&p->scope, true));
    (void)json_object_set_new(body, "file", show_file(&r->file));
    (void)json_object_del(body, "lost");
    (void)json_object_set_new(body, "dry_run", json_true());
    if (r->cut)
        (void)json_object_set_new(body, "cut", json_true());
    reply_json(q, 200, body);
}

/* The file is kept by now. Whatever else of the scope was changed meanwhile stays: with a version
 * named, the change is refused then; without one it is made to what is there now. */
static void name_it(struct ask *q, const struct music_result *r)
{
    struct music_plan *p = q->plan;
    const struct settings *now = deployment_settings(app_deployment(q->app), &p->scope);
    struct err err;

    if (!now) {
        reply_problem(q, "not-found", NULL, "The scope was removed while the file was read.");
        return;
    }
    p->cut = r->cut;
    p->change.settings = *now;
    if (settings_set(&p->change.settings, SET_MUSIC, r->file.sha256, &err) != 0)
        reply_problem(q, "invalid-value", NULL, "%s.", err.text); /* cannot be: it is a hash */
    else
        admin_make(q, &p->change, 1, saved);
}

static void file_kept(void *ask, const struct music_result *r)
{
    struct ask *q = ask;

    switch (r->status) {
    case MUSIC_UNREADABLE:
        reply_problem(q, "music-unreadable", NULL, "%s.", r->err.text);
        break;
    case MUSIC_STORE:
        reply_problem(q, "store-failed", NULL, "Nothing was changed: %s.", r->err.text);
        break;
    case MUSIC_BUSY:
        reply_problem(q, "overloaded", NULL, "Nothing was changed: %s.", r->err.text);
        break;
    case MUSIC_FINE:
        if (q->dry_run)
            reply_dry(q, r);
        else
            name_it(q, r);
        break;
    }
}

/* What is in the body decides what it is; the type only keeps out what is surely something else, as
 * a form with the file in it. "curl --data-binary" calls everything urlencoded. */
static bool type_fits(struct ask *q)
{
    static const char *const patterns[] = { "audio/*", "video/*", "application/octet-stream",
                                            "application/ogg",
                                            "application/x-www-form-urlencoded" };
    char type[96];

    (void)text_copy_n(type, sizeof type, q->rq->content_type,
                      strcspn(q->rq->content_type, "; ")); /* the same size */
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (!type[0] || text_matches(type, patterns[i]))
            return true;
    reply_problem(q, "unsupported-media-type", NULL,
                  "The body is '%.64s': send the file itself, as audio/wav, audio/mpeg or "
                  "application/octet-stream.",
                  type);
    return false;
}

/* "C:\Music\hold.wav" or "/home/anna/hold.wav": the folders are nobody's business. */
static bool read_name(struct ask *q, char name[NAME_SIZE])
{
    char given[512] = "";
    const char *last = given;

    (void)http_query(q->rq, "name", given, sizeof given); /* not there: it has none */
    for (const char *at = given; *at; at++)
        if (*at == '/' || *at == '\\')
            last = at + 1;
    if (!text_is_plain(last) || !text_copy(name, NAME_SIZE, last)) {
        reply_problem(q, "invalid-name", NULL,
                      "name= is the name of the file: at most 256 bytes, without control "
                      "characters.");
        return false;
    }
    return true;
}

void put_music(struct ask *q)
{
    struct music_upload upload = { .size = q->rq->body_length,
                                   .by = q->actor.name,
                                   .dry_run = q->dry_run };
    char name[NAME_SIZE];

    if (!type_fits(q) || !read_name(q, name) || !plan_change(q))
        return;
    upload.name = name;
    upload.data = q->rq->body;
    q->rq->body = NULL; /* its length stays, by which the HTTP edge counts what is on its way */
    app_music_put(q->app, &upload, file_kept, q);
}

/* ---- to listen to, and to have back ---- */

static void reply_file(void *ask, char *bytes, size_t size, const char *err)
{
    struct ask *q = ask;

    if (!bytes) {
        reply_problem(q, "store-failed", NULL, "The music cannot be had: %s.",
                      err ? err : "memory is short");
        return;
    }
    q->reply.body = bytes;
    q->reply.body_length = size;
    reply_bytes(q, 200);
}

/* The same bytes for the same hash, for ever. True: the client has them, and was told so. */
static bool client_has_it(struct ask *q, const char *kind, const char *sha256)
{
    q->reply.cache_control = "private, no-cache";
    (void)text_format(q->reply.etag, sizeof q->reply.etag, "\"%s%.24s\"", kind, sha256); /* fits */
    if (!strstr(q->rq->if_none_match, q->reply.etag))
        return false;
    reply_bytes(q, 304);
    return true;
}

/* What a caller would hear now, also when the file that he should hear is lost. */
void preview_music(struct ask *q)
{
    const struct music_plan *p = plan(q, MAY_SETTINGS_READ);
    struct scope from;
    const char *sha256;
    bool said;

    if (!p)
        return;
    sha256 = heard(q, &p->scope, &from, &said);
    if (!app_music_file(q->app, sha256))
        sha256 = "";
    if (*sha256 && client_has_it(q, "p-", sha256))
        return;
    q->reply.content_type = "audio/wav";
    app_music_get(q->app, sha256, true, reply_file, q);
}

/* A name that is the same in every program that reads the header (RFC 6266 4.3 has another form for
 * the rest, which few need here). */
static void put_disposition(struct music_plan *p, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    char safe[FILE_NAME_SIZE];

    (void)text_copy(safe, sizeof safe, *name ? name : "music"); /* a longer one is cut */
    for (char *at = safe; *at; at++)
        if (!strchr(plain, *at))
            *at = '_';
    (void)text_format(p->disposition, sizeof p->disposition, "attachment; filename=\"%s\"",
                      safe); /* fits */
}

void get_music_file(struct ask *q)
{
    struct music_plan *p = plan(q, MAY_SETTINGS_READ);
    const struct music_file *file;
    struct scope from;
    const char *sha256;
    bool said;

    if (!p)
        return;
    sha256 = heard(q, &p->scope, &from, &said);
    file = app_music_file(q->app, sha256);
    if (!file) {
        reply_problem(q, "not-found", NULL, "%s",
                      *sha256 ? "The file is not in the store any more, and callers hear the "
                                "configured piece: upload it again."
                              : "No file was uploaded here: callers hear the configured piece, "
                                "which .../preview plays.");
        return;
    }
    if (client_has_it(q, "f-", sha256))
        return;
    put_disposition(p, file->name);
    (void)text_copy(p->type, sizeof p->type, file->type); /* the same size */
    q->reply.disposition = p->disposition;
    q->reply.content_type = p->type;
    app_music_get(q->app, sha256, false, reply_file, q);
}
