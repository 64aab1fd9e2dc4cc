/* The tables of users, role bindings and access tokens. Not for what a role permits and where,
 * see rights.c. */
#include "core/access.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

void access_copy(struct access *to, const struct access *from)
{
    memcpy(to->users, from->users, from->user_count * sizeof *from->users);
    memcpy(to->bindings, from->bindings, from->binding_count * sizeof *from->bindings);
    memcpy(to->tokens, from->tokens, from->token_count * sizeof *from->tokens);
    to->user_count = from->user_count;
    to->binding_count = from->binding_count;
    to->token_count = from->token_count;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Not beginning with a sign: "." and ".." mean something else in the path of a URL, and "-x" is an
 * option on a command line. */
bool user_name_read(const char *text, char name[USER_SIZE], struct err *err)
{
    char lower[USER_SIZE], shown[100];
    bool fine = text_trim(lower, sizeof lower, text);

    for (char *p = lower; fine && *p; p++) {
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
        fine = is_letter_or_digit(*p) || (p > lower && strchr("._-@", *p));
    }
    if (!fine || !*lower) {
        err_set(err, -EINVAL,
                "'%s' is no name of a user: use 1 to 64 letters (a-z), digits, and . _ - @, "
                "beginning with a letter or digit",
                text_shown(shown, sizeof shown, text));
        return false;
    }
    (void)text_copy(name, USER_SIZE, lower);
    return true;
}

/* Where a user of that name is, or would be put in. */
static size_t place_of_name(const struct access *a, const char *name)
{
    size_t low = 0, high = a->user_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (text_compare_nocase(a->users[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct user *access_user(const struct access *a, const char *name)
{
    size_t i = place_of_name(a, name);

    return i < a->user_count && text_is_nocase(a->users[i].name, name) ? &a->users[i] : NULL;
}

const struct access_token *access_token_by_id(const struct access *a, token_id id)
{
    for (size_t i = 0; i < a->token_count; i++)
        if (id != 0 && a->tokens[i].id == id)
            return &a->tokens[i];
    return NULL;
}

const struct access_token *access_token_by_hash(const struct access *a,
                                                const unsigned char hash[SECRET_HASH_SIZE])
{
    for (size_t i = 0; i < a->token_count; i++)
        if (memcmp(a->tokens[i].hash, hash, SECRET_HASH_SIZE) == 0)
            return &a->tokens[i];
    return NULL;
}

const struct binding *access_binding(const struct access *a, binding_id id)
{
    for (size_t i = 0; i < a->binding_count; i++)
        if (id != 0 && a->bindings[i].id == id)
            return &a->bindings[i];
    return NULL;
}

/* Make room for one more entry at `at` of an array of `count`. */
static void open_gap(void *array, size_t count, size_t at, size_t size)
{
    char *gap = (char *)array + at * size;

    memmove(gap + size, gap, (count - at) * size);
}

static void close_gap(void *array, size_t count, size_t at, size_t size)
{
    char *gap = (char *)array + at * size;

    memmove(gap, gap + size, (count - at - 1) * size);
}

static int no_such_user(const char *name, struct err *err)
{
    char shown[USER_SIZE];

    return err_set(err, -ENOENT, "there is no user '%s'", text_shown(shown, sizeof shown, name));
}

int access_put_user(struct access *a, const struct user *u, struct err *err)
{
    size_t at = place_of_name(a, u->name);

    if (!access_user(a, u->name)) {
        if (a->user_count == USERS_MAX)
            return err_set(err, -ENOSPC, "there are %d users already; remove one first", USERS_MAX);
        open_gap(a->users, a->user_count++, at, sizeof *a->users);
    }
    a->users[at] = *u;
    return 0;
}

static bool same_scope(const struct scope *a, const struct scope *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == SCOPE_RANGE)
        return a->range == b->range;
    return a->kind == SCOPE_GLOBAL || text_is_nocase(a->name, b->name);
}

/* May the user have this one besides those that he has? */
static int check_binding(const struct access *a, const struct binding *b, struct err *err)
{
    unsigned has = 0;

    if (!access_user(a, b->user))
        return no_such_user(b->user, err);
    for (size_t i = 0; i < a->binding_count; i++) {
        const struct binding *other = &a->bindings[i];

        if (other->id == b->id || !text_is_nocase(other->user, b->user))
            continue;
        if (other->role == b->role && same_scope(&other->scope, &b->scope))
            return err_set(err, -EEXIST, "user '%s' has the role %s there already", b->user,
                           role_name(b->role));
        has++;
    }
    if (has >= GRANTS_MAX)
        return err_set(err, -ENOSPC,
                       "user '%s' has %d roles already; take one back, or give a role for a "
                       "wider scope",
                       b->user, GRANTS_MAX);
    return 0;
}

int access_put_binding(struct access *a, const struct binding *b, struct err *err)
{
    int failed = check_binding(a, b, err);
    size_t at = 0;

    if (failed)
        return failed;
    while (at < a->binding_count && a->bindings[at].id < b->id)
        at++;
    if (!access_binding(a, b->id)) {
        if (a->binding_count == BINDINGS_MAX)
            return err_set(err, -ENOSPC, "there are %d role bindings already; remove one first",
                           BINDINGS_MAX);
        open_gap(a->bindings, a->binding_count++, at, sizeof *a->bindings);
    }
    a->bindings[at] = *b;
    return 0;
}

int access_put_token(struct access *a, const struct access_token *t, struct err *err)
{
    size_t at = 0;

    if (!access_user(a, t->user))
        return no_such_user(t->user, err);
    while (at < a->token_count && a->tokens[at].id < t->id)
        at++;
    if (!access_token_by_id(a, t->id)) {
        if (a->token_count == TOKENS_MAX)
            return err_set(err, -ENOSPC, "there are %d access tokens already; remove one first",
                           TOKENS_MAX);
        open_gap(a->tokens, a->token_count++, at, sizeof *a->tokens);
    }
    a->tokens[at] = *t;
    return 0;
}

static void remove_binding_at(struct access *a, size_t at)
{
    close_gap(a->bindings, a->binding_count--, at, sizeof *a->bindings);
}

static void remove_token_at(struct access *a, size_t at)
{
    close_gap(a->tokens, a->token_count--, at, sizeof *a->tokens);
}

int access_remove_user(struct access *a, const char *name, struct err *err)
{
    if (!access_user(a, name))
        return no_such_user(name, err);
    for (size_t i = a->binding_count; i-- > 0;)
        if (text_is_nocase(a->bindings[i].user, name))
            remove_binding_at(a, i);
    for (size_t i = a->token_count; i-- > 0;)
        if (text_is_nocase(a->tokens[i].user, name))
            remove_token_at(a, i);
    /* Last, as `name` may be the one in the table. */
    close_gap(a->users, a->user_count--, place_of_name(a, name), sizeof *a->users);
    return 0;
}

int access_remove_binding(struct access *a, binding_id id, struct err *err)
{
    const struct binding *b = access_binding(a, id);

    if (!b)
        return err_set(err, -ENOENT, "there is no such role binding");
    remove_binding_at(a, (size_t)(b - a->bindings));
    return 0;
}

int access_remove_token(struct access *a, token_id id, struct err *err)
{
    const struct access_token *t = access_token_by_id(a, id);

    if (!t)
        return err_set(err, -ENOENT, "there is no such access token");
    remove_token_at(a, (size_t)(t - a->tokens));
    return 0;
}

size_t access_administrators(const struct access *a)
{
    size_t count = 0;

    /* Nobody has the same role twice for one scope, so no one is counted twice. */
    for (size_t i = 0; i < a->binding_count; i++) {
        const struct binding *b = &a->bindings[i];
        const struct user *u;

        if (b->role != ROLE_ADMINISTRATOR || b->scope.kind != SCOPE_GLOBAL)
            continue;
        u = access_user(a, b->user);
        count += u && !u->disabled;
    }
    return count;
}
