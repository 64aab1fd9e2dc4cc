/* A caller is answered once his leg is on disk as well: else a crash within the milliseconds behind
 * his 200 would leave a call that nobody can take up. A disk that takes long is waited for no
 * longer than a second or two; what it could not promise then is that one promise. */
#include "app/inside.h"
#include "sys/log.h"

#define PATIENCE_LEG 1000

static void send(struct app *a, leg_id leg)
{
    if (sip_send_answer(a->sip, leg))
        log_error("sip", "the SIP edge is too far behind: leg %llu is not answered",
                  (unsigned long long)leg);
}

static struct prepared *nth(struct app *a, unsigned n)
{
    return &a->prepared[(a->first_prepared + n) % PREPARED_MAX];
}

/* Reports come in about the order in which was asked. */
static void drop_sent(struct app *a)
{
    while (a->prepared_count && !nth(a, 0)->leg) {
        a->first_prepared = (a->first_prepared + 1) % PREPARED_MAX;
        a->prepared_count--;
    }
}

static void remember(struct app *a, leg_id leg)
{
    *nth(a, a->prepared_count) = (struct prepared){ .leg = leg, .since = a->now };
    a->prepared_count++;
}

void written_prepared(struct app *a, const struct sip_event *s)
{
    struct app_token token = { .kind = TOKEN_LEG, .write = s->leg };
    struct app_leg *l = app_leg_find(a, s->leg);
    call_id call = calls_whose_leg(a->park.calls, s->leg);

    if (!l || !call)
        return; /* it was hung up meanwhile */
    l->dialog = s->dialog;
    turn_end_group(a);
    app_leg_save(a, l, call);
    a->group_token =
        a->change_count && a->prepared_count < PREPARED_MAX ? turn_token(a, &token) : 0;
    if (a->group_token)
        remember(a, s->leg);
    else
        send(a, s->leg); /* too many wait: the caller comes first */
    turn_end_group(a);
}

void written_leg(struct app *a, leg_id leg)
{
    for (unsigned i = 0; i < a->prepared_count; i++)
        if (nth(a, i)->leg == leg) {
            nth(a, i)->leg = 0;
            send(a, leg);
            break;
        }
    drop_sent(a);
}

void written_second(struct app *a)
{
    while (a->prepared_count && a->now - nth(a, 0)->since >= PATIENCE_LEG) {
        if (nth(a, 0)->leg)
            send(a, nth(a, 0)->leg);
        nth(a, 0)->leg = 0;
        drop_sent(a);
    }
}
