/* The rules of ranges against a model that anybody can check: an array that says of each number
 * whose it is. Thousands of edits, one by one, by import and by definitions, through the API. Each
 * run has its seed, which a failure names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define SEEDS 8
#define EDITS 300
#define LOW 1000 /* numbers 1000 to 1119 */
#define NUMBERS 120
#define NAMES 8
#define RANGES "/api/v1/number-ranges"

/* What should be there. */
struct model {
    unsigned seed, random;
    unsigned edit; /* which one it is */
    struct wanted {
        bool there;
        unsigned first, last; /* counted from LOW */
        bool second;          /* at pool2 */
        char id[32];
    } range[NAMES]; /* by its name, "R0" to "R7" */
};

static unsigned roll(struct model *m, unsigned sides)
{
    m->random = m->random * 1103515245U + 12345U;
    return (m->random >> 16) % sides;
}

/* ---- the model's own opinion ---- */

static int owner_of(const struct model *m, unsigned number)
{
    for (unsigned i = 0; i < NAMES; i++)
        if (m->range[i].there && number >= m->range[i].first && number <= m->range[i].last)
            return (int)i;
    return -1;
}

/* Would range `which` fit there, if it were not where it is? */
static bool fits(const struct model *m, unsigned which, const struct wanted *w)
{
    for (unsigned n = w->first; n <= w->last; n++) {
        int owner = owner_of(m, n);

        if (owner >= 0 && owner != (int)which)
            return false;
    }
    return w->first <= w->last;
}

static struct wanted some_place(struct model *m)
{
    struct wanted w = { .there = true };

    w.first = roll(m, NUMBERS);
    w.last = w.first + roll(m, 20);
    if (w.last >= NUMBERS)
        w.last = NUMBERS - 1;
    if (roll(m, 20) == 0) { /* the wrong way round */
        unsigned first = w.first;

        w.first = w.last;
        w.last = first;
    }
    w.second = roll(m, 2);
    return w;
}

/* ---- comparing ---- */

static void compare(struct app *a, const struct model *m)
{
    unsigned count = 0;

    for (unsigned i = 0; i < NAMES; i++)
        count += m->range[i].there;
    if (a->deployment.ranges.count != count)
        fail_msg("seed %u, edit %u: %zu ranges, not %u", m->seed, m->edit,
                 a->deployment.ranges.count, count);
    for (unsigned n = 0; n < NUMBERS; n++) {
        char text[16], name[8] = "";
        const struct range *r;
        int owner = owner_of(m, n);

        (void)text_format(text, sizeof text, "%u", LOW + n);
        r = ranges_holding(&a->deployment.ranges, number_read(text, NULL));
        if (owner >= 0)
            (void)text_format(name, sizeof name, "R%d", owner);
        if (!text_is(r ? r->name : "", name) ||
            (owner >= 0 && text_is(r->destination, "pool2.example.com") != m->range[owner].second))
            fail_msg("seed %u, edit %u: %s belongs to '%s', not to '%s'", m->seed, m->edit, text,
                     r ? r->name : "", name);
    }
}

static void expect(struct app *a, const struct model *m, bool fine, const char *what)
{
    if ((a->answer.status < 300) != fine)
        fail_msg("seed %u, edit %u: %s should %s, gave %u: %s", m->seed, m->edit, what,
                 fine ? "work" : "be refused", a->answer.status,
                 a->answer.body ? a->answer.body : "");
}

/* ---- edits ---- */

static void write_range(char *to, size_t size, unsigned which, const struct wanted *w)
{
    (void)text_append(to, size,
                      "{\"name\":\"R%u\",\"start\":\"%u\",\"end\":\"%u\","
                      "\"destination\":\"pool%d.example.com\"}",
                      which, LOW + w->first, LOW + w->last, w->second ? 2 : 1);
}

static void create(struct app *a, struct model *m, unsigned which)
{
    struct wanted w = some_place(m);
    bool fine = !m->range[which].there && fits(m, which, &w);
    char body[256] = "";

    write_range(body, sizeof body, which, &w);
    (void)fake_ask(a, "POST " RANGES, NULL, body);
    expect(a, m, fine, "to create");
    if (!fine)
        return;
    m->range[which] = w;
    (void)text_copy(m->range[which].id, sizeof m->range[which].id, fake_at(a->answer.json, "id"));
}

static void change(struct app *a, struct model *m, unsigned which)
{
    struct wanted w = some_place(m);
    bool there = m->range[which].there, fine = there && fits(m, which, &w);
    char request[128], body[256] = "";

    if (!there)
        return;
    (void)text_copy(w.id, sizeof w.id, m->range[which].id);
    (void)text_format(request, sizeof request, "PUT " RANGES "/%s", w.id);
    write_range(body, sizeof body, which, &w);
    (void)fake_ask(a, request, "*", body);
    expect(a, m, fine, "to change");
    if (fine)
        m->range[which] = w;
}

/* To a name that is free, or taken. */
static void rename_one(struct app *a, struct model *m, unsigned which)
{
    unsigned to = roll(m, NAMES);
    bool fine = to == which || !m->range[to].there;
    char request[128], body[64];
    struct wanted w = m->range[which];

    if (!w.there)
        return;
    (void)text_format(request, sizeof request, "PATCH " RANGES "/%s", w.id);
    (void)text_format(body, sizeof body, "{\"name\":\"R%u\"}", to);
    (void)fake_ask(a, request, "*", body);
    expect(a, m, fine, "to rename");
    if (!fine)
        return;
    m->range[which].there = false;
    m->range[to] = w;
}

static void remove_one(struct app *a, struct model *m, unsigned which)
{
    char request[128];

    if (!m->range[which].there)
        return;
    (void)text_format(request, sizeof request, "DELETE " RANGES "/%s", m->range[which].id);
    (void)fake_ask(a, request, "*", NULL);
    expect(a, m, true, "to delete");
    m->range[which].there = false;
}

/* A few ranges anew, and the rest gone. */
static bool draw(struct model *m, struct model *next, char *list, size_t size)
{
    bool fine = true;

    *next = *m;
    for (unsigned i = 0; i < NAMES; i++)
        next->range[i].there = false;
    for (unsigned i = 0, n = roll(next, NAMES); i < n; i++) {
        struct wanted w = some_place(next);

        fine = fine && fits(next, i, &w);
        next->range[i] = w;
        (void)text_append(list, size, "%s", i ? "," : "");
        write_range(list, size, i, &w);
    }
    m->random = next->random;
    return fine;
}

static void learn_ids(struct app *a, struct model *m)
{
    (void)fake_ask(a, "GET " RANGES "?fields=id,name", NULL, NULL);
    for (unsigned i = 0; i < NAMES; i++) {
        char name[8];
        const struct range *r;
        char digits[14];

        (void)text_format(name, sizeof name, "R%u", i);
        r = ranges_by_name(&a->deployment.ranges, name);
        if (!r)
            continue;
        text_base32(digits, r->id);
        (void)text_format(m->range[i].id, sizeof m->range[i].id, "rng_%s", digits);
    }
}

/* Can each range go straight to where it is to be, in some order? Where two exchange their places
 * none can be first; that is refused, as the manual says. */
static bool has_order(const struct model *m, const struct model *next)
{
    struct model now = *m;
    bool done[NAMES] = { false }, moved = true;

    for (unsigned i = 0; i < NAMES; i++)
        now.range[i].there &= next->range[i].there;
    while (moved) {
        moved = false;
        for (unsigned i = 0; i < NAMES; i++)
            if (!done[i] && now.range[i].there && fits(&now, i, &next->range[i])) {
                now.range[i] = next->range[i];
                done[i] = moved = true;
            }
    }
    for (unsigned i = 0; i < NAMES; i++)
        if (now.range[i].there && !done[i])
            return false;
    return true;
}

static void define(struct app *a, struct model *m)
{
    struct model next;
    char list[NAMES * 160] = "", body[sizeof list + 128];
    bool fine = draw(m, &next, list, sizeof list) && has_order(m, &next);

    (void)text_format(body, sizeof body,
                      "{\"format\":\"callpark-definitions\",\"version\":1,\"ranges\":[%s]}", list);
    (void)fake_ask(a, "PUT /api/v1/definitions?prune=true", NULL, body);
    expect(a, m, fine, body);
    if (fine)
        *m = next;
    learn_ids(a, m);
}

/* An import changes ranges in the order of its rows, so more of them is refused; what it answers
 * decides, and then all of it holds or nothing. */
static void import(struct app *a, struct model *m)
{
    struct model next;
    char list[NAMES * 160] = "", body[sizeof list + 128];
    bool fine = draw(m, &next, list, sizeof list);

    (void)text_format(body, sizeof body, "{\"items\":[%s]}", list);
    (void)fake_ask(a, "POST " RANGES ":import?mode=replace", NULL, body);
    if (a->answer.status < 300)
        expect(a, m, fine, body);
    if (a->answer.status < 300)
        *m = next;
    learn_ids(a, m);
}

static void edit(struct app *a, struct model *m)
{
    unsigned which = roll(m, NAMES);

    switch (roll(m, 12)) {
    case 0:
        remove_one(a, m, which);
        break;
    case 1:
        define(a, m);
        break;
    case 2:
        import(a, m);
        break;
    case 3:
        rename_one(a, m, which);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        change(a, m, which);
        break;
    default:
        create(a, m, which);
        break;
    }
}

static void no_number_has_two_owners(void **state)
{
    struct app *a = *state;
    struct model m;

    (void)fake_ask(a, "POST /api/v1/destinations", NULL, "{\"fqdn\":\"pool2.example.com\"}");
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        memset(&m, 0, sizeof m);
        m.seed = m.random = seed;
        (void)fake_ask(a, "PUT /api/v1/definitions?prune=true", NULL,
                       "{\"format\":\"callpark-definitions\",\"version\":1,\"ranges\":[]}");
        for (m.edit = 1; m.edit <= EDITS; m.edit++) {
            a->audit_count = 0; /* the fake keeps few */
            edit(a, &m);
            compare(a, &m);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_number_has_two_owners, fake_set_up, fake_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
