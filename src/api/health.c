/* Is the process alive, and may calls be sent to it? Short answers for whoever watches machines. */
#include <stdlib.h>
#include <string.h>

#include "api/fields.h"
#include "api/resources.h"
#include "base/text.h"

struct check {
    const char *name;
    bool fine;
    char why[ERR_TEXT_SIZE];
};

#define CHECKS 3

/* It looks at nothing: who restarts on it must not be misled by a store that is down. */
void get_livez(struct ask *q)
{
    reply_text(q, 200, "text/plain; charset=utf-8", strdup("ok\n"));
}

static void run_checks(struct app *a, struct check checks[CHECKS])
{
    char address[96];

    memset(checks, 0, CHECKS * sizeof checks[0]);
    checks[0].name = "sip-listeners";
    app_listener(a, 0, address);
    checks[0].fine = address[0] != '\0';
    if (!checks[0].fine)
        (void)text_copy(checks[0].why, sizeof checks[0].why, "no SIP socket is open"); /* fits */
    checks[1].name = "store";
    checks[1].fine = app_store_fine(a, checks[1].why);
    checks[2].name = "draining";
    checks[2].fine = !app_draining(a);
    if (!checks[2].fine)
        (void)text_copy(checks[2].why, sizeof checks[2].why,
                        "new parks are refused until 'callparkctl system undrain'"); /* fits */
}

json_t *show_checks(struct app *a)
{
    struct check checks[CHECKS];
    json_t *list = json_array();

    run_checks(a, checks);
    for (size_t i = 0; i < CHECKS; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:b, s:o}", "name", checks[i].name, "ok",
                                                    checks[i].fine, "detail",
                                                    show_text_or_null(checks[i].why)));
    return list;
}

/* Whether the store can be written: for the page's banner as well, whoever reads it. */
json_t *show_store_state(struct app *a)
{
    struct app_store_state s;

    app_store_state(a, &s);
    return json_pack("{s:b, s:o, s:o, s:o, s:s, s:b, s:I, s:{s:I, s:I, s:I, s:I, s:I}}", "ok",
                     s.trouble == STORE_FINE, "detail", show_text_or_null(s.why), "trouble",
                     show_text_or_null(store_trouble_name(s.trouble)), "since",
                     s.since ? show_time(s.since) : json_null(), "new_parks",
                     s.trouble == STORE_FINE ? "written"
                     : s.from_memory         ? "memory"
                                             : "refused",
                     "rows_behind", s.rows_behind, "kept", (json_int_t)s.kept, "lost", "steps",
                     (json_int_t)s.lost.steps, "records", (json_int_t)s.lost.records, "audit",
                     (json_int_t)s.lost.audit, "logins", (json_int_t)s.lost.logins, "watches",
                     (json_int_t)s.lost.watches);
}

void get_readyz(struct ask *q)
{
    struct check checks[CHECKS];
    bool verbose = false, ready = true;
    char *text = calloc(1, 2048);

    run_checks(q->app, checks);
    if (!params_switch(q, "verbose", &verbose)) {
        free(text);
        return;
    }
    for (size_t i = 0; i < CHECKS; i++)
        ready = ready && checks[i].fine;
    for (size_t i = 0; text && i < CHECKS; i++)
        if (verbose || !checks[i].fine)
            (void)text_append(text, 2048, "[%s]%s%s%s\n", checks[i].fine ? "+" : "-",
                              checks[i].name,
                              checks[i].fine ? " ok" : " failed: ", checks[i].why); /* fits */
    if (text)
        (void)text_append(text, 2048, "%s\n", ready ? "ok" : "not ready"); /* fits */
    reply_text(q, ready ? 200 : 503, "text/plain; charset=utf-8", text);
}

void get_version(struct ask *q)
{
    reply_json(
        q, 200,
        json_pack("{s:s, s:s, s:s}", "name", "callpark", "version", CALLPARK_VERSION, "api", "v1"));
}
