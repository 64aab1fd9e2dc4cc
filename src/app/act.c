/* What the core wants done, done: each action at most a call or two to an edge. What fails becomes
 * an event of its own after the step; nothing here calls back into the core. */
#include <errno.h>
#include <string.h>

#include "app/inside.h"
#include "base/network.h"
#include "base/text.h"
#include "sys/log.h"

static void leg_failed_later(struct app *a, leg_id leg, uint16_t code)
{
    struct event ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = EV_LEG_FAILED;
    ev.leg = leg;
    ev.code = code;
    app_own_event(a, &ev);
}

/* The audio format of the leg on the other side, so that nothing need be transcoded. */
static enum codec preferred(struct app *a, leg_id other)
{
    const struct app_leg *l = other ? app_leg_find(a, other) : NULL;

    return l && l->agreed_once ? l->agreed.codec : CODEC_NONE;
}

/* The leg that `leg` is, or will be, bridged with. */
static leg_id other_leg(const struct call *c, leg_id leg)
{
    if (!c)
        return 0;
    return leg == c->caller_leg ? c->peer : c->caller_leg;
}

/* The number of an orbit is told once its row is on disk: until then the machine wants to hear of
 * each write. */
static void await_report(struct app *a, const struct action *action, bool is_written)
{
    struct app_token token = { .kind = TOKEN_CALL, .call = action->call, .write = action->write };

    if (a->group_token) {
        a->tokens[a->group_token & (TOKENS_WAITING - 1)].write = action->write;
        return;
    }
    if (trouble_from_memory(a)) {
        struct event ev;

        trouble_unwritten(a, action->call, action->write, &ev);
        app_own_event(a, &ev);
        return;
    }
    a->group_token = is_written ? turn_token(a, &token) : 0;
    if (!a->group_token) {
        struct event ev = { .type = EV_NOT_SAVED, .call = action->call, .write = action->write };

        app_own_event(a, &ev);
    }
}

bool app_call_save(struct app *a, const struct call *c)
{
    struct change *change = turn_add(a, CHANGE_CALL_PUT);

    if (!change)
        return false;
    call_row_write(a, c, &change->call);
    return true;
}

static void save(struct app *a, const struct action *action)
{
    const struct call *c = app_call(a, action->call);
    bool added;

    if (!c)
        return;
    added = app_call_save(a, c);
    if (c->saved < c->orbit_write)
        await_report(a, action, added);
}

static void forget(struct app *a, const struct action *action)
{
    const struct call *c = app_call(a, action->call);
    struct change *change = turn_add(a, CHANGE_CALL_REMOVE);

    if (change)
        change->call_gone = action->call;
    if (c)
        record_write(a, c);
}

static void tell(struct app *a, const struct action *action, struct sip_told *told)
{
    char number[NUMBER_SIZE];

    memset(told, 0, sizeof(*told));
    number_text(number, action->orbit);
    if (action->orbit)
        (void)text_copy(told->orbit, sizeof(told->orbit), number);
    switch (action->tell) {
    case TELL_NOTHING:
        break;
    case TELL_ORBIT:
        (void)text_format(told->display, sizeof(told->display), "Parked %s", number);
        (void)text_format(told->phrase, sizeof(told->phrase), "Parked at %s", number);
        (void)text_format(told->uri, sizeof(told->uri), "sip:%s%s@%s",
                          number[0] == '#' ? "%23" : "", number[0] == '#' ? number + 1 : number,
                          a->config.sip.domain);
        break;
    case TELL_CALLER:
        if (!action->party.hidden) {
            (void)text_copy(told->display, sizeof(told->display), action->party.display);
            (void)text_copy(told->uri, sizeof(told->uri), action->party.uri);
        }
        break;
    }
}

/* `near`: the other leg of the call. */
static bool open_media(struct app *a, struct app_leg *l, leg_id near, const struct call *c,
                       struct err *err)
{
    if (l->media)
        return true;
    if (media_open(a->media, l->leg, &l->theirs, l->source, near, &l->local, err)) {
        log_error("media", "%s", err->text);
        return false;
    }
    l->media = true;
    a->legs_mute--;
    music_tune(a, l->leg, c);
    guard_leg(a, l);
    return true;
}

/* Agree on the audio of an INVITE and answer it. */
static uint16_t answer_leg(struct app *a, struct app_leg *l, const struct action *action,
                           struct fault *fault)
{
    const struct call *c = app_call(a, action->call);
    leg_id other = other_leg(c, l->leg);
    enum codec prefer = preferred(a, other);
    sip_answering *ask;
    struct sip_told told;
    struct err err;

    if (l->theirs.present && !guard_agree(a, l, &l->theirs, prefer, &l->agreed, fault)) {
        l->theirs.warning = fault->warning;
        return 488;
    }
    if (!open_media(a, l, other, c, &err)) {
        (void)text_copy(fault->why, WHY_SIZE, err.text); /* cut */
        return 503;
    }
    if (l->theirs.present) {
        l->agreed_once = true;
        (void)media_agree(a->media, l->leg, &l->agreed);
    }
    tell(a, action, &told);
    /* Who retrieves can dial again; who is parked can not. */
    ask = c && c->caller_leg == l->leg ? sip_prepare : sip_answer;
    return ask(a->sip, l->leg, l->theirs.present ? &l->agreed : NULL, &l->local, prefer, &told)
               ? 503
               : 0;
}

/* The code of the Warning header (RFC 3261 20.43): of an offer what the reader of its SDP found,
 * 305 if it was well-formed but without a format of ours; of the rest the edge's own. */
static uint16_t warning_of(const struct app_leg *l, uint16_t code)
{
    if (code != 488)
        return 0;
    return l && l->theirs.warning ? l->theirs.warning : 305;
}

static void answer(struct app *a, const struct action *action)
{
    struct app_leg *l = app_leg_find(a, action->leg);
    struct fault fault = { 0 };
    uint16_t code = l ? answer_leg(a, l, action, &fault) : 481;

    if (!code)
        return;
    (void)sip_refuse(a->sip, action->leg, code, warning_of(l, code), code == 503 ? 5 : 0,
                     fault.why);
    leg_failed_later(a, action->leg, code);
}

static void refuse(struct app *a, const struct action *action)
{
    (void)sip_refuse(a->sip, action->leg, action->code,
                     warning_of(app_leg_find(a, action->leg), action->code), action->retry_after,
                     action->why);
    app_leg_drop(a, action->leg);
}

/* A BYE is passed on with the reason that it came with (RFC 3326); every other end has a reason of
 * ours. */
static void hang_up(struct app *a, const struct action *action)
{
    bool passed_on = !action->code && a->reason[0];
    uint16_t code = passed_on ? 0 : action->code ? action->code : 200;

    (void)sip_hang_up(a->sip, action->leg, code, passed_on ? a->reason : action->why);
    app_leg_drop(a, action->leg);
}

/* Who is in From: the orbit, or him whom the one called is to talk to. What is no plain user of a
 * URI (RFC 3261 25.1) is left out. */
static void from_user(const struct app *a, const struct action *action, struct sip_call *call)
{
    char user[DIALLED_SIZE] = "";

    if (action->kind == CALLING_TARGET && !action->party.hidden)
        uri_user(user, action->party.uri);
    else
        (void)text_copy(user, sizeof(user), call->orbit);
    if (!user[0] || strspn(user, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "+*#-_.") != strlen(user))
        (void)text_copy(user, sizeof(user), a->config.house.park_user);
    (void)text_copy(call->from_user, sizeof(call->from_user), user);
}

static void fill_call(const struct app *a, const struct action *action, const struct call *c,
                      struct sip_call *call)
{
    memset(call, 0, sizeof(*call));
    call->leg = action->leg;
    (void)text_copy(call->uri, sizeof(call->uri), action->uri);
    if ((action->kind == CALLING_PARKER || action->kind == CALLING_TO_TELL) && c)
        (void)text_copy(call->contact, sizeof(call->contact), c->parker.contact);
    number_text(call->orbit, action->orbit);
    (void)text_copy(call->replaces, sizeof(call->replaces), action->replaces);
    (void)text_copy(call->referred_by, sizeof(call->referred_by), action->referred_by);
    from_user(a, action, call);
    if (action->kind != CALLING_TO_TELL) /* his phone shows the number, not the caller's */
        call->caller = action->party;
    call->auto_answer = action->kind == CALLING_TO_TELL;
    call->is_ring_back = action->kind == CALLING_PARKER;
    call->plain = action->plain;
    call->attempt = c ? c->attempt : 1;
    if (c)
        (void)text_copy(call->alert_info, sizeof(call->alert_info), c->rules.alert_info);
}

/* "%o", "%n", "%u" of the template: the orbit, the caller's name, the caller's number; "%%" is "%".
 */
static void from_display(const struct action *action, const struct call *c, struct sip_call *call)
{
    const char *template =
        c && c->rules.ringback_prefix[0] ? c->rules.ringback_prefix : "Park %o: %n";
    char user[DIALLED_SIZE];
    const char *name;

    if (action->kind == CALLING_TARGET)
        template = "%n";
    else if (action->kind == CALLING_TO_TELL)
        template = "Parked %o: %n";
    else if (action->kind == CALLING_CALLER)
        template = call->orbit[0] ? "Park %o" : "Park";
    uri_user(user, action->party.uri);
    name = action->party.hidden       ? "anonymous"
           : action->party.display[0] ? action->party.display
                                      : user;
    for (const char *at = template; *at; at++) {
        if (at[0] == '%' && at[1] && strchr("onu%", at[1])) {
            const char *value = at[1] == '%'   ? "%"
                                : at[1] == 'o' ? call->orbit
                                : at[1] == 'n' ? name
                                               : (action->party.hidden ? "" : user);

            (void)text_append(call->from_display, sizeof(call->from_display), "%s", value);
            at++;
        } else {
            (void)text_append(call->from_display, sizeof(call->from_display), "%c", *at);
        }
    }
}

static bool copy_numeric_host(char to[ADDRESS_SIZE], const char *uri)
{
    char host[FQDN_SIZE];
    size_t length;
    struct ip ip;

    uri_host(host, uri);
    length = strlen(host);
    if (length > 2 && host[0] == '[') {
        memmove(host, host + 1, length);
        host[length - 2] = '\0';
    }
    return ip_read(host, &ip) && text_copy(to, ADDRESS_SIZE, host);
}

/* Where the answer will be signalled from, as far as that is known before there is one: it tells
 * the media edge the family of the port to open. Our own address says no more than that. */
static void expect_source(const struct app *a, struct app_leg *l, const struct sip_call *call)
{
    if (!copy_numeric_host(l->source, a->config.sip.outbound) &&
        !copy_numeric_host(l->source, call->uri) && !copy_numeric_host(l->source, call->contact))
        (void)text_copy(l->source, ADDRESS_SIZE,
                        a->config.media.bind4[0] ? a->config.media.bind4 : a->config.media.bind6);
}

static void call_out(struct app *a, const struct action *action)
{
    const struct call *c = app_call(a, action->call);
    struct app_leg *l = app_leg_new(a, action->leg);
    struct sip_call call;
    struct err err;

    fill_call(a, action, c, &call);
    from_display(action, c, &call);
    if (l) {
        l->our_offer = true;
        call.prefer = preferred(a, c ? c->caller_leg : 0);
        expect_source(a, l, &call);
    }
    if (!l || !open_media(a, l, c && c->caller_leg != action->leg ? c->caller_leg : 0, c, &err)) {
        leg_failed_later(a, action->leg, 503);
        return;
    }
    call.local = l->local;
    if (sip_call(a->sip, &call))
        leg_failed_later(a, action->leg, 503);
}

static void music(struct app *a, const struct action *action)
{
    const struct call *c = app_call(a, action->call);

    direct_left(a, action->leg);
    music_tune(a, action->leg, c);
    (void)media_music(a->media, action->leg, !c || c->rules.music_on_hold);
}

static void say(struct app *a, const struct action *action)
{
    const struct call *c = app_call(a, action->call);
    char number[NUMBER_SIZE];

    number_text(number, action->orbit);
    direct_left(a, action->leg);
    music_tune(a, action->leg, c);
    (void)media_say(a->media, action->leg, action->say, number,
                    action->language[0] ? action->language
                    : c                 ? c->rules.language
                                        : "en",
                    action->then_music, action->wait);
}

/* By the code that the phone answered with; none when the time to ring was over. */
static void count_ring_back(struct app *a)
{
    switch (a->failure) {
    case 486:
    case 600:
    case 603:
        a->counts.ringbacks_busy++;
        break;
    case 0:
    case 408:
    case 480:
    case 487:
        a->counts.ringbacks_no_answer++;
        break;
    default:
        a->counts.ringbacks_failed++;
        break;
    }
}

static void count_step(struct app *a, const struct action *action)
{
    enum step step = action->step;

    if (step == STEP_PARKED)
        a->counts.parks_ok++;
    else if (step == STEP_PARK_FAILED && action->full)
        a->counts.parks_full++;
    else if (step == STEP_PARK_FAILED && action->overload)
        a->counts.parks_overload++;
    else if (step == STEP_PARK_FAILED && action->call)
        a->counts.parks_failed++;
    else if (step == STEP_PARK_FAILED)
        a->counts.parks_refused++;
    else if (step == STEP_RETRIEVED)
        a->counts.retrieves++;
    else if (step == STEP_RETRIEVE_FAILED || step == STEP_REFUSED)
        a->counts.retrieve_refused++;
    else if (step == STEP_PIN_ASKED)
        a->counts.pins_asked++;
    else if (step == STEP_PIN_WRONG)
        a->counts.pins_wrong++;
    else if (step == STEP_RINGBACK_ANSWERED)
        a->counts.ringbacks_answered++;
    else if (step == STEP_RINGBACK_UNCONFIRMED)
        a->counts.ringbacks_unconfirmed++;
    else if (step == STEP_RINGBACK_FAILED)
        count_ring_back(a);
}

/* A leg that is connected is worth a row, so that a restart finds both. */
static void bridge(struct app *a, const struct action *action)
{
    struct app_leg *l = app_leg_find(a, action->leg);
    struct app_leg *other = app_leg_find(a, action->other);
    const struct call *c = app_call(a, action->call);

    music_tune(a, action->leg, c);
    music_tune(a, action->other, c);
    if (media_bridge(a->media, action->leg, action->other))
        log_error("media", "two legs of a call could not be connected: they stay with music");
    if (l)
        app_leg_save(a, l, action->call);
    if (other)
        app_leg_save(a, other, action->call);
    if (c)
        tell_sides(a, c);
    direct_bridged(a, action->leg, action->other);
}

static void leave_path(struct app *a, const struct action *action)
{
    struct event ev;

    if (!sip_exit(a->sip, action->leg, action->other))
        return;
    memset(&ev, 0, sizeof(ev));
    ev.type = EV_EXIT;
    ev.leg = action->leg;
    ev.code = 503;
    app_own_event(a, &ev);
}

/* Of a phone that was never heard, or does not send now, silence says nothing. */
static void listen(struct app *a, const struct action *action)
{
    struct app_leg *l = app_leg_find(a, action->leg);
    struct event ev;

    if (l && l->heard && l->agreed.direction & DIR_RECVONLY && !media_listen(a->media, l->leg)) {
        l->listens = true;
        return;
    }
    memset(&ev, 0, sizeof(ev));
    ev.type = EV_HEARD;
    ev.leg = action->leg;
    app_own_event(a, &ev);
}

static void answer_refer(struct app *a, const struct action *action)
{
    char number[NUMBER_SIZE] = "";

    if (action->orbit)
        number_text(number, action->orbit);
    if (action->type == ACT_REFER_ANSWER)
        (void)sip_refer_answer(a->sip, action->refer, action->code, number, action->why);
    else
        (void)sip_refer_progress(a->sip, action->refer, action->code, number);
}

void act(struct app *a, const struct action *action)
{
    switch (action->type) {
    case ACT_SAVE:
        save(a, action);
        break;
    case ACT_FORGET:
        forget(a, action);
        break;
    case ACT_ANSWER:
        answer(a, action);
        break;
    case ACT_REFUSE:
        refuse(a, action);
        break;
    case ACT_HANG_UP:
        hang_up(a, action);
        break;
    case ACT_CALL:
        call_out(a, action);
        break;
    case ACT_MUSIC:
        music(a, action);
        break;
    case ACT_SAY:
        say(a, action);
        break;
    case ACT_BRIDGE:
        bridge(a, action);
        break;
    case ACT_EXIT:
        leave_path(a, action);
        break;
    case ACT_LISTEN:
        listen(a, action);
        break;
    case ACT_REFER_ANSWER:
    case ACT_REFER_PROGRESS:
        answer_refer(a, action);
        break;
    case ACT_STEP:
        if (action->step == STEP_REFUSED) {
            a->refused = true;
            a->refused_code = action->code;
            (void)text_copy(a->refused_why, sizeof(a->refused_why), action->why);
        }
        count_step(a, action);
        steps_add(a, action);
        parks_step(a, action);
        if (action->step == STEP_PARKED && app_call(a, action->call))
            tell_parked(a, app_call(a, action->call));
        break;
    }
}
