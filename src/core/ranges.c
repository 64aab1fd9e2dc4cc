/* All ranges of the deployment, in which no number is twice. Not for what is wrong with one range
 * by itself, see range.c; nor for whether its destination exists, see deployment.c. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "core/range.h"

_Static_assert(RANGES_MAX <= UINT16_MAX, "a place fits in by_id");

/* --- finding --- */

/* The position of the first range that ends at or behind `number`; `count` when there is none. */
static size_t position(const struct ranges *all, number_key number)
{
    size_t low = 0, high = all->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (all->at[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct range *ranges_holding(const struct ranges *all, number_key number)
{
    size_t i = position(all, number);

    return i < all->count && range_holds(&all->at[i], number) ? &all->at[i] : NULL;
}

/* The position in `by_id` of the first id that is not below `id`. */
static size_t id_position(const struct ranges *all, range_id id)
{
    size_t low = 0, high = all->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (all->mark[all->by_id[middle]].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct range *ranges_by_id(const struct ranges *all, range_id id)
{
    size_t i = id_position(all, id);

    return i < all->count && all->mark[all->by_id[i]].id == id ? &all->at[all->by_id[i]] : NULL;
}

/* FNV-1a without regard to ASCII case. */
static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261;

    for (; *text; text++)
        h = (h ^ (uint8_t)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text)) * 16777619;
    return h;
}

/* Behind `from`; NULL: there is no other. */
static const struct range *named(const struct ranges *all, const char *name, size_t from)
{
    uint32_t wanted = hash(name);

    for (size_t i = from; i < all->count; i++)
        if (all->mark[i].name == wanted && text_is_nocase(all->at[i].name, name))
            return &all->at[i];
    return NULL;
}

const struct range *ranges_by_name(const struct ranges *all, const char *name)
{
    return name ? named(all, name, 0) : NULL;
}

const struct range *ranges_by_park_number(const struct ranges *all, number_key number)
{
    for (size_t i = 0; number && i < all->count; i++)
        if (all->mark[i].park_number == number)
            return &all->at[i];
    return NULL;
}

static number_key park_number_of(const struct range *r)
{
    return *r->park_number ? number_read(r->park_number, NULL) : 0;
}

/* --- free blocks --- */

/* Numbers that a search for a free block must go round or may use. */
struct search {
    range_id own;         /* the range that is being changed: its present numbers are free to it */
    number_key low, high; /* all numbers of that prefix and length that a range may have */
    size_t count;         /* of park numbers */
    number_key park_numbers[RANGES_MAX + 1]; /* those between low and high, rising */
};

static void add_park_number(struct search *s, number_key number)
{
    size_t i = s->count;

    if (number < s->low || number > s->high)
        return;
    for (; i > 0 && s->park_numbers[i - 1] > number; i--)
        s->park_numbers[i] = s->park_numbers[i - 1];
    s->park_numbers[i] = number;
    s->count++;
}

/* The index of the first park number at or behind `number`. */
static size_t park_position(const struct search *s, number_key number)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->park_numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What is taken at or behind `from`, as an interval; false when nothing is, up to the end. */
static bool next_taken(const struct ranges *all, const struct search *s, number_key from,
                       number_key *first, number_key *last)
{
    size_t i = position(all, from), p = park_position(s, from);
    bool found;

    if (i < all->count && all->at[i].id == s->own)
        i++;
    found = i < all->count;
    if (found) {
        *first = all->at[i].first;
        *last = all->at[i].last;
    }
    if (p < s->count && (!found || s->park_numbers[p] < *first)) {
        *first = *last = s->park_numbers[p];
        found = true;
    }
    return found;
}

static number_key distance(number_key a, number_key b)
{
    return a > b ? a - b : b - a;
}

/* Where a block of `size` nearest to `near` can begin between `low` and `high`; 0: nowhere. */
static number_key nearest_start(number_key near, uint32_t size, number_key low, number_key high)
{
    if (high < low || high - low + 1 < size)
        return 0;
    high -= size - 1;
    return near < low ? low : near > high ? high : near;
}

static number_key find_block(const struct ranges *all, const struct search *s, number_key near,
                             uint32_t size)
{
    number_key best = 0, from = s->low, first, last;
    bool more = true;

    while (more && from <= s->high) {
        number_key gap_end = s->high, start;

        more = next_taken(all, s, from, &first, &last);
        if (more && first <= s->high)
            gap_end = first - 1;
        else
            more = false;
        start = nearest_start(near, size, from, gap_end);
        if (start && (!best || distance(start, near) < distance(best, near)))
            best = start;
        if (more)
            from = last + 1;
    }
    return best;
}

/* The bounds of all numbers that look like `near`. False: no range can be made of such numbers. */
static bool set_bounds(struct search *s, number_key near)
{
    uint32_t low = 1;

    for (unsigned digits = number_digits(near); digits > 1; digits--)
        low *= 10;
    s->low = near - number_value(near) + low;
    s->high = s->low + 9 * (number_key)low - 1;
    return !number_prefix(near) || low >= 100;
}

/* `own` is the range in whose place the block would come, with its park number; NULL: none. */
static bool search_block(const struct ranges *all, const struct range *own, number_key near,
                         uint32_t size, number_key *first, number_key *last)
{
    struct search s = { .own = own ? own->id : 0 };
    number_key start;

    if (size == 0 || !set_bounds(&s, near))
        return false;
    for (size_t i = 0; i < all->count; i++)
        if (all->mark[i].park_number && all->mark[i].id != s.own)
            add_park_number(&s, all->mark[i].park_number);
    if (own)
        add_park_number(&s, park_number_of(own));
    start = find_block(all, &s, near, size);
    if (!start)
        return false;
    *first = start;
    *last = start + size - 1;
    return true;
}

bool ranges_free_block(const struct ranges *all, number_key near, uint32_t size, number_key *first,
                       number_key *last)
{
    return search_block(all, NULL, near, size, first, last);
}

/* --- judging --- */

static struct range_verdict fault(enum range_fault what, const char *pointer)
{
    return (struct range_verdict){ .fault = what, .pointer = pointer };
}

static void note_conflict(struct range_verdict *v, range_id id)
{
    const unsigned most = sizeof v->conflicts / sizeof v->conflicts[0];

    for (unsigned i = 0; i < v->conflict_count; i++)
        if (v->conflicts[i] == id)
            return;
    if (v->conflict_count < most)
        v->conflicts[v->conflict_count++] = id;
}

/* All that has a number of `r`; how many ranges, of which the verdict names eight at most. */
static unsigned find_conflicts(const struct ranges *all, const struct range *r,
                               struct range_verdict *v)
{
    unsigned count = 0;

    for (size_t i = position(all, r->first); i < all->count && all->at[i].first <= r->last; i++)
        if (all->at[i].id != r->id) {
            note_conflict(v, all->at[i].id);
            count++;
        }
    for (size_t i = 0; i < all->count; i++) {
        const struct range_mark *m = &all->mark[i];

        if (m->park_number && m->id != r->id && range_holds(r, m->park_number)) {
            note_conflict(v, m->id);
            count++;
        }
    }
    return count;
}

/* Look for the nearest free block, put it in the verdict, and tell it behind the sentence. */
static void propose_block(const struct ranges *all, const struct range *r, struct range_verdict *v,
                          struct err *err)
{
    uint32_t size = range_size(r);
    char block[2 * NUMBER_SIZE + 2];
    bool found = search_block(all, r, r->first, size, &v->free_first, &v->free_last);

    if (!err)
        return;
    if (!found) {
        (void)text_append(err->text, sizeof err->text,
                          "; no free block of that size has this length: use longer numbers");
        return;
    }
    range_span_text(block, v->free_first, v->free_last);
    (void)text_append(err->text, sizeof err->text, "; the nearest free block of %u is %s", size,
                      block);
}

/* "'Sales' (4120-4139 of pool1.contoso.com)", or whose park number it is. */
static void describe(char *to, size_t size, const struct range *other, const struct range *r)
{
    char name[40], where[48], span[2 * NUMBER_SIZE + 2];

    (void)text_shown(name, sizeof name, other->name);
    (void)text_shown(where, sizeof where, other->destination);
    range_span_text(span, other->first, other->last);
    if (other->last < r->first || other->first > r->last)
        (void)text_append(to, size, "the park number %s of '%s'", other->park_number, name);
    else
        (void)text_append(to, size, "'%s' (%s of %s)", name, span, where);
}

static struct range_verdict overlap(const struct ranges *all, const struct range *r,
                                    struct range_verdict v, unsigned count, struct err *err)
{
    const struct range *at_start = ranges_holding(all, r->first);
    char own[2 * NUMBER_SIZE + 2], who[220] = "";
    unsigned told = 0;

    range_span_text(own, r->first, r->last);
    for (; told < v.conflict_count && told < 2; told++) {
        const struct range *conflict = ranges_by_id(all, v.conflicts[told]);

        (void)text_append(who, sizeof who, told ? ", " : ""); /* what is cut is said again by id */
        describe(who, sizeof who, conflict, r);
    }
    if (count > told)
        err_set(err, -EEXIST, "%s overlaps %s and %u more", own, who, count - told);
    else
        err_set(err, -EEXIST, "%s overlaps %s", own, who);
    propose_block(all, r, &v, err);
    v.fault = RANGE_OVERLAP;
    v.pointer = at_start && at_start->id != r->id ? "/start" : "/end";
    return v;
}

static struct range_verdict judge_name(const struct ranges *all, const struct range *r,
                                       struct err *err)
{
    const struct range *other = named(all, r->name, 0);
    char span[2 * NUMBER_SIZE + 2], name[72];
    struct range_verdict v = fault(RANGE_NAME_TAKEN, "/name");

    if (other && other->id == r->id)
        other = named(all, r->name, (size_t)(other - all->at) + 1);
    if (!other)
        return fault(RANGE_FINE, "");
    note_conflict(&v, other->id);
    range_span_text(span, other->first, other->last);
    err_set(err, -EEXIST, "Name '%s' is taken by the range %s: choose another name",
            text_shown(name, sizeof name, r->name), span);
    return v;
}

static struct range_verdict judge_numbers(const struct ranges *all, const struct range *r,
                                          struct err *err)
{
    struct range_verdict v = { .pointer = "" };
    unsigned count = find_conflicts(all, r, &v);

    return count ? overlap(all, r, v, count, err) : v;
}

/* How many numbers the destination of `r` has in other ranges. Not `exactly`: two destinations with
 * the same hash count as one, so it is as many or more. */
static uint32_t numbers_of_others(const struct ranges *all, const struct range *r, bool exactly)
{
    uint32_t wanted = hash(r->destination), sum = 0;

    for (size_t i = 0; i < all->count; i++)
        if (all->mark[i].destination == wanted && all->mark[i].id != r->id &&
            (!exactly || text_is_nocase(all->at[i].destination, r->destination)))
            sum += all->mark[i].size;
    return sum;
}

static struct range_verdict judge_destination(const struct ranges *all, const struct range *r,
                                              struct err *err)
{
    uint32_t others = numbers_of_others(all, r, false), most = DESTINATION_NUMBERS_MAX;
    char where[72];

    if (others + range_size(r) > most)
        others = numbers_of_others(all, r, true);
    if (others + range_size(r) <= most)
        return fault(RANGE_FINE, "");
    err_set(err, -ENOSPC,
            "Destination %s has %u numbers, and fewer than %u are allowed: this range may have %u "
            "at most, not %u",
            text_shown(where, sizeof where, r->destination), others, most + 1,
            others < most ? most - others : 0, range_size(r));
    return fault(RANGE_POOL_FULL, "/destination");
}

static struct range_verdict bad_park_number(const char *park_number, const char *why,
                                            const struct range *other, struct err *err)
{
    char shown[24], name[72];

    err_set(err, -EINVAL, "Park number '%s' %s%s%s: use a number that nothing else has, or none",
            text_shown(shown, sizeof shown, park_number), why, other ? " " : "",
            other ? text_shown(name, sizeof name, other->name) : "");
    return fault(RANGE_BAD_PARK_NUMBER, "/park_number");
}

static struct range_verdict judge_park_number(const struct ranges *all, const struct range *r,
                                              struct err *err)
{
    const struct range *other;
    number_key number;

    if (!*r->park_number)
        return fault(RANGE_FINE, "");
    number = number_read(r->park_number, err);
    if (!number) {
        err_prefix(err, "Park number ");
        return fault(RANGE_BAD_PARK_NUMBER, "/park_number");
    }
    if (r->type != RANGE_CALL_PARK)
        return bad_park_number(r->park_number, "is for call park ranges only", NULL, err);
    if (range_holds(r, number))
        return bad_park_number(r->park_number, "lies in the range itself", NULL, err);
    other = ranges_holding(all, number);
    if (other && other->id != r->id)
        return bad_park_number(r->park_number, "is an orbit of the range", other, err);
    other = ranges_by_park_number(all, number);
    if (other && other->id != r->id)
        return bad_park_number(r->park_number, "is the park number of the range", other, err);
    return fault(RANGE_FINE, "");
}

struct range_verdict ranges_check(const struct ranges *all, const struct range *r, struct err *err)
{
    static struct range_verdict (*const judges[])(
        const struct ranges *, const struct range *,
        struct err *) = { judge_name, judge_numbers, judge_destination, judge_park_number };
    struct range_verdict v = { .pointer = "" };

    for (size_t i = 0; i < sizeof judges / sizeof judges[0]; i++) {
        v = judges[i](all, r, err);
        if (v.fault != RANGE_FINE)
            return v;
    }
    if (all->count == RANGES_MAX && !ranges_by_id(all, r->id)) {
        err_set(err, -ENOSPC, "There are %d ranges, which is the most: enlarge or delete one",
                RANGES_MAX);
        return fault(RANGE_TABLE_FULL, "");
    }
    v.hint_large = range_size(r) > RANGE_NUMBERS_HINT;
    return v;
}

/* --- changing --- */

/* Places at or behind `from` are now one further on, or one less far. */
static void shift_places(struct ranges *all, size_t from, int by)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->by_id[i] >= from)
            all->by_id[i] = (uint16_t)(all->by_id[i] + by);
}

static void write_at(struct ranges *all, size_t i, const struct range *r)
{
    all->at[i] = *r;
    all->mark[i] = (struct range_mark){ .id = r->id,
                                        .park_number = park_number_of(r),
                                        .name = hash(r->name),
                                        .destination = hash(r->destination),
                                        .size = range_size(r) };
}

bool ranges_remove(struct ranges *all, range_id id)
{
    const struct range *r = ranges_by_id(all, id);
    size_t i = r ? (size_t)(r - all->at) : 0, n = id_position(all, id);

    if (!r)
        return false;
    all->count--;
    memmove(&all->at[i], &all->at[i + 1], (all->count - i) * sizeof all->at[0]);
    memmove(&all->mark[i], &all->mark[i + 1], (all->count - i) * sizeof all->mark[0]);
    memmove(&all->by_id[n], &all->by_id[n + 1], (all->count - n) * sizeof all->by_id[0]);
    shift_places(all, i, -1);
    return true;
}

static void insert(struct ranges *all, const struct range *r)
{
    size_t i = position(all, r->first), n = id_position(all, r->id);

    assert(all->count < RANGES_MAX && r->id && r->first && r->first <= r->last);
    assert(i == all->count || r->last < all->at[i].first);
    shift_places(all, i, 1);
    memmove(&all->at[i + 1], &all->at[i], (all->count - i) * sizeof all->at[0]);
    memmove(&all->mark[i + 1], &all->mark[i], (all->count - i) * sizeof all->mark[0]);
    memmove(&all->by_id[n + 1], &all->by_id[n], (all->count - n) * sizeof all->by_id[0]);
    all->by_id[n] = (uint16_t)i;
    all->count++;
    write_at(all, i, r);
}

/* Between the same neighbours as before? */
static bool stays(const struct ranges *all, size_t i, const struct range *r)
{
    return (i == 0 || all->at[i - 1].last < r->first) &&
           (i + 1 == all->count || r->last < all->at[i + 1].first);
}

void ranges_put(struct ranges *all, const struct range *r)
{
    const struct range *old = ranges_by_id(all, r->id);
    struct range copy = *r; /* `r` may be an entry of the table */
    size_t i = old ? (size_t)(old - all->at) : 0;

    if (old && stays(all, i, &copy)) {
        write_at(all, i, &copy);
        return;
    }
    (void)ranges_remove(all, copy.id);
    insert(all, &copy);
}

void ranges_copy(struct ranges *to, const struct ranges *from)
{
    memcpy(to->at, from->at, from->count * sizeof to->at[0]);
    memcpy(to->mark, from->mark, from->count * sizeof to->mark[0]);
    memcpy(to->by_id, from->by_id, from->count * sizeof to->by_id[0]);
    to->count = from->count;
}
