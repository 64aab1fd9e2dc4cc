/* Work that takes long and touches no table: one thread beside the loop, a bounded queue to it, and
 * results that come back through the loop's own queue. Passwords are such work: what makes guessing
 * one slow would stop the loop as well. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/thread.h"

_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "a hash fits in struct user");

struct chores {
    struct queue *queue; /* of struct chore *; NULL ends the thread */
    pthread_t thread;
    bool started;
    unsigned waiting; /* the loop's: those it has not got back yet */
    atomic_bool ending;
    struct chore *left; /* run, but the loop took nothing any more */
};

/* The loop counts on it, so one that is full is waited for; unless it ends. */
static void give_back(struct app *a, struct chore *c)
{
    static const struct timespec pause = { .tv_nsec = 1000000 };

    while (!app_put_chore(a, c)) {
        if (atomic_load(&a->chores->ending)) {
            a->chores->left = c;
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
}

static void *work(void *app)
{
    struct app *a = app;
    struct chore *c = NULL;

    while (!atomic_load(&a->chores->ending)) {
        (void)queue_wait(a->chores->queue, -1);
        if (!queue_take(a->chores->queue, &c, 1))
            continue;
        if (!c)
            break;
        c->run(c);
        give_back(a, c);
    }
    return NULL;
}

int chores_start(struct app *a, struct err *err)
{
    int result;

    a->chores = calloc(1, sizeof(*a->chores));
    if (a->chores) /* NOLINTNEXTLINE(bugprone-sizeof-expression): it holds pointers. */
        a->chores->queue = queue_new(sizeof(struct chore *), CHORES_WAITING + 1);
    if (!a->chores || !a->chores->queue)
        return err_set(err, -ENOMEM, "out of memory for the queue of chores");
    result = thread_start(&a->chores->thread, "chores", work, a, err);
    a->chores->started = !result;
    return result;
}

void take_chore(struct app *a, struct chore *c)
{
    a->chores->waiting--;
    c->done(a, c);
}

void chores_stop(struct app *a)
{
    struct chores *all = a->chores;
    struct chore *c = NULL;

    if (!all)
        return;
    atomic_store(&all->ending, true);
    if (all->started) {
        (void)queue_put(all->queue, &c); /* one more fits than may wait */
        (void)pthread_join(all->thread, NULL);
    }
    if (all->left)
        take_chore(a, all->left);
    while (all->queue && queue_take(all->queue, &c, 1)) {
        if (!c)
            continue;
        c->dropped = true;
        take_chore(a, c);
    }
}

bool app_chore(struct app *a, struct chore *c)
{
    c->dropped = false;
    if (a->chores->waiting >= CHORES_WAITING || atomic_load(&a->chores->ending) ||
        !queue_put(a->chores->queue, &c))
        return false;
    a->chores->waiting++;
    return true;
}

void chores_free(struct app *a)
{
    if (a->chores)
        queue_free(a->chores->queue);
    free(a->chores);
    a->chores = NULL;
}

/* ---- passwords ---- */

struct password_chore {
    struct chore chore; /* first */
    app_password_checked *checked;
    app_password_made *made;
    void *context;
    bool fine;
    char hash[PASSWORD_HASH_SIZE];
    size_t length;
    char password[];
};

static bool make(char hash[PASSWORD_HASH_SIZE], const struct password_chore *p)
{
    return !crypto_pwhash_str(hash, p->password, p->length, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE);
}

static void run_make(struct chore *c)
{
    struct password_chore *p = (struct password_chore *)c;

    p->fine = make(p->hash, p);
}

/* Without a hash there is nothing to compare with; the same work is done all the same, so that the
 * time does not tell which users there are. */
static void run_check(struct chore *c)
{
    struct password_chore *p = (struct password_chore *)c;
    char unused[PASSWORD_HASH_SIZE];

    if (p->hash[0])
        p->fine = !crypto_pwhash_str_verify(p->hash, p->password, p->length);
    else
        (void)make(unused, p); /* only its time counts */
}

static void password_done(struct app *a, struct chore *c)
{
    struct password_chore *p = (struct password_chore *)c;

    (void)a;
    if (!c->dropped && p->checked)
        p->checked(p->context, p->fine);
    else if (!c->dropped)
        p->made(p->context, p->fine ? p->hash : NULL);
    sodium_memzero(p, sizeof(*p) + p->length + 1);
    free(p);
}

static struct password_chore *password_new(const char *password, void *context)
{
    size_t length = strlen(password);
    struct password_chore *p = calloc(1, sizeof(*p) + length + 1);

    if (!p)
        return NULL;
    memcpy(p->password, password, length + 1);
    p->length = length;
    p->context = context;
    p->chore.done = password_done;
    return p;
}

static bool password_begin(struct app *a, struct password_chore *p)
{
    if (app_chore(a, &p->chore))
        return true;
    sodium_memzero(p, sizeof(*p) + p->length + 1);
    free(p);
    return false;
}

bool app_password_check(struct app *a, const char *password, const char *hash,
                        app_password_checked *done, void *context)
{
    struct password_chore *p = password_new(password, context);

    if (!p)
        return false;
    p->checked = done;
    p->chore.run = run_check;
    (void)text_copy(p->hash, sizeof(p->hash), hash); /* the same size */
    return password_begin(a, p);
}

bool app_password_make(struct app *a, const char *password, app_password_made *done, void *context)
{
    struct password_chore *p = password_new(password, context);

    if (!p)
        return false;
    p->made = done;
    p->chore.run = run_make;
    return password_begin(a, p);
}
