/* A small telephone for the tests of src/media: sends tones and events from sockets of its own, and
 * says what it hears. */
#ifndef CALLPARK_TEST_MEDIA_PHONE_H
#define CALLPARK_TEST_MEDIA_PHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"
#include "media/g722.h"
#include "media/opuscodec.h"

#define PHONE_PACKET_MAX 1024
#define PHONE_PATIENCE 20000 /* msec; only a machine that stands still misses it */

struct phone {
    int rtp, rtcp;
    struct address address, rtcp_address;
    enum codec codec;
    uint8_t payload_type, ptime;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    double phase;
    uint64_t speaks_until; /* msec: when the audio sent so far has been played */
    struct g722_encoder encoder;
    struct g722_decoder decoder;
    struct opuscodec_encoder *opus_out; /* made when they are needed */
    struct opuscodec_decoder *opus_in;
};

struct heard {
    uint8_t bytes[PHONE_PACKET_MAX];
    size_t size;
    uint8_t payload_type;
    bool marker;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    const uint8_t *payload;
    size_t payload_size;
    struct address from;
};

void phone_open(struct phone *p, const char *host, enum codec codec);
void phone_close(struct phone *p);

/* In its codec, at 8 kHz; of Opus always 20 msec. How many bytes came out. */
size_t phone_encode(struct phone *p, uint8_t *to, const int16_t *pcm, size_t count);
void phone_end_opus(struct phone *p);

/* What the SIP side would have read from its offer, and agreed with it. */
void phone_offer(const struct phone *p, struct session_offer *offer);
void phone_session(const struct phone *p, struct session *session);

/* One packet, at the speed of speech: it waits while more than 60 msec are on their way. */
void phone_send_tone(struct phone *p, const struct address *to, double hertz);
/* The same, but not sent: for what has to be done to it before. Its size. */
size_t phone_speak(struct phone *p, uint8_t packet[PHONE_PACKET_MAX], double hertz);
void phone_send_digit(struct phone *p, const struct address *to, uint8_t payload_type,
                      uint8_t event, bool end, uint16_t duration);
void phone_send_bytes(const struct phone *p, const struct address *to, const void *bytes,
                      size_t size);

/* The next RTP packet; false if none came within `timeout` msec. */
bool phone_hear(struct phone *p, struct heard *h, int timeout);
bool phone_take(struct phone *p, struct heard *h, int timeout); /* whatever it is; not read */
bool phone_read(struct heard *h);                               /* as RTP; false: it is none */
bool phone_hear_rtcp(struct phone *p, struct heard *h, int timeout);
void phone_drain(struct phone *p); /* forget what has come already */
bool phone_falls_silent(
    struct phone *p); /* for 200 msec, before a hundred more packets have come */

/* How much of what it hears is this tone, 0 to 1. */
struct ear {
    int16_t samples[8000];
    size_t count;
};
void ear_add(struct ear *e, struct phone *p, const struct heard *h);
double ear_share(const struct ear *e, double hertz);
double ear_level(const struct ear *e); /* root of the mean square, 0 to 1 */

#endif
