/* Sessions: who is signed in, from where. What the rest of the code calls a login. */
#include <string.h>

#include "api/audit.h"
#include "api/auth.h"
#include "api/resources.h"
#include "base/text.h"

static const char *const sort_keys[] = { "id", NULL };

static json_t *session_json(const struct ask *q, const struct login *l)
{
    char id[IDENT_SIZE];

    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "id", ident_login(id, l->id),
                     "user", show_text(l->user), "source", show_text(l->source), "agent",
                     show_text(l->agent), "created_at", show_time(l->created_at), "seen_at",
                     show_time(l->seen_at), "expires_at", show_time(l->expires_at), "current",
                     q->who.login == l->id);
}

static bool is_own(const struct ask *q, const struct login *l)
{
    return q->who.user[0] && text_is(q->who.user, l->user);
}

/* The newest first: those are what somebody who looks for a stranger wants to see. */
void get_sessions(struct ask *q)
{
    bool all = ask_sees(q, MAY_USERS_READ, NULL);
    json_t *items = json_array(), *page_items = json_array();
    char user[USER_SIZE + 8] = "";
    struct page page;
    size_t total;

    if (!page_read(q, &page, sort_keys)) {
        json_decref(items);
        json_decref(page_items);
        return;
    }
    (void)http_query(q->rq, "user", user, sizeof user); /* one too long is nobody */
    for (const struct login *l = app_login_next(q->app, 0); l; l = app_login_next(q->app, l->id))
        if ((all || is_own(q, l)) && (!user[0] || text_is_nocase(user, l->user)))
            (void)json_array_append_new(items, session_json(q, l));
    total = json_array_size(items);
    for (size_t i = page.offset; i < total && i - page.offset < page.limit; i++)
        (void)json_array_append(page_items,
                                json_array_get(items, page.descending ? i : total - 1 - i));
    json_decref(items);
    reply_json(q, 200, page_json(q, &page, page_items, total));
}

static const struct login *asked(struct ask *q)
{
    login_id id;
    const struct login *l = ident_login_read(q->part, &id) ? app_login_find(q->app, id) : NULL;

    if (l && (is_own(q, l) || ask_sees(q, MAY_USERS_READ, NULL)))
        return l;
    reply_problem(q, "not-found", NULL, "There is no session '%.64s': it may have ended already.",
                  q->part);
    return NULL;
}

void delete_session(struct ask *q)
{
    const struct login *l = asked(q);
    char user[USER_SIZE];

    if (!l || !(is_own(q, l) ? users_may_change_self(q) : ask_may(q, MAY_USERS_WRITE, NULL)))
        return;
    if (!q->dry_run) {
        (void)text_copy(user, sizeof user, l->user); /* the same size */
        if (l->id == q->who.login)
            cookie_clear(q);
        (void)app_login_end(q->app, l->id);
        audit_act(q, "session.revoked", user, q->part, NULL, NULL);
    }
    admin_deleted(q, NULL);
}

void delete_sessions(struct ask *q)
{
    char given[USER_SIZE] = "", user[USER_SIZE];
    size_t ended;

    if (!http_query(q->rq, "user", given, sizeof given) || !user_name_read(given, user, NULL)) {
        reply_problem(q, "invalid-request", NULL,
                      "Say whose sessions are to end: DELETE /api/v1/sessions?user=NAME.");
        return;
    }
    if (!(text_is(user, q->who.user) ? users_may_change_self(q)
                                     : ask_may(q, MAY_USERS_WRITE, NULL)))
        return;
    if (!q->dry_run) {
        ended = app_logins_end_of(q->app, user, 0);
        if (ended > 0)
            audit_act(q, "session.revoked", user, "", NULL,
                      json_pack("{s:I}", "sessions", (json_int_t)ended));
    }
    admin_deleted(q, NULL);
}
