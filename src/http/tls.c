/* Serving a certificate and replacing it. Handshakes run on HTTP threads and take copies; the
 * watching thread puts another one in the place of `present`. An old one is freed when no handshake
 * can be copying it any more: once after the exchange nobody was inside, whoever comes later finds
 * the new one. So nobody waits, and no lock is needed. */
#include "http/tls.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "http/certificate.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/thread.h"

#define LOOK_EVERY 1000 /* msec */
#define DAY ((wall_msec)86400 * 1000)
#define WARN_BEFORE (14 * DAY)

static _Atomic(struct certificate *) present;
static atomic_uint inside; /* threads that are reading what `present` leads to */

/* What tells one state of a file from another. */
struct look {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct looks {
    struct look cert, key;
};

struct tls {
    char cert_file[512], key_file[512];
    int wake;
    pthread_t thread;
    bool watching;
    atomic_bool stop;
    /* the thread's */
    struct looks read, last; /* of the files when they were read, and a second ago */
    struct certificate *given_up;
    wall_msec warned;
};

/* ---- handshakes --------------------------------------------------------------------------------
 */

static const struct certificate *enter(void)
{
    atomic_fetch_add(&inside, 1);
    return atomic_load(&present);
}

static void leave(void)
{
    atomic_fetch_sub(&inside, 1);
}

int tls_choose(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
               gnutls_pcert_st **chain, unsigned *chain_length, gnutls_ocsp_data_st **ocsp,
               unsigned *ocsp_length, gnutls_privkey_t *key, unsigned *flags)
{
    const struct certificate *c = enter();
    bool copied = c && certificate_copy(c, chain, key);

    (void)session;
    (void)info;
    *chain_length = copied ? c->chain_length : 0;
    leave();
    *ocsp = NULL;
    *ocsp_length = 0;
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    return copied ? 0 : -1;
}

bool tls_about(struct http_certificate *about)
{
    const struct certificate *c = enter();

    if (c)
        *about = c->about;
    leave();
    return c;
}

/* ---- replacing ---------------------------------------------------------------------------------
 */

static void free_given_up(struct tls *t)
{
    while (t->given_up && atomic_load(&inside) == 0) {
        struct certificate *c = t->given_up;

        t->given_up = c->next;
        certificate_free(c);
    }
}

static void replace(struct tls *t, struct certificate *fresh)
{
    struct certificate *old = atomic_exchange(&present, fresh);

    if (!old)
        return;
    old->next = t->given_up;
    t->given_up = old;
    free_given_up(t);
}

static struct look look_at(const char *path)
{
    struct look l;
    struct stat st;

    memset(&l, 0, sizeof l); /* it is compared byte by byte */
    if (stat(path, &st) == 0) {
        l.device = st.st_dev;
        l.inode = st.st_ino;
        l.size = st.st_size;
        l.changed = st.st_mtim;
    }
    return l;
}

static struct looks look(const struct tls *t)
{
    struct looks l;

    memset(&l, 0, sizeof l);
    l.cert = look_at(t->cert_file);
    l.key = look_at(t->key_file);
    return l;
}

static bool same(const struct looks *a, const struct looks *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void say_holds(const struct http_certificate *about)
{
    char until[32];

    clock_rfc3339(until, about->not_after);
    log_info("http", "the certificate of %s from %s holds until %s",
             about->names[0] ? about->names : about->subject, about->file, until);
}

static int fetch(struct tls *t, struct err *err)
{
    struct certificate *fresh = NULL;
    int code;

    t->read = look(t);
    code = certificate_read(&fresh, t->cert_file, t->key_file, err);
    if (code)
        return code;
    /* One that is over is no better than the old one; at the start it is better than no page. */
    if (fresh->about.not_after < clock_wall() && atomic_load(&present)) {
        certificate_free(fresh);
        return err_set(err, -EKEYEXPIRED, "[web] tls-cert: the certificate in %.200s is over",
                       t->cert_file);
    }
    say_holds(&fresh->about);
    t->warned = 0;
    replace(t, fresh);
    return 0;
}

static void fetch_and_tell(struct tls *t)
{
    struct err err;

    if (fetch(t, &err))
        log_error("http", "%s; the certificate before it stays", err.text);
}

/* ---- watching ----------------------------------------------------------------------------------
 */

/* A pair is often replaced one file after the other: it is read when it has lain still for a
 * second. */
static void watch_files(struct tls *t)
{
    struct looks now = look(t);

    if (!same(&now, &t->read) && same(&now, &t->last))
        fetch_and_tell(t);
    t->last = now;
}

static void watch_end(struct tls *t)
{
    const wall_msec now = clock_wall();
    struct http_certificate about;

    if (!tls_about(&about) || about.not_after > now + WARN_BEFORE || now < t->warned + DAY)
        return;
    t->warned = now;
    if (about.not_after <= now)
        log_error("http", "the certificate in %s is over: browsers refuse it; put a new one there",
                  about.file);
    else
        log_warning("http", "the certificate in %s is over in %llu days: put a new one there",
                    about.file, (unsigned long long)((about.not_after - now) / DAY));
}

static void *watch(void *tls)
{
    struct tls *t = tls;
    struct pollfd p = { .fd = t->wake, .events = POLLIN };
    uint64_t wishes;

    while (!atomic_load(&t->stop)) {
        watch_end(t);
        if (poll(&p, 1, LOOK_EVERY) > 0) {
            (void)!read(t->wake, &wishes, sizeof wishes); /* only that it was written counts */
            if (!atomic_load(&t->stop))
                fetch_and_tell(t);
        }
        watch_files(t);
        free_given_up(t);
    }
    return NULL;
}

void tls_reread(struct tls *t)
{
    const uint64_t one = 1;

    (void)!write(t->wake, &one, sizeof one); /* full means that a wish waits already */
}

/* ---- start and stop ----------------------------------------------------------------------------
 */

int tls_start(struct tls **out, const char *cert_file, const char *key_file, struct err *err)
{
    struct tls *t = calloc(1, sizeof *t);
    int code;

    if (!t)
        return err_set(err, -ENOMEM, "out of memory for TLS");
    (void)text_copy(t->cert_file, sizeof t->cert_file, cert_file); /* the same sizes */
    (void)text_copy(t->key_file, sizeof t->key_file, key_file);
    t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    code = t->wake < 0 ? err_set(err, -errno, "no eventfd: %s", strerror(errno)) : fetch(t, err);
    t->last = t->read;
    if (!code)
        code = thread_start(&t->thread, "certificate", watch, t, err);
    t->watching = !code;
    if (code) {
        tls_stop(t);
        return code;
    }
    *out = t;
    return 0;
}

void tls_stop(struct tls *t)
{
    if (!t)
        return;
    if (t->watching) {
        atomic_store(&t->stop, true);
        tls_reread(t);
        pthread_join(t->thread, NULL);
    }
    replace(t, NULL);
    free_given_up(t); /* no connection is left that could be inside */
    if (t->wake >= 0)
        close(t->wake);
    free(t);
}
