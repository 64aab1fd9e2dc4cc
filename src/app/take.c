/* What the edges report, turned into events of the core. Offers are answered here as far as they
 * concern only our audio; who a leg is and what its call does is the core's business. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

static struct event leg_event(enum event_type type, leg_id leg, uint16_t code)
{
    struct event ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.leg = leg;
    ev.code = code;
    return ev;
}

/* What could not be answered later is refused before anything is done for it. */
static void judge_offer(struct app *a, struct app_leg *l, struct invite *in)
{
    WIPED struct session agreed;
    struct fault fault;

    if (!l->theirs.present || guard_agree(a, l, &l->theirs, CODEC_NONE, &agreed, &fault))
        return;
    a->counts.audio_refused += l->theirs.usable && fault.warning == 399;
    in->media_refusal = 488;
    in->media_warning = l->theirs.warning = fault.warning;
    (void)text_copy(in->media_why, sizeof(in->media_why), fault.why);
}

static void take_invite(struct app *a, const struct sip_event *s)
{
    struct app_leg *l = app_leg_new(a, s->leg);
    struct event ev = leg_event(EV_INVITE, s->leg, 0);
    struct invite invite = s->invite;

    if (!l) {
        (void)sip_refuse(a->sip, s->leg, 503, 0, 5, "out of memory");
        return;
    }
    l->inbound = true;
    l->stranger = s->stranger;
    l->theirs = s->offer;
    l->our_offer = !s->offer.present;
    l->dialog = s->dialog;
    direct_know(l, s);
    (void)text_copy(l->source, sizeof(l->source), s->invite.source);
    judge_offer(a, l, &invite);
    lamps_know(a, &invite);
    ev.invite = &invite;
    app_step(a, &ev);
}

static void take_cancel(struct app *a, const struct sip_event *s)
{
    struct event ev = leg_event(EV_CANCELLED, s->leg, 487);

    ev.answered = s->answered;
    app_step(a, &ev);
    if (!s->answered)
        app_leg_drop(a, s->leg);
}

static void leg_failed(struct app *a, leg_id leg, uint16_t code)
{
    struct event ev = leg_event(EV_LEG_FAILED, leg, code);

    app_step(a, &ev);
    app_leg_drop(a, leg);
}

/* What the far end answered to an offer of ours. False: it took nothing that we can do. */
static bool take_answer(struct app *a, struct app_leg *l, const struct session_offer *answer,
                        struct fault *fault)
{
    WIPED struct session agreed;

    l->our_offer = false;
    if (!guard_agree(a, l, answer, CODEC_NONE, &agreed, fault))
        return false;
    agreed.by_answer = true;
    l->theirs = *answer;
    l->agreed = agreed;
    l->agreed_once = true;
    return !media_agree(a->media, l->leg, &agreed) &&
           !media_local(a->media, l->leg, &l->local); /* its key may be another now */
}

/* A leg that is up has a row, so that a restart can find it again. */
static void leg_up(struct app *a, struct app_leg *l, const struct event *ev)
{
    const struct call *c;

    l->up = true;
    app_step(a, ev);
    c = calls_by_leg(a->park.calls, ev->leg);
    l = app_leg_find(a, ev->leg);
    if (c && l)
        app_leg_save(a, l, c->id);
}

static void take_ack(struct app *a, const struct sip_event *s)
{
    struct app_leg *l = app_leg_find(a, s->leg);
    struct event ev = leg_event(EV_LEG_UP, s->leg, 0);
    struct fault fault = { 0 };
    bool first;

    if (!l)
        return;
    first = !l->up;
    l->dialog = s->dialog;
    if (l->our_offer && !direct_acked(a, l, &s->offer) && !take_answer(a, l, &s->offer, &fault) &&
        !l->agreed_once) {
        (void)sip_hang_up(a->sip, s->leg, 488, fault.why);
        leg_failed(a, s->leg, 488);
        return;
    }
    if (!first)
        return;
    leg_up(a, l, &ev);
}

/* Its row is to say what holds now. */
static void take_dialog(struct app *a, const struct sip_event *s)
{
    struct app_leg *l = app_leg_find(a, s->leg);
    call_id call = calls_whose_leg(a->park.calls, s->leg);

    if (l)
        l->dialog = s->dialog;
    if (l && call)
        app_leg_save(a, l, call);
}

static void take_answered(struct app *a, const struct sip_event *s)
{
    struct app_leg *l = app_leg_find(a, s->leg);
    struct event ev = leg_event(EV_LEG_UP, s->leg, 0);
    struct fault fault = { 0 };

    if (!l)
        return;
    l->dialog = s->dialog;
    direct_know(l, s);
    l->stranger = s->stranger;
    if (s->dialog.remote.host[0])
        (void)text_copy(l->source, sizeof(l->source), s->dialog.remote.host);
    guard_leg(a, l);
    if (!take_answer(a, l, &s->offer, &fault)) {
        (void)sip_hang_up(a->sip, s->leg, 488, fault.why);
        leg_failed(a, s->leg, 488);
        return;
    }
    ev.party = s->party;
    leg_up(a, l, &ev);
}

/* The audio of a leg moves, is held, or wants another codec: RFC 3264 8. The session that was
 * agreed goes on when the new offer cannot be met. */
bool take_offer_as_ours(struct app *a, struct app_leg *l, uint32_t transaction,
                        const struct session_offer *offer)
{
    WIPED struct session agreed;
    struct fault fault;

    if (!offer->present) {
        l->our_offer = true;
        direct_is_ours(a, l);
        (void)sip_reply(a->sip, l->leg, transaction, 200, NULL, &l->local);
        return true;
    }
    if (!guard_agree(a, l, offer, l->agreed.codec, &agreed, &fault)) {
        (void)sip_reply_refuse(a->sip, l->leg, transaction, 488, fault.why);
        return false;
    }
    direct_is_ours(a, l);
    l->theirs = *offer;
    l->agreed = agreed;
    if (media_agree(a->media, l->leg, &agreed) || media_local(a->media, l->leg, &l->local))
        log_warning("media", "a changed offer could not be followed: the stream stays as it was");
    (void)sip_reply(a->sip, l->leg, transaction, 200, &agreed, &l->local);
    return true;
}

static void take_identity(struct app *a, const struct sip_event *s)
{
    struct event ev = leg_event(EV_IDENTITY, s->leg, 0);

    ev.party = s->party;
    app_step(a, &ev);
    tell_changed(a, s->leg);
}

static void take_offer(struct app *a, const struct sip_event *s)
{
    struct app_leg *l = app_leg_find(a, s->leg);
    bool accepted, passed_on;

    if (!l || !l->media) {
        (void)sip_reply(a->sip, s->leg, s->transaction, l ? 500 : 481, NULL, NULL);
        return;
    }
    passed_on = direct_offered(a, l, s);
    accepted = !passed_on && take_offer_as_ours(a, l, s->transaction, &s->offer);
    l->elsewhere = l->elsewhere || (accepted && s->address_changed);
    if (accepted)
        direct_try(a, l);
    if (s->identity_changed) {
        take_identity(a, s);
    } else if (accepted && s->address_changed) {
        struct event ev = leg_event(EV_MEDIA_MOVED, s->leg, 0);

        app_step(a, &ev);
    }
}

static void take_gone(struct app *a, const struct sip_event *s)
{
    struct app_leg *l = app_leg_find(a, s->leg);
    struct event ev = leg_event(EV_LEG_GONE, s->leg, s->code);

    ev.heard = l && l->heard;
    (void)text_copy(a->reason, sizeof(a->reason), s->reason);
    app_step(a, &ev);
    a->reason[0] = '\0';
    app_leg_drop(a, s->leg);
}

static void take_ringing(struct app *a, const struct sip_event *s)
{
    struct event ev = leg_event(EV_LEG_RINGING, s->leg, s->code);

    app_step(a, &ev);
}

/* A key came by INFO, or as a telephone-event. Some phones say each key both ways: whichever came
 * first on a leg is the one that counts there. */
static void take_digit(struct app *a, leg_id leg, char digit, enum digit_way way)
{
    struct app_leg *l = app_leg_find(a, leg);
    struct event ev = leg_event(EV_DIGIT, leg, 0);

    if (!l || (l->digits && l->digits != way))
        return;
    l->digits = way;
    ev.digit = digit;
    app_step(a, &ev);
}

static void take_refer(struct app *a, const struct sip_event *s)
{
    struct event ev = leg_event(EV_REFER, s->leg, 0);

    ev.refer = &s->refer;
    app_step(a, &ev);
}

void take_sip(struct app *a, const struct sip_event *s)
{
    switch (s->type) {
    case SIP_INVITE:
        take_invite(a, s);
        break;
    case SIP_CANCELLED:
        take_cancel(a, s);
        break;
    case SIP_ACKED:
        take_ack(a, s);
        break;
    case SIP_OFFERED:
        take_offer(a, s);
        break;
    case SIP_IDENTITY:
        take_identity(a, s);
        break;
    case SIP_RINGING:
        take_ringing(a, s);
        break;
    case SIP_ANSWERED:
        take_answered(a, s);
        break;
    case SIP_FAILED:
        leg_failed(a, s->leg, s->code);
        break;
    case SIP_GONE:
        take_gone(a, s);
        break;
    case SIP_REFERRED:
        take_refer(a, s);
        break;
    case SIP_DIGIT:
        take_digit(a, s->leg, s->digit, DIGITS_BY_INFO);
        break;
    case SIP_EXITED:
        direct_exited(a, s);
        break;
    case SIP_REOFFERED:
        direct_reoffered(a, s);
        break;
    case SIP_PREPARED:
        written_prepared(a, s);
        break;
    case SIP_DIALOG:
        take_dialog(a, s);
        break;
    case SIP_WATCH:
        watches_take(a, &s->watch);
        break;
    case SIP_LOCKED_OUT:
        phones_locked_out(a, s);
        break;
    case SIP_HOP:
        a->hops[s->hop.place % SIP_HOPS_MAX] = s->hop;
        break;
    }
    turn_end_group(a); /* rows of legs that were dropped behind the step */
}

/* Nobody is there any more who could hear us (MD-11), though no BYE has come: as if it had. */
static void take_dead(struct app *a, const struct app_leg *l)
{
    struct event ev = leg_event(EV_LEG_GONE, l->leg, 0);

    ev.heard = l->heard;
    log_info("media", "leg %llu: its device is gone, so the leg is hung up",
             (unsigned long long)l->leg);
    (void)sip_hang_up(a->sip, l->leg, 408, "no sign of life from the audio's far end");
    app_step(a, &ev);
    app_leg_drop(a, ev.leg);
}

/* For the first time, or again since ACT_LISTEN. */
static void take_heard(struct app *a, struct app_leg *l, const struct media_event *m)
{
    struct event ev = leg_event(EV_HEARD, l->leg, 0);
    bool asked = l->listens;

    l->heard = true;
    l->listens = false;
    l->elsewhere = l->elsewhere || m->elsewhere;
    direct_try(a, l);
    if (asked)
        app_step(a, &ev);
}

/* Where to send to after a restart, too. */
static void take_moved(struct app *a, struct app_leg *l, const struct media_event *m)
{
    call_id call = calls_whose_leg(a->park.calls, l->leg);

    l->place = m->place;
    if (l->saved && call) {
        app_leg_save(a, l, call);
        turn_end_group(a);
    }
}

void take_media(struct app *a, const struct media_event *m)
{
    struct app_leg *l = app_leg_find(a, m->leg);
    struct event ev = leg_event(EV_SAID, m->leg, 0);

    switch (m->type) {
    case MEDIA_SAID:
        ev.wait = m->wait;
        app_step(a, &ev);
        break;
    case MEDIA_HEARD:
        if (l)
            take_heard(a, l, m);
        break;
    case MEDIA_DEAD:
        if (l)
            take_dead(a, l);
        break;
    case MEDIA_MOVED:
        if (l)
            take_moved(a, l, m);
        break;
    case MEDIA_STOPPED:
    case MEDIA_RESUMED:
        guard_told(a, m);
        break;
    case MEDIA_DIGIT:
        take_digit(a, m->leg, m->digit, DIGITS_BY_EVENT);
        break;
    case MEDIA_CLOSED:
        break;
    }
}

static void call_written(struct app *a, const struct app_token *t, const struct store_event *s)
{
    struct event ev = leg_event(s->result == STORE_DONE ? EV_SAVED : EV_NOT_SAVED, 0, 0);

    ev.call = t->call;
    ev.write = t->write;
    if (s->result == STORE_FAILED && trouble_from_memory(a))
        trouble_unwritten(a, t->call, t->write, &ev);
    app_step(a, &ev);
}

static void audit_reported(struct app *a, const struct app_token *t, const struct store_event *s)
{
    if (s->result == STORE_DONE)
        audit_written(a, t->context, 1, s->audit);
    free(t->context);
}

static void take_report(struct app *a, struct store_event *s)
{
    struct app_token t;

    if (s->result != STORE_DONE) {
        char why[ERR_TEXT_SIZE];

        a->counts.store_failures++;
        if (app_store_fine(a, why)) /* else it was said once, when the trouble began */
            log_error("store", "%s", s->text);
    }
    if (!turn_take_token(a, s->token, &t))
        return;
    switch (t.kind) {
    case TOKEN_CALL:
        call_written(a, &t, s);
        break;
    case TOKEN_LEG:
        written_leg(a, t.write);
        break;
    case TOKEN_ADMIN:
        admin_reported(a, s);
        break;
    case TOKEN_AUDIT:
        audit_reported(a, &t, s);
        break;
    case TOKEN_MUSIC:
        music_written(a, t.context, s);
        break;
    case TOKEN_BACKUP:
        t.backup(t.context, s->result == STORE_DONE ? NULL : s->text);
        break;
    case TOKEN_QUERY:
        t.rows(t.context, NULL, s->text);
        break;
    case TOKEN_ROWS:
        trouble_rows_written(a, &t, s->result == STORE_DONE);
        break;
    }
}

void take_store(struct app *a, struct store_event *s)
{
    struct app_token t;

    switch (s->type) {
    case STORE_REPORT:
        take_report(a, s);
        break;
    case STORE_ROWS:
        if (turn_take_token(a, s->token, &t))
            t.rows(t.context, s->rows, s->rows ? NULL : s->text);
        else
            store_rows_free(s->rows);
        break;
    case STORE_TROUBLE:
        trouble_told(a, s);
        break;
    }
}
