/* The store edge: what must survive. One worker owns the connection; changes of one turn of the
 * loop go to it as one list of groups and come back as one report each, after they are on disk.
 * Every implementation (memory for tests, SQLite) passes the same contract tests. */
#ifndef CALLPARK_STORE_STORE_H
#define CALLPARK_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/types.h"
#include "core/access.h"
#include "core/audit.h"
#include "core/calls.h"
#include "core/deployment.h"

enum change_type {
    /* Removing a range, a destination or a site takes the settings of that scope along; putting a
     * destination or a site leaves them as they are. Removing what is not there is no fault. */
    CHANGE_RANGE_PUT,
    CHANGE_RANGE_REMOVE,
    CHANGE_DESTINATION_PUT,
    CHANGE_DESTINATION_REMOVE,
    CHANGE_SITE_PUT,
    CHANGE_SITE_REMOVE,
    CHANGE_SETTINGS_PUT, /* a scope's settings as a whole; none set: removed */
    CHANGE_CALL_PUT,
    CHANGE_CALL_REMOVE, /* a call's removal takes its legs along */
    CHANGE_LEG_PUT,
    CHANGE_LEG_REMOVE,
    CHANGE_RECORD_PUT,
    CHANGE_STEP_ADD,
    CHANGE_USER_PUT,
    CHANGE_USER_REMOVE, /* a user's removal takes bindings, access tokens and logins along */
    CHANGE_BINDING_PUT,
    CHANGE_BINDING_REMOVE,
    CHANGE_TOKEN_PUT,
    CHANGE_TOKEN_REMOVE,
    CHANGE_LOGIN_PUT,
    CHANGE_LOGIN_REMOVE,
    CHANGE_AUDIT_ADD, /* id, prev and hash are filled in by the store, in order of commit */
    /* A file of music, or a name of today for one that is there. One that neither a setting nor a
     * call names is removed when the store is opened a day after it was put or later. */
    CHANGE_MUSIC_PUT,
    CHANGE_WATCH_PUT,
    CHANGE_WATCH_REMOVE,
    /* Rows of calls and legs that are not in `live` are removed: they are of those that went while
     * nothing could be written. */
    CHANGE_ROWS_KEEP
};

/* Which calls and legs there are, by rising id; malloc'ed, as the change is that it is in. */
struct live_rows {
    call_id *calls;
    leg_id *legs;
    size_t call_count, leg_count;
};

/* A live call; deadlines as wall-clock moments, so that they mean something after a restart. What
 * counts from the start of the process (every msec in `call` but those of its rules, and the
 * numbers of writes), the REFER that waits for its end and an exit that was asked for come back as
 * 0. */
struct stored_call {
    struct call call;
    wall_msec deadline, give_up_at, resume_at, next_deadline; /* NEVER: none */
    wall_msec connected_at;                                   /* 0: it was not */
    uint64_t clock; /* the wall clock less the loop's, as they were; may be less than 0 */
    char boot[40];  /* of the system by whose clock; "": not known */
};

/* A leg of a live call: its dialog and media in words of the edges, as text that the app made. */
struct stored_leg {
    leg_id leg;
    call_id call;
    char dialog[10240];
    char media[2048];
};

/* A subscription to lamps, in words of the SIP edge; so far as it is concerned only the number
 * counts here. */
struct stored_watch {
    uint64_t number;
    char text[4096];
};

struct call_record {
    call_id id;
    number_key orbit;
    range_id range;
    char range_name[NAME_SIZE];
    char destination[FQDN_SIZE], node[NAME_SIZE];
    struct party caller, parker, taker; /* who got the call in the end */
    wall_msec parked_at, ended_at;
    msec waited;
    uint32_t attempts;
    enum outcome outcome;
    char why[WHY_SIZE];
    char note[NOTE_SIZE];
};

struct call_step {
    call_id call;
    uint32_t number; /* 1, 2, 3 within the call */
    wall_msec at;
    char step[32]; /* "call.parked" */
    char why[WHY_SIZE];
};

/* A file that somebody uploaded, by what is in it. */
struct music_file {
    char sha256[MUSIC_SIZE];
    char name[NAME_SIZE]; /* "hold.wav"; "": it had none */
    char type[64];        /* "audio/wav" */
    uint64_t bytes;
    msec length; /* of what is heard */
    wall_msec uploaded_at;
    char uploaded_by[DISPLAY_SIZE];
};

struct stored_music {
    struct music_file file;
    void *data; /* file.bytes, malloc'ed; belongs to the change or the answer that it is in */
};

struct change {
    enum change_type type;
    union {
        struct range range;
        range_id range_gone;
        struct destination destination; /* REMOVE: only fqdn */
        struct site site;               /* REMOVE: only name */
        struct {
            struct scope scope;
            struct settings settings;
        } settings;
        struct stored_call call;
        call_id call_gone;
        struct stored_leg leg;
        leg_id leg_gone;
        struct call_record record;
        struct call_step step;
        struct user user; /* REMOVE: only name */
        struct binding binding;
        binding_id binding_gone;
        struct access_token token;
        token_id token_gone;
        struct login login;
        login_id login_gone;
        struct audit_entry audit;
        struct stored_music music;
        struct stored_watch watch;
        uint64_t watch_gone;
        struct live_rows live;
    };
};

/* Changes that hold or fall together; other groups of the same turn do not fall with it. */
struct change_group {
    uint64_t token;         /* comes back in the report; 0: no report wanted on success */
    struct change *changes; /* malloc'ed; store_submit() takes it over, with what they own */
    size_t count;
};
void store_changes_free(struct change *changes, size_t count); /* with what they own */

enum store_result { STORE_DONE, STORE_REFUSED, STORE_FAILED };

/* Why nothing can be written. SLOW is never reported: whoever reads store_look() sees it. */
enum store_trouble {
    STORE_FINE,
    STORE_FULL,
    STORE_READ_ONLY,
    STORE_LOCKED, /* another program has the file */
    STORE_DAMAGED,
    STORE_BROKEN, /* the disk fails, or nobody knows what */
    STORE_NO_MEMORY,
    STORE_SLOW
};
const char *store_trouble_name(enum store_trouble t); /* "full", "read-only", ...; "" of FINE */

struct store_event {
    enum { STORE_REPORT, STORE_ROWS, STORE_TROUBLE } type;
    uint64_t token;
    /* REFUSED: a rule of the store itself (a number in two ranges). TROUBLE: FAILED when nothing
     * can be written any more, DONE when it can again and what was kept is written; each once. */
    enum store_result result;
    enum store_trouble trouble; /* TROUBLE */
    char text[ERR_TEXT_SIZE];   /* why, and what to do */
    audit_id audit; /* REPORT, DONE: of the group's last audit entry; those before it have the
                     * numbers before it. 0: there was none */
    struct store_rows
        *rows; /* ROWS: the receiver frees it with store_rows_free(); NULL when FAILED */
};

/* On the worker. False: no room now; it is called again until there is, or until store_close().
 * Reports of groups come in the order they were submitted in. A group with token 0 is reported when
 * it fails, but not between TROUBLE and its end: then all fail. */
typedef bool store_report(void *to, const struct store_event *ev);

/* What store_load() hands over, row by row, before the worker starts: sites, destinations, ranges,
 * settings, calls, legs, steps of these calls in their order, users, bindings, access tokens,
 * logins, files of music (without their data), subscriptions, in this order. Any may be NULL. */
struct store_reader {
    void *to;
    void (*range)(void *to, const struct range *r);
    void (*destination)(void *to, const struct destination *d);
    void (*site)(void *to, const struct site *s);
    void (*settings)(void *to, const struct scope *scope, const struct settings *s);
    void (*call)(void *to, const struct stored_call *c);
    void (*leg)(void *to, const struct stored_leg *l);
    void (*step)(void *to, const struct call_step *s);
    void (*user)(void *to, const struct user *u);
    void (*binding)(void *to, const struct binding *b);
    void (*token)(void *to, const struct access_token *t);
    void (*login)(void *to, const struct login *l);
    void (*music)(void *to, const struct music_file *f);
    void (*watch)(void *to, const struct stored_watch *w);
};

/* QUERY_AUDIT_HEAD: the newest audit entry, how many there are, and the highest id that was ever
 * given (`head`): when that is another one, the newest entries were removed. */
enum query_type { QUERY_RECORDS, QUERY_STEPS, QUERY_AUDIT, QUERY_AUDIT_HEAD, QUERY_MUSIC };

struct store_query {
    enum query_type type;
    uint64_t token;
    call_id call;    /* STEPS: of which; RECORDS: 0, or just this one */
    audit_id entry;  /* AUDIT: 0, or just this one */
    uint64_t before; /* RECORDS, AUDIT: older than this one (paging by id, newest first); 0: the
                      * newest */
    wall_msec since, until; /* parked, or done, at or after, and before; 0: open */
    enum outcome outcome;   /* OUT_NONE: any */
    number_key orbit;       /* 0: any */
    /* RECORDS: only of calls that were at one of these places; none: wherever. Of a site are all
     * the destinations that are in it now. */
    struct scope scopes[GRANTS_MAX];
    size_t scope_count;
    /* AUDIT, "": any. None of them regards ASCII case. */
    char actor[DISPLAY_SIZE];
    char action[32];         /* or how it begins: "range." */
    char subject[NAME_SIZE]; /* its name or its id */
    char words[64];          /* of the newest 100,000: somewhere in actor, source, request, action,
                              * subject, its id */
    size_t limit;            /* 0 or more than 1000: 1000 */
    char music[MUSIC_SIZE];  /* MUSIC: of which file */
};

struct store_rows {
    enum query_type type;
    size_t count;
    bool more;      /* there are more behind these */
    uint64_t total; /* RECORDS, AUDIT: how many match in all; AUDIT_HEAD: how many there are */
    audit_id head;  /* AUDIT_HEAD */
    struct call_record *records;
    struct call_step *steps;
    struct audit_entry *audit;
    struct stored_music *music; /* MUSIC: NULL: there is no such file */
};
void store_rows_free(struct store_rows *rows);

struct store;

/* "sqlite:PATH", "memory:" or "memory:NAME" (which stays in the process when it is closed). Makes
 * the file (mode 0600) and brings its schema up to date. A file of a newer version, not a database,
 * locked by another callparkd, or not writable is refused with words. */
int store_open(struct store **out, const char *url, struct err *err);
/* The number of the schema that this program brings a file to. */
unsigned store_schema(void);
int store_load(struct store *s, const struct store_reader *reader, struct err *err);

/* Keep at most about this many call records and audit entries, the newest; said before
 * store_start(). */
#define STORE_RECORDS_KEPT 1000000
#define STORE_AUDIT_KEPT 1000000
void store_keep(struct store *s, uint64_t records, uint64_t audit);

/* The highest ids that were ever written; new ones must be greater. */
struct store_highest {
    call_id call;
    leg_id leg;
    range_id range;
    binding_id binding;
    token_id token;
    login_id login;
    audit_id audit;
};
int store_highest(struct store *s, struct store_highest *out, struct err *err);

/* Start the worker; from now on only the calls below. */
int store_start(struct store *s, store_report *report, void *to, struct err *err);
/* Write what was submitted, then end. NULL is fine. */
void store_close(struct store *s);

/* One turn's groups, in order; takes over every group's changes (also when it fails). All groups of
 * a turn share one transaction and one disk flush; a group that fails is undone alone. -ENOBUFS:
 * too much waits to be written, or memory is short; no report comes.
 *
 * Of a group that fails, or is not taken, the past is kept and written as soon as that can be done:
 * records, steps, audit entries, logins and subscriptions, unless an administrator's change is in
 * the group, as that was not made then. Rows of calls and legs are not kept: whoever submitted them
 * writes them anew once the trouble is over. */
int store_submit(struct store *s, const struct change_group *groups, size_t count);

/* How many changes wait to be written, and how many may. */
#define STORE_WAITING_MAX 32768
size_t store_waiting(const struct store *s);
/* How the worker does; from any thread. */
struct store_state {
    msec busy_since;  /* of sys/clock.h: what is being written now was begun then; 0: nothing is */
    msec took, ended; /* the last time it wrote: for how long, and until when */
    size_t waiting;   /* changes that are not written yet */
    /* The past that waits for the end of a trouble, and what there was no room for. */
    uint64_t kept;
    struct store_lost {
        uint64_t steps, records, audit, logins, watches;
    } lost;
};
void store_look(struct store *s, struct store_state *out);

/* Read; the rows come as STORE_ROWS with the token. -ENOBUFS as above. */
int store_ask(struct store *s, const struct store_query *q);

/* A copy of the whole store in one new file (mode 0600) while it works; reported with `token`.
 * FAILED when there is a file of that name already. */
int store_backup(struct store *s, const char *path, uint64_t token);

/* Add what another store's file knows of the past and this one does not: records and steps of
 * calls, files of music. The file has this program's schema, as one has that store_open() opened
 * and store_close() closed. In pieces, so that nobody's promise waits for it; reported with
 * `token`. */
int store_merge(struct store *s, const char *path, uint64_t token);

/* memory: only. The next `times` groups, or tries whether it works again, fail (STORE_FAILED); or
 * wait `delay` before each turn's report. For tests. */
void store_mem_trouble(struct store *s, unsigned times, msec delay);

#endif
