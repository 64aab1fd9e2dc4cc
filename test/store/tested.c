/* What every test of the store needs: see tested.h. */
#include "tested.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

static bool take_event(void *to, const struct store_event *ev)
{
    struct tested *t = to;

    return queue_put(t->events, ev);
}

static void open_store(struct tested *t)
{
    struct err err = { 0 };

    if (store_open(&t->store, t->url, &err) != 0)
        fail_msg("%s", err.text);
}

void tested_open(struct tested *t, const char *kind)
{
    static unsigned count;
    const char *tmp = getenv("TMPDIR");

    memset(t, 0, sizeof *t);
    t->events = queue_new(sizeof(struct store_event), 4096);
    assert_non_null(t->events);
    if (text_is(kind, "memory")) {
        (void)text_format(t->url, sizeof t->url, "memory:test-%u", count++);
    } else {
        (void)text_format(t->folder, sizeof t->folder, "%s/store.XXXXXX", tmp ? tmp : "/tmp");
        assert_non_null(mkdtemp(t->folder));
        (void)text_format(t->url, sizeof t->url, "sqlite:%s/callpark.db", t->folder);
    }
    open_store(t);
}

void tested_start(struct tested *t)
{
    struct err err = { 0 };

    if (store_start(t->store, take_event, t, &err) != 0)
        fail_msg("%s", err.text);
}

void tested_close(struct tested *t)
{
    store_close(t->store);
    t->store = NULL;
}

void tested_reopen(struct tested *t)
{
    tested_close(t);
    open_store(t);
}

void tested_done(struct tested *t)
{
    char command[256];

    tested_close(t);
    queue_free(t->events);
    if (*t->folder && text_format(command, sizeof command, "rm -rf '%s'", t->folder))
        assert_int_equal(system(command),
                         0); /* NOLINT(cert-env33-c): a folder that mkdtemp named */
}

void tested_path(const struct tested *t, char *to, size_t size, const char *end)
{
    assert_true(text_format(to, size, "%s/%s", t->folder, end));
}

static void load_site(void *to, const struct site *s)
{
    struct loaded *l = to;

    l->site[l->sites++ % 16] = *s;
}

static void load_destination(void *to, const struct destination *d)
{
    struct loaded *l = to;

    l->destination[l->destinations++ % 16] = *d;
}

static void load_range(void *to, const struct range *r)
{
    struct loaded *l = to;

    l->range[l->ranges++ % 16] = *r;
}

static void load_settings(void *to, const struct scope *scope, const struct settings *said)
{
    struct loaded *l = to;

    l->settings[l->scopes % 16].scope = *scope;
    l->settings[l->scopes++ % 16].said = *said;
}

static void load_call(void *to, const struct stored_call *c)
{
    struct loaded *l = to;

    l->call[l->calls++ % 16] = *c;
}

static void load_leg(void *to, const struct stored_leg *leg)
{
    struct loaded *l = to;

    l->leg[l->legs++ % 16] = *leg;
}

static void load_user(void *to, const struct user *row)
{
    struct loaded *l = to;

    l->user[l->users++ % 16] = *row;
}

static void load_binding(void *to, const struct binding *row)
{
    struct loaded *l = to;

    l->binding[l->bindings++ % 16] = *row;
}

static void load_token(void *to, const struct access_token *row)
{
    struct loaded *l = to;

    l->token[l->tokens++ % 16] = *row;
}

static void load_login(void *to, const struct login *row)
{
    struct loaded *l = to;

    l->login[l->logins++ % 16] = *row;
}

static void load_music(void *to, const struct music_file *f)
{
    struct loaded *l = to;

    l->file[l->files++ % 16] = *f;
}

static void load_watch(void *to, const struct stored_watch *w)
{
    struct loaded *l = to;

    l->watch[l->watches++ % 16] = *w;
}

struct loaded *tested_load(struct tested *t)
{
    struct loaded *l = calloc(1, sizeof *l);
    const struct store_reader reader = { .to = l,
                                         .range = load_range,
                                         .destination = load_destination,
                                         .site = load_site,
                                         .settings = load_settings,
                                         .call = load_call,
                                         .leg = load_leg,
                                         .user = load_user,
                                         .binding = load_binding,
                                         .token = load_token,
                                         .login = load_login,
                                         .music = load_music,
                                         .watch = load_watch };
    struct err err = { 0 };

    assert_non_null(l);
    if (store_load(t->store, &reader, &err) != 0)
        fail_msg("%s", err.text);
    return l;
}

struct store_event tested_event(struct tested *t)
{
    struct store_event ev;

    while (queue_take(t->events, &ev, 1) == 0) {
        if (!queue_wait(t->events, 10000))
            fail_msg("the store reports nothing");
    }
    return ev;
}

struct store_event tested_report(struct tested *t)
{
    struct store_event ev;

    do
        ev = tested_event(t);
    while (ev.type == STORE_TROUBLE);
    return ev;
}

struct change_group tested_group(uint64_t token, const struct change *changes, size_t count)
{
    struct change_group group = { .token = token, .count = count };

    group.changes = malloc(count * sizeof *changes);
    assert_non_null(group.changes);
    memcpy(group.changes, changes, count * sizeof *changes);
    return group;
}

enum store_result tested_write(struct tested *t, const struct change *changes, size_t count,
                               char text[ERR_TEXT_SIZE])
{
    static uint64_t token = 1000;
    struct change_group group = tested_group(++token, changes, count);
    struct store_event ev;

    assert_int_equal(store_submit(t->store, &group, 1), 0);
    ev = tested_report(t);
    assert_int_equal(ev.type, STORE_REPORT);
    assert_int_equal(ev.token, token);
    if (text)
        (void)text_copy(text, ERR_TEXT_SIZE, ev.text);
    return ev.result;
}

void tested_must_write(struct tested *t, const struct change *changes, size_t count)
{
    char text[ERR_TEXT_SIZE];

    if (tested_write(t, changes, count, text) != STORE_DONE)
        fail_msg("%s", text);
}

struct store_rows *tested_ask(struct tested *t, const struct store_query *q)
{
    struct store_event ev;

    assert_int_equal(store_ask(t->store, q), 0);
    ev = tested_event(t);
    assert_int_equal(ev.type, STORE_ROWS);
    assert_int_equal(ev.token, q->token);
    if (ev.result != STORE_DONE)
        fail_msg("%s", ev.text);
    assert_non_null(ev.rows);
    return ev.rows;
}

static void fill_party(struct party *p, const char *who)
{
    (void)text_format(p->display, sizeof p->display, "Jürgen \"%s\" O'Neil", who);
    (void)text_format(p->uri, sizeof p->uri, "sip:%s@pbx.example.com", who);
    (void)text_format(p->contact, sizeof p->contact, "sip:%s@[2001:db8::1]:5070;transport=tcp",
                      who);
    p->hidden = who[0] == 'c';
}

struct change row_range(range_id id, const char *name, number_key first, number_key last)
{
    struct change c = { .type = CHANGE_RANGE_PUT };

    c.range = (struct range){ .id = id, .first = first, .last = last, .version = 3 };
    c.range.type = RANGE_GROUP_PICKUP;
    c.range.state = RANGE_DRAINING;
    (void)text_copy(c.range.name, sizeof c.range.name, name);
    (void)text_copy(c.range.destination, sizeof c.range.destination, "pool1.contoso.com");
    return c;
}

struct change row_destination(const char *fqdn, const char *site)
{
    struct change c = { .type = CHANGE_DESTINATION_PUT };

    memset(&c.destination, 0, sizeof c.destination);
    (void)text_copy(c.destination.fqdn, sizeof c.destination.fqdn, fqdn);
    (void)text_format(c.destination.service_id, sizeof c.destination.service_id,
                      "ApplicationServer:%s", fqdn);
    (void)text_copy(c.destination.site, sizeof c.destination.site, site);
    c.destination.version = 7;
    return c;
}

struct change row_site(const char *name)
{
    struct change c = { .type = CHANGE_SITE_PUT };

    memset(&c.site, 0, sizeof c.site);
    (void)text_copy(c.site.name, sizeof c.site.name, name);
    c.site.version = 9;
    return c;
}

struct change row_call(call_id id, number_key orbit)
{
    struct change c = { .type = CHANGE_CALL_PUT };
    struct call *call = &c.call.call;

    memset(&c.call, 0, sizeof c.call);
    call->id = id;
    call->state = CALL_RINGING_BACK;
    call->orbit = orbit;
    call->has_orbit = call->caller_up = call->parker_known = call->peer_up = true;
    call->fallback_tried = call->forced = call->consult = true;
    call->range = 5;
    call->caller_leg = 2 * id + 1001;
    call->peer = 2 * id + 1000;
    call->peer_role = PEER_PARKER;
    call->next_leg = 2 * id + 1003;
    call->next_for = call->caller_leg;
    call->transfer = call->number_known = true;
    fill_party(&call->next_party, "next");
    fill_party(&call->caller, "caller");
    fill_party(&call->parker, "parker");
    fill_party(&call->peer_party, "peer");
    rules_default(&call->rules);
    call->rules.pickup_timeout = 45000;
    (void)text_copy(call->rules.timeout_uri, sizeof call->rules.timeout_uri, "sip:op@contoso.com");
    call->attempt = 2;
    call->wait = 17;
    call->parked_wall = 1763900000000 + id;
    c.call.deadline = 1763900045000 + id;
    c.call.give_up_at = NEVER;
    c.call.resume_at = 1763900090000 + id;
    c.call.next_deadline = 1763900040000 + id;
    c.call.connected_at = 1763900041000 + id;
    c.call.clock = 1763899000000;
    (void)text_copy(c.call.boot, sizeof c.call.boot, "01234567-89ab-cdef-0123-456789abcdef");
    call->outcome = OUT_NONE;
    (void)text_copy(call->note, sizeof call->note, "line; with 'quotes' and = signs");
    (void)text_copy(call->why, sizeof call->why, "nobody came for 45 s");
    call->version = 12;
    return c;
}

struct change row_leg(leg_id leg, call_id call)
{
    struct change c = { .type = CHANGE_LEG_PUT };

    memset(&c.leg, 0, sizeof c.leg);
    c.leg.leg = leg;
    c.leg.call = call;
    memset(c.leg.dialog, 'd', sizeof c.leg.dialog - 1);
    (void)text_copy(c.leg.media, sizeof c.leg.media, "ssrc=1\nport=20000\n");
    return c;
}

struct change row_record(call_id id, number_key orbit, enum outcome outcome, wall_msec parked_at)
{
    struct change c = { .type = CHANGE_RECORD_PUT };
    struct call_record *r = &c.record;

    memset(r, 0, sizeof *r);
    r->id = id;
    r->orbit = orbit;
    r->range = 5;
    (void)text_copy(r->range_name, sizeof r->range_name, "Front desk");
    (void)text_copy(r->destination, sizeof r->destination, "pool1.contoso.com");
    (void)text_copy(r->node, sizeof r->node, "a");
    fill_party(&r->caller, "caller");
    fill_party(&r->parker, "parker");
    fill_party(&r->taker, "taker");
    r->parked_at = parked_at;
    r->ended_at = parked_at + 30000;
    r->waited = 30000;
    r->attempts = 1;
    r->outcome = outcome;
    (void)text_copy(r->why, sizeof r->why, "somebody dialled it");
    return c;
}

struct change row_step(call_id call, uint32_t number)
{
    struct change c = { .type = CHANGE_STEP_ADD };

    memset(&c.step, 0, sizeof c.step);
    c.step.call = call;
    c.step.number = number;
    c.step.at = 1763900000000 + number;
    (void)text_format(c.step.step, sizeof c.step.step, "call.step%u", number);
    (void)text_copy(c.step.why, sizeof c.step.why, "because");
    return c;
}

struct change row_settings(enum scope_kind kind, const char *name, range_id range)
{
    struct change c = { .type = CHANGE_SETTINGS_PUT };

    memset(&c.settings, 0, sizeof c.settings);
    c.settings.scope.kind = kind;
    c.settings.scope.range = range;
    (void)text_copy(c.settings.scope.name, sizeof c.settings.scope.name, name);
    rules_default(&c.settings.settings.values);
    assert_int_equal(settings_set(&c.settings.settings, SET_PICKUP_TIMEOUT, "off", NULL), 0);
    assert_int_equal(
        settings_set(&c.settings.settings, SET_TIMEOUT_URI, "sip:op@contoso.com", NULL), 0);
    c.settings.settings.version = 4;
    return c;
}

struct change row_user(const char *name)
{
    struct change c = { .type = CHANGE_USER_PUT };

    memset(&c.user, 0, sizeof c.user);
    (void)text_copy(c.user.name, sizeof c.user.name, name);
    (void)text_copy(c.user.password, sizeof c.user.password,
                    "$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA");
    (void)text_copy(c.user.phone, sizeof c.user.phone, "sip:105@pbx.example.com");
    c.user.disabled = true;
    c.user.created_at = 1763900000123;
    c.user.version = 4;
    return c;
}

struct change row_binding(binding_id id, const char *user, enum scope_kind kind)
{
    struct change c = { .type = CHANGE_BINDING_PUT };

    memset(&c.binding, 0, sizeof c.binding);
    c.binding.id = id;
    (void)text_copy(c.binding.user, sizeof c.binding.user, user);
    c.binding.role = (enum role)(id % ROLES);
    c.binding.scope.kind = kind;
    if (kind == SCOPE_RANGE)
        c.binding.scope.range = 5;
    else if (kind != SCOPE_GLOBAL)
        (void)text_copy(c.binding.scope.name, sizeof c.binding.scope.name,
                        kind == SCOPE_SITE ? "Redmond" : "pool1.contoso.com");
    return c;
}

struct change row_token(token_id id, const char *user)
{
    struct change c = { .type = CHANGE_TOKEN_PUT };

    memset(&c.token, 0, sizeof c.token);
    c.token.id = id;
    (void)text_copy(c.token.name, sizeof c.token.name, "nightly, \"export\"");
    (void)text_copy(c.token.user, sizeof c.token.user, user);
    memset(c.token.hash, (int)id, sizeof c.token.hash); /* with zeros in it when the id is 256 */
    c.token.permissions = UINT32_C(1) << MAY_RANGES_READ | UINT32_C(1) << MAY_METRICS_READ;
    (void)text_copy(c.token.networks, sizeof c.token.networks, "10.0.0.0/8,2001:db8::/32");
    c.token.created_at = 1763900000123;
    c.token.expires_at = NEVER;
    c.token.used_at = 1763900000456;
    c.token.version = 2;
    return c;
}

struct change row_watch(uint64_t number, const char *text)
{
    struct change c = { .type = CHANGE_WATCH_PUT };

    memset(&c.watch, 0, sizeof c.watch);
    c.watch.number = number;
    (void)text_copy(c.watch.text, sizeof c.watch.text, text);
    return c;
}

struct change row_login(login_id id, const char *user)
{
    struct change c = { .type = CHANGE_LOGIN_PUT };

    memset(&c.login, 0, sizeof c.login);
    c.login.id = id;
    memset(c.login.hash, (int)id, sizeof c.login.hash);
    (void)text_copy(c.login.user, sizeof c.login.user, user);
    (void)text_copy(c.login.source, sizeof c.login.source, "2001:db8::7");
    (void)text_copy(c.login.agent, sizeof c.login.agent, "Mozilla/5.0 (X11; Linux x86_64)");
    c.login.created_at = 1763900000123;
    c.login.seen_at = 1763900000456;
    c.login.expires_at = 1763943200123;
    return c;
}

struct change row_audit(const char *actor, const char *action, const char *subject, wall_msec at)
{
    struct change c = { .type = CHANGE_AUDIT_ADD };
    struct audit_entry *e = &c.audit;

    memset(e, 0, sizeof *e);
    e->id = 77; /* no matter: the store gives its own */
    memset(e->hash, 7, sizeof e->hash);
    e->at = at;
    (void)text_copy(e->actor, sizeof e->actor, actor);
    (void)text_copy(e->source, sizeof e->source, "2001:db8::7");
    (void)text_copy(e->request, sizeof e->request, "req_1");
    (void)text_copy(e->action, sizeof e->action, action);
    (void)text_copy(e->subject, sizeof e->subject, subject);
    (void)text_format(e->subject_id, sizeof e->subject_id, "rng_%s", subject);
    (void)text_copy(e->before, sizeof e->before, "{\"name\":\"J\u00fcrgen\"}");
    memset(e->after, 'x', sizeof e->after - 1); /* as much as fits */
    return c;
}
