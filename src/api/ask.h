/* One request being answered, for the files of src/api. Whoever handles an ask replies to it
 * exactly once, now or when the app reports; every reply_*() ends the ask's life. */
#ifndef CALLPARK_API_ASK_H
#define CALLPARK_API_ASK_H

#include <jansson.h>

#include "app/app.h"
#include "core/access.h"

struct ask;
struct events;
struct idempotency;
struct rate;
struct once;
typedef void handler(struct ask *q);

struct api {
    struct app *app;
    struct events *events;
    struct idempotency *idempotency;
    struct rate *rate;
    struct ask *asks;     /* all that are not answered yet */
    struct ask *replied;  /* those that are, until the next request comes */
    uint64_t requests[6]; /* answers by hundred: [2] is 2xx */
};

/* How somebody has shown who he is. */
enum identity_kind {
    WHO_NOBODY,      /* on a route that is open */
    WHO_SOCKET,      /* root or our own user, on the admin socket */
    WHO_FIRST_TOKEN, /* the token of the first start */
    WHO_USER,        /* by a session that began with a password */
    WHO_TOKEN,       /* by a token of a user */
    WHO_PROXY        /* a trusted proxy has named him */
};

struct identity {
    enum identity_kind kind;
    char name[DISPLAY_SIZE]; /* for people: "anna", "user 0 on the admin socket" */
    char user[USER_SIZE];    /* of the store; "": none */
    token_id token;          /* of WHO_TOKEN */
    uint64_t login;          /* of WHO_USER: the session */
    unsigned groups;         /* of WHO_PROXY: roles that the proxy gives, bit 1 << role */
    struct rights rights;
};

struct ask {
    struct api *api;
    struct app *app;
    struct http_request *rq;
    struct http_reply reply;   /* ETag and the like are put here before a reply_*() */
    char part[HTTP_PATH_SIZE]; /* what stands for {} in the path, in plain */
    struct actor actor;        /* who asks, for the log, the timeline and the audit trail */
    struct identity who;       /* the same, and what he may do */
    bool dry_run;
    void *plan;                    /* the handler's own, freed with the ask */
    void (*plan_free)(void *plan); /* NULL: free() */
    /* The resource as it is now, and its version in reply.etag; NULL when it is gone. What a lost
     * race (412) is answered with. */
    json_t *(*current)(struct ask *q);
    struct once *once;     /* where its answer is kept, for an Idempotency-Key; NULL: nowhere */
    const char *half_made; /* what the first of two lists has changed already; NULL: nothing */
    /* Put words in front of why a list of changes was refused; NULL: nothing to say. */
    void (*explain)(struct ask *q, struct admin_result *r);
    void (*made)(struct ask *q, const struct admin_result *result); /* admin.c's */
    struct ask *next, **link;                                       /* in api->asks */
};

/* ---- api.c ---- */

struct ask *ask_new(struct api *api, struct http_request *rq);
/* `size` zeroed bytes that live as long as the ask; NULL: no memory, and replied to. */
void *ask_plan(struct ask *q, size_t size);
void ask_done(struct ask *q); /* after its reply; reply.c does it */

/* ---- router.c ---- */

void route(struct ask *q);

/* ---- identity.c ---- */

enum openness { OPEN_TO_NOBODY, OPEN_ON_LOOPBACK, OPEN_TO_ALL };

/* Find out who asks; a route that is open to him is asked by nobody in particular. False: replied
 * to with 401, 403 or 429. */
bool auth_allows(struct ask *q, enum openness open);
/* Is he still who he was? For a stream that stays open. What he may do is found anew. */
bool identity_holds(const struct app *a, struct identity *who);

/* ---- may.c ---- */

/* May he do this there? `where` NULL: to the deployment as a whole. False: replied to with 403. */
bool ask_may(struct ask *q, enum permission p, const struct place_of *where);
/* The same without a word, to leave out of a list what is not for him. */
bool ask_sees(const struct ask *q, enum permission p, const struct place_of *where);
/* May he do this anywhere? The router asks; what a handler shows or changes is then up to
 * ask_sees() and ask_may(). For what has no place, such as users, he must have it for the whole. */
bool ask_may_somewhere(struct ask *q, enum permission p);

/* ---- reply.c: each takes over what it is given, and ends the ask ---- */

void reply_json(struct ask *q, unsigned status, json_t *body);
/* The same, or 304 when the client has this version already. */
void reply_versioned(struct ask *q, json_t *body);
void reply_nothing(struct ask *q); /* 204 */
void reply_text(struct ask *q, unsigned status, const char *type, char *text);
/* What stands in q->reply as it is. */
void reply_bytes(struct ask *q, unsigned status);
void reply_stream(struct ask *q, uint64_t *stream);
/* An answer that was given before. */
void reply_again(struct ask *q, const struct http_reply *kept);

/* What the store was asked for has come? False: replied to, with `err` as the reason. */
bool reply_has_rows(struct ask *q, const struct store_rows *rows, const char *err);

/* A problem document (RFC 9457). `pointer` names the field at fault, NULL: none. */
void reply_problem(struct ask *q, const char *slug, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with further members. */
void reply_problem_with(struct ask *q, const char *slug, const char *pointer, json_t *more,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ---- problem.c ---- */

struct problem {
    const char *slug;
    unsigned status;
    const char *title;
    const char *help; /* what it means and what to do, for the page at its address */
};
const struct problem *problem_find(const char *slug); /* NULL: no such */
json_t *problem_json(const char *slug, const char *pointer, const char *detail);
void get_problem(struct ask *q);

/* ---- version.c ---- */

void version_etag(struct ask *q, uint32_t version);
/* Is the change asked for meant for version `present`? False: replied to with 428 or 412. The
 * version is put in `change`, so that one that came in between is noticed, too. */
bool version_matches(struct ask *q, uint32_t present, struct admin_change *change);
/* The same for what need not name a version: only a wrong one is refused. */
bool version_not_wrong(struct ask *q, uint32_t present);

/* ---- admin.c ---- */

/* Make a change; `done` replies when it is made (with `dry_run`, could be made). Anything else is
 * replied to as a problem. */
void admin_make(struct ask *q, const struct admin_change *changes, size_t count,
                void (*done)(struct ask *q, const struct admin_result *result));

/* A `done` for what was taken away: 204, or what a dry run would have done. */
void admin_deleted(struct ask *q, const struct admin_result *result);
/* What is wrong with a range, as a problem document. */
json_t *admin_range_problem(const struct app *a, const struct range_verdict *v,
                            const struct err *err);

void admin_refuse_range(struct ask *q, const struct range_verdict *v, const struct err *err);

/* ---- ident.c: ids as text ---- */

#define IDENT_SIZE 20
const char *ident_range(char to[IDENT_SIZE], range_id id); /* "rng_..." */
const char *ident_call(char to[IDENT_SIZE], call_id id);   /* "call_..." */
bool ident_range_read(const char *text, range_id *id);
bool ident_call_read(const char *text, call_id *id);
const char *ident_binding(char to[IDENT_SIZE], binding_id id); /* "rb_..." */
const char *ident_token(char to[IDENT_SIZE], token_id id);     /* "tok_..." */
const char *ident_login(char to[IDENT_SIZE], login_id id);     /* "ses_..." */
bool ident_binding_read(const char *text, binding_id *id);
bool ident_token_read(const char *text, token_id *id);
bool ident_login_read(const char *text, login_id *id);

/* ---- show.c: the resources as JSON ---- */

json_t *show_text(const char *text); /* never NULL: what is no UTF-8 is shown with '?' */
json_t *show_text_or_null(const char *text);
json_t *show_number(number_key number);
json_t *show_time(wall_msec when); /* 0, NEVER: null */
json_t *show_seconds(msec span);   /* NEVER: null */
json_t *show_range(struct app *a, const struct range *r);
/* With `full` callers' numbers are readable, else masked. */
json_t *show_call(struct app *a, const struct call *c, bool full);
json_t *show_caller(const struct party *p, bool full);
json_t *show_party(const struct party *p, bool full);
json_t *show_step(const struct call_step *s, bool full);
json_t *show_words(const char *text, bool full);
json_t *show_system(struct ask *q);      /* system.c */
json_t *show_store_state(struct app *a); /* likewise: see GET system */
json_t *show_checks(struct app *a);      /* health.c: [{name, ok, detail}] */
const char *show_status(struct app *a);  /* nodes.c: "ready", "draining", "not ready" */
json_t *show_demo(struct app *a);        /* demo.c */

#endif
