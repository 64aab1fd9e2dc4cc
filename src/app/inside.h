/* What the files of app/ share and nobody else sees: the one structure that the loop's thread owns.
 */
#ifndef CALLPARK_APP_INSIDE_H
#define CALLPARK_APP_INSIDE_H

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "app/app.h"
#include "sys/queue.h"

#define EVENTS_WAITING 2048 /* of all edges together */
#define EVENTS_RESERVED                                                                            \
    512 /* of these, for what was not asked for last: answers before questions */
#define TOKENS_WAITING 65536 /* reports that the store owes us; a power of two */
#define PREPARED_MAX 1024    /* callers whose 200 waits for the disk; one more does not wait */
#define GROUPS_PER_TURN                                                                            \
    512                   /* groups of changes that one turn may make; then it is submitted early */
#define OWN_EVENTS_MAX 64 /* actions that failed within one step */
#define ADMIN_WAITING 256
#define STEPS_PER_CALL 20 /* kept in memory for a live call; the store has all */
#define LEG_BUCKETS 16384 /* a power of two */
#define LEGS_AWAKE 128    /* at the end of a turn */

/* How the keys of a leg come. */
enum digit_way { DIGITS_NONE, DIGITS_BY_EVENT, DIGITS_BY_INFO };

/* How the audio of a leg goes past us, see direct.c. */
struct app_direct {
    leg_id partner;            /* bridged with; 0: nobody */
    leg_id tells;              /* its far end was told to send to this leg's; 0: to us */
    struct session_offer told; /* in which words */
    uint32_t asked;            /* the number of our offer that is not answered; 0: none */
    enum { ASKED_DIRECT, ASKED_OURS, ASKED_PASSED } why;
    leg_id asked_for; /* whose audio it was told of */
    struct session_offer asked_words;
    bool then_ours;   /* once that is answered */
    uint32_t passing; /* its own offer, which its partner's far end is asked about */
    struct session_offer passed;
    unsigned rounds; /* offers to bring these two together */
    bool refused;    /* not tried again with this partner */
    bool up;         /* nothing comes through us any more */
};

/* Of a session on the stack, whose key is to go with it: WIPED struct session agreed; */
static inline void session_wipe(struct session *s)
{
    explicit_bzero(&s->crypto, sizeof(s->crypto));
}
#define WIPED __attribute__((cleanup(session_wipe)))

/* What the app knows of one leg, beside what the core knows. In the table it sleeps, squeezed,
 * until it is looked up; see legs.c. */
struct app_leg {
    leg_id leg;
    bool inbound, media, up, heard;
    bool saved;     /* it has a row in the store */
    bool our_offer; /* the SDP we sent last was an offer: the ACK brings the answer */
    bool agreed_once;
    enum digit_way digits;
    bool stranger; /* no peer of ours is at the far end */
    struct session_offer theirs;
    struct session agreed;
    struct session_local local;
    struct sip_dialog dialog;
    char source[ADDRESS_SIZE];
    struct address place; /* where its audio comes from, if not from where its SDP says */
    uint32_t attempt;
    bool may_be_direct; /* its peer allows that */
    bool may_exit;      /* likewise, that we leave the path */
    bool takes_refer, takes_replaces;
    bool listens;   /* the core wants to know of its next packet */
    bool elsewhere; /* its audio comes from elsewhere than its SDP says, or once moved */
    struct app_direct direct;
};

/* One thing in the queue of the loop. */
struct app_item {
    enum { FROM_SIP, FROM_MEDIA, FROM_STORE, FROM_HTTP, FROM_CHORE } from;
    msec put; /* FROM_SIP: when */
    union {   /* of a SIP event as much as sip_event_size() says */
        struct sip_event sip;
        struct media_event media;
        struct store_event store;
        struct http_request *http;
        struct chore *chore;
    };
};

/* A report that the store owes us. */
struct app_token {
    uint64_t token; /* 0: not waited for */
    enum {
        TOKEN_CALL,
        TOKEN_ADMIN,
        TOKEN_QUERY,
        TOKEN_BACKUP,
        TOKEN_AUDIT,
        TOKEN_MUSIC,
        TOKEN_ROWS,
        TOKEN_LEG
    } kind;
    call_id call;
    uint64_t write;
    void *context; /* AUDIT: the entry, malloc'ed; MUSIC: the upload, likewise */
    union {
        app_rows *rows;
        app_backup_done *backup;
    };
};

/* The steps of one call slot, one behind the other; see steps.c. */
struct app_steps {
    call_id call;
    uint32_t count, written; /* kept here; given to the store in all */
    uint32_t bytes;
    uint8_t at[];
};

/* A list of changes of an administrator that waits for its turn or for the store. */
struct admin_job {
    struct admin_job *next;
    struct admin_change *changes;
    size_t count, room;
    bool dry_run;
    struct actor actor;
    struct audit_entry *entries; /* of the changes, as they are written */
    size_t entry_count;
    admin_done *done;
    void *context;
    struct admin_result result;
};

/* Of the store: see trouble.c. */
struct app_trouble {
    enum store_trouble kind; /* as its worker has told */
    bool slow;
    wall_msec since;
    char why[ERR_TEXT_SIZE]; /* of the last change of state */
    /* How often the store has missed something of the calls there are, and of these how many were
     * made good. While they differ all rows are written anew, */
    uint64_t stale, written;
    call_id next; /* behind this one, */
    bool writing; /* the last of them are on their way */
    msec again;   /* not before */
};

struct app {
    struct app_config config;
    struct app_watcher watcher;
    struct sip *sip;
    struct media *media;
    struct store *store;
    struct http_server *http;
    struct sip_kept_watch *watches; /* during the start: config.sip.watches */
    size_t watch_room;
    struct queue *queue;
    struct app_item *items; /* those of this turn */
    msec now, next_second;
    msec soon; /* when the watcher wants to be called; 0: not at all */
    wall_msec wall;
    wall_msec started;
    char boot[40]; /* of the system, as clock_boot() says */
    char token[65];

    struct deployment *deployment;
    struct deployment *draft; /* where a list of changes is tried before it is written */
    struct access *access, *access_draft; /* likewise */
    struct people *people;
    bool phones_due; /* the SIP edge had no room for them */
    struct chores *chores;
    struct music *music;
    struct park park;
    void *orbits_memory, *calls_memory;

    struct sip_hop hops[SIP_HOPS_MAX]; /* as the SIP edge has told of them */
    struct leg_entry *legs[LEG_BUCKETS];
    struct awake_leg *oldest_awake, *newest_awake;
    unsigned legs_awake;
    uint32_t legs_mute;                           /* of `legs`, how many have no stream yet */
    uint32_t last_offer;                          /* numbers of sip_offer() */
    struct app_steps **steps;                     /* CALLS_MAX pointers, one for each slot */
    struct call_step shown_steps[STEPS_PER_CALL]; /* to whoever asked last */

    struct event own[OWN_EVENTS_MAX]; /* what failed while actions were carried out */
    unsigned own_first, own_count;
    uint16_t failure;      /* code of the leg whose failure is being handled; 0: none */
    bool refused;          /* the present command, and why */
    uint16_t refused_code; /* 0: none that says more than `refused_why` */
    struct app_park_wait *parks;
    char refused_why[WHY_SIZE];
    char reason[128]; /* of the BYE that is being handled, to be passed on */

    struct change *changes; /* of the group that the present step makes */
    size_t change_count, change_room;
    uint64_t group_token;
    struct change_group *groups; /* of this turn */
    size_t group_count;
    struct app_token *tokens; /* TOKENS_WAITING */
    uint64_t last_token;
    struct app_trouble trouble;
    struct prepared { /* whose 200 waits for his row, the first who came first */
        leg_id leg;   /* 0: he has it */
        msec since;
    } prepared[PREPARED_MAX];
    unsigned first_prepared, prepared_count;

    struct admin_job *jobs, **jobs_end, *writing; /* waiting; being written */
    unsigned job_count;
    range_id last_range;
    binding_id last_binding;
    token_id last_access_token;
    struct app_counts counts;
    struct app_lamps *lamps;
    struct demo *demo;         /* NULL: there was none yet */
    struct recovery *recovery; /* during the start */
    bool audio_was_full;
};

/* app.c */
void app_turn(struct app *a, int most); /* one round of the loop, after waiting `most` msec */
void app_step(struct app *a,
              const struct event *ev); /* one event through the core, and what it wants */
/* A call of the last run; false: park_restore() would not. */
bool app_restore(struct app *a, const struct call *saved, const struct restore *legs);
void app_own_event(struct app *a, const struct event *ev); /* to be stepped after the present one */
void app_tell(struct app *a, const struct app_event *ev);  /* the watcher */
bool app_put_chore(struct app *a, struct chore *c); /* from the chores' thread; false: full */

/* take.c */
void take_sip(struct app *a, const struct sip_event *ev);
/* Answer an offer of theirs with our own audio; false: refused, the session that was goes on. */
bool take_offer_as_ours(struct app *a, struct app_leg *l, uint32_t transaction,
                        const struct session_offer *offer);
void take_media(struct app *a, const struct media_event *ev);
void take_store(struct app *a, struct store_event *ev);

/* direct.c: two legs that send their audio to each other */
void direct_bridged(struct app *a, leg_id leg, leg_id other); /* or again */
void direct_left(struct app *a, leg_id leg);                  /* hears us, or nobody, from now on */
void direct_try(struct app *a, struct app_leg *l);            /* something has become known of it */
/* From now on it is told of nobody else: it has our own session, or is to have it. */
void direct_is_ours(struct app *a, struct app_leg *l);
void direct_ours_again(struct app *a, struct app_leg *l);
void direct_back(struct app *a, struct app_leg *l, const char *why); /* both, if they were */
void direct_settle(struct app *a, struct app_leg *l);
void direct_ask(struct app *a, struct app_leg *l, const struct app_leg *about,
                const struct session_offer *words, bool patient);
void direct_know(struct app_leg *l, const struct sip_event *s); /* what its peer allows */
void direct_exited(struct app *a, const struct sip_event *s);
bool direct_can_be_told(const struct session_offer *theirs);
struct app_leg *direct_partner(struct app *a, const struct app_leg *l);

/* direct_offer.c: what the far ends of such legs say meanwhile */
bool direct_offered(struct app *a, struct app_leg *l,
                    const struct sip_event *s); /* false: it is for us to answer */
bool direct_acked(struct app *a, struct app_leg *l, const struct session_offer *answer);
void direct_passed(struct app *a, struct app_leg *l, uint16_t code);
void direct_reoffered(struct app *a, const struct sip_event *s);

/* trouble.c: the store cannot be written, or was too far behind */
void trouble_told(struct app *a, const struct store_event *ev); /* STORE_TROUBLE */
void trouble_behind(struct app *a);                             /* a turn was not taken */
void trouble_reloaded(struct app *a);
void trouble_turn(struct app *a);
bool trouble_is_busy(const struct app *a); /* rows are to be written as soon as there is time */
/* New calls are parked although it is not on disk. The event that says so to the core. */
bool trouble_from_memory(const struct app *a);
void trouble_unwritten(const struct app *a, call_id call, uint64_t write, struct event *ev);
void trouble_rows_written(struct app *a, const struct app_token *t, bool done);

/* written.c: a caller is answered once a restart would find him */
void written_prepared(struct app *a, const struct sip_event *s);
void written_leg(struct app *a, leg_id leg); /* or it will not be: he is answered all the same */
void written_second(struct app *a);          /* nobody waits for a slow disk for long */

/* act.c */
bool app_call_save(struct app *a, const struct call *c); /* its row; false: no memory */
void act(struct app *a, const struct action *action);

/* guard.c: whom audio may be sent to. */
struct fault { /* why not, for a Warning header */
    uint16_t warning;
    char why[WHY_SIZE];
};
bool guard_agree(const struct app *a, const struct app_leg *l, const struct session_offer *theirs,
                 enum codec prefer, struct session *out, struct fault *fault);
void guard_leg(struct app *a, const struct app_leg *l);      /* once it has a stream */
void guard_told(struct app *a, const struct media_event *m); /* MEDIA_STOPPED, MEDIA_RESUMED */

/* tell.c */
void tell_sides(struct app *a, const struct call *c);  /* whom each talks to */
void tell_changed(struct app *a, leg_id leg);          /* somebody else is on it now */
void tell_parked(struct app *a, const struct call *c); /* the number, to the parker */

/* legs.c: what is found stays where it is until the turn ends or the leg is dropped. */
struct app_leg *app_leg_new(struct app *a, leg_id leg); /* NULL: no memory */
struct app_leg *app_leg_find(struct app *a, leg_id leg);
/* The leg of the dialog with this Call-ID and these tags; 0: none. */
leg_id app_leg_named(const struct app *a, const char *name, const char *ours, const char *theirs);
void app_leg_rest(struct app *a); /* the turn is over: those that were woken long ago sleep */
void app_leg_drop(struct app *a, leg_id leg); /* with its media and its row */
void app_leg_drop_all(struct app *a);
void app_leg_save(struct app *a, struct app_leg *l, call_id call);
/* Every leg, in no order; none is woken by it, and what is seen is good while it is seen. */
typedef void app_leg_seen(void *to, const struct app_leg *l);
void app_leg_each(const struct app *a, app_leg_seen *see, void *to);

/* call_row.c: a call as the store keeps it, and again by the present clock */
void call_row_write(const struct app *a, const struct call *c, struct stored_call *to);
void call_row_read(const struct app *a, const struct stored_call *from, struct call *to);

/* fits.c: can one more call hear music on time? */
void fits_look(struct app *a, bool has_leg); /* before the core decides; `has_leg`: it is counted */
void fits_second(struct app *a);

/* turn.c */
struct change *turn_add(struct app *a, enum change_type type);    /* into the present group */
uint64_t turn_token(struct app *a, const struct app_token *what); /* 0: too many wait */
bool turn_take_token(struct app *a, uint64_t token, struct app_token *out);
void turn_end_group(struct app *a);
void turn_drop_group(struct app *a); /* nothing of the present group is written */
void turn_submit(struct app *a);

/* parks.c */
void parks_step(struct app *a, const struct action *action); /* for whoever waits for that call */
void parks_free(struct app *a);

/* steps.c */
void steps_add(struct app *a, const struct action *action);
void steps_load(struct app *a, const struct call_step *step); /* of the last run, in their order */
void steps_drop(struct app *a, call_id call);
void steps_free(struct app *a);
void record_write(struct app *a, const struct call *c);

/* admin.c */
void admin_reported(struct app *a, const struct store_event *ev);
void admin_go_on(struct app *a);
void admin_drop_drained(struct app *a);
void admin_free(struct app *a);

/* people.c */
int people_new(struct app *a, struct err *err);
void people_free(struct app *a);
void people_load_login(struct app *a, const struct login *l);
void people_loaded(struct app *a, login_id highest); /* ends the logins that ran out meanwhile */
void people_changed(struct app *a); /* the users are others now: ends the logins of who is gone */
void people_second(struct app *a);

/* ---- phones.c ---- */

void phones_changed(struct app *a); /* users, their roles or the realm: the SIP edge is told */
void phones_second(struct app *a);
void phones_locked_out(struct app *a, const struct sip_event *s);

/* audit.c */
bool audit_describe(struct app *a, struct admin_job *job); /* false: no memory */
void audit_written(struct app *a, const struct audit_entry *entries, size_t count, audit_id last);
void audit_free(struct app *a); /* those whose report did not come */

/* music.c */
int music_new(struct app *a, struct err *err);
void music_free(struct app *a);
void music_add(struct app *a, const struct music_file *file);
void music_prepare(struct app *a); /* have read what a setting names */
/* Let a leg hear the music of this call wherever it hears music; NULL: the configured piece. */
void music_tune(struct app *a, leg_id leg, const struct call *c);
void music_teach(struct app *a, const char *sha256, struct piece *piece); /* taken over */
const char *music_configured(const struct app *a); /* a path; "": the built-in piece */

/* music_files.c */
void music_hash(char to[MUSIC_SIZE], const void *data, size_t size);
void music_files_free(struct app *a); /* those on their way */
void music_written(struct app *a, void *context, const struct store_event *ev);

/* chore.c */
int chores_start(struct app *a, struct err *err);
void chores_stop(struct app *a); /* what was not begun is dropped; no thread is left */
void chores_free(struct app *a);
void take_chore(struct app *a, struct chore *c);

/* lamps.c */
int lamps_new(struct app *a, struct err *err); /* the token must be there */
void lamps_free(struct app *a);
void lamps_start(struct app *a); /* tells the edge all there is */
void lamps_second(struct app *a);
void lamps_ranges(struct app *a);           /* ranges or settings have changed */
void lamps_look(struct app *a, call_id id); /* this call may have changed; 0: none */
void lamps_know(const struct app *a, struct invite *in);

/* recover.c: the calls and legs that the last run left, in the order in which a start calls it */
void recover_call(struct app *a, const struct stored_call *c); /* as they are read */
void recover_leg(struct app *a, const struct stored_leg *leg);
int recover_read(struct app *a, struct err *err); /* all are: what the edges are to know of them */
void recover_media(struct app *a);                /* the media edge is there */
void recover_calls(struct app *a);                /* and the SIP edge, with their dialogs */
void recover_free(struct app *a);

/* ---- watches.c ---- */

bool watches_load(struct app *a, const struct stored_watch *row); /* false: no memory */
void watches_take(struct app *a, const struct sip_watch *w);      /* its row is another now */
void watches_free(struct app *a); /* what was loaded, once the SIP edge has read it */

/* load.c */
int load_all(struct app *a, struct err *err);
int load_token(struct app *a, struct err *err);

#endif
