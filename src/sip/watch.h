/* What the files about lamps share: what is lit, what can be watched, who watches, and whose turn
 * it is to be told. All of it belongs to the SIP thread. */
#ifndef CALLPARK_SIP_WATCH_H
#define CALLPARK_SIP_WATCH_H

#include "sip/auth.h"
#include "sip/watch_body.h"

#define WATCHERS_MAX 100000 /* unless [sip] watchers-max says otherwise */
#define WATCH_LEAST 60      /* seconds: sip.md 7.2 */
#define WATCH_MOST 600
#define LIST_MAX 500      /* numbers that one list may show */
#define COALESCE_MSEC 100 /* between two NOTIFYs of one subscription */
#define TRIES_MAX 6       /* NOTIFYs that fail one after the other, before a watcher is given up */
#define WATCH_BUCKETS 65536 /* a power of two */
#define WHEEL 1024          /* seconds; a power of two above WATCH_MOST and all pauses */

enum watch_kind {
    WATCH_ORBIT,    /* one orbit */
    WATCH_RANGE,    /* one lamp for a whole range, under its park number */
    WATCH_LIST,     /* all orbits from first to last, by RFC 4662 */
    WATCH_CALL_INFO /* one orbit, in BroadWorks' words */
};

struct publication;

/* An orbit that is lit or has been. */
struct lamp_at {
    struct lamp_at *next; /* in its bucket */
    number_key orbit;
    uint8_t *shown; /* squeezed, see watch_lamp_shown(); NULL: dark */
    uint32_t shown_bytes;
    uint64_t changed;                /* number of its last change, of all changes of this run */
    struct publication *publication; /* NULL: nothing of it is published */
};

struct watch;

/* Something that is watched, with all who watch it. */
struct watched_thing {
    struct watched_thing *next; /* in its bucket, or among what is wider than one orbit */
    enum watch_kind kind;
    number_key first, last;
    struct watch *watches;
};

/* A place in one of the lines of watches. */
struct place {
    struct watch *next, *previous;
};

enum line { NO_LINE, LINE_READY, LINE_COOLING };

/* One subscription. */
struct watch {
    struct sip *edge;
    struct watched_thing *thing;
    struct place beside, wheel, line; /* among those of the thing; by time; to be told */
    struct watch *next_by_call;
    enum line in_line;
    char *words; /* one block; the texts below lie in it */
    const char *name, *local, *remote, *our_tag, *their_tag, *routes, *entity, *event_id;
    const char *user, *who, *source; /* who watches: user or "", identity, address */
    char *target;                    /* their Contact, newest */
    uint32_t our_cseq, their_cseq, version;
    uint64_t number;    /* of its row in the store; 0: it has none */
    uint64_t seen;      /* all changes up to this one were told */
    number_key page_at; /* of a list: from this number on nothing was told yet; 0: all was */
    msec expires_at, retry_at, cool_at;
    unsigned wheel_slot, listener;
    tport_t *connection;
    nta_outgoing_t *notify;
    const char *ending; /* reason with which it ends; NULL: it goes on */
    bool dirty, full;   /* there is something to tell; all of it */
    bool trusted;       /* it is a peer's, whose word counts */
    bool profiled;      /* `how` is by its User-Agent, else by setting */
    enum lamp how;
    uint8_t tries;
};

struct watch_line {
    struct watch *first, *last;
};

struct watches {
    struct lamp_at **lamps;        /* buckets */
    struct orbit_lamp shown;       /* the last that was looked at */
    struct watched_thing **orbits; /* buckets */
    struct watched_thing *wide;    /* ranges and lists */
    struct watch **by_call;        /* buckets */
    struct watch *wheel[WHEEL];
    uint64_t wheel_second;
    struct watch_line ready, cooling;
    unsigned in_flight; /* NOTIFYs of the last moment that are not answered yet */
    msec flight_from;
    struct sip_watched *ranges; /* sorted by first */
    uint32_t *range_lit;        /* how many are lit in each */
    size_t range_count;
    uint64_t changes;
    uint32_t count;
    uint64_t last_number; /* of a row */
    bool waking; /* those of the last run are not told anything yet: first ranges, rights and lamps
                    have to be known */
    su_timer_t *pace, *second;
    struct list_body list;
    struct doc doc;
    unsigned publishing; /* PUBLISH requests that wait for an answer */
    struct publication *publications;
};

/* ---- watch.c: lamps and things ---- */

struct lamp_at *watch_lamp_find(const struct sip *s, number_key orbit); /* NULL: never lit */
/* Good until the next one is asked for. NULL: dark, or never lit. */
const struct orbit_lamp *watch_lamp_shown(const struct sip *s, const struct lamp_at *at);
/* The range of ours that holds this number, or has this park number. */
const struct sip_watched *watch_range_of(const struct sip *s, number_key number);
const struct sip_watched *watch_range_by_park_number(const struct sip *s, number_key number);
bool watch_range_is_lit(const struct sip *s, number_key first);
/* The thing, made if it is not there. NULL: no memory. */
struct watched_thing *watch_thing(struct sip *s, enum watch_kind kind, number_key first,
                                  number_key last);
void watch_join(struct watched_thing *thing, struct watch *w);
unsigned watch_bucket(const char *name);
void watch_part(struct watch *w); /* and forget the thing when nobody else watches it */

/* ---- watch_right.c: who may ---- */

/* May he watch this range, by his right there and by its watch_allow; may he see who waits? */
bool watch_may(const struct watch *w, const struct sip_watched *range, bool *names);
/* Anything of what he watches? */
bool watch_may_any(const struct watch *w);
void watch_rights_changed(struct sip *s); /* those who may no more are told that it has ended */

/* ---- watch_out.c: NOTIFY ---- */

void watch_tell(struct watch *w);                    /* there is something new */
void watch_end(struct watch *w, const char *ending); /* tell him so, then forget him */
void watch_forget(struct watch *w);
#define GOODBYE_NSEC 500000000 /* how long an end may take */
void watch_set_expiry(struct watch *w, uint32_t seconds);
void watch_second(struct sip *s, su_timer_t *timer, void *unused);
/* What is watched now: 200 to SUBSCRIBE and NOTIFY say so with this. */
void watch_contact(const struct watch *w, char to[URI_SIZE + 8]);

bool watch_exists(const struct sip *s, const struct watched_thing *t); /* in some range */

/* ---- watch_in.c ---- */

struct watch_words {
    char name[CALL_ID_SIZE], local[URI_SIZE + 128], remote[URI_SIZE + 160], our_tag[64],
        their_tag[128], routes[SIP_ROUTES_SIZE], entity[URI_SIZE], event_id[64];
    char user[USER_SIZE], who[URI_SIZE], source[ADDRESS_SIZE];
};
struct watch *watch_make(struct sip *s, const struct watch_words *x, enum watch_kind kind,
                         number_key first, number_key last); /* NULL: no memory */

/* ---- watch_keep.c: over a restart ---- */

void watch_keep(struct watch *w); /* it has begun, or was refreshed: its row is written */
void watch_gone(struct watch *w); /* it is over: its row is removed */
void watch_awake(struct sip *s);  /* all is known now: they are told how their lamps are */

/* ---- publish.c ---- */

void publish_lamp(struct sip *s, struct lamp_at *at); /* it has changed */
void publish_second(struct sip *s);
void publish_free(struct lamp_at *at);
void publish_end(struct sip *s); /* withdraw everything, wait for nothing */

#endif
