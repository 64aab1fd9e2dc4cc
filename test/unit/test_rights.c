/* Who may do what where: roles, permissions and places against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/access.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Berlin: pool1 with ranges 1 and 2, pool2 with range 3. Paris: pool3 with range 4. pool4 is in no
 * site and has range 5. */
static struct deployment *d;
static struct access *a;

static void put_destination(const char *fqdn, const char *site)
{
    struct destination dest = { .version = 1 };

    assert_true(text_copy(dest.fqdn, sizeof dest.fqdn, fqdn));
    assert_true(text_copy(dest.site, sizeof dest.site, site));
    assert_int_equal(deployment_put_destination(d, &dest, NULL), 0);
}

static void put_range(range_id id, const char *number, const char *destination)
{
    struct range r = { .id = id, .version = 1 };

    assert_int_equal(range_read(&r, number, number, number, NULL).fault, RANGE_FINE);
    assert_true(text_copy(r.destination, sizeof r.destination, destination));
    ranges_put(&d->ranges, &r);
}

static int set_up(void **state)
{
    static const char *const sites[] = { "Berlin", "Paris" };

    (void)state;
    d = calloc(1, sizeof *d);
    a = calloc(1, sizeof *a);
    assert_true(d && a);
    for (size_t i = 0; i < COUNT(sites); i++) {
        struct site s = { .version = 1 };

        assert_true(text_copy(s.name, sizeof s.name, sites[i]));
        assert_int_equal(deployment_put_site(d, &s, NULL), 0);
    }
    put_destination("pool1.example.com", "berlin");
    put_destination("pool2.example.com", "Berlin");
    put_destination("pool3.example.com", "Paris");
    put_destination("pool4.example.com", "");
    put_range(1, "4100", "pool1.example.com");
    put_range(2, "4200", "pool1.example.com");
    put_range(3, "4300", "pool2.example.com");
    put_range(4, "4400", "pool3.example.com");
    put_range(5, "4500", "pool4.example.com");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(d);
    free(a);
    return 0;
}

/* "", "site:Berlin", "dest:pool1.example.com", "range:4" */
static struct scope scope_of(const char *text)
{
    struct scope s = { .kind = SCOPE_GLOBAL };

    if (text_starts(text, "site:")) {
        s.kind = SCOPE_SITE;
        assert_true(text_copy(s.name, sizeof s.name, text + 5));
    } else if (text_starts(text, "dest:")) {
        s.kind = SCOPE_DESTINATION;
        assert_true(text_copy(s.name, sizeof s.name, text + 5));
    } else if (text_starts(text, "range:")) {
        s.kind = SCOPE_RANGE;
        assert_true(text_number(text + 6, 0, 99, &s.range));
    }
    return s;
}

static void grant(const char *user, enum role role, const char *scope)
{
    static binding_id last;
    struct user u = { .version = 1 };
    struct binding b = { .id = ++last, .role = role, .scope = scope_of(scope) };

    assert_true(text_copy(u.name, sizeof u.name, user));
    assert_true(text_copy(b.user, sizeof b.user, user));
    assert_int_equal(access_put_user(a, &u, NULL), 0);
    assert_int_equal(access_put_binding(a, &b, NULL), 0);
}

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
    { "calls.park", "yy-y" },        { "calls.watch", "yyyy" },
    { "calls.control", "yy-y" },
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

/* Each scope that a role can have against each place: y may, . may not. */
static const char *const places[] = {
    "",
    "site:Berlin",
    "site:Paris",
    "dest:pool1.example.com",
    "dest:pool2.example.com",
    "dest:pool3.example.com",
    "dest:pool4.example.com",
    "range:1",
    "range:2",
    "range:3",
    "range:4",
    "range:5",
    "range:9",
};

// clang-format off
static const struct {
    const char *scope, *may;
    const char *within; /* or somewhere inside of it */
} covered[] = {
    /*                           all  sites  destinations  ranges */
    { "",                       "y" "yy" "yyyy" "yyyyyy", "y" "yy" "yyyy" "yyyyyy" },
    { "site:Berlin",            "." "y." "yy.." "yyy...", "y" "y." "yy.." "yyy..." },
    { "site:BERLIN",            "." "y." "yy.." "yyy...", "y" "y." "yy.." "yyy..." },
    { "site:Rome",              "." ".." "...." "......", "y" ".." "...." "......" },
    { "dest:pool1.example.com", "." ".." "y..." "yy....", "y" "y." "y..." "yy...." },
    { "dest:Pool3.Example.com", "." ".." "..y." "...y..", "y" ".y" "..y." "...y.." },
    { "dest:pool4.example.com", "." ".." "...y" "....y.", "y" ".." "...y" "....y." },
    { "range:2",                "." ".." "...." ".y....", "y" "y." "y..." ".y...." },
    { "range:5",                "." ".." "...." "....y.", "y" ".." "...y" "....y." },
    { "range:0",                "." ".." "...." "......", "y" ".." "...." "......" },
};
// clang-format on

static void a_role_holds_where_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(covered); i++) {
        struct rights r = { .count = 1 };

        r.grant[0] = (struct grant){ role_permissions(ROLE_VOICE_ADMINISTRATOR),
                                     scope_of(covered[i].scope) };
        assert_int_equal(strlen(covered[i].may), COUNT(places));
        for (size_t k = 0; k < COUNT(places); k++) {
            struct scope scope = scope_of(places[k]);
            struct place_of where = place_of_scope(d, &scope);

            if (rights_may(&r, MAY_RANGES_WRITE, &where) != (covered[i].may[k] == 'y'))
                fail_msg("'%s' in '%s'", covered[i].scope, places[k]);
            if (rights_may_within(&r, MAY_RANGES_READ, d, &where) != (covered[i].within[k] == 'y'))
                fail_msg("'%s' within '%s'", covered[i].scope, places[k]);
            assert_false(rights_may(&r, MAY_USERS_READ, &where));
            assert_false(rights_may_within(&r, MAY_USERS_READ, d, &where));
        }
        assert_true(rights_may_somewhere(&r, MAY_RANGES_WRITE));
        assert_false(rights_may_somewhere(&r, MAY_USERS_WRITE));
    }
}

/* What is known of a thing may be less than its whole place. */
static void half_a_place_is_enough_or_not(void **state)
{
    static const struct {
        const char *scope;
        struct place_of where;
        bool may;
    } lines[] = {
        { "site:Berlin", { .site = "berlin" }, true },
        { "site:Berlin", { .destination = "Berlin" }, false },
        { "site:Berlin", { .site = "" }, false },
        { "dest:pool1.example.com", { .destination = "POOL1.example.com" }, true },
        { "dest:pool1.example.com", { .site = "pool1.example.com" }, false },
        { "dest:pool1.example.com", { .range = 1 }, false },
        { "range:1", { .range = 1 }, true },
        { "range:1", { .range = 1, .destination = "pool9.example.com" }, true },
        { "range:0", { .range = 0 }, false },
        { "site:", { .site = "" }, false },
        { "dest:", { .destination = "" }, false },
        { "", { .range = 77, .destination = "x", .site = "y" }, true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct rights r = { .count = 1 };

        r.grant[0] = (struct grant){ PERMISSION_ALL, scope_of(lines[i].scope) };
        if (rights_may(&r, MAY_CALLS_READ, &lines[i].where) != lines[i].may)
            fail_msg("line %zu, '%s'", i, lines[i].scope);
    }
}

/* A voice-administrator of one site, who looks after the calls of a range elsewhere. */
static void roles_add_up(void **state)
{
    static const struct {
        enum permission p;
        const char *where;
        bool may;
    } lines[] = {
        { MAY_RANGES_WRITE, "range:1", true },
        { MAY_RANGES_WRITE, "dest:pool2.example.com", true },
        { MAY_RANGES_WRITE, "range:4", false },
        { MAY_RANGES_WRITE, "dest:pool3.example.com", false },
        { MAY_RANGES_WRITE, "", false },
        { MAY_SETTINGS_WRITE, "", false },
        { MAY_PLACES_WRITE, "site:Berlin", true },
        { MAY_PLACES_WRITE, "site:Paris", false },
        { MAY_CALLS_HANGUP, "range:4", true },
        { MAY_CALLS_READ_PII, "range:4", true },
        { MAY_RANGES_READ, "range:4", false },
        { MAY_CALLS_HANGUP, "range:5", false },
        { MAY_AUDIT_READ, "", false },
        { MAY_USERS_READ, "site:Berlin", false },
    };
    struct rights r;

    (void)state;
    grant("anna", ROLE_VOICE_ADMINISTRATOR, "site:Berlin");
    grant("berta", ROLE_ADMINISTRATOR, "");
    grant("anna", ROLE_ATTENDANT, "range:4");
    rights_of_user(a, "Anna", &r);
    assert_int_equal(r.count, 2);
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct scope scope = scope_of(lines[i].where);
        struct place_of where = place_of_scope(d, &scope);

        if (rights_may(&r, lines[i].p, &where) != lines[i].may)
            fail_msg("%s in '%s'", permission_name(lines[i].p), lines[i].where);
    }
    assert_true(rights_may_somewhere(&r, MAY_RANGES_WRITE));
    assert_int_equal(rights_union(&r),
                     role_permissions(ROLE_VOICE_ADMINISTRATOR) | role_permissions(ROLE_ATTENDANT));
}

static void nobody_may_nothing(void **state)
{
    const struct place_of anywhere = { 0 };
    struct user u = { .name = "anna", .disabled = true };
    struct rights r;

    (void)state;
    grant("anna", ROLE_ADMINISTRATOR, "");
    rights_of_user(a, "anna", &r);
    assert_true(rights_may(&r, MAY_USERS_WRITE, &anywhere));
    assert_int_equal(access_put_user(a, &u, NULL), 0);
    rights_of_user(a, "anna", &r);
    assert_int_equal(r.count, 0);
    assert_int_equal(rights_union(&r), 0);
    assert_false(rights_may(&r, MAY_RANGES_READ, &anywhere));
    assert_false(rights_may_within(&r, MAY_RANGES_READ, d, &anywhere));
    rights_of_user(a, "carla", &r);
    assert_int_equal(r.count, 0);
}

/* What a token may is what its owner may, and what its list says: never one without the other. */
static void a_token_has_both_limits(void **state)
{
    static const struct {
        permission_set list;
        enum permission p;
        const char *where;
        bool may;
    } lines[] = {
        { PERMISSION_ALL, MAY_RANGES_WRITE, "range:1", true },
        { PERMISSION_ALL, MAY_RANGES_WRITE, "range:4", false },
        { PERMISSION_ALL, MAY_USERS_WRITE, "", false },
        { 1U << MAY_RANGES_READ, MAY_RANGES_READ, "range:1", true },
        { 1U << MAY_RANGES_READ, MAY_RANGES_WRITE, "range:1", false },
        { 1U << MAY_RANGES_READ, MAY_RANGES_READ, "range:4", false },
        { 1U << MAY_USERS_WRITE, MAY_USERS_WRITE, "", false },
        { 1U << MAY_USERS_WRITE, MAY_RANGES_READ, "range:1", false },
        { 0, MAY_RANGES_READ, "range:1", false },
    };

    (void)state;
    grant("anna", ROLE_VOICE_ADMINISTRATOR, "site:Berlin");
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct scope scope = scope_of(lines[i].where);
        struct place_of where = place_of_scope(d, &scope);
        struct rights r;

        rights_of_user(a, "anna", &r);
        rights_limit(&r, lines[i].list);
        if (rights_may(&r, lines[i].p, &where) != lines[i].may)
            fail_msg("line %zu", i);
    }
}

static void all_is_all(void **state)
{
    struct rights r;

    (void)state;
    rights_all(&r);
    assert_int_equal(rights_union(&r), PERMISSION_ALL);
    for (unsigned p = 0; p < PERMISSIONS; p++) {
        for (size_t i = 0; i < COUNT(places); i++) {
            struct scope scope = scope_of(places[i]);
            struct place_of where = place_of_scope(d, &scope);

            assert_true(rights_may(&r, (enum permission)p, &where));
        }
    }
}

static void places_are_known_by_the_tables(void **state)
{
    static const struct {
        const char *scope;
        struct place_of place;
        bool exists;
    } lines[] = {
        { "", { 0 }, true },
        { "site:berlin", { .site = "berlin" }, true },
        { "site:Rome", { .site = "Rome" }, false },
        { "dest:pool1.example.com",
          { .destination = "pool1.example.com", .site = "berlin" },
          true },
        { "dest:pool4.example.com", { .destination = "pool4.example.com", .site = "" }, true },
        { "dest:pool9.example.com", { .destination = "pool9.example.com" }, false },
        { "range:3", { 3, "pool2.example.com", "Berlin" }, true },
        { "range:9", { .range = 9 }, false },
        { "range:0", { .range = 0 }, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct scope scope = scope_of(lines[i].scope);
        struct place_of place = place_of_scope(d, &scope);

        assert_int_equal(place.range, lines[i].place.range);
        assert_true(text_is(place.destination, lines[i].place.destination));
        assert_true(text_is(place.site, lines[i].place.site));
        assert_int_equal(scope_exists(d, &scope), lines[i].exists);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_each_role_may),
        cmocka_unit_test(words_are_read_as_they_are_written),
        WITH(a_role_holds_where_it_says),
        WITH(half_a_place_is_enough_or_not),
        WITH(roles_add_up),
        WITH(nobody_may_nothing),
        WITH(a_token_has_both_limits),
        WITH(all_is_all),
        WITH(places_are_known_by_the_tables),
    };

    return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
