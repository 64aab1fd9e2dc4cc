/* Music in the app of the tests: a file is known by its first letter, and one that begins with "no"
 * is no music. */
#include "api_fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

const struct music_file *app_music_file(const struct app *a, const char *sha256)
{
    for (size_t i = 0; i < a->music_count; i++)
        if (text_is(a->music[i].sha256, sha256))
            return &a->music[i];
    return NULL;
}

static void read_file(struct app *a, const struct music_upload *given, struct music_result *r)
{
    struct music_file *f = &r->file;

    r->status = a->music_status;
    if (!given->size || strncmp(given->data, "no", 2) == 0)
        r->status = MUSIC_UNREADABLE;
    if (r->status != MUSIC_FINE) {
        (void)err_set(&r->err, -EINVAL, "%s is no sound file", given->name);
        return;
    }
    memset(f->sha256, given->data[0], MUSIC_SIZE - 1);
    (void)text_copy(f->name, sizeof f->name, given->name);
    (void)text_copy(f->type, sizeof f->type, "audio/wav");
    (void)text_copy(f->uploaded_by, sizeof f->uploaded_by, given->by);
    f->bytes = given->size;
    f->length = 58500;
    f->uploaded_at = FAKE_WALL;
    r->cut = given->data[0] == 'c';
}

void app_music_put(struct app *a, const struct music_upload *given, app_music_put_done *done,
                   void *context)
{
    struct music_result r = { .status = MUSIC_FINE };

    read_file(a, given, &r);
    free(given->data);
    if (r.status == MUSIC_FINE && !given->dry_run && !app_music_file(a, r.file.sha256)) {
        assert_true(a->music_count < FAKE_MUSIC);
        a->music[a->music_count++] = r.file;
    }
    if (a->music_meanwhile)
        a->music_meanwhile(a);
    done(context, &r);
}

void app_music_get(struct app *a, const char *sha256, bool as_heard, app_music_bytes *done,
                   void *context)
{
    char *bytes = malloc(128);

    assert_non_null(bytes);
    if (a->store_bad) {
        free(bytes);
        done(context, NULL, 0, "the disk is full");
        return;
    }
    assert_true(as_heard || *sha256);
    (void)text_format(bytes, 128, "%s %.3s", as_heard ? "heard" : "file", sha256);
    done(context, bytes, strlen(bytes), NULL);
}
