/* What administrators type: ranges, settings, destinations. Each line of the input is one act, its
 * fields separated by tabs: "R id name start end park-number", "D id", "S key text", "N
 * destination". */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "core/deployment.h"

#define FIELDS 6
#define LINE_SIZE 1024
#define LINES 200

static struct deployment d;

static void check_words(const struct err *err)
{
    assert(err->code < 0 && *err->text && text_is_plain(err->text));
}

static void check_span(const struct range *r)
{
    char text[NUMBER_SIZE];

    assert(r->first <= r->last && range_size(r) <= RANGE_NUMBERS_MAX);
    assert(number_prefix(r->first) == number_prefix(r->last));
    assert(number_digits(r->first) == number_digits(r->last));
    assert(!number_prefix(r->first) || number_value(r->first) >= 100);
    number_text(text, r->first);
    assert(number_read(text, NULL) == r->first);
    number_text(text, r->last);
    assert(number_read(text, NULL) == r->last);
    assert(*r->name && text_is_plain(r->name));
}

/* No number twice, as range or as park number, looked at one by one. */
static void check_table(void)
{
    for (size_t i = 0; i < d.ranges.count; i++) {
        const struct range *r = &d.ranges.at[i];
        number_key park_number = number_read(r->park_number, NULL);

        assert(i == 0 || d.ranges.at[i - 1].last < r->first);
        assert(ranges_by_id(&d.ranges, r->id) == r);
        assert(ranges_holding(&d.ranges, r->last) == r);
        assert(!park_number || !ranges_holding(&d.ranges, park_number));
        assert(!park_number || ranges_by_park_number(&d.ranges, park_number) == r);
    }
}

/* A block that is proposed must be free. */
static void check_proposal(const struct range *r, const struct range_verdict *v)
{
    struct range moved = *r;

    if (!v->free_first)
        return;
    moved.first = v->free_first;
    moved.last = v->free_last;
    assert(range_size(&moved) == range_size(r));
    check_span(&moved);
    assert(ranges_check(&d.ranges, &moved, NULL).fault != RANGE_OVERLAP);
}

static void put_range(char *const field[FIELDS])
{
    struct range r = { .id = 1 + (unsigned char)field[1][0] % 32, .destination = "pool1" };
    struct err err = { 0 };
    struct range_verdict v = range_read(&r, field[2], field[3], field[4], &err);

    assert(v.pointer);
    if (v.fault != RANGE_FINE) {
        check_words(&err);
        return;
    }
    check_span(&r);
    (void)text_copy(r.park_number, sizeof r.park_number, field[5]); /* cut ones are tried as well */
    v = deployment_check_range(&d, &r, &err);
    if (v.fault == RANGE_FINE) {
        ranges_put(&d.ranges, &r);
        check_table();
    } else {
        check_words(&err);
        check_proposal(&r, &v);
    }
}

/* What is taken can be shown, and what is shown can be typed again and means the same. */
static void put_setting(const char *name, const char *text)
{
    char shown[LIST_SIZE], again[LIST_SIZE];
    struct err err = { 0 };
    enum setting_key key;
    int failed;

    if (!setting_find(name, &key))
        key = (enum setting_key)((unsigned char)name[0] % SETTING_KEYS);
    failed = settings_set(&d.global, key, text, &err);
    if (failed) {
        check_words(&err);
        return;
    }
    rules_text(shown, &d.global.values, key);
    assert(text_is_plain(shown));
    failed = settings_set(&d.global, key, shown, NULL);
    assert(!failed);
    rules_text(again, &d.global.values, key);
    assert(strcmp(shown, again) == 0);
}

static void put_destination(const char *text)
{
    char fqdn[FQDN_SIZE], again[FQDN_SIZE];
    struct err err = { 0 };

    if (destination_read(&d, text, fqdn, &err) != 0) {
        check_words(&err);
        return;
    }
    assert(destination_read(&d, fqdn, again, NULL) == 0 && strcmp(fqdn, again) == 0);
}

static void act(char *line)
{
    char *field[FIELDS];

    for (int i = 0; i < FIELDS; i++) {
        field[i] = line;
        line += strcspn(line, "\t");
        if (*line)
            *line++ = '\0';
    }
    if (*field[0] == 'R')
        put_range(field);
    else if (*field[0] == 'D')
        (void)ranges_remove(&d.ranges, 1 + (unsigned char)field[1][0] % 32); /* or none is there */
    else if (*field[0] == 'S')
        put_setting(field[1], field[2]);
    else if (*field[0] == 'N')
        put_destination(field[1]);
}

static void begin(void)
{
    struct destination pool = { .fqdn = "pool1" };
    int failed;

    /* The rest of the table is never looked at; clearing all of it would take most of the time. */
    d.ranges.count = d.destination_count = 0;
    d.global = (struct settings){ 0 };
    failed = deployment_put_destination(&d, &pool, NULL);
    assert(!failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[LINE_SIZE];

    begin();
    for (int lines = 0; size > 0 && lines < LINES; lines++) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;

        (void)text_copy_n(line, sizeof line, (const char *)data, length); /* long ones are cut */
        act(line);
        length += end ? 1 : 0;
        data += length;
        size -= length;
    }
    return 0;
}
