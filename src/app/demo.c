/* The demo: `callparkctl demo`, started by the helper, so that the page has something to show. It
 * calls the server as any phone system does; nothing here knows what it does. At most one at a
 * time.
 */
#define _GNU_SOURCE /* pipe2 */
#include "app/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/helper.h"
#include "sys/log.h"

#define PATIENCE 15000 /* msec until its callers must be there */
#define SAID_SIZE 2048

struct demo {
    int order;  /* of the helper; -1: none runs */
    int output; /* -1: none */
    unsigned calls;
    msec started;
    wall_msec ends_at;
    char said[SAID_SIZE]; /* the latest of what it wrote */
    char phone[URI_SIZE];
    app_demo_done *done; /* NULL: nobody waits */
    void *context;
};

static struct demo *demo_of(struct app *a)
{
    if (!a->demo) {
        a->demo = calloc(1, sizeof(*a->demo));
        if (a->demo)
            a->demo->order = a->demo->output = -1;
    }
    return a->demo;
}

static bool runs(const struct demo *d)
{
    return d && d->order >= 0;
}

/* ---- the program ---- */

/* callparkctl lies beside us, or in bin when we are in sbin. */
static bool find_program(char to[512])
{
    static const char *const places[] = { "/callparkctl", "/../bin/callparkctl" };
    char self[400] = "", *slash;
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (length > 0)
        self[length] = '\0';
    slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        (void)text_format(to, 512, "%s%s", self, places[i]); /* fits */
        if (access(to, X_OK) == 0)
            return true;
    }
    return false;
}

/* The helper's work: "CALLS SOCKET". What it says goes to descriptor 1. */
int app_demo_work(const char *argument)
{
    char program[512], calls[16], seconds[16], socket[HELPER_ARGUMENT];
    char *const arguments[] = { program,        "demo",    "--socket",  socket,  "--calls", calls,
                                "--with-phone", "--quiet", "--seconds", seconds, NULL };
    const char *blank = strchr(argument, ' ');

    if (!blank || !text_copy_n(calls, sizeof(calls), argument, (size_t)(blank - argument)) ||
        !find_program(program))
        return HELPER_NO_PROGRAM;
    (void)text_copy(socket, sizeof(socket), blank + 1);                  /* as large */
    (void)text_format(seconds, sizeof(seconds), "%u", APP_DEMO_SECONDS); /* fits */
    (void)dup2(STDOUT_FILENO, STDERR_FILENO);                            /* both are open */
    (void)execv(program, arguments);
    return HELPER_NO_PROGRAM;
}

static int start(struct app *a, struct demo *d, struct err *err)
{
    char argument[HELPER_ARGUMENT];
    int ends[2], order;

    if (!helper_there())
        return err_set(err, -ENOENT, "this server was started without its helper process");
    (void)text_format(argument, sizeof(argument), "%u %s", d->calls,
                      a->config.http.socket); /* fits */
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_set(err, -errno, "no pipe: %s", strerror(errno));
    order = helper_begin(WORK_DEMO, argument, -1, ends[1], 0, err);
    (void)close(ends[1]); /* the program has its own */
    if (order < 0) {
        (void)close(ends[0]);
        return order;
    }
    d->order = order;
    d->output = ends[0];
    return 0;
}

/* ---- what it says ---- */

static void read_output(struct demo *d)
{
    size_t used = strlen(d->said);
    ssize_t length;

    while (d->output >= 0 &&
           (length = read(d->output, d->said + used, sizeof(d->said) - 1 - used)) > 0) {
        used += (size_t)length;
        d->said[used] = '\0';
        if (used < sizeof(d->said) - 1)
            continue;
        used /= 2; /* the end matters */
        memmove(d->said, d->said + sizeof(d->said) - 1 - used, used + 1);
    }
}

/* "phone sip:..." is the sign that the callers are there. */
static bool is_ready(struct demo *d)
{
    const char *line = text_starts(d->said, "phone ") ? d->said : strstr(d->said, "\nphone ");

    if (d->phone[0])
        return true;
    if (!line || !strchr(line + 1, '\n'))
        return false;
    line = strchr(line, ' ') + 1;
    return text_copy_n(d->phone, sizeof(d->phone), line, strcspn(line, "\n"));
}

/* Its last line, without its own name. */
static const char *last_words(struct demo *d)
{
    char *line;

    for (size_t length = strlen(d->said); length && d->said[length - 1] == '\n'; length--)
        d->said[length - 1] = '\0';
    line = strrchr(d->said, '\n');
    line = line ? line + 1 : d->said;
    if (text_starts(line, "callparkctl: "))
        line += strlen("callparkctl: ");
    return line[0] ? line : "it ended without a word";
}

static void answer(struct app *a, const char *why)
{
    struct demo *d = a->demo;
    app_demo_done *done = d->done;

    d->done = NULL;
    if (done)
        done(d->context, why);
}

/* ---- its end ---- */

static void forget(struct demo *d)
{
    if (d->output >= 0)
        (void)close(d->output);
    helper_close(d->order);
    d->order = d->output = -1;
    d->said[0] = d->phone[0] = '\0';
}

static void ended(struct app *a, const struct helper_end *end)
{
    struct demo *d = a->demo;
    char why[256];

    read_output(d);
    (void)text_shown(why, sizeof(why),
                     end->how == HELPER_EXITED && end->code == HELPER_NO_PROGRAM
                         ? "there is no callparkctl beside callparkd: install it there"
                         : last_words(d));
    log_info("demo", "the demo has ended%s%s", d->done ? ": " : "", d->done ? why : "");
    forget(d);
    answer(a, why);
}

void demo_second(struct app *a)
{
    struct demo *d = a->demo;
    struct helper_end end;

    if (!runs(d))
        return;
    read_output(d);
    if (d->done && is_ready(d))
        answer(a, NULL);
    end = helper_look(d->order, 0);
    if (end.how != HELPER_RUNS)
        ended(a, &end);
    else if (d->done && a->now >= d->started + PATIENCE)
        helper_ask_to_end(d->order);
}

void demo_stop(struct app *a)
{
    struct demo *d = a->demo;

    if (runs(d))
        forget(d);
    free(d);
    a->demo = NULL;
}

/* ---- the way in ---- */

int app_demo_start(struct app *a, unsigned calls, app_demo_done *done, void *context,
                   struct err *err)
{
    struct demo *d = demo_of(a);
    int failed;

    if (!d)
        return err_set(err, -ENOMEM, "out of memory");
    if (runs(d))
        return err_set(err, -EALREADY, "a demo runs already: end it, or use its calls");
    if (!a->config.http.socket[0])
        return err_set(err, -ENOENT, "it needs the admin socket ([web] admin-socket)");
    d->calls = calls;
    failed = start(a, d, err);
    if (failed)
        return failed;
    d->started = a->now;
    d->ends_at = a->wall + APP_DEMO_SECONDS * UINT64_C(1000);
    d->done = done;
    d->context = context;
    log_info("demo", "%u demo callers are on their way, for %u seconds at most", calls,
             APP_DEMO_SECONDS);
    return 0;
}

bool app_demo_end(struct app *a)
{
    struct demo *d = a->demo;

    if (!runs(d))
        return false;
    helper_ask_to_end(d->order); /* noticed within a second */
    return true;
}

void app_demo(const struct app *a, struct app_demo *out)
{
    const struct demo *d = a->demo;

    memset(out, 0, sizeof(*out));
    out->running = runs(d);
    if (!out->running)
        return;
    out->calls = d->calls;
    out->ends_at = d->ends_at;
    (void)text_copy(out->phone, sizeof(out->phone), d->phone);
}
