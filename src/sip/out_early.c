/* What comes before the 200 to an INVITE of ours: reliable provisional answers (RFC 3262), and new
 * offers by UPDATE (RFC 3311), of each fork for itself. Nobody hears early media: the caller keeps
 * his music until somebody has answered. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The fork with this tag; a new one if there is room; else NULL. */
static struct early *fork_of(struct leg *leg, const char *tag)
{
    for (unsigned i = 0; i < EARLY_MAX; i++) {
        struct early *e = &leg->calling->early[i];

        if (!e->tag[0] && !text_copy(e->tag, sizeof e->tag, tag))
            return NULL;
        if (text_is_nocase(e->tag, tag))
            return e;
    }
    return NULL;
}

static void keep_sdp(struct early *e, const sip_t *sip)
{
    const char *sdp;
    size_t length;
    uint16_t unknown;
    char *copy;

    if (!headers_sdp(sip, &sdp, &length, &unknown))
        return;
    copy = malloc(length + 1);
    if (!copy)
        return;
    memcpy(copy, sdp, length);
    copy[length] = '\0';
    free(e->sdp);
    e->sdp = copy;
}

/* ---- PRACK ---- */

/* The route set of this early dialog: Record-Route in reverse (RFC 3261 12.1.2). */
static sip_route_t *routes_of(su_home_t *home, const sip_t *sip)
{
    sip_route_t *route = NULL, *next;

    for (sip_route_t *r = sip_route_dup(home, sip->sip_record_route); r; r = next) {
        next = r->r_next;
        r->r_next = route;
        route = r;
    }
    return route;
}

static void acknowledge(struct leg *leg, const sip_t *sip)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    const url_t *target = sip->sip_contact ? sip->sip_contact->m_url : NULL;
    const char *hop =
        leg->calling->target.route[0] && !sip->sip_record_route ? leg->calling->target.route : NULL;
    struct answers answers;
    char uri[URI_SIZE], rack[64];

    su_home_init(home);
    headers_uri(uri, sizeof uri, target ? target : sip->sip_to->a_url);
    text_format(rack, sizeof rack, "%lu %u INVITE", sip->sip_rseq->rs_response,
                sip->sip_cseq->cs_seq);
    out_credentials(leg, "PRACK", uri, &answers);
    (void)nta_outgoing_tcreate(/* its answer says nothing that we need */
                               leg->dialog, NULL, NULL, (url_string_t const *)hop, SIP_METHOD_PRACK,
                               URL_STRING_MAKE(uri), SIPTAG_TO(sip->sip_to), SIPTAG_RACK_STR(rack),
                               SIPTAG_ROUTE(routes_of(home, sip)),
                               SIPTAG_HEADER_STR(answers.header[0][0] ? answers.header[0] : NULL),
                               SIPTAG_HEADER_STR(answers.header[1][0] ? answers.header[1] : NULL),
                               TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    su_home_deinit(home);
}

/* RFC 3262 4: the first of a fork may have any number, each later one the next; what comes again
 * was lost on its way, as PRACK is, and is acknowledged by the retransmission of that. */
void out_early(struct leg *leg, const sip_t *sip)
{
    struct early *e;

    if (!leg->calling || !sip->sip_rseq || !sip->sip_to->a_tag || !sip->sip_cseq ||
        !sip->sip_require || !sip_has_feature(sip->sip_require, "100rel"))
        return;
    e = fork_of(leg, sip->sip_to->a_tag);
    if (!e || (e->rseq && sip->sip_rseq->rs_response != e->rseq + 1))
        return;
    e->rseq = (uint32_t)sip->sip_rseq->rs_response;
    if (!e->sdp)
        keep_sdp(e, sip);
    acknowledge(leg, sip);
}

/* ---- sessions ---- */

const char *out_early_sdp(const struct leg *leg, const char *tag)
{
    for (unsigned i = 0; leg->calling && i < EARLY_MAX && leg->calling->early[i].tag[0]; i++)
        if (text_is_nocase(leg->calling->early[i].tag, tag))
            return leg->calling->early[i].sdp;
    return NULL;
}

bool out_early_offer(struct leg *leg, const sip_t *sip)
{
    for (unsigned i = 0; leg->calling && i < EARLY_MAX && leg->calling->early[i].tag[0]; i++) {
        if (!text_is_nocase(leg->calling->early[i].tag, sip->sip_from->a_tag) ||
            !leg->calling->early[i].sdp)
            continue;
        keep_sdp(&leg->calling->early[i], sip);
        return true;
    }
    return false;
}
