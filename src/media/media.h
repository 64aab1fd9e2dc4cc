/* The media edge: RTP in and out for every leg. Its workers own the streams and are paced from each
 * stream's start; packets of one turn leave in batches. Sockets are shared: parked legs of a worker
 * leave from one port and are told apart on receipt by where they come from; a leg for which that
 * cannot be decided gets a port of its own (docs/decisions). No thread, timer, socket, lock or
 * allocation per packet. */
#ifndef CALLPARK_MEDIA_MEDIA_H
#define CALLPARK_MEDIA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/types.h"
#include "core/park.h"
#include "core/session.h"

struct media_config {
    uint16_t port_first, port_last; /* RTP on even ports, RTCP on the odd one above */
    char bind4[ADDRESS_SIZE], bind6[ADDRESS_SIZE];           /* "" : the family is not used */
    char advertise4[ADDRESS_SIZE], advertise6[ADDRESS_SIZE]; /* "": as bound (never 0.0.0.0) */
    unsigned workers;                                        /* 1 to 16 */
    uint32_t streams_max;
    char music[512];   /* a WAV, FLAC, OGG or MP3 file; "" : the built-in piece */
    char prompts[512]; /* a directory of WAV files in place of the built-in prompts; "" : none */
    char cname[64];    /* RTCP */
    msec consent;      /* how long an ICE leg may show no sign of life; 0: 30 s (RFC 7675) */
    /* The ends of legs that media_restore() will be asked for: their ports stay free for them, and
     * workers have the ports again that their legs shared. Read during media_start() only. */
    const struct session_local *kept;
    size_t kept_count;
};

enum media_event_type {
    MEDIA_SAID,    /* what media_say() asked for has been said: `wait` */
    MEDIA_HEARD,   /* the first audio packet from this leg, in all or since media_listen() */
    MEDIA_DIGIT,   /* a telephone-event came to its end: `digit` */
    MEDIA_CLOSED,  /* last report: the counts */
    MEDIA_STOPPED, /* media_guard(): nothing is sent any more to `place`, from which nothing came */
    MEDIA_RESUMED, /* something came from there: it is sent again */
    MEDIA_MOVED,   /* its audio comes from `place` now, which its SDP did not name */
    MEDIA_DEAD,    /* of DTLS: no handshake, or no consent any more (RFC 7675): nobody hears us */
};

struct media_event {
    enum media_event_type type;
    leg_id leg;
    uint32_t wait;
    char digit;
    bool elsewhere;       /* MEDIA_HEARD: not from where its SDP says: NAT, or a relay of its own */
    struct address place; /* MEDIA_STOPPED, MEDIA_RESUMED, MEDIA_MOVED */
    uint64_t packets_in, packets_out, packets_dropped; /* MEDIA_CLOSED */
};

typedef bool media_report(void *to,
                          const struct media_event *ev); /* on a worker; returns at once */

struct media;

/* Decode and encode the music, load the prompts, start the workers. A music file that cannot be
 * read is an error with words; so are prompts that lack a digit. */
int media_start(struct media **out, const struct media_config *config, media_report *report,
                void *to, struct err *err);
void media_stop(struct media *m);

/* All below: from one thread, the loop; never wait. Commands to the workers keep their order. */

/* A stream for `leg`: which port of ours, which SSRC, our fingerprint and ICE credentials. `theirs`
 * tells where its packets should come from (present false: unknown yet), `signalled_from` the
 * address its SIP came from, `near` a leg that it will be bridged with (0: none): both are then on
 * one worker. -EMFILE: no port free; -ENOSPC: streams_max. */
int media_open(struct media *m, leg_id leg, const struct session_offer *theirs,
               const char *signalled_from, leg_id near, struct session_local *local,
               struct err *err);

/* A leg of before a restart, as it was stored. */
struct media_restored {
    struct session agreed;
    struct session_local local;
    const char *signalled_from;
    struct address source; /* MEDIA_MOVED told of it last; host "": never */
    leg_id near;           /* as at media_open() */
    bool music;            /* else silence, for the time being */
};

/* The stream of a leg goes on from the port that it had, with a new SSRC, and with music at once:
 * SRTP by SDES with the old keys, of which each was used with another SSRC only (RFC 3711 9.1), and
 * how often the far end's numbers have rolled over is found by trying. For the time between
 * media_start() and the first media_open(); may wait for a worker. Those that share a port come
 * before those who are to be near them. -ENOTSUP: its keys came by a handshake that nobody can go
 * on with; -EADDRINUSE: somebody else has its port; else as media_open(). */
int media_restore(struct media *m, leg_id leg, const struct media_restored *r,
                  struct session_local *local, struct err *err);

/* Wait until the workers have done what they were told so far; at a start only. */
void media_restore_wait(struct media *m);
/* No more legs will be restored: ports that were kept for some are free for all. */
void media_restore_end(struct media *m);

/* What was agreed, now or again (re-INVITE): where to send, how. Same SSRC, sequence and timestamps
 * go on. A re-INVITE that names the address of another leg moves this one to a port of its own:
 * media_local() says which, and an answer to that re-INVITE must tell it. -EAFNOSUPPORT: an address
 * of the other family than at media_open(); -EMFILE, -EAGAIN (a worker's queue is full): nothing
 * was changed. */
int media_agree(struct media *m, leg_id leg, const struct session *agreed);

/* Our end of a leg as it is now. -ENOENT: no such leg (so do all functions here). */
int media_local(const struct media *m, leg_id leg, struct session_local *local);

/* Pieces of music beside the configured one, each under a name that its giver chooses (of fewer
 * than 65 bytes). One that no leg has is forgotten when the room is needed: the longest unused
 * first. */
#define MEDIA_PIECES_MAX 64

struct piece; /* media/piece.h */

bool media_has_piece(const struct media *m, const char *name);
/* Takes the piece over, also when it fails. One of that name that is there already stays. -ENOSPC:
 * legs have all that there are. */
int media_put_piece(struct media *m, const char *name, struct piece *piece);

/* Which piece is "music" for this leg from now on; "": the configured one. Does not change whether
 * music is what it hears. -ENOENT: no such piece. */
int media_tune(struct media *m, leg_id leg, const char *name);

/* Music (or, with `on` false, silence, which then also stands wherever "music" is said below);
 * takes the leg out of a bridge. */
int media_music(struct media *m, leg_id leg, bool on);

/* Speak, then music. MEDIA_SAID brings `wait` back, at once when there is nothing to say; never
 * when another command or media_close() cuts it short. Speaking waits while the far end takes no
 * audio from us. `number` is for SAY_ORBIT. An unknown language is spoken in English. Takes the leg
 * out of a bridge. */
int media_say(struct media *m, leg_id leg, enum say what, const char *number, const char *language,
              bool then_music, uint32_t wait);

/* This leg's far end is nobody we know: no more than `most` msec of audio, in all, go to places
 * that nothing has come from, so that nobody can have us flood a third party (sip.md 6.2). 0: as
 * much as there is. */
int media_guard(struct media *m, leg_id leg, msec most);

/* Is this port one of those that legs have now, on addresses of the family of `host`? */
bool media_has_port(const struct media *m, const char *host, uint16_t port);

/* Two legs hear each other, transcoded where they differ; DTMF payload types are rewritten. A third
 * leg that was bridged with either hears music from then on, and so does one of the two while the
 * other has it on hold. -EXDEV: they are on different workers, because neither was opened with the
 * other as `near`. */
int media_bridge(struct media *m, leg_id a, leg_id b);

/* A bridged leg that sends to the other one directly: from here on nothing is sent to it but what
 * still comes in for it. Ends with the bridge, or by `on` false. */
int media_rest(struct media *m, leg_id leg, bool on);

/* Report MEDIA_HEARD once more when RTP of any kind comes from this leg from now on. */
int media_listen(struct media *m, leg_id leg);

/* RTCP BYE, and the stream is gone. */
int media_close(struct media *m, leg_id leg);

/* How many more streams will be sent on time, some being kept for those who will talk to the ones
 * that are parked already: nobody is to be parked at 0, everything else goes on. A worker measures
 * how much of its time it needs (media/room.h); `streams_max` bounds all of them. */
uint32_t media_room(struct media *m);

/* How late packets left, by the upper end in microseconds, and all beyond. */
#define MEDIA_LATE_STEPS 9
#define MEDIA_LATE_US                                                                              \
    {                                                                                              \
        500, 1000, 2000, 5000, 10000, 20000, 50000, 100000                                         \
    }
#define MEDIA_NICE                                                                                 \
    (-5) /* of a worker, beside the process's other threads, where RLIMIT_NICE lets it */
#define MEDIA_WORKERS_MAX 16

struct media_counts {
    uint32_t streams, ports_used; /* a port pair counts once */
    uint32_t room;                /* media_room() */
    uint64_t packets_out, packets_in, packets_dropped, packets_late, send_errors;
    uint64_t packets_skipped; /* never sent, as they would have been too late */
    uint64_t srtp_refused;    /* among those dropped: forged, replayed, or in the clear */
    uint64_t late_us_max, late_us_sum;
    uint64_t late[MEDIA_LATE_STEPS]; /* `packets_late` is all above 5 ms */
    unsigned workers;
    struct {
        uint32_t streams, busy; /* `busy`: parts in a thousand of its time */
    } worker[MEDIA_WORKERS_MAX];
};
void media_count(const struct media *m, struct media_counts *out);

#endif
