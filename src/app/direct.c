/* Two legs that talk send their audio to each other and not through us, where the peers of both say
 * direct-media. First they are connected here, as ever; then each is told of the other by
 * re-INVITE. Until both have taken it, and whenever something is in the way, the audio goes through
 * us: our streams stay open all the time, so nothing need be found to go back to. What the far ends
 * want changed meanwhile is in direct_offer.c. See decision 023. */
#include <string.h>

#include "app/inside.h"
#include "base/network.h"
#include "base/text.h"
#include "sys/log.h"

#define ROUNDS_MAX 6 /* an answer may say something new, which the other one is to be told */

struct app_leg *direct_partner(struct app *a, const struct app_leg *l)
{
    struct app_leg *p = l->direct.partner ? app_leg_find(a, l->direct.partner) : NULL;

    return p && p->direct.partner == l->leg ? p : NULL;
}

/* ---- may they? ---- */

bool direct_can_be_told(const struct session_offer *theirs)
{
    return theirs->present && theirs->usable && theirs->codec_count &&
           theirs->profile == PROFILE_AVP && !theirs->ice.present &&
           session_address_allowed(&theirs->rtp) && text_is(theirs->rtp.host, theirs->rtcp.host);
}

static bool is_ready(const struct app_leg *l)
{
    return l->may_be_direct && l->up && l->heard && !l->elsewhere && l->agreed_once &&
           l->agreed.keying == KEYING_NONE && direct_can_be_told(&l->theirs);
}

static bool have_codec_in_common(const struct session_offer *one, const struct session_offer *two)
{
    for (unsigned i = 0; i < one->codec_count; i++)
        for (unsigned j = 0; j < two->codec_count; j++)
            if (one->codecs[i].codec == two->codecs[j].codec)
                return true;
    return false;
}

static bool fit(const struct app_leg *l, const struct app_leg *p)
{
    return !strchr(l->theirs.rtp.host, ':') == !strchr(p->theirs.rtp.host, ':') &&
           have_codec_in_common(&l->theirs, &p->theirs);
}

static bool is_busy(const struct app_leg *l)
{
    return l->direct.asked || l->direct.passing || l->our_offer;
}

/* ---- offers ---- */

static bool offer(struct app *a, struct app_leg *l, bool patient, const struct session_offer *words)
{
    if (!++a->last_offer)
        a->last_offer = 1;
    l->direct.asked = a->last_offer;
    if (!sip_offer(a->sip, l->leg, l->direct.asked, patient, words, &l->local))
        return true;
    l->direct.asked = 0;
    return false;
}

void direct_ask(struct app *a, struct app_leg *l, const struct app_leg *about,
                const struct session_offer *words, bool patient)
{
    l->direct.why = patient ? ASKED_DIRECT : ASKED_PASSED;
    l->direct.asked_for = about->leg;
    l->direct.asked_words = *words;
    l->direct.rounds++;
    (void)offer(a, l, patient, words); /* a full queue: all stays as it is */
}

static void offer_ours(struct app *a, struct app_leg *l)
{
    if (l->direct.asked) {
        l->direct.then_ours = true;
        return;
    }
    l->direct.why = ASKED_OURS;
    l->direct.asked_for = 0;
    (void)media_local(a->media, l->leg, &l->local);
    if (!offer(a, l, true, NULL))
        log_error("sip", "leg %llu could not be told to send its audio here again",
                  (unsigned long long)l->leg);
}

/* ---- the way there ---- */

static void tell_core(struct app *a, const struct app_leg *l, const struct app_leg *p, bool direct,
                      const char *why)
{
    struct event ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = EV_PATH;
    ev.leg = l->leg;
    ev.other = p->leg;
    ev.direct = direct;
    (void)text_copy(ev.text, sizeof(ev.text), why);
    app_step(a, &ev);
}

static bool same_codecs(const struct session_offer *one, const struct session_offer *two)
{
    bool same = one->codec_count == two->codec_count;

    for (unsigned i = 0; same && i < one->codec_count; i++)
        same = one->codecs[i].codec == two->codecs[i].codec &&
               one->codecs[i].payload_type == two->codecs[i].payload_type;
    return same;
}

static bool same_words(const struct session_offer *one, const struct session_offer *two)
{
    return text_is(one->rtp.host, two->rtp.host) && one->rtp.port == two->rtp.port &&
           one->rtcp.port == two->rtcp.port && one->rtcp_mux == two->rtcp_mux &&
           one->direction == two->direction && one->ptime == two->ptime &&
           one->dtmf_payload_type == two->dtmf_payload_type && same_codecs(one, two);
}

static bool knows(const struct app_leg *l, const struct app_leg *p)
{
    return l->direct.tells == p->leg && same_words(&l->direct.told, &p->theirs);
}

static void is_direct(struct app *a, struct app_leg *l, struct app_leg *p)
{
    bool news = !l->direct.up;

    l->heard = p->heard = true; /* they hear each other, though we do not */
    l->direct.up = p->direct.up = true;
    l->direct.rounds = p->direct.rounds = 0;
    (void)media_rest(a->media, l->leg, true);
    (void)media_rest(a->media, p->leg, true);
    if (news)
        tell_core(a, l, p, true, "the two send their audio to each other, and no longer here");
}

/* Whoever does not know yet where the other one's audio is to go is told; the one who waited in the
 * orbit first, as he is `l` when it begins. */
void direct_settle(struct app *a, struct app_leg *l)
{
    struct app_leg *p = direct_partner(a, l);
    struct app_leg *one;

    if (!p || is_busy(l) || is_busy(p))
        return;
    if (knows(l, p) && knows(p, l)) {
        is_direct(a, l, p);
        return;
    }
    one = knows(l, p) ? p : l;
    if (one->direct.rounds >= ROUNDS_MAX)
        direct_back(a, l, "the two phones do not agree on how");
    else
        direct_ask(a, one, one == l ? p : l, one == l ? &p->theirs : &l->theirs, true);
}

void direct_try(struct app *a, struct app_leg *l)
{
    const struct call *c = calls_by_leg(a->park.calls, l->leg);
    struct app_leg *p = direct_partner(a, l);

    if (!p || !c || c->state != CALL_CONNECTED || c->exiting || !is_ready(l) || !is_ready(p) ||
        !fit(l, p) || l->direct.refused || p->direct.refused || l->direct.tells || p->direct.tells)
        return;
    if (l->agreed.direction != DIR_SENDRECV || p->agreed.direction != DIR_SENDRECV)
        return; /* on hold */
    direct_settle(a, c->caller_leg == l->leg ? l : p);
}

/* ---- out of the path altogether ---- */

void direct_know(struct app_leg *l, const struct sip_event *s)
{
    l->may_be_direct = s->direct_media;
    l->may_exit = s->may_exit;
    l->takes_refer = s->takes_refer;
    l->takes_replaces = s->takes_replaces;
}

/* Can the one who retrieved him call the caller himself? Only where nobody is in between. False:
 * no. */
static bool offer_exit(struct app *a, const struct app_leg *l)
{
    const struct call *c = calls_by_leg(a->park.calls, l->leg);
    const struct app_leg *caller = c ? app_leg_find(a, c->caller_leg) : NULL;
    const struct app_leg *peer = c && c->peer ? app_leg_find(a, c->peer) : NULL;
    struct event ev;

    if (!caller || !peer || c->peer_role != PEER_RETRIEVER || !caller->may_exit ||
        !peer->may_exit || !peer->takes_refer || !caller->takes_replaces ||
        caller->dialog.routes[0])
        return false;
    memset(&ev, 0, sizeof(ev));
    ev.type = EV_MAY_EXIT;
    ev.leg = peer->leg;
    ev.other = caller->leg;
    app_own_event(a, &ev);
    return true;
}

void direct_exited(struct app *a, const struct sip_event *s)
{
    struct app_leg *l;
    struct event ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = EV_EXIT;
    ev.leg = s->leg;
    ev.code = s->code;
    app_step(a, &ev);
    l = app_leg_find(a, s->leg);
    if (l)
        direct_try(a, l);
}

void direct_bridged(struct app *a, leg_id leg, leg_id other)
{
    struct app_leg *l = app_leg_find(a, leg);
    struct app_leg *p = app_leg_find(a, other);

    if (!l || !p || direct_partner(a, l) == p)
        return;
    direct_left(a, leg);
    direct_left(a, other);
    l->direct.partner = other;
    p->direct.partner = leg;
    if (!offer_exit(a, l))
        direct_try(a, l);
}

/* ---- the way back ---- */

void direct_is_ours(struct app *a, struct app_leg *l)
{
    if (l->direct.tells)
        (void)media_agree(a->media, l->leg, &l->agreed); /* it may have moved meanwhile */
    if (l->direct.up)
        (void)media_rest(a->media, l->leg, false);
    l->direct.tells = 0;
    l->direct.up = false;
}

/* Whatever its far end has been told of somebody else's audio does not hold any more. Its own offer
 * that waits for that somebody is answered by us. */
void direct_ours_again(struct app *a, struct app_leg *l)
{
    bool told = l->direct.tells || (l->direct.asked && l->direct.why != ASKED_OURS);
    uint32_t transaction = l->direct.passing;

    l->direct.passing = 0;
    if (transaction && take_offer_as_ours(a, l, transaction, &l->direct.passed))
        return;
    direct_is_ours(a, l);
    if (told)
        offer_ours(a, l);
}

void direct_back(struct app *a, struct app_leg *l, const char *why)
{
    struct app_leg *p = direct_partner(a, l);

    direct_ours_again(a, l);
    l->direct.refused = true;
    if (!p)
        return;
    direct_ours_again(a, p);
    p->direct.refused = true;
    tell_core(a, l, p, false, why);
}

void direct_left(struct app *a, leg_id leg)
{
    struct app_leg *l = app_leg_find(a, leg);

    if (!l || !l->direct.partner)
        return;
    l->direct.partner = 0;
    l->direct.refused = false;
    l->direct.rounds = 0;
    direct_ours_again(a, l);
}
