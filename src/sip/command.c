/* What the loop asks of the edge: written down on the caller's thread, carried out in order on
 * ours. A command for a leg that is gone, or in a state where it means nothing, does nothing. */
#include "sip/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/register.h"
#include "sip/watch.h"

enum command_kind {
    COMMAND_ANSWER,
    COMMAND_REFUSE,
    COMMAND_REPLY,
    COMMAND_REPLY_PASSED,
    COMMAND_OFFER,
    COMMAND_EXIT,
    COMMAND_CALL,
    COMMAND_HANG_UP,
    COMMAND_MESSAGE,
    COMMAND_IDENTIFY,
    COMMAND_REFER_ANSWER,
    COMMAND_REFER_PROGRESS,
    COMMAND_LAMP,
    COMMAND_LAMPS,
    COMMAND_WATCHED,
    COMMAND_SETUP,
    COMMAND_USERS,
    COMMAND_STOP
};

struct command {
    enum command_kind kind;
    leg_id leg;
    uint32_t transaction; /* or the number of a REFER */
    uint16_t code, warning, retry_after;
    bool has_agreed;
    struct session agreed;
    struct session_local local;
    struct reoffer offer;
    leg_id other;
    enum codec prefer;
    struct sip_told told;
    char text[WHY_SIZE];
    struct sip_call call;
    struct sip_message message;
    struct setup *setup; /* handed over */
    struct orbit_lamp lamp;
    void *list; /* handed over: lamps, or what can be watched */
    size_t count;
    struct sip_user_table *users;
};

/* Keys of audio may be in it. */
static void wipe(struct command *c)
{
    explicit_bzero(c, sizeof *c);
    free(c);
}

/* The queue carries pointers, so that a long command does not make every place in it long. */
static int put(struct sip *s, const struct command *command)
{
    struct command *copy = malloc(sizeof *copy);

    if (!copy)
        return -ENOBUFS;
    *copy = *command;
    if (queue_put(s->commands, &copy))
        return 0;
    wipe(copy);
    return -ENOBUFS;
}

int sip_answer(struct sip *s, leg_id leg, const struct session *agreed,
               const struct session_local *local, enum codec prefer, const struct sip_told *told)
{
    struct command c = { .kind = COMMAND_ANSWER,
                         .leg = leg,
                         .has_agreed = agreed != NULL,
                         .local = *local,
                         .prefer = prefer };

    if (agreed)
        c.agreed = *agreed;
    if (told)
        c.told = *told;
    return put(s, &c);
}

int sip_refuse(struct sip *s, leg_id leg, uint16_t code, uint16_t warning, uint16_t retry_after,
               const char *why)
{
    struct command c = { .kind = COMMAND_REFUSE,
                         .leg = leg,
                         .code = code,
                         .warning = warning,
                         .retry_after = retry_after };

    text_copy(c.text, sizeof c.text, why);
    return put(s, &c);
}

int sip_reply(struct sip *s, leg_id leg, uint32_t transaction, uint16_t code,
              const struct session *agreed, const struct session_local *local)
{
    struct command c = { .kind = COMMAND_REPLY,
                         .leg = leg,
                         .transaction = transaction,
                         .code = code,
                         .has_agreed = agreed != NULL };

    if (agreed)
        c.agreed = *agreed;
    if (local)
        c.local = *local;
    return put(s, &c);
}

int sip_reply_refuse(struct sip *s, leg_id leg, uint32_t transaction, uint16_t code,
                     const char *why)
{
    struct command c = {
        .kind = COMMAND_REPLY, .leg = leg, .transaction = transaction, .code = code
    };

    text_copy(c.text, sizeof c.text, why);
    return put(s, &c);
}

int sip_reply_passed(struct sip *s, leg_id leg, uint32_t transaction,
                     const struct session_offer *theirs)
{
    struct command c = { .kind = COMMAND_REPLY_PASSED, .leg = leg, .transaction = transaction };

    c.offer.theirs = *theirs;
    return put(s, &c);
}

int sip_offer(struct sip *s, leg_id leg, uint32_t number, bool patient,
              const struct session_offer *theirs, const struct session_local *local)
{
    struct command c = { .kind = COMMAND_OFFER, .leg = leg };

    c.offer.number = number;
    c.offer.patient = patient;
    c.offer.is_passed = theirs != NULL;
    if (theirs)
        c.offer.theirs = *theirs;
    c.offer.local = *local;
    return put(s, &c);
}

int sip_exit(struct sip *s, leg_id leg, leg_id other)
{
    struct command c = { .kind = COMMAND_EXIT, .leg = leg, .other = other };

    return put(s, &c);
}

int sip_call(struct sip *s, const struct sip_call *call)
{
    struct command c = { .kind = COMMAND_CALL, .leg = call->leg, .call = *call };

    return put(s, &c);
}

int sip_hang_up(struct sip *s, leg_id leg, uint16_t code, const char *text)
{
    struct command c = { .kind = COMMAND_HANG_UP, .leg = leg, .code = code };

    text_copy(c.text, sizeof c.text, text);
    return put(s, &c);
}

int sip_refer_answer(struct sip *s, uint32_t number, uint16_t code, const char *orbit,
                     const char *why)
{
    struct command c = { .kind = COMMAND_REFER_ANSWER, .transaction = number, .code = code };

    text_copy(c.told.orbit, sizeof c.told.orbit, orbit);
    text_copy(c.text, sizeof c.text, why);
    return put(s, &c);
}

int sip_refer_progress(struct sip *s, uint32_t number, uint16_t code, const char *orbit)
{
    struct command c = { .kind = COMMAND_REFER_PROGRESS, .transaction = number, .code = code };

    text_copy(c.told.orbit, sizeof c.told.orbit, orbit);
    return put(s, &c);
}

int sip_lamp(struct sip *s, const struct orbit_lamp *lamp)
{
    struct command c = { .kind = COMMAND_LAMP, .lamp = *lamp };

    return put(s, &c);
}

static int put_list(struct sip *s, enum command_kind kind, void *list, size_t count)
{
    struct command c = { .kind = kind, .list = list, .count = count };
    int result = put(s, &c);

    if (result)
        free(list);
    return result;
}

int sip_lamps(struct sip *s, struct orbit_lamp *lamps, size_t count)
{
    return put_list(s, COMMAND_LAMPS, lamps, count);
}

int sip_watched(struct sip *s, struct sip_watched *ranges, size_t count)
{
    return put_list(s, COMMAND_WATCHED, ranges, count);
}

int sip_message(struct sip *s, const struct sip_message *m)
{
    struct command c = { .kind = COMMAND_MESSAGE, .message = *m };

    return put(s, &c);
}

int sip_identify(struct sip *s, leg_id leg, const char *display, const char *uri)
{
    struct command c = { .kind = COMMAND_IDENTIFY, .leg = leg };

    text_copy(c.told.display, sizeof c.told.display, display);
    text_copy(c.told.uri, sizeof c.told.uri, uri);
    return put(s, &c);
}

int sip_users(struct sip *s, struct sip_user_table *users)
{
    struct command c = { .kind = COMMAND_USERS, .users = users };
    int code = put(s, &c);

    if (code)
        auth_users_free(users);
    return code;
}

int command_put_setup(struct sip *s, struct setup *setup)
{
    struct command c = { .kind = COMMAND_SETUP, .setup = setup };

    return put(s, &c);
}

int command_put_stop(struct sip *s)
{
    struct command c = { .kind = COMMAND_STOP };

    return put(s, &c);
}

static void take_setup(struct sip *s, struct setup *setup)
{
    free(s->setup);
    s->setup = setup;
    if (s->front)
        front_reload(s->front, &setup->config);
    register_start(s);
    options_setup(s);
}

static void carry_out(struct sip *s, const struct command *c)
{
    struct leg *leg = sip_leg_find(s, c->leg);

    switch (c->kind) {
    case COMMAND_ANSWER:
        if (leg)
            in_answer(leg, c->has_agreed ? &c->agreed : NULL, &c->local, c->prefer, &c->told);
        break;
    case COMMAND_REFUSE:
        if (leg)
            in_refuse(leg, c->code, c->warning, c->retry_after, c->text);
        break;
    case COMMAND_REPLY:
        if (leg)
            dialog_reply(leg, c->transaction, c->code, c->has_agreed ? &c->agreed : NULL, &c->local,
                         c->text);
        break;
    case COMMAND_REPLY_PASSED:
        if (leg)
            dialog_reply_passed(leg, c->transaction, &c->offer.theirs);
        break;
    case COMMAND_OFFER:
        if (leg)
            offer_begin(leg, &c->offer);
        break;
    case COMMAND_EXIT:
        if (leg)
            exit_begin(leg, c->other);
        break;
    case COMMAND_CALL:
        out_call(s, &c->call);
        break;
    case COMMAND_HANG_UP:
        if (leg)
            dialog_hang_up(leg, c->code, c->text);
        break;
    case COMMAND_REFER_ANSWER:
        refer_answer(s, c->transaction, c->code, c->told.orbit, c->text);
        break;
    case COMMAND_REFER_PROGRESS:
        refer_progress(s, c->transaction, c->code, c->told.orbit);
        break;
    case COMMAND_LAMP:
        watch_lamp(s, &c->lamp);
        break;
    case COMMAND_LAMPS:
        watch_lamps(s, c->list, c->count);
        free(c->list);
        break;
    case COMMAND_WATCHED:
        watch_ranges(s, c->list, c->count);
        break;
    case COMMAND_MESSAGE:
        tell_message(s, &c->message);
        break;
    case COMMAND_IDENTIFY:
        if (leg)
            tell_identity(leg, c->told.display, c->told.uri);
        break;
    case COMMAND_SETUP:
        take_setup(s, c->setup);
        break;
    case COMMAND_USERS:
        auth_take_users(s->auth, c->users);
        watch_rights_changed(s);
        break;
    case COMMAND_STOP:
        break;
    }
}

static void drop(struct command *c)
{
    free(c->setup);
    free(c->list);
    auth_users_free(c->users);
}

int command_take(struct sip *s)
{
    struct command *some[64];
    size_t n;

    /* A bounded helping: what the network sent in the meantime has its turn before the rest. */
    n = queue_take(s->commands, some, sizeof some / sizeof some[0]);
    for (size_t i = 0; i < n; i++) {
        s->stopping = s->stopping || some[i]->kind == COMMAND_STOP;
        if (!s->stopping)
            carry_out(s, some[i]);
        else
            drop(some[i]);
        wipe(some[i]);
    }
    return s->stopping ? -1 : 0;
}

void command_drop_all(struct sip *s)
{
    struct command *c;

    while (s->commands && queue_take(s->commands, &c, 1) == 1) {
        drop(c);
        wipe(c);
    }
}
