/* Can the receiver be believed? A second of ten streams with one fault in it, sent through its own
 * socket or told to it with a time of our choice: it must notice that fault, and find nothing wrong
 * where nothing is. Fails when it does not. [--short: the same] */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare_sender.h"
#include "media/rtp.h"
#include "receiver.h"
#include "server.h"

#define STREAMS 10
#define PACKETS 50
#define VICTIM 7 /* the stream that the fault befalls, */
#define WHEN 20  /* and its packet */
#define SECOND 1000000000
#define INTERVAL (SECOND / PACKETS)

enum fault { NONE, LOST, TWICE, SWAPPED, LATE, CUT_OFF, STRANGER, ENDED, MISSING, FAULTS };

static const char *const names[FAULTS] = {
    [NONE] = "nothing",
    [LOST] = "a packet that is lost",
    [TWICE] = "a packet that comes twice",
    [SWAPPED] = "two packets in the wrong order",
    [LATE] = "a packet that is 45 ms late",
    [CUT_OFF] = "a packet that is cut off",
    [STRANGER] = "a packet of an SSRC that nobody has",
    [ENDED] = "a stream that ends early",
    [MISSING] = "a stream that is not there",
};

static void tell(struct receiver *r, unsigned stream, unsigned number, uint64_t late, size_t size)
{
    uint8_t packet[RTP_HEADER_SIZE + RECEIVER_PAYLOAD] = { 0 };

    /* From 65530 on, so that the numbers begin anew on the way. */
    rtp_write_header(packet, 8, false, (uint16_t)(65530 + number), 160 * number, stream + 1);
    receiver_note(r, packet, size, SECOND + number * (uint64_t)INTERVAL + late);
}

static void tell_victim(struct receiver *r, enum fault fault, unsigned number)
{
    size_t whole = RTP_HEADER_SIZE + RECEIVER_PAYLOAD;
    bool now = number == WHEN;

    if (fault == MISSING || (fault == ENDED && number >= WHEN) || (fault == LOST && now))
        return;
    if (fault == SWAPPED && (now || number == WHEN + 1))
        number = now ? WHEN + 1 : WHEN;
    tell(r, VICTIM, number, fault == LATE && now ? 45 * (SECOND / 1000) : 0,
         fault == CUT_OFF && now ? whole - 1 : whole);
    if (fault == TWICE && now)
        tell(r, VICTIM, number, 0, whole);
    if (fault == STRANGER && now)
        tell(r, STREAMS, number, 0, whole);
}

/* Has it noticed this, and in the right place? */
static bool has_noticed(const struct arrivals *a, enum fault fault)
{
    switch (fault) {
    case LOST:
        return a->lost == 1;
    case TWICE:
    case SWAPPED:
        return a->disorder == 1;
    case LATE:
        return a->long_gaps == 1 && a->worst > 60 && a->worst < 70 && a->p99 < 21 && a->p999 > 60 &&
               a->worst_p99 > 60 && a->worst_p999 > 60 && !a->lost && !a->disorder;
    case CUT_OFF:
        return a->foreign == 1 && a->lost == 1;
    case STRANGER:
        return a->streams == STREAMS + 1;
    case ENDED:
        return a->behind == 1;
    case MISSING:
        return a->streams == STREAMS - 1;
    case NONE:
    case FAULTS:
        break;
    }
    return a->streams == STREAMS && a->packets == (uint64_t)STREAMS * PACKETS && a->worst < 20.1 &&
           !a->long_gaps && a->p50 > 19.9 && a->p999 < 20.2 && a->worst_p999 <= 21;
}

static void say(const char *what, bool noticed)
{
    printf("%-36s %s\n", what, noticed ? "as it should" : "NOT NOTICED");
}

static bool check(struct receiver *r, enum fault fault)
{
    struct arrivals a;
    bool noticed;

    receiver_begin(r);
    for (unsigned number = 0; number < PACKETS; number++)
        for (unsigned stream = 0; stream < STREAMS; stream++)
            if (stream == VICTIM)
                tell_victim(r, fault, number);
            else
                tell(r, stream, number, 0, RTP_HEADER_SIZE + RECEIVER_PAYLOAD);
    receiver_sum(r, 1, &a);
    noticed = has_noticed(&a, fault) &&
              (fault == LATE || receiver_is_content(&a, STREAMS, NULL) == (fault == NONE));
    say(names[fault], noticed);
    return noticed;
}

/* Real packets: those of the bare sender are all right, and one that was not sent is missed. */
static bool check_wire(struct receiver *r)
{
    struct bare_stream streams[STREAMS];
    struct bare_plan plan = {
        .stream = streams, .streams = STREAMS, .ssrc = 1, .sound = 0xD5, .socket = -1, .core = 0
    };
    struct arrivals whole;
    pid_t pid;

    for (unsigned i = 0; i < STREAMS; i++)
        streams[i] = (struct bare_stream){ .to = INADDR_LOOPBACK, .port = receiver_port(r) };
    pid = bare_start(&plan);
    receiver_begin(r);
    receiver_listen(r, 0.3);
    bare_stop(pid);
    receiver_sum(r, 0.3, &whole);
    say("packets of the bare sender", receiver_is_right(&whole, STREAMS, "bare sendmmsg"));
    return receiver_is_right(&whole, STREAMS, NULL) && whole.streams == STREAMS;
}

static bool check_wire_lost(struct receiver *r)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(receiver_port(r)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    uint8_t packet[RTP_HEADER_SIZE + RECEIVER_PAYLOAD] = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct arrivals a;

    receiver_begin(r);
    for (uint16_t number = 0; number < 5; number++) {
        rtp_write_header(packet, 8, false, number, 160U * number, 1);
        if (number != 3)
            (void)sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to);
    }
    receiver_listen(r, 0.1);
    receiver_sum(r, 0.1, &a);
    close(fd);
    say("a packet that was not sent", a.lost == 1 && a.packets == 4);
    return a.lost == 1 && a.packets == 4;
}

int main(void)
{
    struct receiver *r;
    bool good = true;

    server_keep_away();
    r = receiver_open(STREAMS + 1);
    for (enum fault fault = NONE; fault < FAULTS; fault++)
        good = check(r, fault) && good;
    good = check_wire(r) && good;
    good = check_wire_lost(r) && good;
    receiver_close(r);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
