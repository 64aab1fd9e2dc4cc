/* The insides of the front that its files share. All of it belongs to the front's thread once that
 * runs, but for `news` and `wishes`. Internal to src/sip/front*.c. */
#ifndef CALLPARK_SIP_FRONT_CONN_H
#define CALLPARK_SIP_FRONT_CONN_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <wslay/wslay.h>

#include "base/types.h"
#include "sip/front.h"
#include "sip/front_text.h"
#include "sip/front_tls.h"
#include "sys/queue.h"

#define FRONT_DOORS_MAX 16
#define FRONT_WAYS_MAX 256
#define FRONT_CONTACT_SIZE 256

enum conn_kind { CONN_TLS, CONN_WS, CONN_WSS };

/* What the SIP thread is told of a connection, by its port inside. */
struct front_record {
    bool gone;
    uint16_t port;
    struct front_peer peer;
};

/* What the front is asked for. */
struct front_wish {
    enum { WISH_STOP, WISH_RELOAD, WISH_WAY } kind;
    struct sip_tls *tls;   /* WISH_RELOAD: handed over */
    struct front_way *way; /* WISH_WAY: handed over */
};

struct door { /* a listener towards the outside */
    struct front *front;
    enum conn_kind kind;
    char transport[8];
    int fd;
    struct sockaddr_in inside; /* where the library listens for it */
    char sent_by[FQDN_SIZE + 8];
};

struct front_way { /* a listener towards the library, for calls of ours by TLS */
    struct front *front;
    int fd;
    unsigned door;
    uint16_t near_port, port;
    char host[FQDN_SIZE], name[FQDN_SIZE];
};

/* One of the two ends of a connection, and what epoll knows of it. */
struct end {
    enum { END_DOOR, END_WAY, END_FAR, END_NEAR, END_WISHES } kind;
    union {
        struct conn *conn;
        struct door *door;
        struct front_way *way;
    };
    int fd;
    uint32_t events;
};

enum conn_state {
    CONN_LOOKING_UP, /* the address of whom we call */
    CONN_HANDSHAKE,  /* TCP and TLS */
    CONN_UPGRADE,    /* HTTP */
    CONN_OPEN,
    CONN_OVER
};

struct conn {
    struct front *front;
    struct conn *next, **link;
    enum conn_kind kind;
    enum conn_state state;
    const struct door *door;
    const struct front_way *way; /* we call; NULL: we are called */
    struct lookup *lookup;
    struct end far, near;
    SSL *ssl;
    bool far_wants_write, far_closed, near_closed;
    struct front_peer peer;
    char token[8]; /* what their Via calls the transport */
    uint16_t near_port;
    struct bytes from_far, to_far, from_near, to_near;
    wslay_event_context_ptr ws;
    msec deadline;      /* of the handshake, or of a message that has begun; NEVER: none */
    msec heard, pinged; /* WebSocket: anything at all, and our last ping */
};

struct known_way { /* the same, as the SIP thread finds it again */
    uint16_t port, near_port;
    unsigned door;
    char host[FQDN_SIZE], name[FQDN_SIZE];
};

struct front {
    struct sip_tls config;
    struct front_tls tls;
    struct front_look look;
    msec patience, ping_every; /* a handshake or message may take so long */
    struct in_addr address;    /* ours on loopback */
    char host[16];
    struct door doors[FRONT_DOORS_MAX];
    int epoll;
    struct queue *news, *wishes;
    struct end door_ends[FRONT_DOORS_MAX], way_ends[FRONT_WAYS_MAX], wishes_end;
    unsigned way_count;
    struct front_way *ways[FRONT_WAYS_MAX]; /* the front's thread's */
    struct conn *conns, *over;
    unsigned conn_count, lookups;
    msec ticked;
    pthread_t thread;
    bool running, stop;
    msec looked, said; /* at the files; until when the certificate holds */
    /* the SIP thread's */
    struct front_book *book;
    unsigned known_count;
    struct known_way known[FRONT_WAYS_MAX];
};

/* front_conn.c */
void conn_accept(struct front *f, const struct door *d);
void conn_call(struct front *f, const struct front_way *w);
void conn_step(struct conn *c);  /* do whatever can be done now */
void conn_broken(struct end *e); /* nothing comes or goes at this end any more */
void conn_tick(struct conn *c, msec now);
void conn_close(struct conn *c, const char *why);
void conn_free(struct conn *c);
/* From the far end, decrypted: > 0 bytes, 0: nothing now, -1: it is over. */
int conn_read_far(struct conn *c, void *to, size_t size);
int conn_write_far(struct conn *c, const void *from, size_t length);
/* A whole message from the far end, or a keep-alive. */
void conn_take_message(struct conn *c, const char *text, size_t length, bool add_length);
/* The connection to the library, once it is known who is there. */
bool conn_open_near(struct conn *c);

/* front_ws.c: the HTTP request that asks for a WebSocket, and what follows. */
void front_ws_upgrade(struct conn *c);
void front_ws_receive(struct conn *c);
void front_ws_send(struct conn *c);
bool front_ws_put(struct conn *c, const char *text, size_t length);
void front_ws_ping(struct conn *c);
/* The answer to such a request; 101 and `accept` set, or a refusal. Pure, for tests. */
int front_ws_judge(const char *request, const struct sip_tls *config, char accept[32]);

/* front_own.c: is the other end of this connection over loopback a socket of this process? */
bool front_is_own(int fd);

/* front_lookup.c: the addresses of a name, without waiting. */
struct lookup *lookup_start(const char *host, uint16_t port);
/* 1: `to` is filled, 0: not yet, -1: there is none. */
int lookup_take(struct lookup *l, struct sockaddr_storage *to, socklen_t *size);
void lookup_free(struct lookup *l);

/* front_peers.c */
struct front_book *front_book_new(void);
void front_book_free(struct front_book *b);

#endif
