/* Files of music in every store: whole, each once, and gone when nothing names them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/clock.h"
#include "tested.h"

#define DAY ((msec)24 * 60 * 60 * 1000)

static int set_up(void **state)
{
    struct tested *t = malloc(sizeof *t);

    assert_non_null(t);
    tested_open(t, *state); /* the initial state of each test is the kind of store */
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    tested_done(*state);
    free(*state);
    return 0;
}

/* A hash of this digit, and data that any store could spoil. */
static struct change row_music(char digit, size_t bytes, wall_msec at)
{
    struct change c = { .type = CHANGE_MUSIC_PUT };
    unsigned char *data = malloc(bytes + 1);

    assert_non_null(data);
    memset(&c.music, 0, sizeof c.music);
    memset(c.music.file.sha256, digit, MUSIC_SIZE - 1);
    (void)text_copy(c.music.file.name, NAME_SIZE, "J\xC3\xBCrgen's \"hold\".wav");
    (void)text_copy(c.music.file.type, sizeof c.music.file.type, "audio/wav");
    (void)text_copy(c.music.file.uploaded_by, DISPLAY_SIZE, "anna");
    c.music.file.bytes = bytes;
    c.music.file.length = 58000;
    c.music.file.uploaded_at = at;
    for (size_t i = 0; i < bytes; i++)
        data[i] = (unsigned char)(i * 7 + i / 256 + (unsigned char)digit);
    c.music.data = data;
    return c;
}

/* Is it there, and whole? */
static bool holds(struct tested *t, char digit)
{
    struct store_query q = { .type = QUERY_MUSIC, .token = 5 };
    struct store_rows *rows;
    bool found;

    memset(q.music, digit, MUSIC_SIZE - 1);
    rows = tested_ask(t, &q);
    found = rows->music != NULL;
    assert_int_equal(rows->count, found);
    if (found) {
        const struct music_file *f = &rows->music->file;
        struct change same = row_music(digit, f->bytes, f->uploaded_at);

        assert_memory_equal(rows->music->data, same.music.data, f->bytes);
        assert_string_equal(f->sha256, q.music);
        assert_string_equal(f->type, "audio/wav");
        assert_int_equal(f->length, 58000);
        free(same.music.data);
    }
    store_rows_free(rows);
    return found;
}

static void a_file_comes_back_whole(void **state)
{
    struct tested *t = *state;
    struct change small = row_music('a', 1, 1000), large = row_music('b', 3000000, clock_wall());
    struct loaded *l;

    small.music.file.uploaded_at = clock_wall();
    tested_start(t);
    tested_must_write(t, &small, 1);
    tested_must_write(t, &large, 1);
    assert_true(holds(t, 'a') && holds(t, 'b'));
    assert_false(holds(t, 'c'));
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->files, 2);
    assert_string_equal(l->file[0].name, "J\xC3\xBCrgen's \"hold\".wav");
    assert_string_equal(l->file[0].uploaded_by, "anna");
    assert_int_equal(l->file[0].bytes + l->file[1].bytes, 3000001);
    free(l);
    tested_start(t);
    assert_true(holds(t, 'a') && holds(t, 'b'));
}

static void the_same_file_is_kept_once(void **state)
{
    struct tested *t = *state;
    struct change first = row_music('a', 5000, clock_wall() - 5000);
    struct change again = row_music('a', 5000, clock_wall());
    struct loaded *l;

    (void)text_copy(again.music.file.name, NAME_SIZE, "other.wav");
    (void)text_copy(again.music.file.uploaded_by, DISPLAY_SIZE, "otto");
    tested_start(t);
    tested_must_write(t, &first, 1);
    tested_must_write(t, &again, 1);
    assert_true(holds(t, 'a'));
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->files, 1);
    assert_string_equal(l->file[0].name, "other.wav");
    assert_string_equal(l->file[0].uploaded_by, "otto");
    assert_int_equal(l->file[0].uploaded_at, again.music.file.uploaded_at);
    free(l);
}

/* A group that fails takes its file along, and what it replaced is there again. */
static void it_falls_with_its_group(void **state)
{
    struct tested *t = *state;
    struct change first = row_music('a', 100, clock_wall());
    struct change bad[3] = { row_music('a', 100, clock_wall()), row_music('b', 100, clock_wall()),
                             row_range(2, "b", 4149, 4150) };
    struct change range = row_range(1, "a", 4100, 4149);

    (void)text_copy(bad[0].music.file.name, NAME_SIZE, "never.wav");
    tested_start(t);
    tested_must_write(t, &range, 1);
    tested_must_write(t, &first, 1);
    assert_int_equal(tested_write(t, bad, 3, NULL), STORE_REFUSED);
    assert_true(holds(t, 'a'));
    assert_false(holds(t, 'b'));
}

static void what_nothing_names_goes_after_a_day(void **state)
{
    struct tested *t = *state;
    wall_msec long_ago = clock_wall() - 2 * DAY;
    struct change settings = row_settings(SCOPE_RANGE, "", 5), call = row_call(77, 4101);
    const char digits[] = "abcd";

    tested_start(t);
    for (size_t i = 0; i < 4; i++) {
        struct change c = row_music(digits[i], 1000, digits[i] == 'd' ? clock_wall() : long_ago);

        tested_must_write(t, &c, 1);
    }
    memset(settings.settings.settings.values.music, 'a', MUSIC_SIZE - 1);
    settings.settings.settings.set |= 1U << SET_MUSIC;
    tested_must_write(t, &settings, 1);
    memset(call.call.call.rules.music, 'b', MUSIC_SIZE - 1);
    tested_must_write(t, &call, 1);
    assert_true(holds(t, 'c')); /* not while it is open */
    tested_reopen(t);
    tested_start(t);
    assert_true(holds(t, 'a')); /* a setting names it */
    assert_true(holds(t, 'b')); /* a call does */
    assert_true(holds(t, 'd')); /* it came just now */
    assert_false(holds(t, 'c'));
}

static void a_copy_has_the_files(void **state)
{
    struct tested *t = *state;
    struct change c = row_music('a', 100000, clock_wall());
    struct store *copy = NULL;
    struct err err = { 0 };
    struct store_event ev;
    char path[200], url[220];

    tested_start(t);
    tested_must_write(t, &c, 1);
    tested_path(t, path, sizeof path, "copy.db");
    assert_int_equal(store_backup(t->store, path, 9), 0);
    ev = tested_event(t);
    assert_int_equal(ev.result, STORE_DONE);
    tested_close(t);
    (void)text_format(url, sizeof url, "sqlite:%s", path);
    if (store_open(&copy, url, &err) != 0)
        fail_msg("%s", err.text);
    t->store = copy;
    tested_start(t);
    assert_true(holds(t, 'a'));
}

#define FOR(kind, test)                                                                            \
    {                                                                                              \
        kind "/" #test, test, set_up, tear_down, (void *)(uintptr_t)kind                           \
    }
#define BOTH(test) FOR("memory", test), FOR("sqlite", test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_file_comes_back_whole),       BOTH(the_same_file_is_kept_once),
        BOTH(it_falls_with_its_group),       BOTH(what_nothing_names_goes_after_a_day),
        FOR("sqlite", a_copy_has_the_files),
    };

    return cmocka_run_group_tests_name("music", tests, NULL, NULL);
}
