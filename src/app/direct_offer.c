/* What the far ends of two legs say while these send their audio to each other: offers of theirs
 * are passed on and answered by the other side (RFC 6337), and answers to ours tell where things
 * stand. direct.c is the way there and back. */
#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

/* ---- their offers ---- */

/* He says again what he has said before: a refresh. */
static bool is_no_news(const struct app_leg *l, const struct app_leg *p,
                       const struct session_offer *offer)
{
    return p->direct.tells == l->leg && text_is(offer->rtp.host, p->direct.told.rtp.host) &&
           offer->rtp.port == p->direct.told.rtp.port &&
           offer->direction == p->direct.told.direction &&
           offer->codec_count == p->direct.told.codec_count;
}

static void pass_on(struct app *a, struct app_leg *l, struct app_leg *p, const struct sip_event *s)
{
    l->direct.passing = s->transaction;
    l->direct.passed = s->offer;
    direct_ask(a, p, l, &s->offer, false);
    if (!p->direct.asked)
        direct_passed(a, p, 500);
}

bool direct_offered(struct app *a, struct app_leg *l, const struct sip_event *s)
{
    struct app_leg *p = direct_partner(a, l);

    if (!p || l->direct.tells != p->leg)
        return false;
    if (p->direct.asked || p->direct.passing) { /* both at once: RFC 3261 14.1 */
        (void)sip_reply(a->sip, l->leg, s->transaction, 491, NULL, NULL);
    } else if (!s->offer.present) {
        l->our_offer = true;
        l->direct.told = p->theirs;
        (void)sip_reply_passed(a->sip, l->leg, s->transaction, &p->theirs);
    } else if (is_no_news(l, p, &s->offer)) {
        (void)sip_reply_passed(a->sip, l->leg, s->transaction, &p->theirs);
    } else if (direct_can_be_told(&s->offer)) {
        pass_on(a, l, p, s);
    } else {
        l->direct.passing = s->transaction;
        l->direct.passed = s->offer;
        direct_back(a, l, "one of the two wants something that the other cannot be told");
    }
    return true;
}

/* Their answer to an offer that was the other side's words. */
bool direct_acked(struct app *a, struct app_leg *l, const struct session_offer *answer)
{
    WIPED struct session agreed;
    struct fault fault;

    if (!l->direct.tells)
        return false;
    l->our_offer = false;
    if (!direct_can_be_told(answer) || !guard_agree(a, l, answer, CODEC_NONE, &agreed, &fault)) {
        direct_back(a, l, "one of the two answered what the other cannot be told");
        return true;
    }
    agreed.by_answer = true;
    l->theirs = *answer;
    l->agreed = agreed;
    direct_settle(a, l);
    return true;
}

/* What he whom `l` was asked about wanted is taken, or refused with this code. */
void direct_passed(struct app *a, struct app_leg *l, uint16_t code)
{
    struct app_leg *p = direct_partner(a, l);
    uint32_t transaction = p ? p->direct.passing : 0;
    WIPED struct session agreed;
    struct fault fault;

    if (!transaction)
        return;
    if (code == 488 || code == 491) {
        p->direct.passing = 0;
        (void)sip_reply(a->sip, p->leg, transaction, code, NULL, NULL);
    } else if (code != 200 || !guard_agree(a, p, &p->direct.passed, CODEC_NONE, &agreed, &fault)) {
        direct_back(a, p, "one of the two did not answer what the other wanted");
    } else {
        p->direct.passing = 0;
        p->theirs = p->direct.passed;
        p->agreed = agreed;
        p->direct.told = l->theirs;
        p->direct.tells = l->leg;
        p->direct.rounds = l->direct.rounds = 0;
        (void)sip_reply_passed(a->sip, p->leg, transaction, &l->theirs);
        direct_settle(a, p);
    }
}

/* ---- their answers ---- */

/* While the other one still sends here, what he says is to reach this one as he wants it now. */
static bool took(struct app *a, struct app_leg *l, const struct session_offer *answer)
{
    WIPED struct session agreed;
    struct fault fault;

    if (!answer->present || !guard_agree(a, l, answer, CODEC_NONE, &agreed, &fault))
        return false;
    agreed.by_answer = true;
    l->theirs = *answer;
    l->agreed = agreed;
    return l->direct.up || !media_agree(a->media, l->leg, &agreed);
}

static void failed(struct app *a, struct app_leg *l, uint16_t code)
{
    char why[WHY_SIZE];

    (void)text_format(why, sizeof(why), "the audio stays here: one of the two %s (%u)",
                      code == 408 || code == 487 ? "did not answer" : "did not want it otherwise",
                      code);
    if (l->direct.why == ASKED_PASSED)
        direct_passed(a, l, code);
    else if (l->direct.why == ASKED_DIRECT)
        direct_back(a, l, why);
    else
        log_error("sip", "leg %llu did not take its audio back here: %u",
                  (unsigned long long)l->leg, code);
}

/* It has been told of somebody else's audio, who may not be its partner any more. */
static void now_tells(struct app *a, struct app_leg *l)
{
    const struct app_leg *p = direct_partner(a, l);

    l->direct.tells = l->direct.asked_for;
    l->direct.told = l->direct.asked_words;
    if (l->direct.then_ours || !p || p->leg != l->direct.asked_for)
        direct_ours_again(a, l);
    else if (!direct_can_be_told(&l->theirs))
        direct_back(a, l, "one of the two answered what the other cannot be told");
    else if (l->direct.why == ASKED_PASSED)
        direct_passed(a, l, 200);
    else
        direct_settle(a, l);
}

static void is_done(struct app *a, struct app_leg *l, uint16_t code)
{
    bool fine = code == 200;

    if (fine && l->direct.why != ASKED_OURS)
        now_tells(a, l);
    else if (fine)
        direct_try(a, l);
    else if (l->direct.then_ours)
        direct_ours_again(a, l);
    else
        failed(a, l, code);
    if (!l->direct.asked)
        l->direct.then_ours = false;
}

void direct_reoffered(struct app *a, const struct sip_event *s)
{
    struct app_leg *l = app_leg_find(a, s->leg);
    bool awaited, fine;

    if (!l)
        return;
    awaited = l->direct.asked && s->transaction == l->direct.asked;
    l->dialog = s->dialog;
    if (!awaited && s->code != 200)
        return;
    fine = s->code == 200 && took(a, l, &s->offer);
    if (awaited) {
        l->direct.asked = 0;
        is_done(a, l, fine ? 200 : s->code == 200 ? 488 : s->code);
    } else if (!l->direct.asked) { /* given up, and taken after all: nobody counts on it */
        l->direct.tells = l->direct.asked_for;
        direct_ours_again(a, l);
    }
}
