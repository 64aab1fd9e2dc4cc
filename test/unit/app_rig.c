#include "app_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

struct app_config rig_config;

struct rig_told rig_told;

static bool describe(void *to, const struct admin_change *c, const struct admin_view *before,
                     const struct admin_view *after, struct audit_entry *out)
{
    (void)to;
    if (!rig_told.describing)
        return false;
    (void)text_copy(out->action, sizeof(out->action), "user.changed");
    (void)text_copy(out->subject, sizeof(out->subject), c->user.name);
    (void)text_format(out->before, sizeof(out->before), "%zu", before->access->user_count);
    (void)text_format(out->after, sizeof(out->after), "%zu", after->access->user_count);
    return true;
}

static void take_event(void *to, const struct app_event *ev)
{
    (void)to;
    rig_told.users_updated += text_is(ev->name, "users.updated");
    if (!ev->audit)
        return;
    if (rig_told.audited) /* in order, without a gap */
        assert_int_equal(ev->audit->id, rig_told.audit + 1);
    rig_told.audited++;
    rig_told.audit = ev->audit->id;
    (void)text_copy(rig_told.subject, sizeof(rig_told.subject), ev->audit->subject);
}

struct app *rig_begin(const char *store)
{
    struct err err = { 0 };
    struct app *a;

    if (config_read_text(&rig_config, "f", "[sip]\nlisten = udp:127.0.0.1:0\n", &err))
        fail_msg("%s", err.text);
    (void)text_copy(rig_config.store_url, sizeof(rig_config.store_url), store);
    rig_config.http.listen[0] = rig_config.http.socket[0] = rig_config.token_file[0] = '\0';
    memset(&rig_told, 0, sizeof(rig_told));
    if (app_new(&a, &rig_config, &err))
        fail_msg("%s", err.text);
    app_watch(a, &(struct app_watcher){ .event = take_event, .describe = describe });
    app_turn(a, 0); /* what a start writes */
    return a;
}

static struct app *shared;

int rig_start(void **state)
{
    (void)state;
    shared = rig_begin("memory:");
    return 0;
}

int rig_end(void **state)
{
    (void)state;
    app_free(shared);
    return 0;
}

/* Nobody is there, and the time is right again. */
int rig_set_up(void **state)
{
    shared->access->user_count = 0;
    shared->access->binding_count = shared->access->token_count = 0;
    people_changed(shared);
    app_turn(shared, 0);
    memset(&rig_told, 0, sizeof(rig_told));
    *state = shared;
    return 0;
}

static void done(void *context, const struct admin_result *result)
{
    (void)context;
    rig_told.result = *result;
    rig_told.done++;
}

enum admin_status rig_make(struct app *a, const struct admin_change *changes, size_t count)
{
    static const struct actor anna = { .name = "anna", .source = "192.0.2.7", .request = "req_1" };
    unsigned before = rig_told.done;

    app_admin(a, changes, count, false, &anna, done, NULL);
    for (int most = 0; rig_told.done == before;
         most = 1000) /* what was made is submitted at once */
        app_turn(a, most);
    return rig_told.result.status;
}

struct admin_change rig_user(const char *name)
{
    struct admin_change c = { .what = ADMIN_USER_PUT };

    (void)text_copy(c.user.name, sizeof(c.user.name), name);
    return c;
}

struct admin_change rig_role(const char *name, enum role role)
{
    struct admin_change c = { .what = ADMIN_BINDING_PUT };

    (void)text_copy(c.binding.user, sizeof(c.binding.user), name);
    c.binding.role = role;
    return c;
}

struct admin_change rig_token(const char *name)
{
    struct admin_change c = { .what = ADMIN_TOKEN_PUT };

    (void)text_copy(c.token.user, sizeof(c.token.user), name);
    (void)text_copy(c.token.name, sizeof(c.token.name), "script");
    c.token.expires_at = NEVER;
    return c;
}

void rig_administrator(struct app *a, const char *name)
{
    const struct admin_change list[] = { rig_user(name), rig_role(name, ROLE_ADMINISTRATOR) };

    assert_int_equal(rig_make(a, list, 2), ADMIN_DONE);
}

void rig_take_rows(void *context, struct store_rows *rows, const char *err)
{
    (void)context;
    assert_null(err);
    rig_told.rows = rows;
}

struct store_rows *rig_audit(struct app *a)
{
    const struct store_query q = { .type = QUERY_AUDIT };

    rig_told.rows = NULL;
    app_ask(a, &q, rig_take_rows, NULL);
    for (int most = 0; !rig_told.rows; most = 1000)
        app_turn(a, most);
    return rig_told.rows;
}
