/* An app for tests of the API: real tables, no edges, answers at once. What the HTTP edge would
 * have sent is kept for the test to look at. */
#ifndef CALLPARK_TEST_API_FAKE_H
#define CALLPARK_TEST_API_FAKE_H

#include <jansson.h>

#include "api/api.h"
#include "app/app.h"

#define FAKE_NOW 5000000        /* the loop's clock */
#define FAKE_WALL 1795446000000 /* 2026-11-23T15:00:00Z */
#define FAKE_TOKEN "sesame"
#define FAKE_LOGINS 16
#define FAKE_MUSIC 8
#define FAKE_AUDIT 48

/* What came back for the last request. */
struct answer {
    unsigned status;
    json_t *json; /* NULL: the body is none */
    char set_cookie[256], disposition[200];
    char *body, type[64], etag[32], location[HTTP_PATH_SIZE], link[HTTP_PATH_SIZE + 128], allow[64];
    unsigned retry_after;
    bool replayed;
    /* Of an answer that the program holds ready: */
    const unsigned char *bytes;
    size_t length; /* of whichever body */
    char encoding[16], cache[64];
};

/* What a restore reads. */
struct fake_backup {
    struct deployment deployment;
    struct access access;
};

struct app {
    struct fake_backup *backup; /* NULL: there is none */
    unsigned merges;
    struct app_config config;
    struct app_watcher watcher;
    struct deployment deployment, draft;
    struct access access, access_draft;
    struct throttle throttle;
    struct park park;
    void *orbits_memory, *calls_memory;
    struct app_counts counts;
    range_id last_range;
    uint64_t last_access; /* of role bindings, tokens, sessions */
    unsigned lists_made;
    struct fake_login {
        struct login login;
        char secret[SECRET_SIZE];
    } logins[FAKE_LOGINS];
    size_t login_count;
    struct fake_link {
        char token[SECRET_SIZE], user[USER_SIZE];
    } links[FAKE_LOGINS];
    size_t link_count;
    struct audit_entry audit[FAKE_AUDIT]; /* the oldest first */
    size_t audit_count;
    struct music_file music[FAKE_MUSIC];
    size_t music_count;
    enum music_status music_status;         /* of the next uploads */
    void (*music_meanwhile)(struct app *a); /* while the next one is read */
    struct api *api;
    struct answer answer;
    bool draining, store_bad, demo_refused;
    struct app_demo demo;
    struct http_certificate certificate; /* subject "" : there is no TLS */
    msec later;                          /* how far the loop's clock has moved on from FAKE_NOW */
    /* What the test wants to happen, or wants to know. */
    enum admin_status force; /* not ADMIN_DONE: every list of changes ends so */
    unsigned fail_after;     /* not 0: after so many lists the store fails */
    bool hold;               /* lists of changes are answered by fake_release() */
    admin_done *held;
    struct admin_change held_change; /* the first of what waits */
    void *held_context;
    struct refer refer; /* of the last EV_DO_PARK */
    bool until_parked;
    uint16_t refused_code;
    const char *command_refused; /* why the next commands are refused; NULL: they are not */
    struct event command;
    struct store_query query;
    struct store_rows *rows; /* what the store answers */
    struct call_step steps[8];
    size_t step_count;
    struct { /* event streams */
        uint64_t open, closed;
        bool refused;
        size_t behind;
        char text[65536];
    } streams;
    bool soon; /* the watcher wants to be called */
    unsigned passwords_tried;
    bool no_chores;                            /* too many passwords wait */
    void (*password_meanwhile)(struct app *a); /* while a hash is made */
    /* How the next requests come. */
    bool by_tcp;
    uid_t uid;
    const char *authorization, *accept, *if_none_match, *last_event_id, *content_type, *source;
    const char *idempotency_key, *cookie, *origin, *sec_fetch_site, *host, *proxy_user,
        *proxy_groups;
    bool secure;
    bool takes_gzip;
};

int fake_set_up(void **state);
int fake_tear_down(void **state);

/* "PATCH /api/v1/sites?dry_run=1", with an If-Match header and a body unless they are NULL. */
const struct answer *fake_ask(struct app *a, const char *request, const char *if_match,
                              const char *body);

void fake_forget(struct answer *answer); /* before the next one */

/* Let the list of changes go on that `hold` kept; until then its ask has status 0. */
const struct answer *fake_release(struct app *a);

/* The value at a path such as "items.0.name" as text: "4100", "17", "true", "null", "" for a place
 * that does not exist; of an object or a list its size, "[2]". Good until the next call. */
const char *fake_at(const json_t *json, const char *path);

/* "items.0.name=Lobby total=1": does every one of them hold? What does not is printed. */
bool fake_holds(const struct answer *a, const char *expected);

/* A scope that names a range of the same list, with its id. */
struct scope fake_resolve(const struct app *a, struct scope scope);

/* api_fake_people.c: what users, role bindings and tokens become. */
void fake_audit_rows(const struct app *a, const struct store_query *query, struct store_rows *rows);
enum admin_status fake_people(struct app *a, const struct admin_change *c,
                              struct admin_result *result);
/* A user with the password "correct horse", and a role unless `role` is ROLES. */
void fake_user(struct app *a, const char *name, enum role role, const char *site);
/* Requests come from now on over TCP, with a session of this user; "": with nothing. */
void fake_sign_in(struct app *a, const char *user);
/* What the trail says of the latest act, as "action actor subject". */
const char *fake_noted(const struct app *a);

/* A call parked in `orbit` for a minute now. */
struct call *fake_park(struct app *a, const char *orbit, const char *caller, const char *parker);

/* One line of a table: ask, and compare. The first character of `expected` may be a status alone.
 */
struct exchange {
    const char *request, *if_match, *body;
    unsigned status;
    const char *expected; /* as fake_holds() takes it; NULL: nothing */
};
void fake_exchanges(struct app *a, const struct exchange *table, size_t count);
#define FAKE_EXCHANGES(a, table) fake_exchanges(a, table, sizeof(table) / sizeof((table)[0]))

#endif
