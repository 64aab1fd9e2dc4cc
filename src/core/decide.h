/* What an INVITE that belongs to no dialog means: park, retrieve, take a leg over, or a refusal.
 * The order of sip.md 1.3, as a pure function, so that it can be tested line by line and asked
 * "what would happen if". */
#ifndef CALLPARK_CORE_DECIDE_H
#define CALLPARK_CORE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"
#include "core/access.h"
#include "core/calls.h"
#include "core/deployment.h"
#include "core/lamp.h"
#include "core/orbits.h"
#include "core/session.h"

#define DIALLED_SIZE 64
#define PREFIXES_MAX 8 /* of one kind */
#define PREFIX_SIZE 16

/* What the Replaces header (RFC 3891) of the INVITE names. */
enum replaces {
    REPLACES_NONE,
    REPLACES_LEG,        /* a confirmed dialog of ours: `replaces_leg` */
    REPLACES_ENDED,      /* one that its far end hung up less than 32 s ago: `replaces_leg` */
    REPLACES_TAKEN,      /* one that another INVITE has replaced already */
    REPLACES_EARLY_OURS, /* an early one that we started (a ring back that rings): `replaces_leg` */
    REPLACES_EARLY,      /* an early one that they started */
    REPLACES_UNKNOWN,    /* none of ours, or tags in the wrong order */
    REPLACES_TWICE,      /* two Replaces headers, or Replaces with Join */
    REPLACES_PICKUP,     /* the ids of a lamp of ours: `pickup_ids`, `pickup_call` */
};

enum explicit_action { ASK_NOTHING, ASK_PARK, ASK_RETRIEVE };

/* What somebody may ask of us over SIP. */
enum {
    SIP_MAY_PARK = 1,
    SIP_MAY_RETRIEVE = 2,
    SIP_MAY_WATCH = 4,   /* SUBSCRIBE */
    SIP_MAY_CONTROL = 8, /* REFER, PUBLISH: to have us do something to calls */
    SIP_MAY_ALL = 15
};

/* One INVITE as the SIP edge saw it: text unescaped, bounded, nothing judged. */
struct invite {
    leg_id leg;
    bool trusted;                  /* its source is in a trusted network */
    char signed_in[USER_SIZE];     /* the user whose password he had (RFC 7616); "" : none */
    unsigned may;                  /* what his peer or user may ask (SIP_MAY_...) */
    char source[ADDRESS_SIZE];     /* for the log and for retrieve_allow */
    char dialled[DIALLED_SIZE];    /* user of the request URI, else of To */
    char dialled_to[DIALLED_SIZE]; /* user of To: counts when the other is not a number of ours */
    char orbit_param[NUMBER_SIZE]; /* ;orbit= of the request URI */
    struct party from; /* P-Asserted-Identity, Remote-Party-ID, From: the first there is */
    bool has_referred_by;
    struct party referred_by;
    bool has_history;         /* History-Info or Diversion shows who sent the call on */
    bool history_is_transfer; /* and that it is a retarget, not merely a forward */
    struct party history;
    enum replaces replaces;
    leg_id replaces_leg;
    bool early_only;
    struct {
        char call_id[PICKUP_SIZE], to_tag[PICKUP_TAG_SIZE], from_tag[PICKUP_TAG_SIZE];
    } pickup_ids;                /* as they stand in the header */
    call_id pickup_call;         /* whose they are; 0: nobody's, or they are made up */
    char ticket[TICKET_SIZE];    /* ;ticket= of the dialled user or of the request URI; "" : none */
    call_id ticket_call;         /* whose it is; 0: nobody's, or it is made up */
    enum explicit_action ask;    /* X-Callpark-Action, believed only when trusted */
    char ask_orbit[NUMBER_SIZE]; /* X-Callpark-Orbit, likewise */
    bool our_ring_back;          /* it is a ring back of ours that came round (RFC 3261 16.3) */
    uint16_t media_refusal;      /* 0: an offer we can answer, or none; else 488 */
    uint16_t media_warning;      /* 304, 305 */
    char media_why[WHY_SIZE];    /* why it is refused; "": there is nothing special to say */
};

enum decision_kind { DECIDE_REFUSE, DECIDE_PARK, DECIDE_RETRIEVE, DECIDE_TAKE_OVER };

struct decision {
    enum decision_kind kind;
    uint16_t code;          /* of a refusal */
    uint16_t retry_after;   /* seconds; 0: none */
    bool overload;          /* refused because no more audio can be sent on time */
    char why[WHY_SIZE];     /* in words: for the timeline, the log, the Warning header */
    number_key orbit;       /* park here; 0: any between first and last */
    number_key first, last; /* 0, 0: any orbit of this node */
    call_id call;           /* retrieve this one; take over a leg of this one */
    leg_id replaced;        /* take over: which leg */
    leg_id ended;           /* park: in the place of this consultation leg that has hung up; 0 */
    bool pin;               /* retrieve: he must give the PIN of its range first */
    bool evidence; /* somebody sent the call here: no number is told, no leg change awaited */
};

/* What decides beside the tables. */
struct house {
    char park_user[DIALLED_SIZE]; /* "park" */
    /* "*68": *68701 parks at 701, *68 alone anywhere. "" behind the last. */
    char park_prefix[PREFIXES_MAX][PREFIX_SIZE];
    char retrieve_prefix[PREFIXES_MAX][PREFIX_SIZE]; /* "*88": *88701 retrieves, never parks */
    char destination[FQDN_SIZE];                     /* of this node */
    char domains[8][FQDN_SIZE];                      /* ours; none: any */
    unsigned domain_count;
    bool draining;
    const char *store_why; /* why nothing that is promised can be written, so that nobody new is
                              parked; NULL: it can */
    bool
        audio_full; /* one more stream would come late, or make others late: nobody new is parked */
    bool refer_dial; /* a REFER outside of a dialog may have us call somebody without Replaces */
    const struct access *access; /* what users may do; NULL: nothing */
};

void decide(const struct invite *in, const struct house *house, const struct deployment *d,
            const struct orbits *orbits, struct calls *calls, msec now, struct decision *out);

/* The questions that a decision came by, in the order of sip.md 1.3, each with what was found: for
 * whoever wants to know why. */
#define TRACE_MAX 20

enum asked {
    ASKED_SOURCE,   /* from where, and is that believed? */
    ASKED_LOOP,     /* is it a ring back of ours? */
    ASKED_REPLACES, /* which dialog is it to replace? */
    ASKED_COMMAND,  /* does a header or a prefix say park or retrieve? */
    ASKED_DIALLED,  /* is this a number of ours, and which? */
    ASKED_ORBIT,    /* is a call there? */
    ASKED_EVIDENCE, /* did somebody send the call here? */
    ASKED_RIGHT,    /* may he retrieve? */
    ASKED_RULE,     /* what does a setting say? */
    ASKED_DRAINING, /* are new calls taken at all? */
    ASKED_AUDIO,    /* can one more hear music on time? */
    ASKED_MEDIA,    /* can its audio be answered? */
    ASKED_ROOM,     /* is an orbit free? */
    ASKED_KINDS
};

struct trace_line {
    enum asked asked;
    char found[WHY_SIZE];
};

struct trace {
    unsigned count;
    struct trace_line at[TRACE_MAX];
};

const char *asked_name(enum asked asked); /* "source", "replaces", ... */

/* The next line of a trace; NULL: nobody wants one (`trace` is NULL), or it is full. */
struct trace_line *trace_next(struct trace *trace, enum asked asked);

/* decide(), and how it came to that. `trace` may be NULL. */
void decide_traced(const struct invite *in, const struct house *house, const struct deployment *d,
                   const struct orbits *orbits, struct calls *calls, msec now, struct decision *out,
                   struct trace *trace);

/* Is this the identity of somebody inside: not hidden, not in international or trunk form, of one
 * of our domains when it has a domain name and we have a list? */
bool party_is_insider(const struct party *p, const struct house *house);

/* Does the list name him: a network holds `source`, or a pattern fits who he is? */
bool list_names(const char *list, const struct party *who, const char *source);
/* Does it name this address, as `refer-to` of a peer does? */
bool list_names_uri(const char *list, const char *uri);

/* Somebody who asks for something over SIP, as far as his rights go. */
struct asking {
    const char *signed_in; /* user; "": none, then `may` counts */
    unsigned may;          /* SIP_MAY_..., of his peer */
    const struct party *who;
    const char *source;
};

/* Has he the right to do `what` (one of SIP_MAY_...) at this range (0: anywhere on this node): by
 * his peer or his roles, and by park_allow there? What retrieve_allow says is for
 * retrieve_allowed(). */
bool asking_may(const struct asking *a, unsigned what, const struct house *house,
                const struct deployment *d, range_id range);

/* May he retrieve under this setting (networks like 10.0.0.0/8, patterns like sip:2??@example.com
 * or 2??; empty: every insider)? */
bool retrieve_allowed(const char *setting, const struct party *who, const char *source,
                      const struct house *house);

/* "105" of "sip:105@pbx"; "+4930123" of "tel:+49-30-123"; "" when there is none. The host has its
 * brackets if it is an IPv6 address. */
void uri_user(char to[DIALLED_SIZE], const char *uri);
void uri_host(char to[FQDN_SIZE], const char *uri);

/* Same user and same host, ports and parameters aside? Two unknown ones are not the same. */
bool uri_same_user(const char *a, const char *b);

#endif
