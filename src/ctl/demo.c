/* callparkctl demo: callers that wait, so that there is something to look at, to retrieve and to
 * ring back. */
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/selftest.h"

static const char *const names[] = { "Alice Example",  "Bruno Example", "Chiara Example",
                                     "David Example",  "Elif Example",  "Farid Example",
                                     "Grace Example",  "Hiro Example",  "Ines Example",
                                     "Jürgen Example", "Kofi Example",  "Li Example" };

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

static bool call_in(struct ctl *ctl, struct phones *phones, struct phone *p, const char *park_user,
                    const char *parker, unsigned i)
{
    const char *name = names[i % NAMES];
    char number[32];
    struct phone_call *c;

    /* 555-0100 to 555-0199 are kept for examples. */
    (void)text_format(number, sizeof(number), "+120255501%02u", i % 100);
    c = phone_dial(
        p, &(struct phone_dial){
               .target = park_user, .referred_by = parker, .user = number, .display = name });
    if (!c)
        return ctl_fail(ctl, 0, "the test phone has no port left") != 0;
    (void)phones_until(phones, is_settled, c, 5000);
    if (phone_facts(c)->status != 200)
        return ctl_fail(ctl, 0, "%s was not parked: expected 200, came %u %s", name,
                        phone_facts(c)->status, phone_facts(c)->reason) != 0;
    fprintf(ctl->out, "%s  %s %s\n", phone_facts(c)->orbit, number, name);
    fflush(ctl->out);
    return true;
}

static int park_all(struct ctl *ctl, struct phones *phones, const char *park_user, unsigned calls)
{
    struct err err = { 0 };
    struct phone *callers = phone_add(phones, "demo", "Demo", -1, &err);
    struct phone *parker =
        callers ? phone_add(phones, "demo-reception", "Reception", -1, &err) : NULL;
    unsigned parked = 0;

    if (!parker)
        return ctl_fail(ctl, CTL_ERROR, "%s", err.text);
    for (unsigned i = 0; i < calls && !phones_stopped; i++)
        parked += call_in(ctl, phones, callers, park_user, phone_uri(parker), i);
    if (parked == 0)
        return CTL_ERROR;
    ctl_say(ctl,
            "%u callers wait until Ctrl-C. See them with 'callparkctl call list', take one by "
            "dialling its "
            "number at %s.",
            parked, phones_server(phones));
    while (!phones_stopped)
        phones_wait(phones, 60000);
    return CTL_OK;
}

int cmd_demo(struct ctl *ctl)
{
    char server[96];
    struct ctl_reply system CLEANUP(ctl_reply_done) = { 0 };
    struct phones *phones;
    struct err err = { 0 };
    const char *user;
    uint64_t calls = 3;
    int code;

    if (ctl_option(ctl, OPT_CALLS) && !text_number(ctl_option(ctl, OPT_CALLS), 1, 50, &calls))
        return ctl_fail(ctl, CTL_USAGE, "--calls %.32s: 1 to 50", ctl_option(ctl, OPT_CALLS));
    code = stage_server(ctl, server, &system);
    if (code)
        return code;
    phones = phones_new(server, &err);
    if (!phones)
        return ctl_fail(ctl, CTL_ERROR, "%s", err.text);
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    user = ctl_string(system.json, "sip.park_user");
    code = park_all(ctl, phones, *user ? user : "park", (unsigned)calls);
    phones_hang_up(phones);
    phones_free(phones);
    return code;
}
