/* What a start finds in the store: the administrator's tables; and the calls that were here when
 * the last run ended, which recover.c takes up. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

struct loading {
    struct app *app;
    int failed;
};

static void load_range(void *to, const struct range *r)
{
    struct loading *l = to;

    if (l->app->deployment->ranges.count < RANGES_MAX)
        ranges_put(&l->app->deployment->ranges, r);
    else
        l->failed = -ENOSPC;
}

static void load_destination(void *to, const struct destination *d)
{
    struct loading *l = to;

    if (deployment_put_destination(l->app->deployment, d, NULL))
        l->failed = -EINVAL;
}

static void load_site(void *to, const struct site *s)
{
    struct loading *l = to;

    if (deployment_put_site(l->app->deployment, s, NULL))
        l->failed = -EINVAL;
}

static void load_settings(void *to, const struct scope *scope, const struct settings *s)
{
    struct loading *l = to;
    struct settings *mine = deployment_settings_edit(l->app->deployment, scope);

    if (mine)
        *mine = *s;
}

static void load_call(void *to, const struct stored_call *c)
{
    struct loading *l = to;

    recover_call(l->app, c);
}

static void load_leg(void *to, const struct stored_leg *leg)
{
    struct loading *l = to;

    recover_leg(l->app, leg);
}

static void load_step(void *to, const struct call_step *step)
{
    struct loading *l = to;

    steps_load(l->app, step);
}

static void load_user(void *to, const struct user *u)
{
    struct loading *l = to;

    if (access_put_user(l->app->access, u, NULL))
        l->failed = -ENOSPC;
}

static void load_binding(void *to, const struct binding *b)
{
    struct loading *l = to;

    if (access_put_binding(l->app->access, b, NULL))
        l->failed = -ENOSPC;
}

static void load_access_token(void *to, const struct access_token *t)
{
    struct loading *l = to;

    if (access_put_token(l->app->access, t, NULL))
        l->failed = -ENOSPC;
}

static void load_login(void *to, const struct login *login)
{
    struct loading *l = to;

    people_load_login(l->app, login);
}

/* The node's own destination and site exist by themselves; only what is missing is written. */
static int own_places(struct app *a, struct err *err)
{
    struct deployment *d = a->deployment;
    struct site site;
    struct destination own;

    memset(&site, 0, sizeof(site));
    memset(&own, 0, sizeof(own));
    if (a->config.site[0] && !deployment_site(d, a->config.site)) {
        (void)text_copy(site.name, sizeof(site.name), a->config.site);
        site.version = 1;
        if (deployment_put_site(d, &site, err))
            return err_prefix(err, "[node] site: ");
        turn_add(a, CHANGE_SITE_PUT)->site = site;
    }
    if (deployment_destination(d, a->config.destination))
        return 0;
    (void)text_copy(own.fqdn, sizeof(own.fqdn), a->config.destination);
    (void)text_format(own.service_id, sizeof(own.service_id), "ApplicationServer:%s", own.fqdn);
    (void)text_copy(own.site, sizeof(own.site), a->config.site);
    own.version = 1;
    if (deployment_put_destination(d, &own, err))
        return err_prefix(err, "[node] destination: ");
    turn_add(a, CHANGE_DESTINATION_PUT)->destination = own;
    return 0;
}

static uint64_t random_seed(void)
{
    uint64_t seed;

    randombytes_buf(&seed, sizeof(seed));
    return seed;
}

static void load_watch(void *to, const struct stored_watch *w)
{
    struct loading *l = to;

    if (!watches_load(l->app, w))
        l->failed = -ENOMEM;
}

static void load_music(void *to, const struct music_file *f)
{
    struct loading *l = to;

    music_add(l->app, f);
}

/* Hashes of passwords are in it, and who called whom. We make it so; a copy may be otherwise. */
static int check_store_file(const char *url, struct err *err)
{
    const char *path = text_starts(url, "sqlite:") ? url + strlen("sqlite:") : "";
    struct stat st;

    if (!*path || stat(path, &st) != 0 || !(st.st_mode & 077))
        return 0;
    return err_set(err, -EPERM, "store %.200s: others may read it: run chmod 600 on it", path);
}

int load_all(struct app *a, struct err *err)
{
    struct loading l = { .app = a };
    struct store_reader reader = { .to = &l,
                                   .range = load_range,
                                   .destination = load_destination,
                                   .site = load_site,
                                   .settings = load_settings,
                                   .call = load_call,
                                   .leg = load_leg,
                                   .step = load_step,
                                   .user = load_user,
                                   .binding = load_binding,
                                   .token = load_access_token,
                                   .login = load_login,
                                   .music = load_music,
                                   .watch = load_watch };
    struct store_highest highest = { 0 };
    int result = check_store_file(a->config.store_url, err);

    if (!result)
        result = store_load(a->store, &reader, err);
    if (!result && l.failed)
        result = err_set(err, l.failed, "the store holds more than this version can take");
    if (!result)
        result = store_highest(a->store, &highest, err);
    if (!result)
        result = own_places(a, err);
    if (!result) {
        a->last_range = highest.range;
        a->last_binding = highest.binding;
        a->last_access_token = highest.token;
        a->park.house = a->config.house;
        a->park.house.access = a->access;
        a->park.deployment = a->deployment;
        a->park.orbits = orbits_init(a->orbits_memory, random_seed());
        a->park.calls = calls_init(a->calls_memory, highest.call);
        a->park.next_leg = (highest.leg / 2 + 1) * 2;
        a->config.sip.first_leg = a->park.next_leg + 1;
        orbits_rebuild(a->park.orbits, &a->deployment->ranges, a->config.destination);
        turn_end_group(a);
        people_loaded(a, highest.login);
        result = recover_read(a, err);
    }
    return result;
}

/* ---- the token that every request over TCP needs ---- */

static int make_token(struct app *a, struct err *err)
{
    unsigned char raw[32];
    int fd;
    bool written;

    randombytes_buf(raw, sizeof(raw));
    sodium_bin2hex(a->token, sizeof(a->token), raw, sizeof(raw));
    fd = open(a->config.token_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, -errno, "%s: the token file cannot be made: %s", a->config.token_file,
                       strerror(errno));
    written = write(fd, a->token, 64) == 64 && write(fd, "\n", 1) == 1 && !fsync(fd);
    (void)close(fd); /* it was synced */
    if (!written)
        return err_set(err, -EIO, "%s: the token file cannot be written", a->config.token_file);
    return 0;
}

static int check_token_file(const char *path, int fd, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) || st.st_mode & 077)
        return err_set(err, -EPERM, "%s: others may read the token: run chmod 600 on it", path);
    return 0;
}

int load_token(struct app *a, struct err *err)
{
    const char *path = a->config.token_file;
    ssize_t length;
    int fd, result;

    if (!path[0]) { /* a store in memory has no place for it: nobody gets in over TCP */
        unsigned char raw[32];

        randombytes_buf(raw, sizeof(raw));
        sodium_bin2hex(a->token, sizeof(a->token), raw, sizeof(raw));
        return 0;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return make_token(a, err);
    if (fd < 0)
        return err_set(err, -errno, "%s: cannot be read: %s", path, strerror(errno));
    result = check_token_file(path, fd, err);
    length = read(fd, a->token, 64);
    (void)close(fd); /* it was only read */
    if (!result && length != 64)
        result =
            err_set(err, -EINVAL, "%s: is no token file: remove it and a new one is made", path);
    return result;
}

bool app_token_is(const struct app *a, const char *token)
{
    return strlen(token) == 64 && sodium_memcmp(token, a->token, 64) == 0;
}
