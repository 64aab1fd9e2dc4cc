/* callparkctl demo: callers that wait, so that there is something to look at, to retrieve and to
 * ring back. */
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/selftest.h"
#include "sys/clock.h"

static const char *const names[] = { "Alice Example",  "Bruno Example", "Chiara Example",
                                     "David Example",  "Elif Example",  "Farid Example",
                                     "Grace Example",  "Hiro Example",  "Ines Example",
                                     "Jürgen Example", "Kofi Example",  "Li Example" };

#define CALLS_MOST 50
#define PAUSE 3000        /* before somebody calls again */
#define LONGEST 86400     /* of --seconds */
#define ANSWER_AFTER 2000 /* msec that the phone rings */
#define NAMES (sizeof(names) / sizeof(names[0]))

static void on_signal(int number)
{
    (void)number;
    phones_stopped = 1;
}

static bool is_settled(const void *about)
{
    return phone_facts(about)->status != 0;
}

/* Everyone of the demo. */
struct demo {
    struct ctl *ctl;
    struct phones *phones;
    struct phone *callers, *parker;
    struct phone *phone; /* to retrieve calls to; NULL: not wanted */
    char park_user[64];
    msec ends;                           /* NEVER: with Ctrl-C */
    struct phone_call *call[CALLS_MOST]; /* NULL: not parked now */
    unsigned calls;
};

static bool call_in(struct demo *d, unsigned i)
{
    const char *name = names[i % NAMES];
    char number[32];
    const struct phone_facts *f;
    struct phone_call *c;

    /* 555-0100 to 555-0199 are kept for examples. */
    (void)text_format(number, sizeof(number), "+120255501%02u", i);
    c = phone_dial(d->callers, &(struct phone_dial){ .target = d->park_user,
                                                     .referred_by = phone_uri(d->parker),
                                                     .user = number,
                                                     .display = name });
    if (!c)
        return ctl_fail(d->ctl, 0, "the test phone has no port left") != 0;
    (void)phones_until(d->phones, is_settled, c, 5000);
    f = phone_facts(c);
    if (f->status != 200) {
        (void)ctl_fail(d->ctl, 0, "%s was not parked: expected 200, came %u %s", name, f->status,
                       f->reason);
        phone_hang_up(c);
        return false;
    }
    d->call[i] = c;
    fprintf(d->ctl->out, "%s  %s %s\n", f->orbit, number, name);
    fflush(d->ctl->out);
    return true;
}

static bool is_over(const struct demo *d)
{
    return phones_stopped || clock_now() >= d->ends;
}

static bool somebody_left(const void *about)
{
    const struct demo *d = about;

    if (is_over(d))
        return true;
    for (unsigned i = 0; i < d->calls; i++)
        if (d->call[i] && phone_facts(d->call[i])->ended)
            return true;
    return false;
}

/* Whoever was hung up on, after a talk or because nobody came, calls again: a demo is something to
 * look at for as long as it runs. */
static void call_again(struct demo *d)
{
    if (!phones_until(d->phones, somebody_left, d, 60000) || is_over(d))
        return;
    phones_wait(d->phones, PAUSE);
    for (unsigned i = 0; i < d->calls && !is_over(d); i++) {
        if (!d->call[i] || !phone_facts(d->call[i])->ended)
            continue;
        phone_drop(d->call[i]);
        d->call[i] = NULL;
        (void)call_in(d, i);
    }
}

static int stay(struct demo *d)
{
    unsigned parked = 0;

    for (unsigned i = 0; i < d->calls && !phones_stopped; i++)
        parked += call_in(d, i);
    if (parked == 0)
        return CTL_ERROR;
    /* Programs read this line, and know by it that the callers are there. */
    if (d->phone)
        fprintf(d->ctl->out, "phone %s\n", phone_uri(d->phone));
    fflush(d->ctl->out);
    ctl_say(
        d->ctl,
        "%u callers wait until Ctrl-C. See them with 'callparkctl call list', take one by dialling "
        "its number at %s.",
        parked, phones_server(d->phones));
    while (!is_over(d))
        call_again(d);
    return CTL_OK;
}

static bool add_phones(struct demo *d, const char *server, bool wants_phone, struct err *err)
{
    d->phones = phones_new(server, err);
    if (d->phones)
        d->callers = phone_add(d->phones, "demo", "Demo", -1, err);
    if (d->callers)
        d->parker = phone_add(d->phones, "demo-reception", "Reception", -1, err);
    if (d->parker && wants_phone) {
        d->phone = phone_add(d->phones, "demo-phone", "Demo phone", 0, err);
        if (d->phone)
            phone_manner(d->phone, ANSWER_AFTER);
    }
    return d->parker && (d->phone || !wants_phone);
}

static int run(struct demo *d, const char *server)
{
    struct err err = { 0 };
    bool ready = add_phones(d, server, args_given(&d->ctl->args, OPT_WITH_PHONE), &err);
    int code;

    code = ready ? stay(d) : ctl_fail(d->ctl, CTL_ERROR, "%s", err.text);
    if (d->phones)
        phones_hang_up(d->phones);
    phones_free(d->phones);
    return code;
}

int cmd_demo(struct ctl *ctl)
{
    char server[96];
    struct ctl_reply system CLEANUP(ctl_reply_done) = { 0 };
    struct demo d = { .ctl = ctl };
    const char *user;
    uint64_t calls = 3, seconds = 0;
    int code;

    if (ctl_option(ctl, OPT_CALLS) &&
        !text_number(ctl_option(ctl, OPT_CALLS), 1, CALLS_MOST, &calls))
        return ctl_fail(ctl, CTL_USAGE, "--calls %.32s: 1 to %d", ctl_option(ctl, OPT_CALLS),
                        CALLS_MOST);
    if (ctl_option(ctl, OPT_SECONDS) &&
        !text_number(ctl_option(ctl, OPT_SECONDS), 1, LONGEST, &seconds))
        return ctl_fail(ctl, CTL_USAGE, "--seconds %.32s: 1 to %d", ctl_option(ctl, OPT_SECONDS),
                        LONGEST);
    d.ends = seconds ? clock_now() + seconds * 1000 : NEVER;
    d.calls = (unsigned)calls;
    code = stage_server(ctl, server, &system);
    if (code)
        return code;
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    user = ctl_string(system.json, "sip.park_user");
    (void)text_copy(d.park_user, sizeof(d.park_user), *user ? user : "park");
    return run(&d, server);
}
