/* The loop's side of the media edge: which worker, which lane, and the commands that say so. */
#include "media/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"
#include "media/dtls.h"
#include "media/ice.h"
#include "media/srtp_cipher.h"
#include "sys/queue.h"

/* The address that the system would send from towards `to`, for a server that is bound to all of
 * its own. */
static bool route(struct address *a, const struct endpoint *to)
{
    union endpoint_socket s;
    socklen_t size = endpoint_to_socket(&s, to);
    struct endpoint own = { .family = FAMILY_NONE };
    int fd = socket(s.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    if (connect(fd, &s.any, size) == 0) { /* of UDP: sends nothing */
        size = sizeof s;
        if (getsockname(fd, &s.any, &size) == 0)
            endpoint_from_socket(&own, &s);
    }
    close(fd);
    endpoint_to_address(a, &own);
    return own.family != FAMILY_NONE;
}

void media_leg_port(struct leg *leg, bool mux)
{
    leg->local.rtp.port = leg->port;
    leg->local.rtcp_port = (uint16_t)(leg->port + (mux ? 0 : 1));
    leg->local.shared = leg->own_lane ? 0 : (uint8_t)(leg->worker + 1);
}

static void advertise(const struct media *m, struct leg *leg, bool mux)
{
    struct endpoint to = leg->signalled.family == leg->family ? leg->signalled : leg->expected;
    struct session_local *local = &leg->local;

    if (to.family == FAMILY_NONE) /* nobody in particular: what is far away by any rule */
        (void)endpoint_read(&to, leg->family == FAMILY_4 ? "192.0.2.1" : "2001:db8::1", 9);
    to.port = 9;
    if (leg->family == FAMILY_6)
        (void)text_copy(local->rtp.host, ADDRESS_SIZE, m->config.advertise6);
    else
        (void)text_copy(local->rtp.host, ADDRESS_SIZE, m->config.advertise4);
    if (!local->rtp.host[0] && (!m->bound_to_all[leg->family] || !route(&local->rtp, &to)))
        endpoint_to_address(&local->rtp, &m->bound[leg->family]);
    media_leg_port(leg, mux);
}

/* May it share its worker's lane? Only when it can be told apart: its SDP names the host that it
 * signals from, so no NAT is in between, and nobody else on the lane has that port. */
static bool may_share(const struct media *m, const struct leg *leg)
{
    return leg->expected.family != FAMILY_NONE && !leg->theirs.fingerprint_count &&
           endpoint_same_host(&leg->expected, &leg->signalled) &&
           !media_leg_is_claimed(&m->legs, leg->worker, &leg->expected);
}

static int choose_lane(struct media *m, struct leg *leg, struct lane *lane, struct err *err)
{
    int failed;

    *lane = m->workers[leg->worker].lane[leg->family];
    leg->own_lane = false;
    if (may_share(m, leg)) {
        leg->port = lane->port;
        return 0;
    }
    failed = lane_open(lane, &m->ports, &m->bound[leg->family], false, err);
    if (failed)
        return failed;
    leg->own_lane = true;
    leg->port = lane->port;
    return 0;
}

/* That of the offer, else of where the SIP came from, else of ours. */
static int choose_family(const struct media *m, struct leg *leg, struct err *err)
{
    uint8_t known =
        leg->expected.family != FAMILY_NONE ? leg->expected.family : leg->signalled.family;

    if (known == FAMILY_NONE)
        known = m->bound[FAMILY_4].family != FAMILY_NONE ? FAMILY_4 : FAMILY_6;
    leg->family = known;
    if (m->bound[known].family == FAMILY_NONE)
        return err_set(err, -EAFNOSUPPORT, "media: no IPv%d address is configured for audio",
                       known == FAMILY_4 ? 4 : 6);
    return 0;
}

void media_leg_give_up(struct media *m, struct leg *leg, struct lane *lane)
{
    if (leg->own_lane) {
        ports_give_back(&m->ports, leg->family, leg->port);
        lane_close(lane);
    }
    media_leg_forget(&m->legs, leg);
    media_leg_give_back(&m->legs, leg->number);
}

/* What we send with by SDES, from now on. */
static int name_key(struct leg *leg)
{
    leg->sends_with = SRTP_NONE;
    return getrandom(leg->local.key, sizeof leg->local.key, 0) == sizeof leg->local.key ? 0 : -EIO;
}

/* Ours for the whole life of the leg, but for ICE's, which are new when theirs are. */
static int name_ice(struct leg *leg, struct err *err)
{
    uint8_t random[ICE_UFRAG_LENGTH + ICE_PWD_LENGTH];

    if (getrandom(random, sizeof random, 0) != sizeof random)
        return err_set(err, -EIO, "media: no random number: %s", strerror(errno));
    ice_name(&leg->local.ice, random);
    return 0;
}

static bool is_same_association(const struct session_dtls *a, const struct session_dtls *b)
{
    struct session_dtls one = *a, other = *b;

    one.setup = other.setup = SETUP_NONE;
    return dtls_equal(&one, &other);
}

/* Who begins the handshake: we, if it is left to us (RFC 5763 5). An association that goes on has
 * its roles (RFC 8842 5.3). */
static void choose_role(struct leg *leg, const struct session_dtls *theirs)
{
    enum dtls_setup role = theirs->setup == SETUP_ACTIVE ? SETUP_PASSIVE : SETUP_ACTIVE;

    if (!theirs->fingerprint_count)
        return;
    if (theirs->setup == SETUP_ACTPASS && leg->local.dtls.setup != SETUP_NONE &&
        is_same_association(theirs, &leg->theirs))
        return;
    leg->local.dtls.setup = role;
    leg->theirs = *theirs;
    leg->theirs.setup = SETUP_NONE;
}

/* What our SDP will say about keys. A far end that does ICE comes from where its checks come from,
 * and not from where its SDP says. */
int media_leg_keys(struct media *m, struct leg *leg, const struct session_offer *theirs,
                   struct err *err)
{
    int failed = name_ice(leg, err);

    dtls_identity_fingerprint(m->identity, &leg->local.dtls.fingerprint[0]);
    leg->local.dtls.fingerprint_count = 1;
    if (!failed && name_key(leg))
        failed = err_set(err, -EIO, "media: no random number: %s", strerror(errno));
    if (failed || !theirs)
        return failed;
    choose_role(leg, &theirs->dtls);
    if (theirs->dtls.fingerprint_count && theirs->ice.present)
        (void)text_copy(leg->their_ufrag, sizeof leg->their_ufrag, theirs->ice.ufrag);
    return 0;
}

static int start_stream(struct media *m, struct leg *leg, const struct lane *lane, struct err *err)
{
    struct command c = { .type = CMD_OPEN,
                         .stream = leg->number,
                         .open = { .leg = leg->leg,
                                   .ice = leg->local.ice,
                                   .own_lane = leg->own_lane,
                                   .lane = *lane,
                                   .expected = leg->expected,
                                   .signalled = leg->signalled } };

    while (leg->local.ssrc == 0)
        if (getrandom(&leg->local.ssrc, sizeof leg->local.ssrc, 0) < 0)
            return err_set(err, -errno, "media: no random number: %s", strerror(errno));
    c.open.ssrc = leg->local.ssrc;
    if (!media_send(m, leg, &c))
        return err_set(err, -EAGAIN, "media: worker %u has too much to do", leg->worker);
    return 0;
}

/* Worker, family, lane, and the command that starts the stream; `lane` is open if the leg has its
 * own. */
static int set_up(struct media *m, struct leg *leg, leg_id near, struct lane *lane, struct err *err)
{
    int failed;

    leg->worker = media_choose_worker(m, near);
    failed = choose_family(m, leg, err);
    if (!failed)
        failed = choose_lane(m, leg, lane, err);
    return failed ? failed : start_stream(m, leg, lane, err);
}

int media_open(struct media *m, leg_id id, const struct session_offer *theirs,
               const char *signalled_from, leg_id near, struct session_local *local,
               struct err *err)
{
    bool told = theirs && theirs->present && theirs->usable;
    struct lane lane = LANE_NONE;
    struct leg *leg;
    int failed;

    media_settle(m);
    if (media_leg_find(&m->legs, id))
        return err_set(err, -EEXIST, "media: the leg has a stream already");
    leg = media_leg_take(&m->legs, id);
    if (!leg)
        return err_set(err, -ENOSPC, "media: all %u streams are in use (streams-max)",
                       m->legs.most);
    (void)endpoint_any(&leg->signalled, signalled_from, 0); /* a name: then it matches nobody */
    failed = media_leg_keys(m, leg, told ? theirs : NULL, err);
    if (told && !leg->their_ufrag[0])
        (void)endpoint_read(&leg->expected, theirs->rtp.host, theirs->rtp.port);
    if (!failed)
        failed = set_up(m, leg, near, &lane, err);
    if (failed) {
        media_leg_give_up(m, leg, &lane);
        return failed;
    }
    if (!leg->own_lane)
        media_leg_claim(&m->legs, leg);
    m->load[leg->worker]++;
    advertise(m, leg, told && theirs->rtcp_mux);
    *local = leg->local;
    return 0;
}

/* Two that are lite make no checks: the addresses of the SDP are what there is (RFC 8445 2.5). */
static bool does_ice(const struct session *agreed)
{
    return agreed->keying == KEYING_DTLS && agreed->ice.present && !agreed->ice.lite;
}

/* SDES. Who changes his key begins to count anew with it, and expects the same of us, so ours
 * changes too: a key that has been used must never see the same numbers again (RFC 3711 9.1). In an
 * answer to our own offer it is the one that the offer named. */
static int follow_crypto(struct leg *leg, const struct session *agreed, struct agree_command *c)
{
    bool changed = !crypto_equal(&leg->hears, &agreed->crypto);

    if (agreed->keying != KEYING_SDES) {
        leg->hears = (struct session_crypto){ .suite = SRTP_NONE };
        return leg->sends_with != SRTP_NONE ? name_key(leg) : 0;
    }
    if (changed && leg->sends_with != SRTP_NONE && !agreed->by_answer && name_key(leg))
        return -EIO;
    if (leg->sends_with != agreed->crypto.suite) {
        c->send = agreed->crypto; /* suite and sizes */
        c->send.mki_size = 0;
        memcpy(c->send.key, leg->local.key, sizeof c->send.key);
    }
    if (changed)
        c->hear = agreed->crypto;
    c->seek = leg->seeks;
    return 0;
}

/* They begin their ICE anew: so do we (RFC 8839 4.4.1.1.1). */
static int follow_keys(struct leg *leg, const struct session *agreed)
{
    bool again =
        does_ice(agreed) && leg->their_ufrag[0] && !text_is(leg->their_ufrag, agreed->ice.ufrag);

    if (agreed->keying == KEYING_DTLS)
        choose_role(leg, &agreed->dtls);
    if (does_ice(agreed))
        (void)text_copy(leg->their_ufrag, sizeof leg->their_ufrag, agreed->ice.ufrag);
    return again ? name_ice(leg, NULL) : 0;
}

static struct command agreement(const struct leg *leg, const struct session *agreed)
{
    struct command c = { .type = CMD_AGREE,
                         .stream = leg->number,
                         .agree = { .codec = agreed->codec,
                                    .payload_type = agreed->payload_type,
                                    .ptime = agreed->ptime / 10 * 10U,
                                    .dtmf_payload_type = agreed->dtmf_payload_type,
                                    .direction = agreed->direction,
                                    .rtcp_mux = agreed->rtcp_mux,
                                    .keying = agreed->keying,
                                    .ours = leg->local.ice,
                                    .path = { .theirs = leg->theirs,
                                              .active = leg->local.dtls.setup == SETUP_ACTIVE,
                                              .ice = does_ice(agreed) },
                                    .lane = LANE_NONE } };

    if (c.agree.ptime < 10 || c.agree.ptime > RTP_PTIME_MAX)
        c.agree.ptime = PTIME_DEFAULT;
    if (does_ice(agreed))
        return c;
    (void)endpoint_read(&c.agree.rtp, agreed->rtp.host, agreed->rtp.port);
    if (!endpoint_read(&c.agree.rtcp, agreed->rtcp.host, agreed->rtcp.port) ||
        c.agree.rtcp.family != leg->family)
        c.agree.rtcp = (struct endpoint){ .family = FAMILY_NONE };
    return c;
}

/* On a shared lane a new far end must still be the only one of its kind there. */
static int move(struct media *m, struct leg *leg, struct command *c)
{
    struct endpoint *to = &c->agree.rtp;

    if (leg->own_lane)
        return 0;
    if (c->agree.keying != KEYING_DTLS &&
        (to->family == FAMILY_NONE || endpoint_same(to, &leg->expected) ||
         !media_leg_is_claimed(&m->legs, leg->worker, to)))
        return 0;
    c->agree.new_lane = true;
    return lane_open(&c->agree.lane, &m->ports, &m->bound[leg->family], false, NULL);
}

static void settle_agreement(struct media *m, struct leg *leg, const struct agree_command *c,
                             bool mux)
{
    media_leg_release(&m->legs, leg);
    if (c->rtp.family != FAMILY_NONE)
        leg->expected = c->rtp;
    if (c->new_lane) {
        leg->own_lane = true;
        leg->port = c->lane.port;
    } else if (!leg->own_lane) {
        media_leg_claim(&m->legs, leg);
    }
    media_leg_port(leg, mux);
}

static int send_agreement(struct media *m, struct leg *leg, const struct session *agreed,
                          struct command *c)
{
    int failed = follow_crypto(leg, agreed, &c->agree);

    if (failed)
        return failed;
    if (c->agree.rtp.family != FAMILY_NONE && c->agree.rtp.family != leg->family)
        return -EAFNOSUPPORT;
    failed = move(m, leg, c);
    if (failed)
        return failed;
    if (!media_send(m, leg, c)) {
        if (c->agree.new_lane)
            ports_give_back(&m->ports, leg->family, c->agree.lane.port);
        lane_close(&c->agree.lane);
        return -EAGAIN;
    }
    settle_agreement(m, leg, &c->agree, agreed->rtcp_mux);
    return 0;
}

int media_agree(struct media *m, leg_id id, const struct session *agreed)
{
    struct leg *leg = media_leg_find(&m->legs, id);
    struct command c;
    int failed;

    media_settle(m);
    if (!leg)
        return -ENOENT;
    failed = follow_keys(leg, agreed);
    if (failed)
        return failed;
    c = agreement(leg, agreed);
    failed = send_agreement(m, leg, agreed, &c);
    srtp_wipe(&c, sizeof c);
    if (failed)
        return failed;
    leg->seeks = false;
    if (agreed->keying == KEYING_SDES) {
        leg->sends_with = agreed->crypto.suite;
        leg->hears = agreed->crypto;
    }
    return 0;
}

int media_local(const struct media *m, leg_id id, struct session_local *local)
{
    const struct leg *leg = media_leg_find(&m->legs, id);

    if (!leg)
        return -ENOENT;
    *local = leg->local;
    return 0;
}

static int command_leg(struct media *m, leg_id id, struct command *c)
{
    const struct leg *leg = media_leg_find(&m->legs, id);

    media_settle(m);
    if (!leg)
        return -ENOENT;
    c->stream = leg->number;
    return media_send(m, leg, c) ? 0 : -EAGAIN;
}

int media_music(struct media *m, leg_id id, bool on)
{
    struct command c = { .type = CMD_MUSIC, .music = on };

    return command_leg(m, id, &c);
}

bool media_has_piece(const struct media *m, const char *name)
{
    return pieces_find(&m->pieces, name) != 0;
}

int media_put_piece(struct media *m, const char *name, struct piece *piece)
{
    media_settle(m);
    return media_piece_put(m, name, piece);
}

int media_tune(struct media *m, leg_id id, const char *name)
{
    struct command c = { .type = CMD_TUNE, .tune = (uint8_t)pieces_find(&m->pieces, name) };
    struct leg *leg = media_leg_find(&m->legs, id);
    int failed;

    if (!leg || (!c.tune && *name))
        return -ENOENT;
    if (leg->piece == c.tune)
        return 0;
    failed = c.tune ? media_piece_publish(m, c.tune, leg->worker) : 0;
    if (!failed)
        failed = command_leg(m, id, &c);
    if (!failed)
        leg->piece = c.tune;
    return failed;
}

int media_guard(struct media *m, leg_id id, msec most)
{
    struct command c = { .type = CMD_GUARD,
                         .guard = most < UINT32_MAX / 2 ? (uint32_t)most : UINT32_MAX / 2 };

    return command_leg(m, id, &c);
}

bool media_has_port(const struct media *m, const char *host, uint16_t port)
{
    struct endpoint e;

    return endpoint_any(&e, host, port) && ports_is_taken(&m->ports, e.family, port);
}

int media_rest(struct media *m, leg_id id, bool on)
{
    struct command c = { .type = CMD_REST, .rest = on };

    return command_leg(m, id, &c);
}

int media_listen(struct media *m, leg_id id)
{
    struct command c = { .type = CMD_LISTEN };

    return command_leg(m, id, &c);
}

int media_say(struct media *m, leg_id id, enum say what, const char *number, const char *language,
              bool then_music, uint32_t wait)
{
    struct command c = { .type = CMD_SAY,
                         .say = { .what = what, .then_music = then_music, .wait = wait } };

    c.say.language = (uint8_t)prompts_language(m->shared.prompts, language ? language : "");
    (void)text_copy(c.say.number, sizeof c.say.number, number); /* no number is longer */
    return command_leg(m, id, &c);
}

int media_bridge(struct media *m, leg_id a, leg_id b)
{
    const struct leg *one = media_leg_find(&m->legs, a), *other = media_leg_find(&m->legs, b);
    struct command c = { .type = CMD_BRIDGE };

    if (!one || !other)
        return -ENOENT;
    if (one == other)
        return -EINVAL;
    if (one->worker != other->worker)
        return -EXDEV;
    c.other = other->number;
    return command_leg(m, a, &c);
}

int media_close(struct media *m, leg_id id)
{
    struct leg *leg = media_leg_find(&m->legs, id);

    media_settle(m);
    if (!leg)
        return -ENOENT;
    media_leg_forget(&m->legs, leg);
    if (!media_send_close(m, leg))
        m->closing++;
    return 0;
}
