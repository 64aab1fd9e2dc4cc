/* Who is signed in, and with what one may sign in for the first time: logins and one-time links.
 * Only hashes of the secrets are kept, so that nothing that leaks from the tables or the store
 * opens a door. Users, role bindings and access tokens are changed by admin.c as all that
 * administrators decide. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

#define LINKS_MAX 64
#define LINK_LIFE ((msec)30 * 60 * 1000)
#define SEEN_STEP 60000 /* msec: how far what is on disk may be behind */

struct app_login {
    struct login login;
    wall_msec written; /* the `seen_at` that is on disk */
};

struct link {
    unsigned char hash[SECRET_HASH_SIZE];
    char user[USER_SIZE]; /* "": set-up */
    msec until;
};

struct people {
    struct app_login logins[LOGINS_MAX]; /* in order of their ids */
    size_t login_count;
    login_id last_login;
    struct link links[LINKS_MAX]; /* the oldest first */
    size_t link_count;
    struct throttle throttle;
    bool looked_for_administrator;
};

int people_new(struct app *a, struct err *err)
{
    a->people = calloc(1, sizeof(*a->people));
    a->access = calloc(1, sizeof(*a->access));
    a->access_draft = calloc(1, sizeof(*a->access_draft));
    if (!a->people || !a->access || !a->access_draft)
        return err_set(err, -ENOMEM, "out of memory for the tables of users");
    return 0;
}

void people_free(struct app *a)
{
    free(a->people);
    free(a->access);
    free(a->access_draft);
}

const struct access *app_access(const struct app *a)
{
    return a->access;
}

struct throttle *app_throttle(struct app *a)
{
    return &a->people->throttle;
}

/* ---- secrets ---- */

static void secret_make(char secret[SECRET_SIZE], unsigned char hash[SECRET_HASH_SIZE])
{
    unsigned char raw[(SECRET_SIZE - 1) / 2];

    randombytes_buf(raw, sizeof(raw));
    sodium_bin2hex(secret, SECRET_SIZE, raw, sizeof(raw));
    sodium_memzero(raw, sizeof(raw));
    (void)crypto_hash_sha256(hash, (const unsigned char *)secret, SECRET_SIZE - 1);
}

static bool secret_hash(const char *secret, unsigned char hash[SECRET_HASH_SIZE])
{
    if (!secret || strlen(secret) != SECRET_SIZE - 1)
        return false;
    (void)crypto_hash_sha256(hash, (const unsigned char *)secret, SECRET_SIZE - 1);
    return true;
}

static bool user_lives(const struct access *access, const char *name)
{
    const struct user *u = access_user(access, name);

    return u && !u->disabled;
}

/* ---- a change of its own: nobody waits for it ---- */

/* In a group of its own, unless one is being made: that one must not be cut in two. */
static struct change *begin_alone(struct app *a, enum change_type type, bool *alone)
{
    *alone = a->change_count == 0;
    return turn_add(a, type);
}

static void end_alone(struct app *a, bool alone)
{
    if (alone)
        turn_end_group(a);
}

static void write_login(struct app *a, struct app_login *l)
{
    bool alone;
    struct change *change = begin_alone(a, CHANGE_LOGIN_PUT, &alone);

    if (change) {
        change->login = l->login;
        l->written = l->login.seen_at;
    }
    end_alone(a, alone);
}

static void write_login_gone(struct app *a, login_id id)
{
    bool alone;
    struct change *change = begin_alone(a, CHANGE_LOGIN_REMOVE, &alone);

    if (change)
        change->login_gone = id;
    end_alone(a, alone);
}

/* ---- logins ---- */

static void drop_login(struct app *a, size_t at)
{
    struct people *p = a->people;

    write_login_gone(a, p->logins[at].login.id);
    p->login_count--;
    memmove(&p->logins[at], &p->logins[at + 1], (p->login_count - at) * sizeof(p->logins[0]));
}

static bool login_ran_out(const struct app *a, const struct login *l)
{
    wall_msec idle = a->wall > l->seen_at ? a->wall - l->seen_at : 0; /* the clock may jump */

    return a->wall >= l->expires_at || idle >= a->config.session_idle;
}

/* Of all logins, or with a name of those of one user; login_count: he has none. */
static size_t least_seen(const struct people *p, const char *user)
{
    size_t found = p->login_count;

    for (size_t i = 0; i < p->login_count; i++) {
        const struct login *l = &p->logins[i].login;

        if ((!user || text_is_nocase(l->user, user)) &&
            (found == p->login_count || l->seen_at < p->logins[found].login.seen_at))
            found = i;
    }
    return found;
}

static size_t logins_of(const struct people *p, const char *user)
{
    size_t count = 0;

    for (size_t i = 0; i < p->login_count; i++)
        count += text_is_nocase(p->logins[i].login.user, user);
    return count;
}

/* One who signs in again and again ends his own logins, not those of others. */
static void make_room(struct app *a, const char *user)
{
    struct people *p = a->people;

    if (logins_of(p, user) >= LOGINS_OF_ONE)
        drop_login(a, least_seen(p, user));
    if (p->login_count == LOGINS_MAX)
        drop_login(a, least_seen(p, NULL));
}

/* While a list of changes is being written, its user may be gone in a moment. */
static bool may_sign_in(const struct app *a, const char *user)
{
    return user_lives(a->access, user) && (!a->writing || user_lives(a->access_draft, user));
}

const struct login *app_login_new(struct app *a, const char *user, const char *source,
                                  const char *agent, char secret[SECRET_SIZE])
{
    struct people *p = a->people;
    struct app_login *l;

    if (!may_sign_in(a, user))
        return NULL;
    make_room(a, user);
    l = &p->logins[p->login_count++];
    memset(l, 0, sizeof(*l));
    l->login.id = ++p->last_login;
    secret_make(secret, l->login.hash);
    (void)text_copy(l->login.user, sizeof(l->login.user), access_user(a->access, user)->name);
    (void)text_copy(l->login.source, sizeof(l->login.source), source);
    (void)text_copy(l->login.agent, sizeof(l->login.agent), agent); /* what fits of it */
    l->login.created_at = l->login.seen_at = a->wall;
    l->login.expires_at = a->wall + a->config.session_max;
    write_login(a, l);
    return &l->login;
}

static size_t login_place(const struct people *p, login_id id)
{
    for (size_t i = 0; i < p->login_count; i++) {
        if (p->logins[i].login.id == id)
            return i;
    }
    return p->login_count;
}

/* It is not written while a list of changes is, which may remove its user. */
static void seen_now(struct app *a, struct app_login *l)
{
    l->login.seen_at = a->wall;
    if (!a->writing && (a->wall < l->written || a->wall - l->written >= SEEN_STEP))
        write_login(a, l);
}

const struct login *app_login_by_secret(struct app *a, const char *secret)
{
    struct people *p = a->people;
    unsigned char hash[SECRET_HASH_SIZE];

    if (!secret_hash(secret, hash))
        return NULL;
    for (size_t i = 0; i < p->login_count; i++) {
        struct app_login *l = &p->logins[i];

        if (sodium_memcmp(l->login.hash, hash, sizeof(hash)) != 0)
            continue;
        if (login_ran_out(a, &l->login) || !user_lives(a->access, l->login.user)) {
            drop_login(a, i);
            return NULL;
        }
        seen_now(a, l);
        return &l->login;
    }
    return NULL;
}

const struct login *app_login_find(const struct app *a, login_id id)
{
    size_t at = login_place(a->people, id);

    return at < a->people->login_count ? &a->people->logins[at].login : NULL;
}

const struct login *app_login_next(const struct app *a, login_id previous)
{
    for (size_t i = 0; i < a->people->login_count; i++) {
        const struct login *l = &a->people->logins[i].login;

        if (l->id > previous && !login_ran_out(a, l))
            return l;
    }
    return NULL;
}

bool app_login_end(struct app *a, login_id id)
{
    size_t at = login_place(a->people, id);

    if (at == a->people->login_count)
        return false;
    drop_login(a, at);
    return true;
}

size_t app_logins_end_of(struct app *a, const char *user, login_id except)
{
    struct people *p = a->people;
    size_t ended = 0;

    for (size_t i = p->login_count; i-- > 0;) {
        if (!text_is_nocase(p->logins[i].login.user, user) || p->logins[i].login.id == except)
            continue;
        drop_login(a, i);
        ended++;
    }
    return ended;
}

void people_load_login(struct app *a, const struct login *l)
{
    struct people *p = a->people;

    make_room(a, l->user);
    p->logins[p->login_count++] = (struct app_login){ .login = *l, .written = l->seen_at };
}

/* Ends the logins that ran out and those of whoever may not sign in any more. */
static void drop_dead_logins(struct app *a)
{
    struct people *p = a->people;

    for (size_t i = p->login_count; i-- > 0;) {
        if (login_ran_out(a, &p->logins[i].login) ||
            !user_lives(a->access, p->logins[i].login.user))
            drop_login(a, i);
    }
}

void people_loaded(struct app *a, login_id highest)
{
    a->people->last_login = highest;
    drop_dead_logins(a);
}

void people_changed(struct app *a)
{
    drop_dead_logins(a);
}

/* ---- one-time links ---- */

static void drop_link(struct people *p, size_t at)
{
    p->link_count--;
    memmove(&p->links[at], &p->links[at + 1], (p->link_count - at) * sizeof(p->links[0]));
}

void app_link_make(struct app *a, const char *user, char token[SECRET_SIZE], wall_msec *expires)
{
    struct people *p = a->people;
    struct link *l;

    if (p->link_count == LINKS_MAX)
        drop_link(p, 0);
    l = &p->links[p->link_count++];
    secret_make(token, l->hash);
    (void)text_copy(l->user, sizeof(l->user), user); /* the same size */
    l->until = a->now + LINK_LIFE;
    *expires = a->wall + LINK_LIFE;
}

static bool link_holds(const struct app *a, const struct link *l)
{
    if (a->now >= l->until)
        return false;
    return l->user[0] ? user_lives(a->access, l->user) : app_setup_needed(a);
}

/* Its place; link_count: it is not good. */
static size_t link_place(const struct app *a, const char *token)
{
    const struct people *p = a->people;
    unsigned char hash[SECRET_HASH_SIZE];

    if (!secret_hash(token, hash))
        return p->link_count;
    for (size_t i = 0; i < p->link_count; i++) {
        if (sodium_memcmp(p->links[i].hash, hash, sizeof(hash)) == 0)
            return link_holds(a, &p->links[i]) ? i : p->link_count;
    }
    return p->link_count;
}

bool app_link_holds(const struct app *a, const char *token, char user[USER_SIZE])
{
    size_t at = link_place(a, token);

    if (at == a->people->link_count)
        return false;
    (void)text_copy(user, USER_SIZE, a->people->links[at].user); /* the same size */
    return true;
}

bool app_link_take(struct app *a, const char *token, char user[USER_SIZE])
{
    if (!app_link_holds(a, token, user))
        return false;
    drop_link(a->people, link_place(a, token));
    return true;
}

bool app_setup_needed(const struct app *a)
{
    return access_administrators(a->access) == 0;
}

/* ---- access tokens ---- */

/* The tables are changed by admin.c alone; when a token was used last is no decision of anybody,
 * and one that is lost in a swap comes again with the next request. */
void app_token_used(struct app *a, token_id id)
{
    for (size_t i = 0; i < a->access->token_count; i++) {
        struct access_token *t = &a->access->tokens[i];
        struct change *change;
        bool alone;

        if (t->id != id || a->writing ||
            (a->wall >= t->used_at && a->wall - t->used_at < SEEN_STEP))
            continue;
        t->used_at = a->wall;
        change = begin_alone(a, CHANGE_TOKEN_PUT, &alone);
        if (change)
            change->token = *t;
        end_alone(a, alone);
    }
}

/* ---- the way in for the first time ---- */

/* A definitions file may be being written, with users in it. */
static void look_for_administrator(struct app *a)
{
    char url[300], token[SECRET_SIZE];
    wall_msec expires;

    if (a->people->looked_for_administrator || a->jobs || a->writing)
        return;
    a->people->looked_for_administrator = true;
    if (!app_setup_needed(a) || !app_web_url(a, url))
        return;
    app_link_make(a, "", token, &expires);
    log_warning("app",
                "Set-up page: %s/setup#token=%s (valid 30 minutes; later: callparkctl setup)", url,
                token);
    sodium_memzero(token, sizeof(token));
}

void people_second(struct app *a)
{
    drop_dead_logins(a);
    look_for_administrator(a);
}
