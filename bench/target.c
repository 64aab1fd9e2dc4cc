#include "target.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processor.h"
#include "receiver.h"
#include "sip_load.h"

#define CALLS_MAX 20000
#define SETTLE 2000 /* ms */

struct target {
    char host[64];
    uint16_t port;
    const char *at, *suite;
    unsigned calls;
    double rate, seconds;
    pid_t pid; /* 0: not told */
};

static bool read_place(struct target *t, const char *text)
{
    size_t length = strspn(text, "0123456789.");
    unsigned long port = text[length] == ':' ? strtoul(text + length + 1, NULL, 10) : 5060;

    if (length == 0 || length >= sizeof t->host || port == 0 || port > 65535)
        return false;
    (void)snprintf(t->host, sizeof t->host, "%.*s", (int)length, text);
    t->port = (uint16_t)port;
    return true;
}

static bool read_one(struct target *t, const char *name, const char *value)
{
    double number = strtod(value, NULL);

    if (strcmp(name, "--target") == 0)
        return read_place(t, value);
    if (strcmp(name, "--at") == 0)
        t->at = value;
    else if (strcmp(name, "--srtp") == 0)
        t->suite = value;
    else if (strcmp(name, "--park") == 0 && number >= 1 && number <= CALLS_MAX)
        t->calls = (unsigned)number;
    else if (strcmp(name, "--rate") == 0 && number > 0 && number <= 10000)
        t->rate = number;
    else if (strcmp(name, "--seconds") == 0 && number > 0 && number <= 3600)
        t->seconds = number;
    else if (strcmp(name, "--pid") == 0 && number >= 1)
        t->pid = (pid_t)number;
    else
        return false;
    return true;
}

static bool read_all(struct target *t, int argc, char **argv)
{
    *t = (struct target){ .rate = 50, .seconds = 8 };
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !read_one(t, argv[i], argv[i + 1])) {
            printf("%s: what does that mean? --target HOST:PORT --park N [--at URI] [--srtp SUITE] "
                   "[--rate CALLS] "
                   "[--seconds S] [--pid PID]; HOST is an IPv4 address\n",
                   argv[i]);
            return false;
        }
    return t->calls > 0;
}

static void print(const struct target *t, const struct load_figures *f, const struct arrivals *a,
                  double used)
{
    printf("%s:%u: of %u calls %u parked, %u busy, %u refused or not answered, %u sent again; "
           "INVITE to 200 p50 %.1f ms, p99 %.1f\n",
           t->host, t->port, f->started, f->answered, f->busy, f->shed + f->others, f->again,
           f->p50, f->p99);
    printf("%u streams, %u of them behind, %.1f packets/s each, %llu lost, %llu out of order; ",
           a->streams, a->behind, a->streams ? (double)a->packets / a->seconds / a->streams : 0,
           (unsigned long long)a->lost, (unsigned long long)a->disorder);
    receiver_print_gaps(a);
    printf("\n");
    if (t->pid && a->packets)
        printf("%.1f %% of a core, %.2f us a packet\n", 100 * used / a->seconds,
               used / (double)a->packets * 1e6);
}

bool target_is_meant(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--target") == 0;
}

bool target_measure(int argc, char **argv)
{
    struct load_phones phones = { 0 };
    struct load_plan plan = { .hold = -1, .patience = PATIENCE };
    struct load_figures f;
    struct receiver *r;
    struct arrivals a;
    struct target t;
    struct load *l;
    double used = 0;

    if (!read_all(&t, argc, argv))
        return false;
    r = receiver_open(t.calls);
    if (t.suite)
        receiver_expect(r, strstr(t.suite, "GCM") ? 16 : strstr(t.suite, "_32") ? 4 : 10);
    l = load_open_at(t.host, t.port);
    phones = (struct load_phones){ .at = t.at, .suite = t.suite, .audio = receiver_port(r) };
    load_dial(l, &phones);
    plan.rate = t.rate;
    plan.calls = t.calls;
    plan.seconds = t.calls / t.rate + 60;
    load_run(l, &plan, &f);
    (void)poll(NULL, 0, SETTLE);
    receiver_begin(r);
    used = t.pid ? processor_of(t.pid) : 0;
    receiver_listen(r, t.seconds);
    used = t.pid ? processor_of(t.pid) - used : 0;
    receiver_sum(r, t.seconds, &a);
    print(&t, &f, &a, used);
    (void)load_hang_up(l);
    load_close(l);
    receiver_close(r);
    return f.answered > 0;
}
