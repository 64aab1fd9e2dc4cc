/* Which role may do what, and where a grant holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/access.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* In the order of the roles: administrator, voice-administrator, viewer, attendant. */
static const struct {
    const char *permission, *roles;
} matrix[] = {
    { "ranges.read", "yyy-" },       { "ranges.write", "yy--" },
    { "destinations.read", "yyy-" }, { "destinations.write", "yy--" },
    { "settings.read", "yyy-" },     { "settings.write", "yy--" },
    { "calls.read", "yyyy" },        { "calls.read.pii", "yy-y" },
    { "calls.retrieve", "yy-y" },    { "calls.ringback", "yy-y" },
    { "calls.extend", "yy-y" },      { "calls.transfer", "yy-y" },
    { "calls.hangup", "yy-y" },      { "calls.note", "yy-y" },
    { "records.read", "yyy-" },      { "audit.read", "yyy-" },
    { "users.read", "y-y-" },        { "users.write", "y---" },
    { "system.read", "yyy-" },       { "system.write", "y---" },
    { "system.backup", "y---" },     { "definitions.read", "y---" },
    { "definitions.write", "y---" }, { "metrics.read", "yyy-" },
};

static void what_each_role_may(void **state)
{
    (void)state;
    assert_int_equal(COUNT(matrix), PERMISSIONS);
    for (size_t i = 0; i < COUNT(matrix); i++) {
        enum permission p;

        assert_true(permission_find(matrix[i].permission, &p));
        assert_string_equal(permission_name(p), matrix[i].permission);
        for (unsigned role = 0; role < ROLES; role++) {
            bool may = (role_permissions((enum role)role) & UINT32_C(1) << p) != 0;

            if (may != (matrix[i].roles[role] == 'y'))
                fail_msg("%s, %s", role_name((enum role)role), matrix[i].permission);
        }
    }
}

static void words_are_read_as_they_are_written(void **state)
{
    enum permission p;
    enum role role;

    (void)state;
    for (unsigned i = 0; i < ROLES; i++) {
        assert_true(role_find(role_name((enum role)i), &role));
        assert_int_equal(role, i);
    }
    assert_false(role_find("Administrator", &role));
    assert_false(role_find("", &role));
    assert_false(permission_find("ranges", &p));
    assert_false(permission_find("", &p));
}

static void where_a_grant_holds(void **state)
{
    static const struct place_of places[] = {
        { 0 },
        { .site = "Berlin" },
        { .site = "Bonn" },
        { .destination = "pool1.example.com", .site = "berlin" },
        { .destination = "pool2.example.com", .site = "" },
        { .range = 7, .destination = "pool1.example.com", .site = "Berlin" },
        { .range = 8, .destination = "POOL2.example.com" },
    };
    static const struct {
        struct scope scope;
        const char *holds; /* at each of the places */
    } lines[] = {
        { { .kind = SCOPE_GLOBAL }, "yyyyyyy" },
        { { .kind = SCOPE_SITE, .name = "Berlin" }, "-y-y-y-" },
        { { .kind = SCOPE_SITE, .name = "" }, "-------" },
        { { .kind = SCOPE_DESTINATION, .name = "pool1.example.com" }, "---y-y-" },
        { { .kind = SCOPE_DESTINATION, .name = "pool2.example.com" }, "----y-y" },
        { { .kind = SCOPE_RANGE, .range = 7 }, "-----y-" },
        { { .kind = SCOPE_RANGE, .range = 0 }, "-------" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct rights r = { .count = 1 };

        r.grant[0].may = role_permissions(ROLE_VOICE_ADMINISTRATOR);
        r.grant[0].where = lines[i].scope;
        for (size_t k = 0; k < COUNT(places); k++) {
            if (rights_may(&r, MAY_RANGES_WRITE, &places[k]) != (lines[i].holds[k] == 'y'))
                fail_msg("line %zu, place %zu", i, k);
            assert_false(rights_may(&r, MAY_USERS_WRITE, &places[k]));
        }
    }
}

static void several_grants_and_a_limit(void **state)
{
    const struct place_of berlin = { .site = "Berlin" }, bonn = { .site = "Bonn" };
    struct rights r = { .count = 2 };

    (void)state;
    r.grant[0] = (struct grant){ role_permissions(ROLE_VIEWER), { .kind = SCOPE_GLOBAL } };
    r.grant[1] = (struct grant){ role_permissions(ROLE_VOICE_ADMINISTRATOR),
                                 { .kind = SCOPE_SITE, .name = "Berlin" } };
    assert_true(rights_may(&r, MAY_RANGES_READ, &bonn));
    assert_false(rights_may(&r, MAY_RANGES_WRITE, &bonn));
    assert_true(rights_may(&r, MAY_RANGES_WRITE, &berlin));
    assert_true(rights_may_somewhere(&r, MAY_RANGES_WRITE));
    assert_false(rights_may_somewhere(&r, MAY_SYSTEM_WRITE));
    rights_limit(&r, UINT32_C(1) << MAY_RANGES_READ);
    assert_int_equal(rights_union(&r), UINT32_C(1) << MAY_RANGES_READ);
    rights_all(&r);
    assert_int_equal(rights_union(&r), PERMISSION_ALL);
    assert_true(rights_may(&r, MAY_SYSTEM_WRITE, &(struct place_of){ 0 }));
}

static void places_of_the_tables(void **state)
{
    struct deployment *d = calloc(1, sizeof *d);
    struct site site = { .name = "Berlin" };
    struct destination dest = { .fqdn = "pool1.example.com", .site = "Berlin" };
    struct range r = { .id = 7, .first = 1, .last = 2 };
    struct scope scope = { .kind = SCOPE_RANGE, .range = 7 };
    struct place_of place;

    (void)state;
    assert_non_null(d);
    (void)text_copy(r.destination, sizeof r.destination, dest.fqdn);
    assert_int_equal(deployment_put_site(d, &site, NULL), 0);
    assert_int_equal(deployment_put_destination(d, &dest, NULL), 0);
    ranges_put(&d->ranges, &r);
    place = place_of_scope(d, &scope);
    assert_int_equal(place.range, 7);
    assert_string_equal(place.destination, "pool1.example.com");
    assert_string_equal(place.site, "Berlin");
    assert_true(scope_exists(d, &scope));
    scope.range = 8;
    assert_false(scope_exists(d, &scope));
    assert_true(scope_exists(d, &(struct scope){ .kind = SCOPE_GLOBAL }));
    assert_true(scope_exists(d, &(struct scope){ .kind = SCOPE_SITE, .name = "berlin" }));
    assert_false(scope_exists(d, &(struct scope){ .kind = SCOPE_DESTINATION, .name = "x.y" }));
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_each_role_may),
        cmocka_unit_test(words_are_read_as_they_are_written),
        cmocka_unit_test(where_a_grant_holds),
        cmocka_unit_test(several_grants_and_a_limit),
        cmocka_unit_test(places_of_the_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
