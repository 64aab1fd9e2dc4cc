/* What joins the edges: takes their events, gives them to the core with the time, carries out what
 * the core answers. Alone in knowing how edges work together. All functions here are for the loop
 * thread, on which the API runs too: nothing here waits. */
#ifndef CALLPARK_APP_APP_H
#define CALLPARK_APP_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "app/config.h"
#include "core/park.h"
#include "http/http.h"
#include "media/media.h"
#include "sip/sip.h"
#include "store/store.h"

struct app;

/* Open the store, load it, start all edges. A failure names the part and what to do. */
int app_new(struct app **out, const struct app_config *config, struct err *err);
/* Run until app_stop(); then stop the edges without hanging up on anybody. 0 or a negative errno.
 */
int app_run(struct app *a);
/* End the loop, or reload the configuration; async-signal-safe. */
void app_stop(struct app *a);
void app_want_reload(struct app *a);
void app_free(struct app *a);

/* ---- the API's way in --------------------------------------------------------------------------
 */

/* One thing that happened, for watchers: a step of a call, or a change an administrator made. */
struct app_event {
    const char *name;  /* "call.parked", "range.updated", "settings.updated", "system.draining" */
    const char *topic; /* "calls", "ranges", "settings", "system" */
    wall_msec at;
    call_id call;        /* 0: none. Still readable by app_call() while the watcher runs */
    range_id range;      /* 0: none */
    const char *why;     /* in words */
    const char *subject; /* name of the site, destination, scope; "" */
};

struct app_watcher {
    void *to;
    void (*request)(void *to, struct http_request *rq); /* owns it until http_reply() */
    void (*event)(void *to, const struct app_event *ev);
    void (*second)(void *to); /* about once a second */
};

void app_watch(struct app *a, const struct app_watcher *watcher); /* once, before app_run() */

struct http_server *app_http(struct app *a);
const struct app_config *app_config(const struct app *a);
const struct deployment *app_deployment(const struct app *a);
struct park *app_park(struct app *a);                   /* to read, and for park_next_step() */
const struct call *app_call(struct app *a, call_id id); /* NULL: ended or never was */
msec app_now(const struct app *a);                      /* of this turn of the loop */
wall_msec app_wall(const struct app *a, msec moment); /* a moment of the loop's clock, for people */
bool app_token_is(const struct app *a, const char *token); /* in constant time */
const char *app_token_path(const struct app *a);
bool app_draining(const struct app *a);
bool app_store_fine(const struct app *a, char why[ERR_TEXT_SIZE]);
void app_listener(const struct app *a, unsigned n,
                  char to[96]); /* SIP listeners as bound; "" behind the last */

/* The steps of a live call, oldest first; how many. Of one that has ended the store knows them. */
size_t app_steps(const struct app *a, call_id id, const struct call_step **steps);

struct app_counts {
    uint64_t parks_ok, parks_full, parks_refused, parks_failed;
    uint64_t ends[OUT_INTERRUPTED + 1]; /* by outcome */
    uint64_t ringbacks_answered, ringbacks_busy, ringbacks_no_answer, ringbacks_failed;
    uint64_t retrieves, retrieve_refused, commands, store_failures, events_dropped;
    uint64_t
        park_seconds_bucket[10]; /* waiting times up to 1,5,15,30,60,90,120,300,600 s and above */
    double park_seconds_sum;
    uint32_t queue_length;
    wall_msec started;
};
void app_count(struct app *a, struct app_counts *out);
void app_sip_count(struct app *a, struct sip_counts *out);
void app_media_count(struct app *a, struct media_counts *out);

/* ---- what an administrator changes -------------------------------------------------------------
 */

enum admin_what {
    ADMIN_RANGE_PUT,    /* range.id 0: a new one, gets its id; else the present version + 1 */
    ADMIN_RANGE_REMOVE, /* range.id */
    ADMIN_DESTINATION_PUT,
    ADMIN_DESTINATION_REMOVE,
    ADMIN_SITE_PUT,
    ADMIN_SITE_REMOVE,
    ADMIN_SETTINGS_PUT /* a scope's settings as a whole; an empty set resets the scope */
};

enum admin_mode {
    MODE_REFUSE,
    MODE_DRAIN,
    MODE_FORCE
}; /* when calls are parked where a range goes away */

struct admin_change {
    enum admin_what what;
    bool fresh;         /* must not exist yet (POST) */
    bool check_version; /* only if the present version is `version` (If-Match) */
    uint32_t version;
    enum admin_mode mode;
    struct range range;
    struct destination destination; /* its settings are left as they are */
    struct site site;               /* likewise */
    struct scope scope;
    struct settings settings;
};

enum admin_status {
    ADMIN_DONE,
    ADMIN_INVALID, /* `verdict` and `err` say what and where */
    ADMIN_NOT_FOUND,
    ADMIN_EXISTS,
    ADMIN_VERSION, /* someone else changed it: the present one is in the tables */
    ADMIN_IN_USE,  /* `calls` are parked there, or something refers to it */
    ADMIN_STORE,   /* the store refused or failed: nothing was changed */
    ADMIN_BUSY     /* too many changes wait: try again */
};

struct admin_result {
    enum admin_status status;
    size_t index; /* which change of the list is at fault */
    struct range_verdict verdict;
    struct err err;
    call_id calls[32]; /* IN_USE: the first of them */
    size_t call_count; /* how many in all */
    range_id range;    /* of the first RANGE_PUT */
    bool drains;       /* the range stays until its last call leaves */
};

typedef void admin_done(void *context, const struct admin_result *result);

/* Check and make a list of changes, all or none; they are taken one list after the other. `done` is
 * called once, maybe before this returns, after the commit. With `dry_run` everything is checked
 * and nothing is changed. `actor` is for the log and the events. The list is copied. */
void app_admin(struct app *a, const struct admin_change *changes, size_t count, bool dry_run,
               const char *actor, admin_done *done, void *context);

/* A command on a live call: EV_DO_* with `call`, `uri`, `span`, `text`. False with the reason in
 * `why` when it makes no sense now. */
bool app_command(struct app *a, const struct event *command, char why[WHY_SIZE]);

/* Read from the store; `rows` NULL and `err` set when it failed. The receiver frees the rows. */
typedef void app_rows(void *context, struct store_rows *rows, const char *err);
void app_ask(struct app *a, const struct store_query *query, app_rows *done, void *context);

/* Refuse new parks (503) from now on; or take them again. */
void app_drain(struct app *a, bool draining);
int app_reload(struct app *a, struct err *err);
typedef void app_backup_done(void *context, const char *err); /* NULL: it is there */
void app_backup(struct app *a, const char *path, app_backup_done *done, void *context);

#endif
