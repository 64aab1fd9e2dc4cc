/* Inside the media edge: a worker, its streams, and the commands that the loop sends it. A stream
 * is owned by its worker from CMD_OPEN until the worker gives its number back; nothing of it is
 * shared. */
#ifndef CALLPARK_MEDIA_WORKER_H
#define CALLPARK_MEDIA_WORKER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mmsghdr; before any other header */
#endif
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "core/limits.h"
#include "media/batch.h"
#include "media/lane.h"
#include "media/media.h"
#include "media/music.h"
#include "media/pacer.h"
#include "media/prompts.h"
#include "media/relay.h"
#include "media/room.h"
#include "media/rtcp.h"
#include "media/sources.h"

#define NO_STREAM UINT32_MAX
#define PIECE_GONE (UINT32_C(1) << 31) /* and the number of a piece that a worker has dropped */
#define PTIME_DEFAULT 20

/* What all workers read and nobody writes after the start, and where they report. */
struct shared {
    struct sound music, silence;
    struct prompts *prompts;
    char cname[64];
    uint32_t streams_max;
    struct stream *streams; /* each worker touches only its own */
    void *memory;           /* that they stand in */
    size_t memory_size;
    struct relay *relays; /* the same numbers: audio on its way to that stream */
    const struct dtls_identity *identity;
    msec consent;       /* see media.h */
    struct queue *gone; /* numbers of streams whose worker is done with them, or PIECE_GONE */
    media_report *report;
    void *to;
};

enum command_type {
    CMD_OPEN,
    CMD_AGREE,
    CMD_MUSIC,
    CMD_TUNE,
    CMD_GUARD,
    CMD_SAY,
    CMD_BRIDGE,
    CMD_REST,
    CMD_LISTEN,
    CMD_CLOSE,
    CMD_PIECE, /* here is a piece of music */
    CMD_DROP,  /* no stream of yours will play this piece again: forget it, and say so */
    CMD_STOP
};

struct open_command {
    leg_id leg;
    struct session_ice ice; /* ours */
    uint32_t ssrc;
    bool own_lane; /* `lane` is for it alone */
    struct lane lane;
    struct endpoint expected, signalled;
    struct endpoint recalled; /* latched to before a restart */
};

/* With whom to shake hands; see media/path.h. */
struct path_command {
    struct session_dtls theirs;
    bool active, ice; /* `active`: we begin */
};

struct agree_command {
    enum keying keying;
    struct session_ice ours;          /* new if theirs are (RFC 8839 4.4.1.1.1) */
    struct path_command path;         /* KEYING_DTLS */
    struct session_crypto send, hear; /* KEYING_SDES: new keys; SRTP_NONE: as before */
    enum codec codec;
    uint8_t payload_type, ptime;
    int16_t dtmf_payload_type;
    enum direction direction;
    bool seek;               /* `hear` has been in use for nobody knows how long: srtp_seek() */
    bool rtcp_mux, new_lane; /* from now on it has `lane` for itself */
    struct lane lane;
    struct endpoint rtp, rtcp;
};

struct say_command {
    enum say what;
    uint8_t language;
    bool then_music;
    uint32_t wait;
    char number[NUMBER_SIZE];
};

/* A piece by its number, from 1; what is in `sound` stays the loop's. */
struct piece_command {
    uint8_t number;
    struct sound sound;
};

struct command {
    enum command_type type;
    uint32_t stream, other;
    union {
        struct open_command open;
        struct agree_command agree;
        struct say_command say;
        struct piece_command piece;
        uint8_t tune;
        bool music, rest;
        uint32_t guard; /* msec */
    };
};

enum stream_state { STREAM_FREE, STREAM_OPEN, STREAM_CLOSING };

/* What every packet needs stands together and first: three cache lines, which are fetched ahead. */
#define STREAM_HOT ((size_t)3 * CACHE_LINE)

struct stream {
    _Alignas(CACHE_LINE) struct pacer_node node; /* first: the wheel's nodes are streams */
    struct path *path;                           /* media/path.h; NULL: no ICE and no DTLS */
    struct secure *secure;
    const struct sound *playing;
    struct stream *ahead; /* who had its turn a little later the last time; only to be fetched */
    uint64_t packets_out, bytes_out;
    uint64_t rtcp_due; /* tick */
    enum stream_state state;
    enum codec codec;
    enum direction direction;
    uint32_t ssrc, clock_base, end; /* timestamps: at tick 0, behind what was sent last */
    uint32_t frame, music_frame;
    uint32_t unheard_most, unheard; /* msec of audio to where nothing came from: 0: any; so far */
    uint32_t peer;                  /* NO_STREAM, or whom it is bridged with */
    uint16_t sequence;
    uint8_t payload_type, ptime;
    uint8_t tune; /* which piece "music" is: its number, 0 for the configured one */
    bool own_lane;
    bool must_protect; /* SRTP; without `secure` there is nothing to send or to hear */
    bool has_sent, sent_since_report;
    bool music, saying, wants_music; /* `wants_music`: what media_music() said last */
    bool moved; /* its audio came from another place than its SDP's: so is where it comes from next
                 */
    bool rests; /* nothing is sent of our own accord: the two send to each other */
    bool stopped, tell_stopped, tell_resumed, tell_heard, tell_said, tell_moved;
    struct lane lane;
    socklen_t target_size; /* 0: nowhere yet */
    union endpoint_socket target;

    struct source source; /* the far end; in the worker's table when the lane is shared */
    leg_id leg;
    uint32_t number;
    struct session_ice ice; /* ours */
    int16_t dtmf_payload_type;
    bool rtcp_mux;
    struct endpoint rtcp;
    unsigned piece;
    struct say_command say;

    /* What we hear, and what is to be told. */
    bool listens; /* whatever comes next is to be told */
    bool heard, digit_told, digit_kept;
    uint32_t digit_at;
    uint32_t digit_ours; /* `digit_kept`: the event that began while nobody else heard this leg */
    msec digit_wall;
    struct rtcp_source far;
    uint64_t packets_in, packets_dropped;
};

static_assert(offsetof(struct stream, source) <= STREAM_HOT, "what every packet needs has grown");

#define LATE_STEPS MEDIA_LATE_STEPS

/* Written by the worker alone, read by anybody; in cache lines of their own, so that who reads
 * holds up nobody. */
struct worker_counts {
    _Alignas(CACHE_LINE) _Atomic uint64_t packets_out;
    _Atomic uint64_t packets_in, packets_dropped, packets_late, packets_skipped, send_errors,
        srtp_refused, late_us_max, late_us_sum;
    _Atomic uint64_t late[LATE_STEPS];
    /* With how many streams it would be as busy as it may be, and how busy it is now, in parts in a
     * thousand: four times a second. */
    _Atomic uint32_t fits, busy;
};

/* What epoll hands back: a number in the lower half, of a family or a stream, and what it is the
 * number of. */
#define WATCH_COMMANDS (UINT64_C(1) << 32)
#define WATCH_SHARED (UINT64_C(1) << 33)
#define WATCH_STREAM (UINT64_C(1) << 34)
#define WATCH_RTCP (UINT64_C(1) << 35)

#define RECEIVE_BATCH 32
#define RECEIVE_SIZE 1500 /* no packet that we could use is larger */

struct worker {
    struct shared *shared;
    unsigned number;
    pthread_t thread;
    struct queue *commands;
    int epoll;
    bool stopping;
    struct pacer pacer;
    struct room room;
    uint64_t late;              /* packets that left ROOM_LATE_US late or later */
    struct lane lane[FAMILIES]; /* the shared ones */
    struct sources sources[FAMILIES];
    struct batch batch[FAMILIES];
    struct sound piece[MEDIA_PIECES_MAX]; /* those it was told of; the number is one more */
    uint64_t random;
    uint64_t shaking_ns;    /* spent with handshakes since packets were last taken */
    uint64_t receive_again; /* ns: packets are taken together, once in a tick */
    struct worker_counts counts;
    struct mmsghdr in[RECEIVE_BATCH];
    struct iovec in_part[RECEIVE_BATCH];
    union endpoint_socket in_from[RECEIVE_BATCH];
    uint8_t in_bytes[RECEIVE_BATCH][RECEIVE_SIZE];
};

/* worker.c */
int worker_start(struct worker *w, struct shared *shared, unsigned number, uint64_t seed,
                 size_t commands, struct err *err);
void worker_stop(struct worker *w); /* also one that was never started */
void worker_add(_Atomic uint64_t *count, uint64_t more);
void worker_do(struct worker *w, const struct command *c); /* command.c */

/* play.c: what a stream sends of its own accord. */
bool play_turn(struct worker *w, struct stream *s, uint64_t tick); /* false: as play_tell() */
bool play_may_send(const struct stream *s);
bool play_is_guarded(const struct stream *s); /* media_guard() lets nothing more out */
bool play_is_relayed(const struct worker *w, const struct stream *s); /* hears its peer now */
uint32_t play_clock(const struct worker *w, const struct stream *s, uint64_t now_ns);
void play_start(struct worker *w, struct stream *s); /* choose anew what is played */
/* False: it was closed and has been given back; it may be another worker's by now. */
bool play_tell(struct worker *w, struct stream *s);

/* How many of the codec's own timestamps a tick of ours is. */
static inline uint32_t stream_scale(const struct stream *s)
{
    return codec_clock(s->codec) / (RTP_BYTES_PER_MS * 1000);
}

/* May this stream's packets be read and written as it is now? */
static inline bool stream_has_keys(const struct stream *s)
{
    return !s->must_protect || s->secure;
}

/* receive.c */
void receive_all(struct worker *w, uint64_t now_ns);

/* control.c */
void control_report(struct worker *w, struct stream *s, uint64_t tick, bool bye);
void control_received(struct worker *w, struct stream *s, uint8_t *data, size_t size,
                      uint64_t now_ns);

/* send.c */
struct outgoing {
    const uint8_t *payload;
    size_t size;
    uint32_t timestamp; /* in ticks of 8 kHz, as those of the stream */
    uint8_t payload_type;
    bool marker, lasting; /* `lasting`: the payload stays where it is */
};
void send_packet(struct worker *w, struct stream *s, const struct outgoing *o);
void send_flush(struct worker *w);
void send_retarget(struct worker *w, struct stream *s); /* after each change of the latch */

static inline struct stream *stream_at(const struct worker *w, uint32_t number)
{
    return &w->shared->streams[number];
}

#endif
