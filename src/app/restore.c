/* Reading a backup: copied beside our store, opened there as a store of its own, which brings the
 * copy to this version's schema, and loaded into tables that nobody lives by. A chore, so that the
 * loop goes on. What happened in the past is then merged by the store itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

#define COPY_AT_ONCE 65536

struct app_restore {
    struct chore chore; /* first */
    char path[512];     /* of the backup */
    char folder[512];   /* where the copy is made */
    char live[512];     /* our own store's file; "" : none */
    char copy[560];
    struct deployment *deployment;
    struct access *access;
    struct music_file *music;
    size_t music_count, music_room;
    struct store_highest highest;
    bool too_much; /* more than the tables hold */
    struct err err;
    app_restore_done *done;
    app_backup_done *merged;
    void *context;
};

const struct deployment *app_restore_deployment(const struct app_restore *r)
{
    return r->deployment;
}

const struct access *app_restore_access(const struct app_restore *r)
{
    return r->access;
}

void app_restore_free(struct app_restore *r)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".lock", ".part" };
    char name[600];

    if (!r)
        return;
    for (size_t i = 0; r->copy[0] && i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void)text_format(name, sizeof(name), "%s%s", r->copy, ends[i]); /* fits */
        (void)unlink(name);                                              /* most are not there */
    }
    for (unsigned i = 0; r->copy[0] && i < store_schema(); i++) {          /* of migrations */
        (void)text_format(name, sizeof(name), "%s.before-%u", r->copy, i); /* fits */
        (void)unlink(name);
    }
    free(r->deployment);
    free(r->access);
    free(r->music);
    free(r);
}

/* ---- copying ---- */

static int copy_bytes(int from, int to)
{
    char *buffer = malloc(COPY_AT_ONCE);
    ssize_t length = buffer ? 1 : -1;

    while (buffer && (length = read(from, buffer, COPY_AT_ONCE)) > 0) {
        for (ssize_t done = 0, part; done < length; done += part) {
            part = write(to, buffer + done, (size_t)(length - done));
            if (part < 0) {
                free(buffer);
                return -errno;
            }
        }
    }
    free(buffer);
    return length < 0 ? (errno ? -errno : -ENOMEM) : 0;
}

static bool is_live_store(const struct app_restore *r, int fd)
{
    struct stat mine, other;

    return r->live[0] && stat(r->live, &mine) == 0 && fstat(fd, &other) == 0 &&
           mine.st_dev == other.st_dev && mine.st_ino == other.st_ino;
}

static int copy_file(struct app_restore *r)
{
    int from = open(r->path, O_RDONLY | O_CLOEXEC), to, failed;

    if (from < 0)
        return err_set(&r->err, -errno, "%.200s cannot be read: %s", r->path, strerror(errno));
    if (is_live_store(r, from)) {
        (void)close(from);
        return err_set(&r->err, -EINVAL, "%.200s is the store itself, not a backup of it", r->path);
    }
    (void)text_format(r->copy, sizeof(r->copy), "%s/callpark-restore-XXXXXX", r->folder); /* fits */
    to = mkstemp(r->copy); /* mode 0600: hashes of passwords are in it */
    if (to < 0) {
        r->copy[0] = '\0';
        (void)close(from);
        return err_set(&r->err, -errno, "no copy can be made in %.200s: %s", r->folder,
                       strerror(errno));
    }
    failed = copy_bytes(from, to);
    (void)close(from);
    (void)close(to);
    return failed
               ? err_set(&r->err, failed, "%.200s was not copied: %s", r->path, strerror(-failed))
               : 0;
}

/* ---- reading ---- */

static void take_range(void *to, const struct range *range)
{
    struct app_restore *r = to;

    if (r->deployment->ranges.count < RANGES_MAX)
        ranges_put(&r->deployment->ranges, range);
    else
        r->too_much = true;
}

static void take_destination(void *to, const struct destination *d)
{
    struct app_restore *r = to;

    r->too_much |= deployment_put_destination(r->deployment, d, NULL) != 0;
}

static void take_site(void *to, const struct site *s)
{
    struct app_restore *r = to;

    r->too_much |= deployment_put_site(r->deployment, s, NULL) != 0;
}

static void take_settings(void *to, const struct scope *scope, const struct settings *s)
{
    struct app_restore *r = to;
    struct settings *mine = deployment_settings_edit(r->deployment, scope);

    if (mine)
        *mine = *s;
}

static void take_user(void *to, const struct user *u)
{
    struct app_restore *r = to;

    r->too_much |= access_put_user(r->access, u, NULL) != 0;
}

static void take_binding(void *to, const struct binding *b)
{
    struct app_restore *r = to;

    r->too_much |= access_put_binding(r->access, b, NULL) != 0;
}

static void take_token(void *to, const struct access_token *t)
{
    struct app_restore *r = to;

    r->too_much |= access_put_token(r->access, t, NULL) != 0;
}

static void take_music(void *to, const struct music_file *f)
{
    struct app_restore *r = to;

    if (r->music_count == r->music_room) {
        size_t room = r->music_room ? 2 * r->music_room : 16;
        struct music_file *more = realloc(r->music, room * sizeof(*more));

        if (!more) {
            r->too_much = true;
            return;
        }
        r->music = more;
        r->music_room = room;
    }
    r->music[r->music_count++] = *f;
}

static int load(struct app_restore *r)
{
    const struct store_reader reader = { .to = r,
                                         .range = take_range,
                                         .destination = take_destination,
                                         .site = take_site,
                                         .settings = take_settings,
                                         .user = take_user,
                                         .binding = take_binding,
                                         .token = take_token,
                                         .music = take_music };
    struct store *store;
    char url[600];
    int failed;

    (void)text_format(url, sizeof(url), "sqlite:%s", r->copy); /* fits */
    failed = store_open(&store, url, &r->err);
    if (failed)
        return failed;
    failed = store_load(store, &reader, &r->err);
    if (!failed)
        failed = store_highest(store, &r->highest, &r->err);
    store_close(store);
    if (!failed && r->too_much)
        failed = err_set(&r->err, -ENOSPC, "it holds more than this version can take");
    return failed;
}

static void run(struct chore *c)
{
    struct app_restore *r = (struct app_restore *)c;

    r->deployment = calloc(1, sizeof(*r->deployment));
    r->access = calloc(1, sizeof(*r->access));
    if (!r->deployment || !r->access)
        (void)err_set(&r->err, -ENOMEM, "out of memory for the tables of the backup");
    else if (copy_file(r) == 0)
        (void)load(r); /* `err` says what is wrong */
}

static void done(struct app *a, struct chore *c)
{
    struct app_restore *r = (struct app_restore *)c;

    (void)a;
    if (c->dropped)
        (void)err_set(&r->err, -ECANCELED, "the server is ending");
    if (r->err.code) {
        r->done(r->context, NULL, r->err.text);
        app_restore_free(r);
    } else {
        r->done(r->context, r, NULL);
    }
}

static void find_folder(struct app *a, struct app_restore *r)
{
    struct app_store store;
    char *slash;

    app_store(a, &store);
    (void)text_copy(r->folder, sizeof(r->folder), "/tmp"); /* fits */
    if (!text_is(store.kind, "sqlite"))
        return;
    (void)text_copy(r->live, sizeof(r->live), store.where);     /* the same size */
    (void)text_copy(r->folder, sizeof(r->folder), store.where); /* the same size */
    slash = strrchr(r->folder, '/');
    if (slash)
        *slash = '\0';
    else
        (void)text_copy(r->folder, sizeof(r->folder), "."); /* fits */
}

void app_restore_read(struct app *a, const char *path, app_restore_done *ready, void *context)
{
    struct app_restore *r = calloc(1, sizeof(*r));

    if (r) {
        (void)text_copy(r->path, sizeof(r->path), path); /* its length was checked */
        find_folder(a, r);
        r->chore.run = run;
        r->chore.done = done;
        r->done = ready;
        r->context = context;
    }
    if (r && app_chore(a, &r->chore))
        return;
    free(r);
    ready(context, NULL, "too much is being done at once: try again");
}

/* ---- the past ---- */

static void merged(void *context, const char *err)
{
    struct app_restore *r = context;

    r->merged(r->context, err);
}

/* New calls must not get the numbers of old ones, and settings may name the music that comes. */
void app_restore_merge(struct app *a, struct app_restore *r, app_backup_done *ready, void *context)
{
    struct app_token token = { .kind = TOKEN_BACKUP, .context = r, .backup = merged };
    uint64_t number = turn_token(a, &token);

    calls_skip(a->park.calls, r->highest.call);
    for (size_t i = 0; i < r->music_count; i++)
        music_add(a, &r->music[i]);
    r->merged = ready;
    r->context = context;
    if (number && !store_merge(a->store, r->copy, number))
        return;
    (void)turn_take_token(a, number, &token);
    ready(context, "the store is too far behind: try again");
}
