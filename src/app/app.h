/* What joins the edges: takes their events, gives them to the core with the time, carries out what
 * the core answers. Alone in knowing how edges work together. All functions here are for the loop
 * thread, on which the API runs too: nothing here waits. */
#ifndef CALLPARK_APP_APP_H
#define CALLPARK_APP_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "app/config.h"
#include "core/access.h"
#include "core/park.h"
#include "core/throttle.h"
#include "http/http.h"
#include "media/decoder.h"
#include "media/media.h"
#include "sip/sip.h"
#include "store/store.h"

struct app;
struct admin_change;

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
    const char *topic; /* "calls", "ranges", "settings", "system", "audit" */
    wall_msec at;
    call_id call;        /* 0: none. Still readable by app_call() while the watcher runs */
    range_id range;      /* 0: none */
    const char *why;     /* in words */
    const char *subject; /* name of the site, destination, scope, user; "" */
    const struct audit_entry *audit; /* "audit.added"; NULL: another event */
};

/* What administrators decide, before or after a change. */
struct admin_view {
    const struct deployment *deployment;
    const struct access *access;
};

struct app_watcher {
    void *to;
    void (*request)(void *to, struct http_request *rq); /* owns it until http_reply() */
    void (*event)(void *to, const struct app_event *ev);
    void (*second)(void *to); /* about once a second */
    void (*soon)(void *to);   /* after app_soon() */
    /* May be NULL: once, when the loop begins; after the configuration was read again. */
    void (*started)(void *to);
    void (*reloaded)(void *to);
    /* Say in `out` what a change does (action, subject, subject_id, before, after): it is written
     * together with the change. `before` is what holds, `after` what the whole list makes of it.
     * False: nothing to note. NULL: nothing ever is. */
    bool (*describe)(void *to, const struct admin_change *c, const struct admin_view *before,
                     const struct admin_view *after, struct audit_entry *out);
};

void app_watch(struct app *a, const struct app_watcher *watcher); /* once, before app_run() */
/* Have the watcher's soon() called, once, in the twentieth part of a second. */
void app_soon(struct app *a);

struct http_server *app_http(struct app *a);
const struct app_config *app_config(const struct app *a);
const struct deployment *app_deployment(const struct app *a);
const struct access *app_access(const struct app *a);
/* While a watcher hears of an administrator's change: the tables as they were before it. */
const struct deployment *app_deployment_before(const struct app *a);
struct park *app_park(struct app *a);                   /* to read, and for park_next_step() */
const struct call *app_call(struct app *a, call_id id); /* NULL: ended or never was */
msec app_now(const struct app *a);                      /* of this turn of the loop */
wall_msec app_wall(const struct app *a, msec moment); /* a moment of the loop's clock, for people */
bool app_token_is(const struct app *a, const char *token); /* in constant time */
const char *app_token_path(const struct app *a);
bool app_draining(const struct app *a);
bool app_store_fine(const struct app *a, char why[ERR_TEXT_SIZE]);
/* Can the store be written? */
struct app_store_state {
    enum store_trouble trouble;
    wall_msec since;         /* 0: it is fine */
    char why[ERR_TEXT_SIZE]; /* what is wrong, and what to do */
    bool from_memory; /* new calls are parked all the same in a trouble, without being on disk */
    bool rows_behind; /* calls are not all in the store as they are */
    uint64_t kept;    /* steps, records and the like that wait for the end of the trouble */
    struct store_lost lost;
};
void app_store_state(const struct app *a, struct app_store_state *out);
/* What the store is: its kind, and its file. */
struct app_store {
    char kind[16];   /* "sqlite", "memory" */
    char where[512]; /* path of its file; "" : none */
    uint64_t bytes;  /* of the file with its journal */
    unsigned schema;
};
void app_store(const struct app *a, struct app_store *out);
void app_listener(const struct app *a, unsigned n,
                  char to[96]); /* SIP listeners as bound; "" behind the last */

/* Where people find the web page, "https://park.contoso.com", without a slash behind it; false: it
 * is served nowhere but on the admin socket. */
bool app_web_url(const struct app *a, char to[300]);

/* The ids by which this call and no other can be picked up; an address to dial that is good for it
 * alone (false: too long). */
void app_pickup(const struct app *a, call_id call, struct pickup *out);
bool app_ticket(const struct app *a, const struct call *c, char to[URI_SIZE]);

/* The steps of a live call, oldest first; how many. Of one that has ended the store knows them.
 * They stay until the steps of a call are asked for again. */
size_t app_steps(struct app *a, call_id id, const struct call_step **steps);

struct app_counts {
    uint64_t parks_ok, parks_full, parks_overload, parks_refused, parks_failed;
    uint64_t ends[OUT_INTERRUPTED + 1]; /* by outcome */
    uint64_t ringbacks_answered, ringbacks_busy, ringbacks_no_answer, ringbacks_failed,
        ringbacks_unconfirmed;             /* answered, and nobody pressed 1 */
    uint64_t audio_stopped, audio_refused; /* by the guard against floods, see guard.c */
    uint64_t retrieves, retrieve_refused, pins_asked, pins_wrong, commands, store_failures,
        events_dropped;
    uint64_t
        park_seconds_bucket[10]; /* waiting times up to 1,5,15,30,60,90,120,300,600 s and above */
    double park_seconds_sum;
    uint32_t queue_length;
    wall_msec started;
};
void app_count(struct app *a, struct app_counts *out);
void app_sip_count(struct app *a, struct sip_counts *out);
/* The server of other systems in this place, below SIP_HOPS_MAX; NULL: none is remembered there. */
const struct sip_hop *app_hop(const struct app *a, unsigned place);
void app_media_count(struct app *a, struct media_counts *out);

/* ---- who somebody is ---------------------------------------------------------------------------
 */

/* Who does something: for the log, the timeline and the audit trail. */
struct actor {
    char name[DISPLAY_SIZE];  /* "anna", "anna@proxy", "user 0 on the admin socket" */
    char source[SOURCE_SIZE]; /* from which address; "": ourselves */
    char request[24];         /* "req_..." */
};

/* Argon2id (libsodium's INTERACTIVE: 64 MiB, some 100 ms) on the chores' thread. `done` is called
 * on the loop; not at all when the server ends before. False: too many wait, try again. The
 * password is copied, and the copy wiped. */
typedef void app_password_checked(void *context, bool fits);
typedef void app_password_made(void *context, const char *hash); /* NULL: no memory for it */
/* `hash` NULL or "": takes as long as any other and does not fit. */
bool app_password_check(struct app *a, const char *password, const char *hash,
                        app_password_checked *done, void *context);
bool app_password_make(struct app *a, const char *password, app_password_made *done, void *context);

/* The password of the user's phone: what SIP has to know of it goes into `u`, for this server's
 * realm. False: this machine cannot compute it. */
bool app_sip_password(const struct app *a, const char *password, struct user *u);

/* Logins: who is signed in by a cookie. What the API calls a session. Pointers are good until the
 * next of these functions that changes something, or the end of the turn. */
#define LOGINS_MAX 4096
#define LOGINS_OF_ONE 100 /* user */
#define SECRET_SIZE 65    /* 256 random bits in hex */

/* `secret` is told once and kept nowhere. NULL: there is no such user, or he is disabled. When the
 * table is full the login that was not seen for longest ends. */
const struct login *app_login_new(struct app *a, const char *user, const char *source,
                                  const char *agent, char secret[SECRET_SIZE]);
/* Whose secret is it, and does it still hold? It has been seen now. NULL: no. */
const struct login *app_login_by_secret(struct app *a, const char *secret);
const struct login *app_login_find(const struct app *a, login_id id); /* NULL: ended */
/* In order of their ids, those that ran out left out; 0: the first. NULL behind the last. */
const struct login *app_login_next(const struct app *a, login_id previous);
bool app_login_end(struct app *a, login_id id); /* false: there is none */
/* All of a user but one (0: all); how many. */
size_t app_logins_end_of(struct app *a, const char *user, login_id except);

/* One-time links, good for 30 minutes and one use; kept in memory alone and only as hashes. User
 * "": it sets up the first administrator, and is worth nothing when there is one. */
void app_link_make(struct app *a, const char *user, char token[SECRET_SIZE], wall_msec *expires);
/* Is it good? `user` is filled in. It is not used up. */
bool app_link_holds(const struct app *a, const char *token, char user[USER_SIZE]);
bool app_link_take(struct app *a, const char *token, char user[USER_SIZE]); /* and used up */

/* An access token was used: its `used_at` is now, on disk about once a minute. */
void app_token_used(struct app *a, token_id id);

/* Is there nobody who may administer everything? */
bool app_setup_needed(const struct app *a);

struct throttle *app_throttle(struct app *a);

/* Note something that is no change of the tables: a sign-in, a command on a call, a backup. Actor,
 * source, request, action, subject and the like are the caller's; `at` is filled in if it is 0, id
 * and chain by the store. */
void app_audit(struct app *a, const struct audit_entry *e);

/* ---- chores ------------------------------------------------------------------------------------
 */

/* Work that takes long and touches no table, on a thread of its own, one after the other. It stands
 * at the head of whatever the caller needs for it. */
#define CHORES_WAITING 64
struct chore {
    void (*run)(struct chore *c); /* on the chores' thread */
    /* On the loop, exactly once. The chore is the caller's again. */
    void (*done)(struct app *a, struct chore *c);
    bool dropped; /* the server ends: run() was not called */
};
bool app_chore(struct app *a, struct chore *c); /* false: CHORES_WAITING wait already */

/* ---- what an administrator changes -------------------------------------------------------------
 */

enum admin_what {
    ADMIN_RANGE_PUT,    /* range.id 0: a new one, gets its id; else the present version + 1 */
    ADMIN_RANGE_REMOVE, /* range.id */
    ADMIN_DESTINATION_PUT,
    ADMIN_DESTINATION_REMOVE,
    ADMIN_SITE_PUT,
    ADMIN_SITE_REMOVE,
    ADMIN_SETTINGS_PUT, /* a scope's settings as a whole; an empty set resets the scope */
    /* A new user gets created_at, others keep theirs. Disabling ends the user's logins; removing
     * takes bindings, access tokens and logins along. */
    ADMIN_USER_PUT,
    ADMIN_USER_REMOVE,    /* user.name */
    ADMIN_BINDING_PUT,    /* binding.id 0: a new one, gets its id */
    ADMIN_BINDING_REMOVE, /* binding.id */
    ADMIN_TOKEN_PUT,      /* token.id 0: a new one, gets its id and created_at */
    ADMIN_TOKEN_REMOVE    /* token.id */
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
    struct scope scope;             /* of a range without an id yet: range 0, its name in `name` */
    struct settings settings;
    struct user user;
    struct binding binding;
    struct access_token token;
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
    call_id calls[32];       /* IN_USE: the first of them */
    size_t call_count;       /* how many in all */
    range_id range;          /* of the first RANGE_PUT */
    binding_id binding;      /* of the first BINDING_PUT */
    token_id token;          /* of the first TOKEN_PUT */
    bool drains;             /* the range stays until its last call leaves */
    bool last_administrator; /* IN_USE: nobody would be left who may administer everything */
};

typedef void admin_done(void *context, const struct admin_result *result);

/* Check and make a list of changes, all or none; they are taken one list after the other. `done` is
 * called once, maybe before this returns, after the commit. With `dry_run` everything is checked
 * and nothing is changed. `actor` is for the log, the events and the audit trail. The list is
 * copied. Roles that hold at a range, destination or site go when it goes. */
void app_admin(struct app *a, const struct admin_change *changes, size_t count, bool dry_run,
               const struct actor *actor, admin_done *done, void *context);

/* A command on a live call: EV_DO_* with `call`, `uri`, `span`, `text`. False with the reason in
 * `why` when it makes no sense now. */
bool app_command(struct app *a, const struct event *command, char why[WHY_SIZE]);

/* What would happen to this INVITE. Its source is looked up in the trusted networks, unless it is
 * ""; then `in->trusted` holds. `replaces` is the value of a Replaces header, or the number of an
 * orbit for the leg of the caller who waits there; "": none. Nothing is changed but `in`. */
void app_foresee(struct app *a, struct invite *in, const char *replaces, struct foresight *out);

/* Have a call fetched (EV_DO_PARK): `done` is told when it is parked, or with `until_parked` false
 * as soon as it is written and being called; call 0: why not, with the code that a phone would have
 * got. Called once, maybe before this returns, unless the server ends before. */
typedef void app_park_done(void *context, call_id call, uint16_t code, const char *why);
void app_park_call(struct app *a, const struct event *command, bool until_parked,
                   app_park_done *done, void *context);

/* Read from the store; `rows` NULL and `err` set when it failed. The receiver frees the rows. */
typedef void app_rows(void *context, struct store_rows *rows, const char *err);
void app_ask(struct app *a, const struct store_query *query, app_rows *done, void *context);

/* ---- music -------------------------------------------------------------------------------------
 */

/* A file that the store has; NULL: none of that hash. Good until the next is put. */
const struct music_file *app_music_file(const struct app *a, const char *sha256);

enum music_status { MUSIC_FINE, MUSIC_UNREADABLE, MUSIC_STORE, MUSIC_BUSY };

struct music_result {
    enum music_status status;
    struct err err;         /* not FINE: a sentence for whoever has sent it */
    struct music_file file; /* FINE */
    bool cut;               /* it is longer than ten minutes; the rest will not be heard */
};
typedef void app_music_put_done(void *context, const struct music_result *result);

struct music_upload {
    char *data; /* malloc'ed, taken over; NULL: it is empty */
    size_t size;
    const char *name, *by; /* of the file; of whoever sends it */
    bool dry_run;          /* only read it */
};

/* Read a file, check it, keep it, and have it ready to be heard. Nobody hears it before a setting
 * names it. `done` is called once, unless the server ends before. */
void app_music_put(struct app *a, const struct music_upload *given, app_music_put_done *done,
                   void *context);

/* The bytes of a file, or `as_heard`: a WAV file of it; "" is the configured piece, which can only
 * be had as heard. The receiver frees them; NULL with `err` when it failed. Not called when the
 * server ends before. */
typedef void app_music_bytes(void *context, char *bytes, size_t size, const char *err);
void app_music_get(struct app *a, const char *sha256, bool as_heard, app_music_bytes *done,
                   void *context);

/* ---- the server as a whole ---------------------------------------------------------------------
 */

/* Refuse new parks (503) from now on; or take them again. */
void app_drain(struct app *a, bool draining);
int app_reload(struct app *a, struct err *err);
typedef void app_backup_done(void *context, const char *err); /* NULL: it is there */
void app_backup(struct app *a, const char *path, app_backup_done *done, void *context);

/* ---- a backup that is read again ---------------------------------------------------------------
 */

struct app_restore; /* a copy of the backup, and what is in it */
typedef void app_restore_done(void *context, struct app_restore *r, const char *err);

/* Read the backup at this path of the server. `done` is called once, unless the server ends before;
 * with a `r` that the caller frees, or with words. */
void app_restore_read(struct app *a, const char *path, app_restore_done *done, void *context);
const struct deployment *app_restore_deployment(const struct app_restore *r);
const struct access *app_restore_access(const struct app_restore *r);
/* Add its records, its steps and its music to what is there; nothing is replaced. `r` must live
 * until `done`. */
void app_restore_merge(struct app *a, struct app_restore *r, app_backup_done *done, void *context);
void app_restore_free(struct app_restore *r); /* NULL is fine */

/* ---- the demo: callers to look at, and a phone that answers -----------------------------------
 */

#define APP_DEMO_SECONDS 600u /* then it ends by itself */

struct app_demo {
    bool running;
    unsigned calls;
    char phone[URI_SIZE]; /* "" : not known yet */
    wall_msec ends_at;
};
typedef void app_demo_done(void *context, const char *err); /* NULL: its callers are there */

/* -EALREADY when one runs; otherwise `done` is called once, unless the server ends before. */
int app_demo_start(struct app *a, unsigned calls, app_demo_done *done, void *context,
                   struct err *err);
bool app_demo_end(struct app *a); /* false: none runs */
void app_demo(const struct app *a, struct app_demo *out);

/* What the helper (sys/helper.h) does for it, under a number behind those of the media edge. */
enum { WORK_DEMO = WORKS_OF_MEDIA };
int app_demo_work(const char *argument);

#endif
