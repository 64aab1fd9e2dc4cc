/* What the files of the test phone share. Not for others. */
#ifndef CALLPARK_CTL_PHONE_INSIDE_H
#define CALLPARK_CTL_PHONE_INSIDE_H

#include <sys/socket.h>

#include "ctl/phone.h"
#include "ctl/phone_msg.h"

#define SENT_MAX (4 * PHONE_CALLS_MAX)
#define KEPT_MAX 32
#define T1 500
#define T2 4000
#define GIVE_UP 32000 /* 64 * T1, RFC 3261 17.1.1.2 */

struct peer {
    struct sockaddr_storage address;
    socklen_t length;
};

/* Something that is sent again until it is answered: a request of ours, or our 200 to an INVITE. */
struct sent {
    bool used;
    bool is_answer; /* a 200, waiting for its ACK */
    struct phone *phone;
    struct phone_call *call; /* NULL: OPTIONS outside of a call */
    struct peer to;
    char method[16], branch[48];
    char text[MSG_SIZE];
    size_t length;
    msec next, interval, give_up;
    bool provisional; /* an INVITE that was heard: not sent again */
    unsigned status;  /* of the final answer, 0: none yet */
};

/* An answer of ours, for requests that come again (RFC 3261 17.2). */
struct kept {
    char key[160]; /* method, branch */
    char text[MSG_SIZE];
    size_t length;
};

struct phone {
    struct phones *all;
    char user[64], display[64], uri[128];
    int tone, socket;
    uint32_t answer_after;
    struct phone_call *incoming;
    struct kept kept[KEPT_MAX];
    unsigned kept_next;
};

struct phone_call {
    bool used;
    struct phone *phone;
    struct phone_facts facts;
    struct peer peer; /* where its requests go: where the last message came from */
    char call_id[128], local_tag[24], remote_tag[128];
    char local[384], remote[384]; /* From and To without tags, as we say them */
    char target[256];             /* the far end's Contact */
    char routes[512];             /* Route headers, each with its CR LF */
    unsigned long cseq, invite_cseq;
    struct sent *invite; /* while it waits for its answer */
    char ack[2048];      /* of the 200 to our INVITE, sent again when the 200 comes again */
    bool wants_end;      /* hang up as soon as that is allowed */

    /* An INVITE that came and rings. */
    char ringing[MSG_SIZE]; /* Via, From, To, Call-ID, CSeq, Record-Route of its answers */
    char ringing_key[160];
    msec answer_at; /* 0: not ringing; NEVER: for ever */

    int rtp;
    unsigned rtp_port;
    struct msg_audio audio; /* where it wants RTP; port 0: not known yet */
    struct voice voice;
    msec speak_at;
    uint16_t sequence, heard_sequence;
    uint32_t timestamp, ssrc, heard_ssrc;
    unsigned sdp_version;
};

struct phones {
    struct phone *phone[PHONES_MAX];
    unsigned phone_count;
    struct phone_call call[PHONE_CALLS_MAX];
    struct sent sent[SENT_MAX];
    struct peer server;
    char server_text[80], host[64]; /* our own address, numeric */
    uint64_t dice;
};

/* phone.c */
uint64_t phone_random(struct phones *all);
void phone_send(struct phone *p, const struct peer *to, const char *text, size_t length);
struct phone_call *phone_call_new(struct phone *p);
void phone_over(struct phone_call *c, bool by_peer);

/* phone_sip.c: requests of ours */
struct sent *phone_request(struct phone_call *c, const char *method, unsigned long cseq,
                           const char *more, const char *sdp);
void phone_answered(struct phone *p, const struct msg *m, const struct peer *from);
void phone_sent_due(struct phones *all, struct sent *s, msec now);
void phone_end(struct phone_call *c);
/* "host" or "[host]" */
const char *phone_bracketed(const char *host, char to[72]);

/* phone_uas.c: requests of others */
void phone_asked(struct phone *p, const struct msg *m, const struct peer *from);
void phone_pick_up(struct phone_call *c);

/* phone_rtp.c */
int phone_rtp_open(struct phone_call *c);
void phone_rtp_read(struct phone_call *c);
void phone_rtp_due(struct phone_call *c, msec now);
void phone_sdp(struct phone_call *c, char *to, size_t size);

#endif
