#include "api_fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

/* ---- what the API may look at ------------------------------------------------------------------
 */

void app_watch(struct app *a, const struct app_watcher *watcher)
{
    a->watcher = *watcher;
}

struct http_server *app_http(struct app *a)
{
    return (struct http_server *)a; /* those of api_fake_http.c take it back */
}

const struct app_config *app_config(const struct app *a)
{
    return &a->config;
}

const struct deployment *app_deployment(const struct app *a)
{
    return &a->deployment;
}

struct park *app_park(struct app *a)
{
    return &a->park;
}

const struct call *app_call(struct app *a, call_id id)
{
    return calls_find(a->park.calls, id);
}

msec app_now(const struct app *a)
{
    return FAKE_NOW + a->later;
}

wall_msec app_wall(const struct app *a, msec moment)
{
    (void)a;
    return FAKE_WALL + moment - FAKE_NOW;
}

bool app_token_is(const struct app *a, const char *token)
{
    (void)a;
    return strcmp(token, FAKE_TOKEN) == 0;
}

const char *app_token_path(const struct app *a)
{
    return a->config.token_file;
}

bool app_draining(const struct app *a)
{
    return a->draining;
}

bool app_store_fine(const struct app *a, char why[ERR_TEXT_SIZE])
{
    (void)text_copy(why, ERR_TEXT_SIZE, a->store_bad ? "the disk is full" : "");
    return !a->store_bad;
}

const char *store_trouble_name(enum store_trouble t)
{
    return t == STORE_FULL ? "full" : t == STORE_FINE ? "" : "slow";
}

void app_store_state(const struct app *a, struct app_store_state *out)
{
    memset(out, 0, sizeof *out);
    if (!a->store_bad)
        return;
    out->trouble = STORE_FULL;
    out->since = FAKE_WALL - 60000;
    (void)text_copy(out->why, sizeof out->why, "the disk is full");
    out->rows_behind = true;
    out->kept = 12;
    out->lost.steps = 3;
}

const struct deployment *app_deployment_before(const struct app *a)
{
    return &a->draft;
}

void app_store(const struct app *a, struct app_store *out)
{
    (void)a;
    memset(out, 0, sizeof *out);
    (void)text_copy(out->kind, sizeof out->kind, "memory");
}

int app_demo_start(struct app *a, unsigned calls, app_demo_done *done, void *context,
                   struct err *err)
{
    if (a->demo.running)
        return err_set(err, -EALREADY, "a demo runs already");
    if (a->demo_refused) {
        done(context, "no orbit is free");
        return 0;
    }
    a->demo = (struct app_demo){ .running = true, .calls = calls, .ends_at = FAKE_WALL + 600000 };
    (void)text_copy(a->demo.phone, sizeof a->demo.phone, "sip:demo-phone@127.0.0.1:40001");
    done(context, NULL);
    return 0;
}

bool app_demo_end(struct app *a)
{
    bool was = a->demo.running;

    memset(&a->demo, 0, sizeof a->demo);
    return was;
}

void app_demo(const struct app *a, struct app_demo *out)
{
    *out = a->demo;
}

void app_restore_read(struct app *a, const char *path, app_restore_done *done, void *context)
{
    assert_true(path[0] == '/');
    if (a->backup)
        done(context, (struct app_restore *)a->backup, NULL); /* the functions below take it back */
    else
        done(context, NULL, "there is no such file");
}

const struct deployment *app_restore_deployment(const struct app_restore *r)
{
    return &((const struct fake_backup *)r)->deployment;
}

const struct access *app_restore_access(const struct app_restore *r)
{
    return &((const struct fake_backup *)r)->access;
}

void app_restore_merge(struct app *a, struct app_restore *r, app_backup_done *done, void *context)
{
    (void)r;
    a->merges++;
    done(context, a->store_bad ? "the disk is full" : NULL);
}

void app_restore_free(struct app_restore *r)
{
    (void)r; /* the test's */
}

void app_listener(const struct app *a, unsigned n, char to[96])
{
    (void)a;
    (void)text_copy(to, 96, n == 0 ? "udp:127.0.0.1:5060" : "");
}

void app_pickup(const struct app *a, call_id call, struct pickup *out)
{
    unsigned char bytes[PICKUP_BYTES] = { 1 };

    (void)a;
    pickup_write(out, call, bytes);
}

bool app_ticket(const struct app *a, const struct call *c, char to[URI_SIZE])
{
    char number[NUMBER_SIZE];

    (void)a;
    number_text(number, c->orbit);
    return text_format(to, URI_SIZE, "sip:%s;ticket=1f@example.com", number);
}

size_t app_steps(struct app *a, call_id id, const struct call_step **steps)
{
    if (a->step_count == 0 || a->steps[0].call != id)
        return 0;
    *steps = a->steps;
    return a->step_count;
}

void app_count(struct app *a, struct app_counts *out)
{
    *out = a->counts;
}

void app_sip_count(struct app *a, struct sip_counts *out)
{
    (void)a;
    memset(out, 0, sizeof *out);
}

const struct sip_hop *app_hop(const struct app *a, unsigned place)
{
    static const struct sip_hop known[] = {
        { .state = SIP_HOP_UP,
          .system = "outbound",
          .transport = "udp",
          .host = "192.0.2.10",
          .port = 5060,
          .watched = true,
          .since = 1,
          .answered = 1,
          .measured = true,
          .round_trip = 12 },
        { .place = 1,
          .state = SIP_HOP_DOWN,
          .system = "peer \"x\"",
          .transport = "tls",
          .host = "pbx.example",
          .port = 5061,
          .since = 1 },
    };

    (void)a;
    return place < sizeof known / sizeof known[0] ? &known[place] : NULL;
}

void app_media_count(struct app *a, struct media_counts *out)
{
    (void)a;
    memset(out, 0, sizeof *out);
}

void app_foresee(struct app *a, struct invite *in, const char *replaces, struct foresight *out)
{
    if (in->source[0]) {
        in->trusted = text_starts(in->source, "192.0.2.");
        in->may = in->trusted ? SIP_MAY_ALL : 0;
    }
    if (replaces[0])
        in->replaces = REPLACES_UNKNOWN;
    park_foresee(&a->park, in, FAKE_NOW, out);
}

bool app_command(struct app *a, const struct event *command, char why[WHY_SIZE])
{
    a->command = *command;
    (void)text_copy(why, WHY_SIZE, a->command_refused);
    return !a->command_refused;
}

void app_park_call(struct app *a, const struct event *command, bool until_parked,
                   app_park_done *done, void *context)
{
    const struct call *c = calls_next(app_park(a)->calls, 0);

    a->command = *command;
    a->refer = *command->refer;
    a->until_parked = until_parked;
    if (a->command_refused)
        done(context, 0, a->refused_code, a->command_refused);
    else
        done(context, c ? c->id : 0, 0, "");
}

void app_ask(struct app *a, const struct store_query *query, app_rows *done, void *context)
{
    struct store_rows *rows = a->rows ? a->rows : calloc(1, sizeof *rows);

    if (!a->rows && rows && (query->type == QUERY_AUDIT || query->type == QUERY_AUDIT_HEAD))
        fake_audit_rows(a, query, rows);

    a->rows = NULL;
    a->query = *query;
    if (a->store_bad) {
        store_rows_free(rows);
        done(context, NULL, "the disk is full");
    } else {
        done(context, rows, NULL);
    }
}

void app_drain(struct app *a, bool draining)
{
    a->draining = draining;
}

int app_reload(struct app *a, struct err *err)
{
    return a->store_bad ? err_set(err, -1, "callpark.conf:3: what is this?") : 0;
}

void app_backup(struct app *a, const char *path, app_backup_done *done, void *context)
{
    assert_true(path[0] == '/');
    done(context, a->store_bad ? "the disk is full" : NULL);
}

void app_soon(struct app *a)
{
    a->soon = true;
}

/* ---- for the tests -----------------------------------------------------------------------------
 */

int fake_set_up(void **state)
{
    struct app *a = calloc(1, sizeof *a);
    struct destination d = { .fqdn = "pool1.example.com", .site = "Here", .version = 1 };
    struct site s = { .name = "Here", .version = 1 };
    struct err err;

    assert_non_null(a);
    (void)text_copy(a->config.node, sizeof a->config.node, "n1");
    (void)text_copy(a->config.destination, sizeof a->config.destination, d.fqdn);
    (void)text_copy(a->config.site, sizeof a->config.site, s.name);
    (void)text_copy(a->config.token_file, sizeof a->config.token_file, "/run/token");
    (void)text_copy(a->config.house.domains[0], FQDN_SIZE, "example.com");
    a->config.house.domain_count = 1;
    assert_int_equal(deployment_put_site(&a->deployment, &s, &err), 0);
    assert_int_equal(deployment_put_destination(&a->deployment, &d, &err), 0);
    a->orbits_memory = calloc(1, orbits_size());
    a->calls_memory = calloc(1, calls_size());
    assert_true(a->orbits_memory && a->calls_memory);
    a->park.orbits = orbits_init(a->orbits_memory, 1);
    a->park.calls = calls_init(a->calls_memory, 0);
    a->park.deployment = &a->deployment;
    a->park.house = a->config.house;
    a->config.auth.local = true;
    a->config.session_idle = 1800000;
    a->config.session_max = 43200000;
    a->counts.started = FAKE_WALL - 3600000;
    a->uid = geteuid();
    a->source = "127.0.0.1";
    assert_int_equal(api_new(&a->api, a, &err), 0);
    *state = a;
    return 0;
}

int fake_tear_down(void **state)
{
    struct app *a = *state;

    api_free(a->api);
    fake_forget(&a->answer);
    free(a->orbits_memory);
    free(a->calls_memory);
    free(a);
    return 0;
}

static void fill(char *to, size_t size, const char *from)
{
    assert_true(text_copy(to, size, from));
}

static void read_request(struct http_request *rq, const char *request)
{
    size_t method = strcspn(request, " ");
    const char *target = request + method + 1;
    size_t path = strcspn(target, "?");

    assert_true(text_copy_n(rq->method, sizeof rq->method, request, method));
    assert_true(text_copy_n(rq->path, sizeof rq->path, target, path));
    fill(rq->query, sizeof rq->query, target[path] ? target + path + 1 : "");
}

const struct answer *fake_ask(struct app *a, const char *request, const char *if_match,
                              const char *body)
{
    struct http_request *rq = calloc(1, sizeof *rq);

    assert_non_null(rq);
    read_request(rq, request);
    rq->id = 1;
    rq->by_socket = !a->by_tcp;
    rq->uid = a->uid;
    fill(rq->source, sizeof rq->source, a->by_tcp ? a->source : "unix");
    fill(rq->if_match, sizeof rq->if_match, if_match);
    fill(rq->if_none_match, sizeof rq->if_none_match, a->if_none_match);
    fill(rq->authorization, sizeof rq->authorization, a->authorization);
    fill(rq->accept, sizeof rq->accept, a->accept);
    fill(rq->content_type, sizeof rq->content_type, a->content_type);
    fill(rq->idempotency_key, sizeof rq->idempotency_key, a->idempotency_key);
    fill(rq->cookie, sizeof rq->cookie, a->cookie);
    fill(rq->origin, sizeof rq->origin, a->origin);
    fill(rq->sec_fetch_site, sizeof rq->sec_fetch_site, a->sec_fetch_site);
    fill(rq->host, sizeof rq->host, a->host ? a->host : "127.0.0.1:8080");
    fill(rq->proxy_user, sizeof rq->proxy_user, a->proxy_user);
    fill(rq->proxy_groups, sizeof rq->proxy_groups, a->proxy_groups);
    rq->secure = a->secure;
    fill(rq->last_event_id, sizeof rq->last_event_id, a->last_event_id);
    rq->takes_gzip = a->takes_gzip;
    rq->body = body ? strdup(body) : NULL;
    rq->body_length = body ? strlen(body) : 0;
    fake_forget(&a->answer);
    a->watcher.request(a->watcher.to, rq);
    assert_true(a->answer.status != 0 || a->held); /* never replied to */
    return &a->answer;
}

const char *fake_at(const json_t *json, const char *path)
{
    static char text[256];
    char piece[64];
    uint64_t index;

    for (; *path && json; path += strcspn(path, "."), path += *path == '.') {
        (void)text_copy_n(piece, sizeof piece, path, strcspn(path, "."));
        if (json_is_array(json) && text_number(piece, 0, 1000000, &index))
            json = json_array_get(json, index);
        else
            json = json_object_get(json, piece);
    }
    (void)text_copy(text, sizeof text, "");
    if (json_is_string(json))
        (void)text_copy(text, sizeof text, json_string_value(json));
    else if (json_is_integer(json))
        (void)text_format(text, sizeof text, "%lld", (long long)json_integer_value(json));
    else if (json_is_boolean(json))
        (void)text_copy(text, sizeof text, json_is_true(json) ? "true" : "false");
    else if (json_is_null(json))
        (void)text_copy(text, sizeof text, "null");
    else if (json)
        (void)text_format(text, sizeof text, "[%zu]",
                          json_array_size(json) + json_object_size(json));
    return text;
}

bool fake_holds(const struct answer *a, const char *expected)
{
    char copy[1024], *rest = NULL;
    bool fine = true;

    assert_true(text_copy(copy, sizeof copy, expected));
    for (char *one = strtok_r(copy, " ", &rest); one; one = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(one, '=');

        assert_non_null(value);
        *value++ = '\0';
        if (strcmp(fake_at(a->json, one), value) != 0) {
            print_error("%s is '%s', not '%s', in %s\n", one, fake_at(a->json, one), value,
                        a->body ? a->body : "nothing");
            fine = false;
        }
    }
    return fine;
}

void fake_exchanges(struct app *a, const struct exchange *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct exchange *x = &table[i];
        const struct answer *got = fake_ask(a, x->request, x->if_match, x->body);

        if (got->status != x->status || (x->expected && !fake_holds(got, x->expected)))
            fail_msg("line %zu: %s %s gave %u, not %u: %s", i + 1, x->request,
                     x->body ? x->body : "", got->status, x->status, got->body ? got->body : "");
        if (got->status >= 400 && got->json) { /* every problem says what to do */
            assert_string_equal(got->type, "application/problem+json");
            assert_true(strlen(fake_at(got->json, "detail")) > 10);
            assert_true(text_starts(fake_at(got->json, "type"), "/api/problems/"));
            assert_true(text_starts(fake_at(got->json, "request_id"), "req_"));
        }
    }
}

struct call *fake_park(struct app *a, const char *orbit, const char *caller, const char *parker)
{
    number_key number = number_read(orbit, NULL);
    const struct range *r = ranges_holding(&a->deployment.ranges, number);
    struct call *c = calls_new(a->park.calls);

    assert_true(c && r);
    assert_true(orbits_take_this(a->park.orbits, number, c->id, true, FAKE_NOW));
    c->state = CALL_PARKED;
    c->orbit = number;
    c->has_orbit = true;
    c->range = r->id;
    (void)text_copy(c->caller.display, sizeof c->caller.display, caller);
    (void)text_format(c->caller.uri, sizeof c->caller.uri, "sip:%s@example.com", caller);
    (void)text_copy(c->parker.display, sizeof c->parker.display, parker);
    (void)text_format(c->parker.uri, sizeof c->parker.uri, "sip:%s@example.com", parker);
    c->parker_known = true;
    deployment_rules(&a->deployment, NULL, r->id, &c->rules, NULL);
    c->parked_at = FAKE_NOW - 60000;
    c->parked_wall = FAKE_WALL - 60000;
    c->deadline = FAKE_NOW + 30000;
    c->give_up_at = FAKE_NOW + 3600000;
    c->version = 1;
    calls_timed(a->park.calls, c);
    return c;
}
