/* What the loop asks of the edge: written down on the caller's thread, carried out in order on
 * ours. A command for a leg that is gone, or in a state where it means nothing, does nothing. */
#include "sip/auth.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/flood.h"
#include "sip/register.h"
#include "sip/watch.h"

enum command_kind {
    COMMAND_ANSWER,
    COMMAND_PREPARE,
    COMMAND_SEND_ANSWER,
    COMMAND_REFUSE,
    COMMAND_REPLY,
    COMMAND_REPLY_REFUSE,
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
    uint16_t code, warning, retry_after;
    uint32_t transaction; /* or the number of a REFER */
    leg_id leg;
    union { /* as much of it as size_of() says */
        struct session_command {
            struct sip_told told;
            bool has_agreed;
            enum codec prefer;
            struct session agreed;
            struct session_local local;
        } session; /* ANSWER, REPLY */
        struct words_command {
            char text[WHY_SIZE];
            struct sip_told told;
        } words;              /* REFUSE, HANG_UP, REFER_*, IDENTIFY, REPLY_REFUSE */
        struct reoffer offer; /* OFFER, REPLY_PASSED */
        leg_id other;         /* EXIT */
        struct sip_call call;
        struct sip_message message;
        struct orbit_lamp lamp;
        struct setup *setup; /* handed over */
        struct list_command {
            void *at; /* handed over: lamps, or what can be watched */
            size_t count;
        } list;
        struct sip_user_table *users;
    };
};

/* How many of its bytes count, from the first on. */
static size_t size_of(enum command_kind kind)
{
    size_t head = offsetof(struct command, session);

    switch (kind) {
    case COMMAND_ANSWER:
    case COMMAND_PREPARE:
    case COMMAND_REPLY:
        return head + sizeof(struct session_command);
    case COMMAND_REFUSE:
    case COMMAND_REPLY_REFUSE:
    case COMMAND_HANG_UP:
    case COMMAND_IDENTIFY:
    case COMMAND_REFER_ANSWER:
    case COMMAND_REFER_PROGRESS:
        return head + sizeof(struct words_command);
    case COMMAND_REPLY_PASSED:
    case COMMAND_OFFER:
        return head + sizeof(struct reoffer);
    case COMMAND_EXIT:
        return head + sizeof(leg_id);
    case COMMAND_CALL:
        return head + sizeof(struct sip_call);
    case COMMAND_MESSAGE:
        return head + sizeof(struct sip_message);
    case COMMAND_LAMP:
        return head + sizeof(struct orbit_lamp);
    case COMMAND_LAMPS:
    case COMMAND_WATCHED:
        return head + sizeof(struct list_command);
    case COMMAND_SETUP:
        return head + sizeof(struct setup *);
    case COMMAND_USERS:
        return head + sizeof(struct sip_user_table *);
    case COMMAND_SEND_ANSWER:
    case COMMAND_STOP:
        break;
    }
    return head;
}

/* Keys of audio may be in it. */
static void wipe(struct command *c)
{
    explicit_bzero(c, size_of(c->kind));
    free(c);
}

/* As far as it counts all zero but its kind and its leg. NULL: no memory. */
static struct command *command_new(enum command_kind kind, leg_id leg)
{
    struct command *c = malloc(sizeof *c);

    if (c) {
        memset(c, 0, size_of(kind));
        c->kind = kind;
        c->leg = leg;
    }
    return c;
}

/* The queue carries pointers, so that a long command does not make every place in it long. */
static int put(struct sip *s, struct command *c)
{
    if (queue_put(s->commands, &c))
        return 0;
    wipe(c);
    return -ENOBUFS;
}

static int put_answer(struct sip *s, enum command_kind kind, leg_id leg,
                      const struct session *agreed, const struct session_local *local,
                      enum codec prefer, const struct sip_told *told)
{
    struct command *c = command_new(kind, leg);

    if (!c)
        return -ENOBUFS;
    c->session.has_agreed = agreed != NULL;
    c->session.local = *local;
    c->session.prefer = prefer;
    if (agreed)
        c->session.agreed = *agreed;
    if (told)
        c->session.told = *told;
    return put(s, c);
}

int sip_answer(struct sip *s, leg_id leg, const struct session *agreed,
               const struct session_local *local, enum codec prefer, const struct sip_told *told)
{
    return put_answer(s, COMMAND_ANSWER, leg, agreed, local, prefer, told);
}

int sip_prepare(struct sip *s, leg_id leg, const struct session *agreed,
                const struct session_local *local, enum codec prefer, const struct sip_told *told)
{
    return put_answer(s, COMMAND_PREPARE, leg, agreed, local, prefer, told);
}

int sip_send_answer(struct sip *s, leg_id leg)
{
    struct command *c = command_new(COMMAND_SEND_ANSWER, leg);

    return c ? put(s, c) : -ENOBUFS;
}

int sip_refuse(struct sip *s, leg_id leg, uint16_t code, uint16_t warning, uint16_t retry_after,
               const char *why)
{
    struct command *c = command_new(COMMAND_REFUSE, leg);

    if (!c)
        return -ENOBUFS;
    c->code = code;
    c->warning = warning;
    c->retry_after = retry_after;
    text_copy(c->words.text, sizeof c->words.text, why);
    return put(s, c);
}

int sip_reply(struct sip *s, leg_id leg, uint32_t transaction, uint16_t code,
              const struct session *agreed, const struct session_local *local)
{
    struct command *c = command_new(COMMAND_REPLY, leg);

    if (!c)
        return -ENOBUFS;
    c->transaction = transaction;
    c->code = code;
    c->session.has_agreed = agreed != NULL;
    if (agreed)
        c->session.agreed = *agreed;
    if (local)
        c->session.local = *local;
    return put(s, c);
}

int sip_reply_refuse(struct sip *s, leg_id leg, uint32_t transaction, uint16_t code,
                     const char *why)
{
    struct command *c = command_new(COMMAND_REPLY_REFUSE, leg);

    if (!c)
        return -ENOBUFS;
    c->transaction = transaction;
    c->code = code;
    text_copy(c->words.text, sizeof c->words.text, why);
    return put(s, c);
}

int sip_reply_passed(struct sip *s, leg_id leg, uint32_t transaction,
                     const struct session_offer *theirs)
{
    struct command *c = command_new(COMMAND_REPLY_PASSED, leg);

    if (!c)
        return -ENOBUFS;
    c->transaction = transaction;
    c->offer.theirs = *theirs;
    return put(s, c);
}

int sip_offer(struct sip *s, leg_id leg, uint32_t number, bool patient,
              const struct session_offer *theirs, const struct session_local *local)
{
    struct command *c = command_new(COMMAND_OFFER, leg);

    if (!c)
        return -ENOBUFS;
    c->offer.number = number;
    c->offer.patient = patient;
    c->offer.is_passed = theirs != NULL;
    if (theirs)
        c->offer.theirs = *theirs;
    c->offer.local = *local;
    return put(s, c);
}

int sip_exit(struct sip *s, leg_id leg, leg_id other)
{
    struct command *c = command_new(COMMAND_EXIT, leg);

    if (!c)
        return -ENOBUFS;
    c->other = other;
    return put(s, c);
}

int sip_call(struct sip *s, const struct sip_call *call)
{
    struct command *c = command_new(COMMAND_CALL, call->leg);

    if (!c)
        return -ENOBUFS;
    c->call = *call;
    return put(s, c);
}

int sip_hang_up(struct sip *s, leg_id leg, uint16_t code, const char *text)
{
    struct command *c = command_new(COMMAND_HANG_UP, leg);

    if (!c)
        return -ENOBUFS;
    c->code = code;
    text_copy(c->words.text, sizeof c->words.text, text);
    return put(s, c);
}

static int put_refer(struct sip *s, enum command_kind kind, uint32_t number, uint16_t code,
                     const char *orbit, const char *why)
{
    struct command *c = command_new(kind, 0);

    if (!c)
        return -ENOBUFS;
    c->transaction = number;
    c->code = code;
    text_copy(c->words.told.orbit, sizeof c->words.told.orbit, orbit);
    text_copy(c->words.text, sizeof c->words.text, why);
    return put(s, c);
}

int sip_refer_answer(struct sip *s, uint32_t number, uint16_t code, const char *orbit,
                     const char *why)
{
    return put_refer(s, COMMAND_REFER_ANSWER, number, code, orbit, why);
}

int sip_refer_progress(struct sip *s, uint32_t number, uint16_t code, const char *orbit)
{
    return put_refer(s, COMMAND_REFER_PROGRESS, number, code, orbit, "");
}

int sip_lamp(struct sip *s, const struct orbit_lamp *lamp)
{
    struct command *c = command_new(COMMAND_LAMP, 0);

    if (!c)
        return -ENOBUFS;
    c->lamp = *lamp;
    return put(s, c);
}

static int put_list(struct sip *s, enum command_kind kind, void *list, size_t count)
{
    struct command *c = command_new(kind, 0);
    int result = -ENOBUFS;

    if (c) {
        c->list.at = list;
        c->list.count = count;
        result = put(s, c);
    }
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
    struct command *c = command_new(COMMAND_MESSAGE, 0);

    if (!c)
        return -ENOBUFS;
    c->message = *m;
    return put(s, c);
}

int sip_identify(struct sip *s, leg_id leg, const char *display, const char *uri)
{
    struct command *c = command_new(COMMAND_IDENTIFY, leg);

    if (!c)
        return -ENOBUFS;
    text_copy(c->words.told.display, sizeof c->words.told.display, display);
    text_copy(c->words.told.uri, sizeof c->words.told.uri, uri);
    return put(s, c);
}

int sip_users(struct sip *s, struct sip_user_table *users)
{
    struct command *c = command_new(COMMAND_USERS, 0);
    int code = -ENOBUFS;

    if (c) {
        c->users = users;
        code = put(s, c);
    }
    if (code)
        auth_users_free(users);
    return code;
}

int command_put_setup(struct sip *s, struct setup *setup)
{
    struct command *c = command_new(COMMAND_SETUP, 0);

    if (!c)
        return -ENOBUFS;
    c->setup = setup;
    return put(s, c);
}

int command_put_stop(struct sip *s)
{
    struct command *c = command_new(COMMAND_STOP, 0);

    return c ? put(s, c) : -ENOBUFS;
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
            in_answer(leg, c->session.has_agreed ? &c->session.agreed : NULL, &c->session.local,
                      c->session.prefer, &c->session.told);
        break;
    case COMMAND_PREPARE:
        if (leg)
            in_prepare(leg, c->session.has_agreed ? &c->session.agreed : NULL, &c->session.local,
                       c->session.prefer, &c->session.told);
        break;
    case COMMAND_SEND_ANSWER:
        if (leg)
            in_send_prepared(leg);
        break;
    case COMMAND_REFUSE:
        if (leg)
            in_refuse(leg, c->code, c->warning, c->retry_after, c->words.text);
        break;
    case COMMAND_REPLY:
        if (leg)
            dialog_reply(leg, c->transaction, c->code,
                         c->session.has_agreed ? &c->session.agreed : NULL, &c->session.local, "");
        break;
    case COMMAND_REPLY_REFUSE:
        if (leg)
            dialog_reply(leg, c->transaction, c->code, NULL, NULL, c->words.text);
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
            dialog_hang_up(leg, c->code, c->words.text);
        break;
    case COMMAND_REFER_ANSWER:
        refer_answer(s, c->transaction, c->code, c->words.told.orbit, c->words.text);
        break;
    case COMMAND_REFER_PROGRESS:
        refer_progress(s, c->transaction, c->code, c->words.told.orbit);
        break;
    case COMMAND_LAMP:
        watch_lamp(s, &c->lamp);
        break;
    case COMMAND_LAMPS:
        watch_lamps(s, c->list.at, c->list.count);
        free(c->list.at);
        break;
    case COMMAND_WATCHED:
        watch_ranges(s, c->list.at, c->list.count);
        flood_ranges(s);
        break;
    case COMMAND_MESSAGE:
        tell_message(s, &c->message);
        break;
    case COMMAND_IDENTIFY:
        if (leg)
            tell_identity(leg, c->words.told.display, c->words.told.uri);
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

/* What it would have handed over. */
static void drop(const struct command *c)
{
    if (c->kind == COMMAND_SETUP)
        free(c->setup);
    else if (c->kind == COMMAND_LAMPS || c->kind == COMMAND_WATCHED)
        free(c->list.at);
    else if (c->kind == COMMAND_USERS)
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
