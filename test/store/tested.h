/* A store under test: its reports in a queue, rows to put in, and what a load gives back. */
#ifndef CALLPARK_TEST_STORE_TESTED_H
#define CALLPARK_TEST_STORE_TESTED_H

#include "store/store.h"
#include "sys/queue.h"

struct tested {
    struct store *store;
    struct queue *events;
    char url[256];
    char folder[128]; /* of the SQLite file; "" : none was made */
};

/* What store_load() gave, in the order it came in. */
struct loaded {
    struct site site[16];
    struct destination destination[16];
    struct range range[16];
    struct {
        struct scope scope;
        struct settings said;
    } settings[16];
    struct stored_call call[16];
    struct stored_leg leg[16];
    struct user user[16];
    struct binding binding[16];
    struct access_token token[16];
    struct login login[16];
    struct music_file file[16];
    unsigned sites, destinations, ranges, scopes, calls, legs, users, bindings, tokens, logins;
    struct stored_watch watch[16];
    unsigned files, watches;
};

void tested_open(struct tested *t, const char *kind); /* "memory" or "sqlite"; not started */
void tested_start(struct tested *t);
void tested_close(struct tested *t);  /* the store; its content stays */
void tested_reopen(struct tested *t); /* closed, and open again; not started */
void tested_done(struct tested *t);   /* all of it */
void tested_path(const struct tested *t, char *to, size_t size, const char *end);

struct loaded *tested_load(struct tested *t); /* free() it */

/* The next report; fails the test if none comes. */
struct store_event tested_event(struct tested *t);

/* The same, but what is told of troubles is passed over. */
struct store_event tested_report(struct tested *t);

/* Submit one group and wait for its report. */
enum store_result tested_write(struct tested *t, const struct change *changes, size_t count,
                               char text[ERR_TEXT_SIZE]);
void tested_must_write(struct tested *t, const struct change *changes, size_t count);
struct change_group tested_group(uint64_t token, const struct change *changes, size_t count);

struct store_rows *tested_ask(struct tested *t, const struct store_query *q);

/* Rows with something in every field. */
struct change row_range(range_id id, const char *name, number_key first, number_key last);
struct change row_destination(const char *fqdn, const char *site);
struct change row_site(const char *name);
struct change row_call(call_id id, number_key orbit);
struct change row_leg(leg_id leg, call_id call);
struct change row_record(call_id id, number_key orbit, enum outcome outcome, wall_msec parked_at);
struct change row_step(call_id call, uint32_t number);
struct change row_user(const char *name);
struct change row_binding(binding_id id, const char *user, enum scope_kind kind);
struct change row_token(token_id id, const char *user);
struct change row_login(login_id id, const char *user);
struct change row_watch(uint64_t number, const char *text);
struct change row_audit(const char *actor, const char *action, const char *subject, wall_msec at);
struct change row_settings(enum scope_kind kind, const char *name, range_id range);

#endif
