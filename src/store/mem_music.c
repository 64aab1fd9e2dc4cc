/* Files of music in the store in memory: a row owns the data of its file. */
#include "store/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/rows.h"
#include "sys/clock.h"

static void *copy_data(const struct stored_music *m)
{
    void *data = malloc(m->file.bytes + 1);

    if (data)
        memcpy(data, m->data, m->file.bytes);
    return data;
}

struct change *mem_copy(const struct change *c)
{
    struct change *row = malloc(sizeof *row);

    if (!row)
        return NULL;
    *row = *c;
    if (c->type != CHANGE_MUSIC_PUT)
        return row;
    row->music.data = copy_data(&c->music);
    if (row->music.data)
        return row;
    free(row);
    return NULL;
}

void mem_free(struct change *row)
{
    store_changes_free(row, row ? 1 : 0);
}

static bool is_named(const struct mem *m, const char *sha256)
{
    const struct table *settings = &m->table[CHANGE_SETTINGS_PUT];
    const struct table *calls = &m->table[CHANGE_CALL_PUT];

    for (size_t i = 0; i < settings->count; i++)
        if (text_is(settings->row[i]->settings.settings.values.music, sha256))
            return true;
    for (size_t i = 0; i < calls->count; i++)
        if (text_is(calls->row[i]->call.call.rules.music, sha256))
            return true;
    return false;
}

void mem_prune_music(struct mem *m)
{
    struct table *t = &m->table[CHANGE_MUSIC_PUT];
    wall_msec now = clock_wall();

    for (size_t i = t->count; i-- > 0;) {
        const struct music_file *f = &t->row[i]->music.file;

        if (f->uploaded_at < now - MUSIC_GRACE && !is_named(m, f->sha256)) {
            mem_free(t->row[i]);
            t->row[i] = t->row[--t->count];
        }
    }
}

int mem_find_music(const struct table *t, const char *sha256, struct store_rows *rows)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct stored_music *m = &t->row[i]->music;

        if (!text_is(m->file.sha256, sha256))
            continue;
        rows->music = calloc(1, sizeof *rows->music);
        if (!rows->music)
            return -ENOMEM;
        rows->music->file = m->file;
        rows->music->data = copy_data(m);
        if (!rows->music->data)
            return -ENOMEM;
        rows->count = 1;
    }
    return 0;
}
