/* What the files of the SIP edge share: the edge, its legs, and who does what with them. All of it
 * belongs to the SIP thread; only commands and counters cross over. */
#ifndef CALLPARK_SIP_EDGE_H
#define CALLPARK_SIP_EDGE_H

#include "sip/sofia.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/network.h"
#include "sip/challenge.h"
#include "sip/front.h"
#include "sip/hop.h"
#include "sip/keep.h"
#include "sip/sdp.h"
#include "sip/sip.h"
#include "sys/queue.h"

#define MIN_SE 90         /* RFC 4028 4: the least that anybody may ask for */
#define LINGER_MSEC 32000 /* how long an ended leg is remembered (sip.md 2.0) */
#define MESSAGE_MAX 65536
#define CALL_ID_SIZE 192
#define NAME_ADDR_SIZE (URI_SIZE + DISPLAY_SIZE * 2)
#define PEER_NETWORKS_MAX 16 /* of one peer */
#define WARNING_SIZE (WHY_SIZE + FQDN_SIZE + 16)

/* ---- the edge ---- */

struct listener {
    char transport[8]; /* "udp", "tcp", "tls", "ws", "wss" */
    struct address bound;
    char host[FQDN_SIZE]; /* as we name it to others, with brackets if need be */
    char ident[8];        /* its name inside the library */
    int socket;           /* of the library's own listeners; -1: not known */
    char text[96];        /* "udp:127.0.0.1:5060" */
};

/* What a reload replaces as a whole. */
struct setup {
    struct sip_config config;
    struct network trusted[SIP_NETWORKS_MAX];
    unsigned trusted_count;
    struct peer_networks {
        struct network at[PEER_NETWORKS_MAX];
        unsigned count;
    } networks[SIP_PEERS_MAX]; /* of config.peers */
    struct sip_peer trusted_peer;
};

struct setup *setup_new(const struct sip_config *config, struct err *err);

/* ---- peer.c ---- */

/* Read the networks of all peers; -EINVAL names the peer and what is none. */
int peer_read_networks(struct setup *setup, struct err *err);

struct counters {
    _Atomic uint64_t requests_in, responses_out, requests_out, responses_in;
    _Atomic uint64_t shed;
    _Atomic uint64_t unread;  /* datagrams that the kernel dropped, for want of room or as told */
    _Atomic unsigned thinned; /* of a thousand; see thin.h */
    _Atomic uint64_t invites, refused_untrusted, refused_limit, malformed, retransmissions;
    _Atomic uint32_t accounts, registered;
    _Atomic uint64_t challenges, auth_failures[SIP_AUTH_FAILURES];
    _Atomic uint32_t legs;
    _Atomic uint64_t subscribes, watchers_refused, notifies, notifies_failed, publishes,
        publishes_failed;
    _Atomic uint32_t watchers;
    _Atomic uint64_t restored, restored_lost;
    _Atomic uint32_t restored_unheard;
};

struct subscription; /* what a REFER began */
struct held;         /* an event that found no room */
struct auth;         /* who may come in */
struct legs;
struct watches;
struct registrations;
struct resolver;
struct options;

struct sip {
    struct resolver *resolver; /* resolve.c */
    struct hops *hops;         /* servers that requests of ours went to */
    su_timer_t *hop_timer;
    struct options *options;             /* options.c */
    struct registrations *registrations; /* NULL: none are configured */
    struct setup *setup;
    sip_report *report;
    void *to;
    pthread_t thread;
    struct queue *commands, *started;
    bool stopping;
    su_root_t *root;
    nta_agent_t *agent;
    struct front *front;     /* TLS and WebSocket; NULL: no listener needs it */
    nta_leg_t *outside;      /* takes what belongs to no dialog */
    bool stateless;          /* shed_message() does, as there is too much to do */
    unsigned unacknowledged; /* answers of ours whose ACK has not come */
    msg_mclass_t *strict;
    struct listener listeners[SIP_LISTEN_MAX];
    unsigned listener_count;
    struct legs *legs;
    struct leg_words *oldest_words, *newest_words; /* those that are awake */
    unsigned words_awake;
    struct watches *watches;
    struct flood *flood;     /* NULL: there is none to be kept off */
    struct auth *auth;       /* who may come in */
    struct calling *calling; /* INVITEs of ours that nobody has answered */
    leg_id next_leg;
    char secret[40]; /* of this process: marks our own ring backs */
    char boot[40];   /* of the system, as clock_boot() says */
    struct held *held_first, **held_last;
    unsigned held_count;
    su_timer_t *held_timer, *count_timer;
    struct telling *tellings; /* text messages that wait for an answer, see tell.c */
    unsigned messages;        /* how many */
    struct subscription *refers;
    unsigned refer_count;
    uint32_t last_refer;
    struct sip_event event; /* being filled in */
    struct counters counters;
    _Atomic unsigned pressure; /* percent; see sip_pressure() */
    uint64_t dice;
};

/* Where a request of ours goes (aim.c). */
struct target {
    char uri[URI_SIZE];   /* becomes the request URI */
    char route[URI_SIZE]; /* next hop, "": the URI itself says */
    bool routed;          /* that hop is named in the configuration */
    unsigned listener;    /* to call from */
    unsigned account;     /* 1 + which of `registers` it goes by; 0: none */
    tport_t *flow;        /* the connection that he has opened to us, NULL: none is needed */
    char way[96]; /* to the server that was chosen, instead of `route` (by TLS, the front's way to
                     it); "" : `route` or the URI lead there */
};

/* ---- legs.c ---- */

enum leg_state {
    LEG_INVITED,  /* their INVITE waits for our final answer */
    LEG_ANSWERED, /* our 200 has left, its ACK has not come */
    LEG_CALLING,  /* our INVITE waits for a final answer */
    LEG_UP,
    LEG_LEAVING, /* our BYE has left */
    LEG_ENDED    /* remembered for Replaces and for what comes late */
};

/* What became of one of our requests that was challenged, until the leg is forgotten. */
#define CHALLENGES_MAX 2 /* a proxy on the way, and whoever is behind it */
struct said {
    struct challenge challenge[CHALLENGES_MAX];
    char user[64], password[128];
};

/* Early dialogs of one INVITE of ours: each fork has a tag of its own. */
#define EARLY_MAX 8
struct early {
    char tag[128];
    uint32_t rseq; /* the last that was acknowledged; 0: none */
    char *sdp;     /* what it answered reliably, or offered in an UPDATE; NULL: nothing yet */
};

/* How an INVITE of ours fares, until it is answered. */
struct calling {
    struct calling *next, **at_me; /* in the list of the edge */
    struct leg *leg;
    struct target target;
    unsigned redirects;   /* 3xx that were followed */
    char name[FQDN_SIZE]; /* which host was looked up */
    struct hop_at at[HOP_TARGETS_MAX];
    unsigned hops, tried; /* servers of that name; the last that was tried is `at[tried - 1]` */
    struct early early[EARLY_MAX];
};

/* An offer of ours within a dialog, until it is answered (offer.c). */
struct reoffer {
    uint32_t number; /* for the loop */
    bool patient, is_passed, cancelled;
    unsigned tries;
    struct session_offer theirs; /* is_passed */
    struct session_local local;
};

/* What is known of a leg in words. Of most legs it is little, and nobody asks: then it sleeps,
 * squeezed; see words.c. */
struct leg_words {
    struct leg_words *older, *newer; /* among those that are awake: by when they were asked for */
    struct leg *leg;
    struct sip_dialog facts;       /* without what sip_leg_dialog() fills in */
    char identity[NAME_ADDR_SIZE]; /* to be told */
    char farewell[64]; /* and `farewell_code`, for Reason of the BYE that waits for an ACK */
};

struct leg {
    leg_id id;
    struct sip *edge;
    struct leg_words *awake; /* NULL: they sleep, in `asleep`. Through sip_leg_words() only */
    uint8_t *asleep;
    uint32_t asleep_bytes;
    enum leg_state state;
    bool silent;        /* hung up by the app: nothing is reported any more */
    bool replaced;      /* an INVITE with Replaces has named it already */
    bool far_end_left;  /* it was they who ended it */
    bool prepared;      /* our 200 waits in `sdp` and the facts to be sent */
    bool we_offered;    /* our 200 carries the offer, their ACK the answer */
    bool allows_update; /* their Allow has UPDATE */
    bool trusted;       /* the identities of its far end are believed */
    bool counted;       /* against its source and against the legs in all */
    bool web;           /* our offers are for a WebRTC phone */
    bool routed;        /* it went to a next hop that the configuration names */

    /* Telling them whom they talk to, see tell.c: that it is a re-INVITE; that they take none on
     * this dialog; that after a 491 it may be sent once more. */
    bool identify_offers, identify_never, identify_again;
    unsigned identify_tries;
    nta_outgoing_t *identify;

    struct reoffer *reoffer; /* NULL: none */
    nta_outgoing_t *offering;
    nta_outgoing_t *exit; /* our REFER */
    leg_id exit_other;    /* whom it asks to call */
    bool exiting;         /* its end has not been told */

    nta_leg_t *dialog;
    nta_incoming_t *invite;  /* their first INVITE, until its ACK */
    nta_incoming_t *offer;   /* their re-INVITE or UPDATE, until sip_reply() or its ACK */
    nta_outgoing_t *request; /* our first INVITE */
    nta_outgoing_t *bye, *refresh;
    uint32_t transaction; /* of `offer`; 0: it is answered */
    uint32_t last_transaction;
    struct address media;  /* where they wanted RTP, as last reported */
    enum profile profile;  /* of their last SDP */
    enum srtp_suite suite; /* of its keys; SRTP_NONE: it had none that count */
    enum codec prefer;
    struct sdp_origin origin;
    char *sdp;           /* our last body, NULL: none yet */
    leg_id replaces;     /* whom our 200 to this INVITE replaces; 0: nobody */
    tport_t *connection; /* TCP: the one that their INVITE came on; NULL: none */
    unsigned listener;
    unsigned refers;        /* that came in this dialog */
    uint16_t farewell_code; /* 0: no BYE waits for an ACK */
    unsigned refresh_tries;
    unsigned account; /* as in its target */
    unsigned retries; /* with credentials */
    su_timer_t *timer;
    msec refresh_at, expires_at, forget_at, identify_at, offer_at, hop_at,
        probe_at;       /* NEVER: not running */
    uint64_t kept_hash; /* of the dialog as it was last reported */

    /* It is of an earlier run (restore.c). */
    bool unheard;            /* and nothing has shown since that its far end is there */
    bool cancelled;          /* it was our INVITE, whose answers are unwelcome */
    unsigned probe_tries;    /* that found no way to it */
    nta_outgoing_t *probe;   /* the question whether it lives */
    struct sip_call *call;   /* what we were asked to call, until it is answered */
    struct calling *calling; /* and how that fares */
    struct said *said;       /* NULL: we were never challenged */
    struct leg *next_by_id, *next_by_call;
    uint32_t name_hash; /* of its Call-ID, once it has a name */
};

struct legs *sip_leg_new(void);
void sip_leg_free(struct legs *all); /* forgets all legs without a word to anybody */

/* A new leg in the table, or NULL: no memory, or that id is taken. */
struct leg *sip_leg_add(struct sip *s, leg_id id, enum leg_state state);
struct leg *sip_leg_find(struct sip *s, leg_id id);

/* ---- words.c ---- */

/* Good until those of WORDS_AWAKE other legs have been asked for: not for longer than one message
 * or command takes. */
struct leg_words *sip_leg_words(const struct leg *leg);
/* For a new leg, all empty; false: no memory. */
bool sip_leg_words_new(struct leg *leg);
void sip_leg_words_free(struct leg *leg);

/* ---- legs.c ---- */

/* Put it under its Call-ID (of its words), so that Replaces and late CANCELs find it. */
void sip_leg_name(struct leg *leg);
/* The leg with this Call-ID and these tags, ours and theirs; NULL: none. `theirs` NULL: any. */
struct leg *sip_leg_by_dialog(struct sip *s, const char *name, const char *ours,
                              const char *theirs);

/* The leg whose first INVITE this CANCEL is for: theirs, with its Call-ID, tag and CSeq. */
struct leg *sip_leg_by_invite(struct sip *s, const sip_t *sip);

/* May one more come from this address? Counts it if so, and sip_leg_end() counts it off. */
enum room { ROOM, ROOM_NOT_FOR_SOURCE, ROOM_NOT_AT_ALL };
enum room sip_leg_admit(struct leg *leg);

/* It is over: count it off, and forget it when it has lingered. */
void sip_leg_end(struct leg *leg);
/* At once: it never became a dialog. The pointer is invalid after this. */
void sip_leg_forget(struct leg *leg);
/* What the Replaces header of this INVITE names. */
void sip_leg_replaces(struct sip *s, const sip_t *sip, struct invite *out);
/* The same for a Replaces from elsewhere; `leg` is set when it names one of ours. */
enum replaces sip_leg_named(struct sip *s, const sip_replaces_t *r, leg_id *leg);

/* What our requests in this dialog are sent on: the connection that they opened, while it is open,
 * as a phone behind NAT has no other; NULL: whatever its address asks for. */
tport_t *sip_leg_connection(const struct leg *leg);

/* Count it whether there is room or not: it was there before. */
void sip_leg_count(struct leg *leg);

/* ---- info.c ---- */

void info_take(struct leg *leg, nta_incoming_t *irq, const sip_t *sip);

/* ---- report.c ---- */

/* The event of the edge, emptied as far as its type goes, for this leg. */
struct sip_event *report_begin(struct leg *leg, enum sip_event_type type);
/* Hand it over. What finds no room is kept and tried again in order; nothing of a silent leg
 * leaves. */
void report_send(struct leg *leg);
/* For a SIP_INVITE: false when it found no room, and it is not kept. */
bool report_offer(struct leg *leg);
/* The same for an event that is about no leg. */
struct sip_event *report_begin_edge(struct sip *s, enum sip_event_type type);
void report_edge(struct sip *s);
void report_forget(struct sip *s);

/* ---- loop.c ---- */

/* Is this INVITE one of ours that is being answered by our own numbers? `in`: as it was read. */
bool loop_is_ours(const struct sip *s, const sip_t *sip, const struct invite *in);

/* ---- headers.c ---- */

void headers_party(struct party *to, const sip_t *sip);
void headers_from(struct party *to, const sip_t *sip); /* From (of an answer: To) and no other */
void headers_invite(struct invite *to, const sip_t *sip);
/* A number that was dialled, and its ;orbit=. */
void headers_number(char dialled[DIALLED_SIZE], char orbit[NUMBER_SIZE], const url_t *url);
void headers_reason(char to[128], const sip_t *sip);
bool headers_allow(const sip_t *sip, const char *method);
/* Seconds until it may be asked again (RFC 3261 20.33); 0: it does not say, or `sip` is NULL. */
uint32_t headers_retry_after(const sip_t *sip);
const char *headers_unknown(const sip_t *sip, const char *name); /* value, or NULL */
void headers_uri(char *to, size_t size, const url_t *url);       /* the whole URI, "" if too long */
/* `"display" <uri>` with the display quoted; "" when it does not fit or there is no URI. */
void headers_name_addr(char *to, size_t size, const char *display, const char *uri);
/* body.c: where the SDP of a message is; false if it has none, `*refusal` 415 when it has something
 * else.
 */
bool headers_sdp(const sip_t *sip, const char **text, size_t *length, uint16_t *refusal);

/* ---- in.c, answer.c, dialog.c, out.c, timer.c, strict.c ---- */

int in_request(nta_leg_magic_t *edge, nta_leg_t *outside, nta_incoming_t *irq, const sip_t *sip);
void in_take(struct sip *s, nta_incoming_t *irq,
             const sip_t *sip);                 /* the same, if it is not shed */
void in_sender(msg_t *msg, struct address *to); /* where it came from; "" : not known */
void in_source(nta_incoming_t *irq, struct address *to);
/* Who has sent this request, whatever it came by, and as whom we know him; NULL: nobody. */
void in_peer(const struct sip *s, nta_incoming_t *irq, struct front_peer *to);
const struct sip_peer *peer_of_sender(const struct sip *s, const struct front_peer *who);
bool in_trusted(const struct sip *s, const char *source);
bool in_too_large(const sip_t *sip);
void in_send_answer(struct leg *leg, const char *body); /* our 200, as the facts have it */
void in_answer(struct leg *leg, const struct session *agreed, const struct session_local *local,
               enum codec prefer, const struct sip_told *told);
void in_prepare(struct leg *leg, const struct session *agreed, const struct session_local *local,
                enum codec prefer, const struct sip_told *told); /* ends in SIP_PREPARED */
void in_send_prepared(struct leg *leg);
/* A Warning header with a reason in words; "" when there is none. */
void in_warning(char to[WARNING_SIZE], const struct sip *s, unsigned listener, uint16_t code,
                const char *why);
void in_refuse(struct leg *leg, uint16_t code, uint16_t warning, uint16_t retry_after,
               const char *why);
int in_acked(struct leg *leg, nta_incoming_t *irq, const sip_t *sip);
extern const char in_allow[], in_supported[], in_accept[];

int dialog_request(nta_leg_magic_t *leg, nta_leg_t *dialog, nta_incoming_t *irq, const sip_t *sip);
void dialog_reply(struct leg *leg, uint32_t transaction, uint16_t code,
                  const struct session *agreed, const struct session_local *local, const char *why);
void dialog_reply_passed(struct leg *leg, uint32_t transaction, const struct session_offer *theirs);
/* Our answer or offer for this leg, with the o= version raised if it says something new; NULL: it
 * cannot be written. The text belongs to the leg. */
void dialog_wipe(char *sdp); /* frees it; NULL is fine. Our keys may be in it */
/* Their SDP, read as our policy has it on this leg; remembered for our next offer. */
void dialog_read(struct leg *leg, const char *sdp, size_t length, struct session_offer *to);
const char *dialog_body(struct leg *leg, const sip_t *offer, const struct session *agreed,
                        const struct session_local *local, bool plain);
/* ... with the audio of somebody else, as he said it. `offer` NULL: it is an offer. */
const char *dialog_passed_body(struct leg *leg, const sip_t *offer,
                               const struct session_offer *theirs);
/* Who is at the far end by this message of it, as far as he is believed. */
void dialog_party(const struct leg *leg, const sip_t *sip, struct party *to);
void dialog_bye(struct leg *leg, uint16_t code, const char *text);
void dialog_hang_up(struct leg *leg, uint16_t code, const char *text);
void dialog_reason(char to[160], uint16_t code, const char *text);

void out_call(struct sip *s, const struct sip_call *call);
void out_cancel(struct leg *leg, uint16_t code, const char *text);
void out_forget(struct leg *leg); /* `calling`: it is answered, or over */

bool out_invite(struct leg *leg); /* to its target, as it is now; false: it cannot be sent */
void out_from_listener(struct leg *leg, unsigned listener);
void out_fail(struct leg *leg, uint16_t code, const char *why); /* the leg is over */

/* ---- out_hops.c: the servers that a call can be sent to ---- */

/* Look them up, and send the INVITE to the first. What fails is reported. */
void hop_seek(struct leg *leg);
void hop_sent(struct leg *leg);   /* an INVITE has left */
void hop_heard(struct leg *leg);  /* it has said something */
void hop_silent(struct leg *leg); /* hop_at has come */
/* A final answer, theirs or one that the library has made up. True: the next server is called. */
bool hop_passed_over(struct leg *leg, int status, const sip_t *sip);
/* How this one is reached, `name` being in its certificate; false: not at all. */
bool hop_way(const struct sip *s, const struct hop_at *at, const char *name, unsigned *listener,
             char way[96]);
msec hop_patience(const struct sip *s); /* with one that says nothing */
void hop_log(const struct hop *h, bool turned);

/* ---- hops.c: the loop is told how servers are ---- */

bool hops_start(struct sip *s);
void hops_stop(struct sip *s);

/* ---- options.c: are they alive? ---- */

bool options_new(struct sip *s); /* false: no memory */
void options_free(struct sip *s);
void options_setup(struct sip *s); /* the configuration is another */
void options_tick(struct sip *s);  /* once a second */

/* ---- out_auth.c: whoever challenges our requests ---- */

/* 401 or 407 to a request in this leg, which came from there: may it be sent again? False: we have
 * no answer, or it was given and not taken. */
bool out_challenged(struct leg *leg, nta_outgoing_t *request, const sip_t *sip);
/* The same for a request that is of no leg. `account`, `routed`: as in its target. The caller
 * counts how often. */
bool out_challenge_kept(struct sip *s, struct said *said, unsigned account, bool routed,
                        nta_outgoing_t *request, const sip_t *sip);
/* The headers with the answer, "" without; in the order of the challenges. */
struct answers {
    char header[CHALLENGES_MAX][CHALLENGE_HEADER_SIZE];
};
void out_credentials(struct leg *leg, const char *method, const char *uri, struct answers *to);
/* `said` NULL: nothing was ever asked. */
void out_said(struct said *said, const char *method, const char *uri, struct answers *to);
void out_said_free(struct said *said); /* wiped */
#define OUT_RETRIES_MAX 3 /* proxy, far end, and one of them again with a fresh nonce */
/* Which challenge of this response we can answer, the server's first choice first (RFC 8760 2.4).
 */
bool out_pick_challenge(const sip_t *sip, struct challenge *to);
void out_client_nonce(char to[17]);

/* ---- out_early.c: before the 200 ---- */

/* A provisional answer: acknowledged when it wants that (RFC 3262). */
void out_early(struct leg *leg, const sip_t *sip);
/* What this fork said before its 200, as that need not say it again; NULL: nothing. */
const char *out_early_sdp(const struct leg *leg, const char *tag);
/* It has made another offer (RFC 3311). False: it may not yet, our own is not answered. */
bool out_early_offer(struct leg *leg, const sip_t *sip);

/* ---- aim.c ---- */

/* Where this call goes; false: nowhere but to ourselves. */
bool aim(const struct sip *s, struct target *t, const struct sip_call *call);
/* Our domain, or one of our listeners? */
bool aim_is_us(const struct sip *s, const url_t *url);
const char *aim_domain(const struct sip *s, unsigned listener); /* host of our identities */
/* The account with this number, 0 for none; NULL: there is none, or none any more. */
const struct sip_register *aim_account(const struct sip *s, unsigned number);
unsigned aim_listener(const struct sip *s, const char *uri); /* to send to it from */
void out_contact(const struct sip *s, unsigned listener, const char *user, char to[URI_SIZE]);
void out_nonce(const struct sip *s, leg_id id, char to[64]);
bool out_is_nonce(const struct sip *s, const char *nonce);

/* ---- refer.c, refer_read.c ---- */

/* A REFER in this leg's dialog; NULL: outside of any. It is answered here or by the loop. */
void refer_take(struct sip *s, struct leg *leg, nta_incoming_t *irq, const sip_t *sip);
/* A SUBSCRIBE in this leg's dialog; false: it is for another event, and not answered. */
bool refer_subscribe(struct leg *leg, nta_incoming_t *irq, const sip_t *sip);
void refer_answer(struct sip *s, uint32_t number, uint16_t code, const char *orbit,
                  const char *why);
void refer_progress(struct sip *s, uint32_t number, uint16_t code, const char *orbit);
void refer_forget_leg(struct sip *s, leg_id leg); /* its dialog is about to go */
void refer_forget_all(struct sip *s);
/* What it says, and 0; or the code, with its phrase, that it is to be refused with. */
int refer_read(struct refer *to, struct sip *s, const struct leg *leg, const sip_t *sip,
               const char *source, const char **phrase);

/* RFC 4028: 422 when too small (already sent), else the leg's timer is set up from their request.
 */
bool timer_accept(struct leg *leg, nta_incoming_t *irq, const sip_t *sip);
/* "1800;refresher=uac" for our 200, "" when there is no timer. */
void timer_header(const struct leg *leg, char to[64]);
void timer_answered(struct leg *leg, const sip_t *sip);
void timer_restart(struct leg *leg); /* after each refresh, ours or theirs */
void timer_stop(struct leg *leg);
void timer_set(struct leg *leg);              /* after any change of the four moments */
msec timer_glare_wait(const struct leg *leg); /* after a 491 */
/* The far end knows nothing of this dialog any more: it is over, and reported. */
void timer_die(struct leg *leg, uint16_t code, const char *why);
void timer_acknowledge(struct leg *leg, nta_outgoing_t *request); /* the 200 to our re-INVITE */

/* ---- tell.c ---- */

void tell_message(struct sip *s, const struct sip_message *m);
void tell_forget_all(struct sip *s); /* those on their way, at the end */
/* Have this phone show whom it is connected with; the same name is told once. */
void tell_identity(struct leg *leg, const char *display, const char *uri);
void tell_now(struct leg *leg); /* identify_at has come */

/* ---- offer.c ---- */

void offer_begin(struct leg *leg, const struct reoffer *what);
void offer_now(struct leg *leg);  /* offer_at has come */
void offer_drop(struct leg *leg); /* the leg is over */

/* ---- exit.c ---- */

void exit_begin(struct leg *leg, leg_id other);
/* A NOTIFY in its dialog; false: it is for nothing that we asked. */
bool exit_notified(struct leg *leg, nta_incoming_t *irq, const sip_t *sip);
void exit_note(struct sip_event *ev, const struct sip_peer *peer, const sip_t *sip);

/* Before the first agent: no answer of the library's own to STUN (quiet.c). */
void quiet_stun(void);

/* Refuse it with 503 if there is too much to do for one of its kind (shed.c): true, and it is
 * answered. From then on, for as long as there is too much to do, all that belongs to no dialog
 * comes through shed_message(), which refuses without a transaction (RFC 3261 8.2.7). */
bool shed(struct sip *s, nta_incoming_t *irq, const sip_t *sip);
int shed_message(struct sip *s, nta_agent_t *agent, msg_t *msg, sip_t *sip);

/* ---- watch.c, watch_in.c, watch_out.c ---- */

bool watch_new(struct sip *s); /* false: no memory; free it all the same */
void watch_free(struct sip *s);
/* SUBSCRIBE outside of a dialog, and in one that is none of a call. Answered in any case. `names`:
 * he may see who waits. */
struct asker; /* auth.h */
void watch_subscribe(struct sip *s, nta_incoming_t *irq, const sip_t *sip,
                     const struct asker *asker);
void watch_refresh(struct sip *s, nta_incoming_t *irq, const sip_t *sip);
/* To all who watch, unless they are kept for the next start: come again in a moment. */
void watch_say_goodbye(struct sip *s);
void watch_take_up(struct sip *s); /* those of the last run, before the first message is read */
void watch_lamp(struct sip *s, const struct orbit_lamp *lamp);
void watch_lamps(struct sip *s, struct orbit_lamp *lamps, size_t count);
void watch_ranges(struct sip *s, struct sip_watched *ranges, size_t count); /* taken over */

/* The message class of the agent: the library's, but stricter. */
msg_mclass_t *strict_class(void);

/* ---- flow.c ---- */

/* By which listener it came in, and on which connection: with a reference, NULL for a datagram. */
tport_t *flow_take(struct sip *s, nta_incoming_t *irq, const sip_t *sip, unsigned *listener);
/* Remember that for a leg's first request. */
void flow_note(struct leg *leg, nta_incoming_t *irq, const sip_t *sip);
/* The same for a later one: whoever comes back on another connection is reached there from now on.
 */
void flow_moved(struct leg *leg, nta_incoming_t *irq, const sip_t *sip);
/* The connection that an answer to our INVITE came on, when the front has made it. */
void flow_answered(struct leg *leg, msg_t *answer);
/* The connection of the phone with this Contact, which it has opened itself; NULL: none. */
tport_t *flow_to(const struct sip *s, const char *contact, unsigned *listener);
bool flow_is_secure(const url_t *url); /* sips:, or transport=tls */
/* The way to this URL by TLS, with a certificate for its host; false: we speak none there. */
bool flow_way(const struct sip *s, unsigned listener, const url_t *url, char route[96]);
/* The same, with a certificate for `name`. */
bool flow_way_to(const struct sip *s, unsigned listener, const char *host, uint16_t port,
                 const char *name, char route[96]);

/* ---- edge.c ---- */

struct command;
void edge_now_listening(struct sip *s);
tport_t *edge_transport(const struct sip *s, unsigned listener); /* of the library; no reference */

/* ---- command.c ---- */

int command_take(struct sip *s);
int command_put_setup(struct sip *s, struct setup *setup);
int command_put_stop(struct sip *s);
void command_drop_all(struct sip *s);

#endif
