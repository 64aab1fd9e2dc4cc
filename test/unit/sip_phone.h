/* A phone made of a socket and text, for tests of the SIP edge: it says exactly what the test says,
 * well-formed or not, and shows exactly what came back. */
#ifndef CALLPARK_TEST_SIP_PHONE_H
#define CALLPARK_TEST_SIP_PHONE_H

#include <stdbool.h>
#include <stdint.h>

#include "sip/sip.h"
#include "sys/queue.h"

#define PHONE_TEXT 16384

struct phone {
    int fd;
    bool stream;
    uint16_t port, far_port;
    char text[PHONE_TEXT]; /* what came last */
};

/* An edge on loopback with a UDP and a TCP listener, and the queue that its events go to. */
struct bench {
    struct sip *sip;
    struct queue *events;
    uint16_t udp, tcp;
    struct sip_event ev;      /* what came last */
    struct sip_dialog dialog; /* as the store would have it: of the last event that had one */
};

void bench_config(struct sip_config *config);
void bench_start(struct bench *b, const struct sip_config *config);
void bench_stop(struct bench *b);
/* The next event; fails the test when it is of another type or does not come. Those that are only
 * for the store are passed over, unless one is wanted. */
void bench_expect(struct bench *b, enum sip_event_type type);
bool bench_quiet(struct bench *b, int patience); /* no event comes */

void phone_open(struct phone *p, const struct bench *b, bool stream);
void phone_close(struct phone *p);
void phone_send(struct phone *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The next message; fails the test when its first line does not begin so. */
void phone_expect(struct phone *p, const char *start);
/* The same, for a test that has words of its own. */
bool phone_try(struct phone *p, const char *start);
bool phone_quiet(struct phone *p, int patience);
bool phone_has(const struct phone *p, const char *text);
/* The value of a header of the last message, in a buffer that the next call uses again. */
const char *phone_header(const struct phone *p, const char *name);
const char *phone_tag(const struct phone *p, const char *name); /* of From or To */

/* A request: `more` are header lines, each ended by CRLF; Content-Length is put in. `to_tag` "" :
 * none. */
struct request {
    const char *method, *uri, *call, *branch, *from_tag, *to_tag, *more, *body;
    unsigned cseq;
};
void phone_request(struct phone *p, const struct request *r);
/* Answer the last request with the same Via, From, To, Call-ID, CSeq. */
void phone_answer(struct phone *p, const char *status, const char *to_tag, const char *more,
                  const char *body);

extern const char phone_sdp[];

/* ---- a call between the phone and the edge, for the tests that need one ---- */

extern struct bench bench;
extern struct phone phone;
extern const struct session_local talk_local;
extern char talk_name[64]; /* Call-ID of the call, and the branch of its INVITE */
extern char talk_us[128];  /* the edge's tag in it */

/* For cmocka: an edge as bench_config() wants it, and a phone on UDP. */
int talk_set_up(void **state);
int talk_tear_down(void **state);

void talk_begin(void); /* a new Call-ID */
void talk_contact(char to[96]);
void talk_request(const char *method, const char *branch, const char *to_tag, unsigned cseq,
                  const char *more, const char *body);
void talk_invite(const char *more);
/* Agree with the offer of the last event and answer it. */
void talk_answer(leg_id leg);
leg_id talk_up(void); /* a call that is acknowledged; its leg */

#endif
