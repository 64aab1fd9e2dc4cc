/* What callers write: their requests, from the address that each of them has. */
#ifndef CALLPARK_BENCH_SIP_SAY_H
#define CALLPARK_BENCH_SIP_SAY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "sip_load.h"

#define SIP_TAG_SIZE 40

/* All that callers have in common. */
struct sip_side {
    int socket;
    uint16_t port, audio; /* ours */
    uint32_t host;        /* ours, as the server sees it; host's order */
    bool own_hosts;       /* each call has another one */
    struct sockaddr_in server;
    struct load_phones phones;
    unsigned phones_since; /* the first call that has them */
};

struct sip_call {
    unsigned number;
    char tag[SIP_TAG_SIZE]; /* the server's */
};

uint32_t sip_host_of(const struct sip_side *s, unsigned number);

void sip_send(const struct sip_side *s, const struct sip_call *c, const char *method, unsigned cseq,
              const char *branch, const char *body);
void sip_send_invite(const struct sip_side *s, const struct sip_call *c);

#endif
