/* After a restart: does the far end of each leg still know its call? Who hung up in the meantime
 * was answered by nobody, and may have given up saying so. OPTIONS in each dialog, one after the
 * other in one pace (sip.md 9.2); nothing else is sent to anybody. */
#include "sip/edge.h"

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define FIRST_MSEC 1000 /* those who were about to say something have said it */
#define PACE_MSEC 20    /* between two: 50 a second */
#define WAY_MSEC 60000  /* a phone whose connection went with us may come back by itself */
#define WAY_TRIES 2

void probe_later(struct leg *leg, size_t n)
{
    leg->unheard = true;
    leg->probe_at = clock_now() + FIRST_MSEC + (msec)n * PACE_MSEC;
    atomic_fetch_add_explicit(&leg->edge->counters.restored_unheard, 1, memory_order_relaxed);
}

void probe_heard(struct leg *leg)
{
    leg->probe_at = NEVER;
    if (leg->unheard)
        atomic_fetch_sub_explicit(&leg->edge->counters.restored_unheard, 1, memory_order_relaxed);
    leg->unheard = false;
}

static void lost(struct leg *leg, uint16_t code, const char *why)
{
    log_info("sip", "leg %llu: %s", (unsigned long long)leg->id, why);
    atomic_fetch_add_explicit(&leg->edge->counters.restored_lost, 1, memory_order_relaxed);
    timer_die(leg, code, why);
}

/* Whatever its answer is, who answers is there, but for one that knows nothing of the call
 * (RFC 3261 12.2.1.2). That nobody could be asked is no answer yet. */
static void judge(struct leg *leg, int status, bool made_up)
{
    if (status == 481)
        lost(leg, 481, "the far end had hung up while the server was not there");
    else if (status == 408)
        lost(leg, 408, "the far end has not answered since the server was started again");
    else if (!made_up)
        probe_heard(leg);
    else if (++leg->probe_tries < WAY_TRIES)
        leg->probe_at = clock_now() + WAY_MSEC;
    else
        lost(leg, 408, "the far end could not be reached since the server was started again");
    timer_set(leg);
}

static int on_answer(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);
    bool made_up = !sip || nta_sip_is_internal(sip);

    if (request != leg->probe || status < 200)
        return 0;
    leg->probe = NULL;
    if (leg->state == LEG_UP && leg->unheard)
        judge(leg, status, made_up);
    nta_outgoing_destroy(request); /* and with it the answer */
    return 0;
}

void probe_now(struct leg *leg)
{
    leg->probe_at = NEVER;
    if (leg->state != LEG_UP || leg->probe)
        return;
    leg->probe = nta_outgoing_tcreate(
        leg->dialog, on_answer, leg, NULL, SIP_METHOD_OPTIONS, NULL, SIPTAG_ACCEPT_STR(in_accept),
        SIPTAG_ALLOW_STR(in_allow), NTATAG_TPORT(sip_leg_connection(leg)),
        TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    if (leg->probe)
        report_dialog(leg); /* our CSeq has gone into the next block */
    else
        judge(leg, 503, true);
}
