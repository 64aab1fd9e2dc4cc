/* Changes of what administrators decide: handed to the app, and what it says about them put in
 * words. */
#include <stdlib.h>
#include <string.h>

#include "api/scope.h"
#include "base/text.h"

static const char *slug_of(enum range_fault fault)
{
    switch (fault) {
    case RANGE_BAD_NAME:
        return "invalid-name";
    case RANGE_BAD_NUMBER:
    case RANGE_BAD_PARK_NUMBER:
        return "invalid-number";
    case RANGE_LENGTH_MISMATCH:
        return "length-mismatch";
    case RANGE_TOO_LARGE:
        return "range-too-large";
    case RANGE_POOL_FULL:
        return "pool-capacity";
    case RANGE_NAME_TAKEN:
        return "name-taken";
    case RANGE_OVERLAP:
        return "range-overlap";
    case RANGE_NO_DESTINATION:
        return "unknown-destination";
    case RANGE_TABLE_FULL:
        return "too-many";
    case RANGE_TYPE_IN_USE:
        return "range-in-use";
    case RANGE_FINE:
        break;
    }
    return "invalid-value";
}

static json_t *conflicts(const struct app *a, const struct range_verdict *v)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < v->conflict_count; i++) {
        const struct range *r = ranges_by_id(&app_deployment(a)->ranges, v->conflicts[i]);
        char id[IDENT_SIZE];

        if (r) /* one of the same import is in no table yet */
            (void)json_array_append_new(
                list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "id", ident_range(id, r->id),
                                "name", show_text(r->name), "start", show_number(r->first), "end",
                                show_number(r->last), "destination", show_text(r->destination),
                                "type", range_type_name(r->type)));
    }
    return list;
}

static json_t *range_extras(const struct app *a, const struct range_verdict *v)
{
    json_t *more = json_object();

    if (v->conflict_count)
        (void)json_object_set_new(more, "conflicts", conflicts(a, v));
    if (v->free_first)
        (void)json_object_set_new(more, "suggestion",
                                  json_pack("{s:o, s:o}", "start", show_number(v->free_first),
                                            "end", show_number(v->free_last)));
    return more;
}

json_t *admin_range_problem(const struct app *a, const struct range_verdict *v,
                            const struct err *err)
{
    char detail[ERR_TEXT_SIZE + 2];
    json_t *body, *more = range_extras(a, v);

    (void)text_format(detail, sizeof detail, "%s.", err->text); /* fits */
    body = problem_json(slug_of(v->fault), v->pointer, detail);
    (void)json_object_update(body, more);
    json_decref(more);
    return body;
}

void admin_refuse_range(struct ask *q, const struct range_verdict *v, const struct err *err)
{
    reply_problem_with(q, slug_of(v->fault), v->pointer, range_extras(q->app, v), "%s.", err->text);
}

static json_t *calls_in_the_way(struct ask *q, const struct admin_result *r)
{
    struct app *a = q->app;
    json_t *list = json_array();

    for (size_t i = 0; i < r->call_count && i < sizeof r->calls / sizeof r->calls[0]; i++) {
        const struct call *c = app_call(a, r->calls[i]);
        bool full = c && scope_numbers(a, &q->who.rights, c->range);
        char id[IDENT_SIZE];

        if (c)
            (void)json_array_append_new(
                list,
                json_pack("{s:s, s:o, s:s, s:o, s:o}", "id", ident_call(id, c->id), "orbit",
                          show_number(c->orbit), "state", call_state_name(c->state), "caller",
                          show_caller(&c->caller, full), "parker", show_party(&c->parker, full)));
    }
    return list;
}

static void refuse_in_use(struct ask *q, const struct admin_result *r)
{
    json_t *more;

    if (r->last_administrator) {
        reply_problem(q, "last-administrator", NULL, "%s.", r->err.text);
        return;
    }
    more = json_object();

    if (r->call_count) {
        (void)json_object_set_new(more, "calls", calls_in_the_way(q, r));
        (void)json_object_set_new(more, "call_count", json_integer((json_int_t)r->call_count));
    }
    reply_problem_with(
        q, r->call_count || r->verdict.fault == RANGE_TYPE_IN_USE ? "range-in-use" : "in-use",
        r->verdict.pointer, more, "%s.", r->err.text);
}

static void refuse_version(struct ask *q, const struct admin_result *r)
{
    json_t *more = json_object(), *now = q->current ? q->current(q) : NULL;

    if (now)
        (void)json_object_set_new(more, "current", now);
    reply_problem_with(q, "precondition-failed", NULL, more,
                       "%s. It is shown in 'current': look at it and ask again.", r->err.text);
}

static void refuse(struct ask *q, const struct admin_result *r)
{
    switch (r->status) {
    case ADMIN_INVALID:
        if (r->verdict.fault != RANGE_FINE)
            admin_refuse_range(q, &r->verdict, &r->err);
        else
            reply_problem(q, "invalid-value", r->verdict.pointer, "%s.", r->err.text);
        break;
    case ADMIN_NOT_FOUND:
        reply_problem(q, "not-found", NULL, "%s.", r->err.text);
        break;
    case ADMIN_EXISTS:
        reply_problem(q, "name-taken", NULL, "%s.", r->err.text);
        break;
    case ADMIN_VERSION:
        refuse_version(q, r);
        break;
    case ADMIN_IN_USE:
        refuse_in_use(q, r);
        break;
    case ADMIN_STORE:
        reply_problem(q, "store-failed", NULL, "%s: %s.",
                      q->half_made ? q->half_made : "Nothing was changed", r->err.text);
        break;
    case ADMIN_BUSY:
    case ADMIN_DONE: /* not refused */
        reply_problem(q, "overloaded", NULL, "%s: %s.",
                      q->half_made ? q->half_made : "Nothing was changed", r->err.text);
        break;
    }
}

static void made(void *ask, const struct admin_result *result)
{
    struct ask *q = ask;

    struct admin_result r = *result;

    if (r.status == ADMIN_DONE) {
        q->made(q, result);
        return;
    }
    if (q->explain && r.status != ADMIN_STORE && r.status != ADMIN_BUSY)
        q->explain(q, &r);
    refuse(q, &r);
}

void admin_make(struct ask *q, const struct admin_change *changes, size_t count,
                void (*done)(struct ask *q, const struct admin_result *result))
{
    q->made = done;
    app_admin(q->app, changes, count, q->dry_run, &q->actor, made, q);
}

void admin_deleted(struct ask *q, const struct admin_result *result)
{
    (void)result;
    if (q->dry_run)
        reply_json(q, 200, json_pack("{s:b, s:s}", "dry_run", 1, "result", "deleted"));
    else
        reply_nothing(q);
}
