/* The SIP edge: all that the rest of callpark sees of SIP. It owns the dialogs and transactions in
 * a thread of its own, reads SDP into offers and writes answers as SDP; it decides nothing about
 * parking. RFC 3261 and what sip.md 8 names. Only this folder includes the SIP library. */
#ifndef CALLPARK_SIP_SIP_H
#define CALLPARK_SIP_SIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/types.h"
#include "core/access.h"
#include "core/calls.h"
#include "core/decide.h"
#include "core/lamp.h"
#include "core/refer.h"
#include "core/session.h"

#define SIP_LISTEN_MAX 16
#define SIP_NETWORKS_MAX 64
#define SIP_ROUTES_SIZE 1024
#define REFER_EXPIRES 180 /* seconds that the subscription of a REFER lasts */
#define SIP_PROFILES_MAX 16
#define SIP_ORIGINS_MAX 16
#define SIP_PATH_SIZE 512

/* Of whom we ask a certificate when he connects by TLS. */
enum sip_client_cert { CLIENT_CERT_NO, CLIENT_CERT_ASK, CLIENT_CERT_REQUIRE };

/* What the listeners tls:, ws: and wss: and our own TLS connections need (front.h). */
struct sip_tls {
    char cert[SIP_PATH_SIZE], key[SIP_PATH_SIZE]; /* PEM; "" : there is no TLS listener */
    char ca[SIP_PATH_SIZE]; /* PEM: whose certificates we believe; "" : what the system believes */
    enum sip_client_cert client_cert;
    bool verify_off;                         /* calls that we start by TLS take any certificate */
    char origins[SIP_ORIGINS_MAX][URI_SIZE]; /* "https://park.example.com"; pages that may open a
                                                WebSocket */
    unsigned origin_count;                   /* 0: pages of the host that they connect to */
    uint32_t connections_max, connections_per_source; /* 0: the defaults */
};

#define SIP_PEERS_MAX 32
#define SIP_PEER_NAME_SIZE 64

enum sip_exit { EXIT_RELAY, EXIT_REFER };

/* A system that we know by where it is or by its certificate ([peer.NAME]); the networks of `[sip]
 * trusted` are one more with the defaults, by the name "trusted". */
struct sip_peer {
    char name[SIP_PEER_NAME_SIZE];
    char networks[LIST_SIZE];    /* "10.0.0.0/8, 192.0.2.7"; "" : none */
    char certificate[FQDN_SIZE]; /* a name in its verified certificate; "" : none */
    char options[URI_SIZE];      /* where it is asked whether it lives; "": it is not */
    bool trust_identity;         /* yes: who it says that somebody is, he is */
    bool direct_media, display_reinvite;
    enum sip_exit exit;
    char auth_user[64], auth_password[128]; /* when it challenges us */
    char refer_to[LIST_SIZE];               /* whom it may have us call; "" : nobody */
    unsigned may;                           /* SIP_MAY_... */
};

/* Whether keys in SDP count where the signalling is not encrypted: `[media] srtp-over-plain`. */
enum srtp_over_plain { SRTP_PLAIN_TRUSTED, SRTP_PLAIN_NO, SRTP_PLAIN_YES };

#define SIP_REGISTERS_MAX 8
#define SIP_NEXT_HOPS_MAX 16

/* An account of ours at another system ([register.NAME]). */
struct sip_register {
    char name[SIP_PEER_NAME_SIZE];
    char registrar[URI_SIZE]; /* "sip:pbx.example" */
    char aor[LIST_SIZE];      /* "700, sip:701@pbx.example"; calls of ours come from the first */
    char auth_user[64], auth_password[128];
    char outbound[URI_SIZE]; /* next hop of requests to it; "": the registrar itself */
    uint32_t expires;        /* seconds; 0: 3600 */
    bool unregister;         /* when the server stops */
};

/* [sip] route: which next hop a domain has. */
struct sip_next_hop {
    char domain[FQDN_SIZE]; /* "example.com", "*.example.com" */
    char hop[URI_SIZE];
};

#define SIP_DIALOG_SDP_SIZE 2048
#define SIP_DIALOG_INVITE_SIZE 2048
#define SIP_DIALOG_TEXT_SIZE 10240 /* of all of it, as sip_dialog_write() makes it */

/* The dialog of a leg as the store keeps it (sip.md 9.1), so that a later start can take it up
 * again. The keys of its audio may be in it. */
struct sip_dialog {
    bool we_called;
    char call_id[192], local_tag[96], remote_tag[128];
    char local_uri[URI_SIZE], remote_uri[URI_SIZE], remote_target[URI_SIZE],
        local_contact[URI_SIZE];
    char routes[SIP_ROUTES_SIZE]; /* in the order in which we send them, as header text */
    uint32_t local_cseq, remote_cseq, invite_cseq;
    uint32_t cseq_reserved; /* no request of ours has gone beyond this one: the first one of a later
                               run is the next */
    char transport[8];      /* "udp", "tcp", "tls", "ws", "wss" */
    struct address local, remote;
    uint32_t session_expires; /* RFC 4028, seconds; 0: no timer */
    bool we_refresh;
    msec refresh_at, expires_at;        /* by the wall clock; 0: not running */
    uint64_t clock;                     /* clock_offset() when they were put down */
    char boot[40];                      /* clock_boot() */
    uint64_t origin_id, origin_version; /* of o= in our SDP */
    char origin_host[ADDRESS_SIZE];
    struct address media;             /* where they want RTP */
    bool we_offered;                  /* our 200 carries the offer, their ACK the answer */
    bool allows_update;               /* their Allow has UPDATE */
    bool trusted;                     /* the identities of its far end are believed */
    bool web;                         /* a WebRTC phone */
    bool routed;                      /* it went to a next hop that the configuration names */
    bool replaced;                    /* an INVITE with Replaces has named it already */
    leg_id replaces;                  /* whom our 200 to this INVITE replaces; 0: nobody */
    char user[USER_SIZE];             /* who signed in for it; "": nobody */
    char account[SIP_PEER_NAME_SIZE]; /* of ours, by which it was called; "" : none */
    struct party party;               /* as last reported */
    char identity_told[URI_SIZE + DISPLAY_SIZE * 2]; /* to them, of whom they are connected with */
    /* Of our INVITE in flight: what its CANCEL needs. `way` "" : the request URI leads there. */
    char branch[128], request_uri[URI_SIZE], way[URI_SIZE];
    char local_sdp[SIP_DIALOG_SDP_SIZE]; /* our last; "" : none, or too long */
    char invite[SIP_DIALOG_INVITE_SIZE]; /* until its ACK: their first INVITE, as far as our answer
                                            repeats it; "" : it is over, or too long */
    char told_phrase[64], told_orbit[NUMBER_SIZE]; /* in our 200, as in struct sip_told */
};

/* As text for the store, a line for each thing that is not empty. False: `size` is too little,
 * which SIP_DIALOG_TEXT_SIZE is only for the strangest. */
bool sip_dialog_write(char *to, size_t size, const struct sip_dialog *d);
/* Lines that this version does not know are ignored. False: one cannot be, or something without
 * which there is no dialog is missing: `unread` names it. */
bool sip_dialog_read(struct sip_dialog *d, const char *text, char unread[64]);

/* A leg of an earlier run that is taken up again. */
enum sip_restored_state {
    SIP_RESTORED_UP,
    SIP_RESTORED_ANSWERED, /* our 200 has left, its ACK has not come: it is sent again */
    SIP_RESTORED_CALLING   /* our INVITE was on its way: it is cancelled, and nothing is reported */
};

struct sip_restored {
    leg_id leg;
    enum sip_restored_state state;
    struct sip_dialog dialog;
};

#define SIP_WATCH_TEXT_SIZE 4096

/* A subscription to lamps as the store keeps it, so that it lives on over a restart. */
struct sip_watch {
    uint64_t number;                /* never used twice */
    char text[SIP_WATCH_TEXT_SIZE]; /* "" : it is over, and its row goes */
};
struct sip_kept_watch {
    uint64_t number;
    const char *text;
};

struct sip_config {
    char listen[SIP_LISTEN_MAX][96]; /* "udp:127.0.0.1:5060", "tcp:[::1]:5060", "wss:0.0.0.0:443";
                                        port 0: any free one */
    enum srtp_policy srtp;
    enum srtp_over_plain srtp_over_plain; /* TRUSTED: from and to peers of ours */
    unsigned listen_count;
    struct sip_tls tls;
    char advertise[FQDN_SIZE]; /* host in Contact and Via; "" : each listener's own address */
    char domain[FQDN_SIZE]; /* host in the identities we make ("sip:701@domain"); "": advertise or
                               listener */
    char trusted[SIP_NETWORKS_MAX]
                [64]; /* "10.0.0.0/8", "::1"; requests from elsewhere need a peer or a user */
    unsigned trusted_count;
    struct sip_peer peers[SIP_PEERS_MAX];
    unsigned peer_count;
    unsigned char nonce_key[32]; /* the same after a restart; all zero: a new one */
    char realm[FQDN_SIZE];       /* of users' passwords; "" : `domain` */
    char outbound[URI_SIZE];     /* next hop of calls that we start; "": RFC 3263 on the target */
    struct sip_next_hop next_hops[SIP_NEXT_HOPS_MAX]; /* before `outbound` */
    unsigned next_hop_count;
    struct sip_register registers[SIP_REGISTERS_MAX];
    unsigned register_count;
    char resolv_conf[256];                  /* of the resolver of names; "": /etc/resolv.conf */
    char auth_user[64], auth_password[128]; /* when the next hop challenges us; "": we give up */
    bool redirect_follow;                   /* a 3xx to a call of ours is followed */
    msec hop_timeout;          /* silence after which the next server is tried; 0: 4 s */
    msec options_interval;     /* between two OPTIONS to each named system; 0: none are sent */
    uint32_t calls_max;        /* legs in all; more: 503 with Retry-After */
    uint32_t calls_per_source; /* legs of one source address; more: 503 */
    msec t1;                   /* RFC 3261 17.1.1.1; 500 unless a test says otherwise */
    uint32_t session_expires;  /* RFC 4028, seconds: 1800; 0: none of our own */
    uint32_t min_se; /* the least that others may ask for; 0: 90, RFC 4028's; tests say less */
    char user_agent[64];
    uint32_t watchers_max;  /* subscriptions to lamps; 0: 100,000; more: 503 */
    uint32_t watch_expires; /* the longest of them, seconds; 0: 600; tests say less */
    bool lamp_anonymous;    /* nobody who watches sees who waits */
    bool callpark_info;     /* BroadWorks' call-info package is offered too */
    struct {
        char agent[64]; /* pattern of User-Agent */
        enum lamp how;
    } lamp_profiles[SIP_PROFILES_MAX]; /* the first that fits; none: as the setting says */
    unsigned lamp_profile_count;
    char publish[URI_SIZE];   /* where lamps are published (RFC 3903); "" : nowhere */
    uint32_t publish_expires; /* seconds; 0: 120 */
    leg_id first_leg;         /* numbers of legs that others start count up from here: odd */
    const struct sip_restored *restored; /* for sip_start() alone, and read only during it */
    size_t restored_count;
    bool watches_kept; /* subscriptions to lamps are reported by SIP_WATCH, and nobody who watches
                          is told at the end that it is one */
    const struct sip_kept_watch *watches; /* those of the last run; read during sip_start() only */
    size_t watch_count;
};

/* ---- servers that our requests go to (decision 028) ---- */

#define SIP_HOPS_MAX 64 /* that are remembered */
#define SIP_HOP_SYSTEM_SIZE 96

enum sip_hop_state { SIP_HOP_NONE, SIP_HOP_UNKNOWN, SIP_HOP_UP, SIP_HOP_DOWN };

struct sip_hop {
    unsigned place;                   /* below SIP_HOPS_MAX: replaces what was told of it before */
    enum sip_hop_state state;         /* SIP_HOP_NONE: it is forgotten */
    char system[SIP_HOP_SYSTEM_SIZE]; /* what of the configuration leads there, or the name */
    char transport[8];                /* "udp", "tcp", "tls" */
    char host[FQDN_SIZE];
    uint16_t port;
    bool watched;         /* OPTIONS are sent to it */
    msec since, answered; /* by the steady clock; answered 0: never */
    bool measured;
    uint32_t round_trip; /* measured: msec until the answer to the last OPTIONS */
};

enum sip_event_type {
    SIP_INVITE,    /* `invite`, `offer`, `dialog`: answer it with sip_answer() or sip_refuse() */
    SIP_CANCELLED, /* before our final answer (the 487 is sent already) or after our 200, see
                      `answered` */
    SIP_ACKED,     /* the ACK of our 200; `offer` holds the answer when the offer was ours */
    SIP_OFFERED,   /* a re-INVITE or UPDATE with an offer, or a re-INVITE without: sip_reply() with
                      `transaction` */
    SIP_IDENTITY,  /* the far end's identity is now `party` (an UPDATE without SDP; else with
                      SIP_OFFERED) */
    SIP_RINGING,   /* a provisional answer above 100 to our INVITE: `code` */
    SIP_ANSWERED,  /* our INVITE was answered (the ACK is sent): `offer` holds the answer, `party`,
                      `dialog` */
    SIP_FAILED, /* our INVITE ended with `code` (408: no answer at all, 503: could not be sent), or
                   the ACK of our 200 never came (408), or it could not be written (488): the leg is
                   hung up by the edge */
    SIP_GONE,   /* BYE, or a dead session: the leg is no more; `reason` as in its Reason header */
    SIP_REFERRED,  /* a REFER, in a dialog or outside of any: `refer`; sip_refer_answer() with its
                      number */
    SIP_DIGIT,     /* the far end pressed a key and said so by INFO: `digit` */
    SIP_REOFFERED, /* what became of sip_offer(): `transaction` is its number, `code` and, with 200,
                     `offer` as their answer, which may not be usable */
    SIP_EXITED,    /* what became of sip_exit(): `code` */
    SIP_PREPARED,  /* `dialog`: our 200 waits for sip_send_answer() */
    SIP_DIALOG,    /* nothing has happened, but `dialog` is another and is to be stored */
    SIP_WATCH,     /* no leg: a subscription is to be stored as it is now, or removed: `watch` */
    SIP_LOCKED_OUT, /* no leg: passwords were wrong too often; `invite.signed_in` ("" : of nobody
                       that we know), `invite.source`, `reason` */
    SIP_HOP         /* no leg: how a server that our requests go to is: `hop` */
};

/* In the order of how many types have it: what a type has not is at its end, and is neither filled
 * in nor handed on (sip_event_size()). */
struct sip_event {
    enum sip_event_type type;
    leg_id leg;
    uint32_t transaction; /* SIP_OFFERED: to answer with */
    uint16_t code;
    char digit;            /* SIP_DIGIT: '0' to '9', '*', '#', 'A' to 'D' */
    bool stranger;         /* SIP_INVITE, SIP_ANSWERED: no peer of ours is at the far end */
    bool answered;         /* SIP_CANCELLED: our 200 had left */
    bool identity_changed; /* SIP_OFFERED: `party` is somebody else than before */
    bool address_changed;  /* SIP_OFFERED: media moves to another address */
    bool direct_media;     /* SIP_INVITE, SIP_ANSWERED: its peer lets two legs of its own send audio
                              to each other */
    bool may_exit;         /* likewise: its peer lets us leave the path */
    bool takes_refer, takes_replaces; /* likewise: what its far end says it can do */
    char reason[128];
    struct party party;
    struct session_offer offer;
    struct sip_dialog dialog; /* SIP_INVITE, SIP_ANSWERED, SIP_DIALOG; refreshed: SIP_ACKED,
                                 _OFFERED, _IDENTITY */
    union {
        struct invite invite; /* SIP_INVITE; dialled user unescaped, parties filled, trusted set */
        struct refer refer;   /* SIP_REFERRED */
        struct sip_hop hop;   /* SIP_HOP */
        struct sip_watch watch; /* SIP_WATCH */
    };
};

/* How many bytes of an event of this type mean something, from its first on. */
size_t sip_event_size(enum sip_event_type type);

/* Called on the SIP thread; copies what it needs, of which sip_event_size() is all there is, and
 * returns at once. False: no room, the edge
 * refuses the request with 503 (SIP_INVITE) or tries again. */
typedef bool sip_report(void *to, const struct sip_event *ev);

struct sip;

/* Bind all listeners and start the thread. On failure the sentence names the listener. */
int sip_start(struct sip **out, const struct sip_config *config, sip_report *report, void *to,
              struct err *err);
/* Only read the certificates that `config` names; what is wrong with them, in words. */
int sip_check(const struct sip_config *config, struct err *err);
/* Stop without hanging up on anybody. NULL is fine. */
void sip_stop(struct sip *s);
/* New trusted networks, domain, outbound, limits (SIGHUP), and the certificates are read again;
 * listeners and connections stay. */
int sip_reload(struct sip *s, const struct sip_config *config, struct err *err);

/* The peer of this address, or of a verified certificate with this name (NULL: none); certificates
 * come first, then the peers in their order, then `trusted`. NULL: nobody that we know. For the SIP
 * thread; good until it takes the next command. */
const struct sip_peer *peer_of(const struct sip *s, const char *source, const char *certificate);

/* The n-th listener as it is bound ("udp:127.0.0.1:5060"), "" behind the last. */
void sip_listener(const struct sip *s, unsigned n, char to[96]);

/* Commands: copied, carried out in order on the SIP thread; 0, or -ENOBUFS when the queue is full.
 * They are for one thread, the loop. A command for a leg that is gone does nothing. */

struct sip_told {               /* what our 200 says about the other side */
    char display[DISPLAY_SIZE]; /* P-Asserted-Identity; both "" : none */
    char uri[URI_SIZE];
    char orbit[NUMBER_SIZE]; /* X-Callpark-Orbit; "" : none */
    char phrase[64];         /* reason phrase, "Parked at 701"; "": "OK" */
};

/* 200 to the INVITE of `leg`. `agreed` NULL: the INVITE had no SDP, we offer everything, `prefer`
 * first. */
typedef int sip_answering(struct sip *s, leg_id leg, const struct session *agreed,
                          const struct session_local *local, enum codec prefer,
                          const struct sip_told *told);
sip_answering sip_answer;

/* The same in two steps: our 200 is put together, SIP_PREPARED tells what a restart has to know of
 * it, and sip_send_answer() sends it. Whoever has it is found again then. */
sip_answering sip_prepare;
/* Of a leg without one to send it does nothing. */
int sip_send_answer(struct sip *s, leg_id leg);

/* A final refusal. `warning` 0, or the code of a Warning header with `why`; 399 without a better
 * one. */
int sip_refuse(struct sip *s, leg_id leg, uint16_t code, uint16_t warning, uint16_t retry_after,
               const char *why);

/* Answer a SIP_OFFERED: 200 with the new session (`agreed` NULL: it had no SDP, our offer), or
 * refuse with `code` (488, 500): the old session goes on. */
int sip_reply(struct sip *s, leg_id leg, uint32_t transaction, uint16_t code,
              const struct session *agreed, const struct session_local *local);

/* Refuse it with a Warning that says `why`. */
int sip_reply_refuse(struct sip *s, leg_id leg, uint32_t transaction, uint16_t code,
                     const char *why);

/* The same with what the other side of the call has said of its own audio: they are to send to each
 * other. */
int sip_reply_passed(struct sip *s, leg_id leg, uint32_t transaction,
                     const struct session_offer *theirs);

/* Offer another session on a leg that is up, by re-INVITE: our own (`theirs` NULL), or what the
 * other side of the call has said of its audio. SIP_REOFFERED brings `number` back, always, but not
 * for a leg that is gone. `patient`: when the leg is busy (491) it is asked again a few times. */
int sip_offer(struct sip *s, leg_id leg, uint32_t number, bool patient,
              const struct session_offer *theirs, const struct session_local *local);

/* Ask the far end of `leg` to call that of `other` in our place: REFER with Replaces in its dialog
 * (RFC 5589 7.1). SIP_EXITED says what came of it: a refusal, or the last NOTIFY; perhaps never. */
int sip_exit(struct sip *s, leg_id leg, leg_id other);

struct sip_call {
    leg_id leg;             /* even, from the core */
    char uri[URI_SIZE];     /* whom to call: becomes the request URI */
    char contact[URI_SIZE]; /* his device, used when `uri` names no host but us; "" : unknown */
    char from_display[DISPLAY_SIZE]; /* "Park 701: Alice" */
    char from_user[DIALLED_SIZE];    /* "701" */
    struct party caller;             /* P-Asserted-Identity */
    char alert_info[URI_SIZE];
    char orbit[NUMBER_SIZE];      /* X-Callpark-Orbit */
    char replaces[REPLACES_SIZE]; /* Replaces, with Require: replaces (RFC 3891); "": none */
    char referred_by[URI_SIZE];   /* Referred-By (RFC 3892); "": none */
    uint32_t attempt;             /* X-Callpark-Recall: n= */
    bool is_ring_back;            /* else a fallback or a chosen target: no Alert-Info */
    bool auto_answer;             /* his phone is asked to pick up by itself */
    bool plain;
    enum codec prefer;
    struct session_local local;
};

int sip_call(struct sip *s, const struct sip_call *call);

/* End a leg whatever its state: CANCEL once a provisional answer allows it, BYE, BYE after the ACK
 * came or 64*T1; an unanswered INVITE of theirs gets `code`. `code` and `text` go into Reason (RFC
 * 3326). The edge sees late answers through by itself (ACK, BYE). Nothing is reported for the leg
 * any more. */
int sip_hang_up(struct sip *s, leg_id leg, uint16_t code, const char *text);

/* Answer a SIP_REFERRED: 202 begins the subscription (RFC 3515) and sends NOTIFY 100 at once, any
 * other code ends it, `why` in a Warning. `orbit`: in Contact and X-Callpark-Orbit; "": none. */
int sip_refer_answer(struct sip *s, uint32_t number, uint16_t code, const char *orbit,
                     const char *why);

/* How the request that came of it stands: NOTIFY with a sipfrag; 200 and above ends the
 * subscription. Without a report it ends by itself after REFER_EXPIRES seconds. */
int sip_refer_progress(struct sip *s, uint32_t number, uint16_t code, const char *orbit);

/* How full the hands of who takes our events are, in percent; from any thread. What is refused
 * first, and from which pressure on, is in shed.c. */
void sip_pressure(struct sip *s, unsigned percent);

/* ---- lamps: those who watch an orbit or a range see this ---- */

/* How the lamp of this orbit looks now; `pickup` filled in. Dark for a call whose lamp it no longer
 * is: nothing changes. */
int sip_lamp(struct sip *s, const struct orbit_lamp *lamp);

/* All lamps that are lit: every other one is dark. At a start, and when one could not be told. The
 * list was malloc'ed and is taken over, whatever comes back. */
int sip_lamps(struct sip *s, struct orbit_lamp *lamps, size_t count);

/* What there is to be watched. The list was malloc'ed and is taken over, whatever comes back. Those
 * who watch what is not in it any more are told that it is gone. */
struct sip_watched {
    range_id range;
    number_key first, last;
    number_key park_number; /* one lamp for the whole range; 0: none */
    enum lamp how;          /* of that lamp */
    char allow[LIST_SIZE];  /* who may watch: networks and identities; "": whoever has the right */
};
int sip_watched(struct sip *s, struct sip_watched *ranges, size_t count);

/* A text message. What becomes of it is not reported. */
struct sip_message {
    char to[URI_SIZE];
    char contact[URI_SIZE];      /* his device, used when `to` names no host but us; "" : unknown */
    char from_user[NUMBER_SIZE]; /* "701", so that it can be called back */
    char text[WHY_SIZE + DISPLAY_SIZE];
};
int sip_message(struct sip *s, const struct sip_message *m);

/* Have the phone of this leg show whom it is connected with: once nothing else is under way, by
 * UPDATE where it takes that, by re-INVITE where its peer says display-reinvite; else not at all.
 */
int sip_identify(struct sip *s, leg_id leg, const char *display, const char *uri);

/* ---- users: who may sign in with a phone of his own ---- */

#define SIP_MD5_SIZE 33
#define SIP_SHA256_SIZE 65

struct sip_user {
    uint32_t number; /* his place in the table as it was given */
    char name[USER_SIZE];
    char md5[SIP_MD5_SIZE], sha256[SIP_SHA256_SIZE]; /* H(A1) of RFC 7616 in hex; "" : not by it */
    char phone[DIALLED_SIZE];    /* his number, which he may be instead of his name; "" : none */
    unsigned may;                /* SIP_MAY_..., anywhere at all */
    bool watches_all, names_all; /* may watch every range, and see who waits; else `rights` */
};

/* May this user watch this range, and see who waits there? */
struct sip_right {
    uint32_t user; /* his place in `at` as it was given */
    range_id range;
    bool names;
};

struct sip_user_table { /* from malloc() */
    size_t count;
    struct sip_right *rights; /* by user, then by range; malloc'ed, taken over as well */
    size_t right_count;
    struct sip_user at[];
};

/* These and no others from now on; taken over in any case. -ENOBUFS: the queue is full. */
int sip_users(struct sip *s, struct sip_user_table *users);

/* H(A1) of a password by both algorithms. A pure function, for any thread. */
bool sip_password_hash(const char *user, const char *realm, const char *password,
                       char md5[SIP_MD5_SIZE], char sha256[SIP_SHA256_SIZE]);

enum sip_auth_failure {
    SIP_AUTH_PASSWORD,
    SIP_AUTH_USER,  /* there is none of that name */
    SIP_AUTH_NONCE, /* not one of ours */
    SIP_AUTH_REPLAYED,
    SIP_AUTH_MALFORMED,
    SIP_AUTH_THROTTLED, /* too many failures before: not even looked at */
    SIP_AUTH_NOT_ALLOWED,
    SIP_AUTH_FAILURES
};

struct sip_counts {
    uint64_t challenges, auth_failures[SIP_AUTH_FAILURES];
    uint64_t requests_in, responses_out, requests_out, responses_in;
    uint64_t shed;    /* refused with 503, as too much came in */
    uint64_t unread;  /* datagrams that the kernel has dropped before they were read */
    unsigned thinned; /* of a thousand that would begin something, how many it is to drop */
    uint64_t invites, refused_untrusted, refused_limit, malformed, retransmissions;
    uint32_t accounts, registered; /* of ours at registrars */
    uint32_t legs;
    uint64_t subscribes, watchers_refused, notifies, notifies_failed, publishes, publishes_failed;
    uint32_t watchers;
    uint64_t restored, restored_lost; /* legs of an earlier run: taken up; not, or gone after all */
    uint32_t restored_unheard;        /* whose far end has not shown yet that it is still there */
};
void sip_count(const struct sip *s, struct sip_counts *out);

#endif
