/* Many callers at once over one UDP socket: INVITE, ACK, a while, BYE, at a pace that does not wait
 * for answers. They send again what is not answered, as RFC 3261 17.1 says, and count that. */
#ifndef CALLPARK_BENCH_SIP_LOAD_H
#define CALLPARK_BENCH_SIP_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct load;

#define PATIENCE 40.0

struct load_plan {
    double rate;     /* calls a second; 0: none, only wait for what is open */
    double seconds;  /* for so long */
    unsigned calls;  /* or until there were so many; 0: any number */
    double hold;     /* seconds from the answer to BYE; less than 0: they stay */
    double patience; /* seconds for what is open at the end; PATIENCE is enough for all */
};

struct load_figures {
    unsigned started, answered, busy, shed, others; /* 200; 486; 503 or nothing; anything else */
    unsigned again;                                 /* sent a second time, or more often */
    double p50, p99, worst;                         /* INVITE to 200, ms */
};

/* How callers dial and listen, from the next call on. All that is 0 is as it is without. */
struct load_phones {
    const char *at;    /* what is dialled, a SIP URI; NULL: `park` at the server */
    unsigned orbit;    /* this number, the next call the next one; 0: as `at` says */
    bool retrieve;     /* by somebody inside for himself; else somebody outside is sent there */
    bool own_hosts;    /* each at an address of its own, of 127.1.0.0/16; they must stay so */
    uint16_t audio;    /* the port of their audio; 0: one that nobody reads */
    bool mute;         /* they want no audio: a=inactive, so that calls cost no packets */
    const char *suite; /* of SRTP with a key in the SDP, by its name there; NULL: in the clear */
};

/* The callers of the server at this port of 127.0.0.1, or of that host. On loopback each call has
 * an address of its own, as telephones do in life, and signals from it. Ends the program if there
 * is no socket. */
struct load *load_open(uint16_t port);
struct load *load_open_at(const char *host, uint16_t port);
void load_close(struct load *l);

/* What it points to must last. */
void load_dial(struct load *l, const struct load_phones *phones);

/* Runs the plan, then waits until each call but those that stay is over. */
void load_run(struct load *l, const struct load_plan *plan, struct load_figures *f);

/* One call by itself; its number. Others' messages and it go on in load_turn(), which reads what
 * has come and never waits, while load_socket() tells when that is. */
unsigned load_call(struct load *l);
void load_turn(struct load *l);
int load_socket(const struct load *l);

/* A call's own address, and where the answer says that the server hears it; 0 before the answer. */
struct load_audio {
    uint32_t own, host; /* host's order */
    uint16_t port;
};
struct load_audio load_audio_of(const struct load *l, unsigned call);

unsigned load_last(const struct load *l);   /* the number of the newest call */
const char *load_key(const struct load *l); /* of SRTP, in the last answer: base64; "": none */

/* All that stayed hang up. Returns how many of them the server did not know any more. */
unsigned load_hang_up(struct load *l);

/* Nothing more is sent for what is open: whoever called has given up, as in a flood. */
void load_forget(struct load *l);

#endif
