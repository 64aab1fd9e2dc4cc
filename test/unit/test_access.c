/* Users, role bindings, access tokens: the tables and their bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "core/access.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct access *a;

static int new_access(void **state)
{
    (void)state;
    a = calloc(1, sizeof *a);
    assert_non_null(a);
    return 0;
}

static int free_access(void **state)
{
    (void)state;
    free(a);
    return 0;
}

static struct user user_named(const char *name)
{
    struct user u = { .version = 1 };

    assert_true(text_copy(u.name, sizeof u.name, name));
    return u;
}

static void put_user(const char *name)
{
    struct user u = user_named(name);

    assert_int_equal(access_put_user(a, &u, NULL), 0);
}

static struct binding binding_of(binding_id id, const char *user, enum role role,
                                 struct scope scope)
{
    struct binding b = { .id = id, .role = role, .scope = scope };

    assert_true(text_copy(b.user, sizeof b.user, user));
    return b;
}

static struct scope scope_named(enum scope_kind kind, const char *name)
{
    struct scope s = { .kind = kind };

    assert_true(text_copy(s.name, sizeof s.name, name));
    return s;
}

static int put_binding(binding_id id, const char *user, enum role role, struct scope scope,
                       struct err *err)
{
    struct binding b = binding_of(id, user, role, scope);

    return access_put_binding(a, &b, err);
}

static int put_token(token_id id, const char *user, struct err *err)
{
    struct access_token t = { .id = id, .hash = { (unsigned char)id, (unsigned char)(id >> 8) } };

    assert_true(text_copy(t.user, sizeof t.user, user));
    return access_put_token(a, &t, err);
}

static const struct scope everywhere = { .kind = SCOPE_GLOBAL };

static void names_of_users(void **state)
{
    static const struct {
        const char *text, *name; /* NULL: refused */
    } lines[] = {
        { "anna", "anna" },
        { "Anna", "anna" },
        { "  anna\t", "anna" },
        { "Anna.B-c_d@example.com", "anna.b-c_d@example.com" },
        { "0", "0" },
        { "a123456789a123456789a123456789a123456789a123456789a123456789a123",
          "a123456789a123456789a123456789a123456789a123456789a123456789a123" },
        { "a123456789a123456789a123456789a123456789a123456789a123456789a1234", NULL },
        { "", NULL },
        { "   ", NULL },
        { ".", NULL },
        { "..", NULL },
        { "-x", NULL },
        { "@x", NULL },
        { "_x", NULL },
        { "anna berta", NULL },
        { "anna/b", NULL },
        { "anna\nb", NULL },
        { "j\xc3\xbcrgen", NULL },
        { "a%2e", NULL },
        { "a\"b", NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        char name[USER_SIZE] = "as it was";
        struct err err = { 0 };
        bool read = user_name_read(lines[i].text, name, &err);

        if (read != (lines[i].name != NULL))
            fail_msg("'%s' is %s", lines[i].text, read ? "taken" : "refused");
        assert_string_equal(name, read ? lines[i].name : "as it was");
        if (!read)
            assert_true(text_matches(err.text, "*is no name of a user: use 1 to 64 letters*"));
    }
}

static void users_stand_in_order(void **state)
{
    static const char *const names[] = { "mia", "anna", "zoe", "berta", "anna.b", "0" };
    static const char *const sorted[] = { "0", "anna", "anna.b", "berta", "mia", "zoe" };
    struct user u = user_named("mia");
    struct err err = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        put_user(names[i]);
    u.disabled = true;
    assert_int_equal(access_put_user(a, &u, NULL), 0); /* replaces */
    assert_int_equal(a->user_count, COUNT(sorted));
    for (size_t i = 0; i < COUNT(sorted); i++) {
        assert_string_equal(a->users[i].name, sorted[i]);
        assert_ptr_equal(access_user(a, sorted[i]), &a->users[i]);
    }
    assert_true(access_user(a, "Mia")->disabled);
    assert_null(access_user(a, "ann"));
    assert_null(access_user(a, ""));
    assert_null(access_user(a, "zoea"));
    assert_int_equal(access_remove_user(a, "ann", &err), -ENOENT);
    assert_string_equal(err.text, "there is no user 'ann'");
    assert_int_equal(access_remove_user(a, "berta", NULL), 0);
    assert_null(access_user(a, "berta"));
    assert_non_null(access_user(a, "zoe"));
}

static void bindings_are_checked(void **state)
{
    struct err err = { 0 };

    (void)state;
    put_user("anna");
    assert_int_equal(put_binding(7, "anna", ROLE_VIEWER, everywhere, NULL), 0);
    assert_int_equal(put_binding(3, "anna", ROLE_VIEWER, scope_named(SCOPE_SITE, "Berlin"), NULL),
                     0);
    assert_int_equal(put_binding(5, "anna", ROLE_ATTENDANT, everywhere, NULL), 0);
    assert_int_equal(a->bindings[0].id, 3);
    assert_int_equal(a->bindings[1].id, 5);
    assert_int_equal(a->bindings[2].id, 7);

    assert_int_equal(put_binding(8, "berta", ROLE_VIEWER, everywhere, &err), -ENOENT);
    assert_string_equal(err.text, "there is no user 'berta'");
    assert_int_equal(put_binding(8, "anna", ROLE_VIEWER, scope_named(SCOPE_SITE, "berlin"), &err),
                     -EEXIST);
    assert_string_equal(err.text, "user 'anna' has the role viewer there already");
    assert_int_equal(put_binding(8, "anna", ROLE_VIEWER, everywhere, NULL), -EEXIST);
    assert_int_equal(put_binding(8, "anna", ROLE_VIEWER, scope_named(SCOPE_GLOBAL, "x"), NULL),
                     -EEXIST); /* everywhere has no name */
    /* The same name of another kind, or another role, is another binding. */
    assert_int_equal(
        put_binding(8, "anna", ROLE_VIEWER, scope_named(SCOPE_DESTINATION, "berlin"), NULL), 0);
    assert_int_equal(put_binding(7, "anna", ROLE_VIEWER, everywhere, NULL), 0); /* itself */
    assert_int_equal(a->binding_count, 4);

    assert_int_equal(access_binding(a, 5)->role, ROLE_ATTENDANT);
    assert_null(access_binding(a, 0));
    assert_null(access_binding(a, 6));
    assert_int_equal(access_remove_binding(a, 6, &err), -ENOENT);
    assert_string_equal(err.text, "there is no such role binding");
    assert_int_equal(access_remove_binding(a, 5, NULL), 0);
    assert_null(access_binding(a, 5));
    assert_int_equal(a->bindings[1].id, 7);
}

static void range_scopes_differ_by_id(void **state)
{
    struct scope one = { .kind = SCOPE_RANGE, .range = 1 };
    struct scope two = { .kind = SCOPE_RANGE, .range = 2 };

    (void)state;
    put_user("anna");
    assert_int_equal(put_binding(1, "anna", ROLE_VIEWER, one, NULL), 0);
    assert_int_equal(put_binding(2, "anna", ROLE_VIEWER, two, NULL), 0);
    assert_int_equal(put_binding(3, "anna", ROLE_VIEWER, two, NULL), -EEXIST);
}

static void tokens_are_found(void **state)
{
    struct err err = { 0 };
    unsigned char hash[SECRET_HASH_SIZE] = { 9 };

    (void)state;
    put_user("anna");
    assert_int_equal(put_token(9, "anna", NULL), 0);
    assert_int_equal(put_token(4, "anna", NULL), 0);
    assert_int_equal(put_token(9, "anna", NULL), 0);
    assert_int_equal(put_token(5, "berta", &err), -ENOENT);
    assert_string_equal(err.text, "there is no user 'berta'");
    assert_int_equal(a->token_count, 2);
    assert_int_equal(a->tokens[0].id, 4);
    assert_int_equal(access_token_by_hash(a, hash)->id, 9);
    hash[SECRET_HASH_SIZE - 1] = 1;
    assert_null(access_token_by_hash(a, hash));
    assert_int_equal(access_token_by_id(a, 4)->id, 4);
    assert_null(access_token_by_id(a, 0));
    assert_int_equal(access_remove_token(a, 5, &err), -ENOENT);
    assert_string_equal(err.text, "there is no such access token");
    assert_int_equal(access_remove_token(a, 4, NULL), 0);
    assert_int_equal(a->token_count, 1);
    assert_int_equal(a->tokens[0].id, 9);
}

static void a_user_takes_everything_along(void **state)
{
    (void)state;
    put_user("anna");
    put_user("berta");
    for (unsigned i = 0; i < 6; i++) {
        const char *who = i % 2 ? "anna" : "berta";
        struct scope scope = { .kind = SCOPE_RANGE, .range = i };

        assert_int_equal(put_binding(i + 1, who, ROLE_VIEWER, scope, NULL), 0);
        assert_int_equal(put_token(i + 1, who, NULL), 0);
    }
    assert_int_equal(access_remove_user(a, access_user(a, "ANNA")->name, NULL), 0);
    assert_null(access_user(a, "anna"));
    assert_int_equal(a->user_count, 1);
    assert_int_equal(a->binding_count, 3);
    assert_int_equal(a->token_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(a->bindings[i].id, 2 * i + 1);
        assert_int_equal(a->tokens[i].id, 2 * i + 1);
        assert_string_equal(a->bindings[i].user, "berta");
        assert_string_equal(a->tokens[i].user, "berta");
    }
}

static void administrators_are_counted(void **state)
{
    struct user u = user_named("anna");

    (void)state;
    put_user("anna");
    put_user("berta");
    put_user("carla");
    assert_int_equal(access_administrators(a), 0);
    assert_int_equal(put_binding(1, "anna", ROLE_ADMINISTRATOR, everywhere, NULL), 0);
    assert_int_equal(put_binding(2, "berta", ROLE_VOICE_ADMINISTRATOR, everywhere, NULL), 0);
    assert_int_equal(
        put_binding(3, "carla", ROLE_ADMINISTRATOR, scope_named(SCOPE_SITE, "x"), NULL), 0);
    assert_int_equal(put_binding(4, "anna", ROLE_ADMINISTRATOR, scope_named(SCOPE_SITE, "x"), NULL),
                     0);
    assert_int_equal(access_administrators(a), 1); /* of a site is not of all */
    assert_int_equal(put_binding(5, "carla", ROLE_ADMINISTRATOR, everywhere, NULL), 0);
    assert_int_equal(access_administrators(a), 2);
    u.disabled = true;
    assert_int_equal(access_put_user(a, &u, NULL), 0);
    assert_int_equal(access_administrators(a), 1);
    assert_int_equal(access_remove_user(a, "carla", NULL), 0);
    assert_int_equal(access_administrators(a), 0);
}

static void full_is_an_answer(void **state)
{
    struct user more = user_named("more");
    struct err err = { 0 };
    char name[USER_SIZE];

    (void)state;
    for (unsigned i = 0; i < USERS_MAX; i++) {
        assert_true(text_format(name, sizeof name, "u%u", i));
        put_user(name);
    }
    assert_int_equal(access_put_user(a, &more, &err), -ENOSPC);
    assert_true(text_matches(err.text, "there are 1000 users already*"));
    put_user("u77"); /* no new one */
    for (unsigned i = 0; i < BINDINGS_MAX; i++) {
        struct scope scope = { .kind = SCOPE_RANGE, .range = i + 1 };

        assert_true(text_format(name, sizeof name, "u%u", i % USERS_MAX));
        assert_int_equal(put_binding(i + 1, name, ROLE_VIEWER, scope, NULL), 0);
    }
    assert_int_equal(put_binding(9999, "u1", ROLE_VIEWER, everywhere, &err), -ENOSPC);
    assert_true(text_matches(err.text, "there are 4000 role bindings already*"));
    assert_int_equal(put_binding(2, "u1", ROLE_VIEWER, everywhere, NULL), 0);
    for (unsigned i = 0; i < TOKENS_MAX; i++)
        assert_int_equal(put_token(i + 1, "u1", NULL), 0);
    assert_int_equal(put_token(9999, "u1", &err), -ENOSPC);
    assert_true(text_matches(err.text, "there are 1000 access tokens already*"));
    assert_int_equal(put_token(1, "u1", NULL), 0);
}

static void one_user_has_so_many_roles(void **state)
{
    struct err err = { 0 };

    (void)state;
    put_user("anna");
    for (unsigned i = 1; i <= GRANTS_MAX; i++) {
        struct scope scope = { .kind = SCOPE_RANGE, .range = i };

        assert_int_equal(put_binding(i, "anna", ROLE_VIEWER, scope, NULL), 0);
    }
    assert_int_equal(put_binding(99, "anna", ROLE_VIEWER, everywhere, &err), -ENOSPC);
    assert_true(text_matches(err.text, "user 'anna' has 16 roles already; *"));
    assert_int_equal(put_binding(1, "anna", ROLE_VIEWER, everywhere, NULL), 0);
}

static void a_copy_is_the_same(void **state)
{
    struct access *copy = calloc(1, sizeof *copy);

    (void)state;
    assert_non_null(copy);
    put_user("anna");
    put_user("berta");
    assert_int_equal(put_binding(1, "anna", ROLE_VIEWER, everywhere, NULL), 0);
    assert_int_equal(put_token(1, "berta", NULL), 0);
    access_copy(copy, a);
    assert_memory_equal(copy, a, sizeof *a);
    assert_int_equal(access_remove_user(a, "anna", NULL), 0);
    access_copy(copy, a);
    assert_null(access_user(copy, "anna"));
    assert_null(access_binding(copy, 1));
    assert_int_equal(copy->token_count, 1);
    free(copy);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, new_access, free_access)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_users), WITH(users_stand_in_order),
        WITH(bindings_are_checked),       WITH(range_scopes_differ_by_id),
        WITH(tokens_are_found),           WITH(a_user_takes_everything_along),
        WITH(administrators_are_counted), WITH(full_is_an_answer),
        WITH(one_user_has_so_many_roles), WITH(a_copy_is_the_same),
    };

    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
