/* The music of a document: every file that a setting names, and with `music=true` what is in it;
 * and in again. The files are read and stored one after the other, as each may be large. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/definitions.h"
#include "base/text.h"

#define AUDIO_MAX ((uint64_t)64 << 20) /* of all files of a document together */

struct export
{
    json_t *document; /* its member "music" has all files but for their data */
    size_t at;        /* the file that is read */
};

static void export_free(void *plan)
{
    json_decref(((struct export *)plan)->document);
    free(plan);
}

static bool is_listed(const json_t *list, const char *sha256)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (text_is(json_string_value(json_object_get(json_array_get(list, i), "sha256")), sha256))
            return true;
    return false;
}

/* A file that is lost is left out: there is nothing to say of it. */
static uint64_t add_file(const struct app *a, const struct settings *s, json_t *list)
{
    const struct music_file *file;

    if (!s || !(s->set & UINT32_C(1) << SET_MUSIC))
        return 0;
    file = app_music_file(a, s->values.music);
    if (!file || is_listed(list, file->sha256))
        return 0;
    (void)json_array_append_new(list,
                                json_pack("{s:s, s:o, s:o}", "sha256", file->sha256, "name",
                                          show_text(file->name), "type", show_text(file->type)));
    return file->bytes;
}

uint64_t definitions_music(const struct app *a, json_t *document)
{
    const struct deployment *d = app_deployment(a);
    json_t *list = json_array();
    uint64_t bytes = add_file(a, &d->global, list);

    for (size_t i = 0; i < d->site_count; i++)
        bytes += add_file(a, &d->sites[i].settings, list);
    for (size_t i = 0; i < d->destination_count; i++)
        bytes += add_file(a, &d->destinations[i].settings, list);
    for (size_t i = 0; i < d->ranges.count; i++) {
        struct scope scope = { .kind = SCOPE_RANGE, .range = d->ranges.at[i].id };

        bytes += add_file(a, deployment_settings(d, &scope), list);
    }
    (void)json_object_set_new(document, "music", list);
    return bytes;
}

static bool put_data(json_t *file, const char *bytes, size_t size)
{
    size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    bool put;

    if (!text)
        return false;
    (void)sodium_bin2base64(text, room, (const unsigned char *)bytes, size,
                            sodium_base64_VARIANT_ORIGINAL);
    put = json_object_set_new(file, "data", json_stringn_nocheck(text, room - 1)) == 0;
    free(text);
    return put;
}

static void read_next(struct ask *q);

static void file_read(void *ask, char *bytes, size_t size, const char *err)
{
    struct ask *q = ask;
    struct export *e = q->plan;
    json_t *file = json_array_get(json_object_get(e->document, "music"), e->at);
    bool put = bytes && put_data(file, bytes, size);

    free(bytes);
    if (!put) {
        reply_problem(q, "store-failed", NULL, "The music '%.64s' cannot be had: %s.",
                      json_string_value(json_object_get(file, "name")),
                      err ? err : "memory is short");
        return;
    }
    e->at++;
    read_next(q);
}

static void read_next(struct ask *q)
{
    struct export *e = q->plan;
    const json_t *file = json_array_get(json_object_get(e->document, "music"), e->at);

    if (file)
        app_music_get(q->app, json_string_value(json_object_get(file, "sha256")), false, file_read,
                      q);
    else
        reply_json(q, 200, json_incref(e->document));
}

void definitions_with_data(struct ask *q, json_t *document, uint64_t bytes)
{
    struct export *e;

    if (bytes > AUDIO_MAX) {
        json_decref(document);
        reply_problem(q, "music-too-large", NULL,
                      "The music is %llu MiB, and a document holds at most 64 MiB of it: leave out "
                      "music=true and fetch the files one by one from /api/v1/music/.../file.",
                      (unsigned long long)((bytes + (1u << 20) - 1) >> 20));
        return;
    }
    e = ask_plan(q, sizeof *e);
    if (!e) {
        json_decref(document);
        return;
    }
    q->plan_free = export_free;
    e->document = document;
    read_next(q);
}

/* ---- in again ---- */

static const char *const music_fields[] = { "sha256", "name", "type", "data", NULL };

static json_t *given_data(const json_t *document, const char *sha256)
{
    json_t *list = json_object_get(document, "music");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *file = json_array_get(list, i);

        if (text_is(json_string_value(json_object_get(file, "sha256")), sha256))
            return json_object_get(file, "data");
    }
    return NULL;
}

void definitions_spare_music(struct ask *q, const struct fields *f)
{
    struct plan *p = q->plan;

    for (size_t i = 0; i < p->count; i++) {
        struct settings *s = &p->changes[i].settings;

        if (p->changes[i].what == ADMIN_SETTINGS_PUT && s->set & UINT32_C(1) << SET_MUSIC &&
            given_data(f->json, s->values.music))
            settings_unset(s, SET_MUSIC);
    }
}

/* NULL: it is no base64, which is a fault by now. */
static char *decode(struct fields *item, const char *data, size_t *size)
{
    size_t length = strlen(data), room = length / 4 * 3 + 4;
    unsigned char *bytes = malloc(room);

    if (!bytes)
        fields_fault(item, "overloaded", "data", "The server has no memory for this file.");
    else if (sodium_base642bin(bytes, room, data, length, "\r\n", size, NULL,
                               sodium_base64_VARIANT_ORIGINAL) != 0)
        fields_fault(item, "invalid-value", "data",
                     "The data is no base64: export the document once more with its music.");
    if (item->slug) {
        free(bytes);
        return NULL;
    }
    return (char *)bytes;
}

static void take_next(struct ask *q);

static void file_taken(void *ask, const struct music_result *r)
{
    struct ask *q = ask;
    struct plan *p = q->plan;
    struct fields *f = &p->waiting;
    json_t *file = json_array_get(json_object_get(f->json, "music"), p->music_at);
    const char *sha256 = json_string_value(json_object_get(file, "sha256"));
    char name[32];

    (void)text_format(name, sizeof name, "music/%zu", p->music_at); /* fits */
    if (r->status == MUSIC_UNREADABLE)
        fields_fault(f, "music-unreadable", name, "%s.", r->err.text);
    else if (r->status == MUSIC_STORE)
        fields_fault(f, "store-failed", name, "Nothing was changed: %s.", r->err.text);
    else if (r->status == MUSIC_BUSY)
        fields_fault(f, "overloaded", name, "Nothing was changed: %s.", r->err.text);
    else if (!text_is(r->file.sha256, sha256))
        fields_fault(f, "invalid-value", name,
                     "The data is not that of the file: its SHA-256 is %.64s.", r->file.sha256);
    if (fields_reply(f, q))
        return;
    p->music_at++;
    take_next(q);
}

/* True: the file is on its way to the store, and `file_taken` goes on. */
static bool take_file(struct ask *q, struct fields *item)
{
    struct plan *p = q->plan;
    const char *sha256 = fields_needed_text(item, "sha256"), *name = fields_text(item, "name");
    const char *data = fields_text(item, "data");
    struct music_upload upload = { .by = q->actor.name, .dry_run = q->dry_run };

    if (item->slug || !data || app_music_file(q->app, sha256))
        return false;
    upload.name = name ? name : "";
    if (!text_is_plain(upload.name) || strlen(upload.name) >= NAME_SIZE)
        fields_fault(item, "invalid-name", "name",
                     "The name of a file has no control characters and is not so long.");
    upload.data = item->slug ? NULL : decode(item, data, &upload.size);
    p->music_bytes += upload.size;
    if (upload.data && p->music_bytes > AUDIO_MAX) {
        free(upload.data);
        fields_fault(item, "music-too-large", "data",
                     "A document holds at most 64 MiB of music: upload this file by itself.");
    }
    if (item->slug)
        return false;
    app_music_put(q->app, &upload, file_taken, q);
    return true;
}

static void take_next(struct ask *q)
{
    struct plan *p = q->plan;
    struct plan_items items;
    struct fields item, f;

    if (plan_items(&p->waiting, "music", music_fields, &items)) {
        for (items.at = p->music_at; plan_next(&items, &item); p->music_at++) {
            if (!item.slug && take_file(q, &item)) {
                fields_done(&item);
                return;
            }
            plan_back(&items, &item);
        }
    }
    f = p->waiting;
    memset(&p->waiting, 0, sizeof p->waiting);
    definitions_apply(q, &f);
}

void definitions_take_music(struct ask *q, struct fields *f)
{
    struct plan *p = q->plan;

    p->waiting = *f;
    take_next(q);
}
