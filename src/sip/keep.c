/* What the store keeps of a leg's dialog, so that a later start can take it up: put together here,
 * and reported whenever something of it is new. */
#include "sip/edge.h"

#include <string.h>

#include "base/text.h"
#include "sys/clock.h"

/* Of our CSeq so many are reserved at once, and a later run begins behind them: so its first
 * request is above all that were sent, and the store need not be written for each (sip.md 9.1). */
#define CSEQ_BLOCK 100

static void copy_routes(char to[SIP_ROUTES_SIZE], const sip_route_t *route)
{
    to[0] = '\0';
    for (; route; route = route->r_next) {
        char uri[URI_SIZE];

        headers_uri(uri, sizeof uri, route->r_url);
        if (!text_append(to, SIP_ROUTES_SIZE, "%s<%s>", to[0] ? ", " : "", uri)) {
            to[0] = '\0'; /* half a route leads nowhere */
            return;
        }
    }
}

void sip_leg_refresh_facts(struct leg *leg)
{
    struct sip_dialog *f = &sip_leg_words(leg)->facts;
    const sip_route_t *route = NULL;
    const sip_contact_t *target = NULL;

    if (!leg->dialog)
        return;
    f->local_cseq = nta_leg_get_seq(leg->dialog);
    f->remote_cseq = nta_leg_get_rseq(leg->dialog);
    if (f->local_cseq + CSEQ_BLOCK / 2 >= f->cseq_reserved)
        f->cseq_reserved = f->local_cseq + CSEQ_BLOCK;
    text_copy(f->local_tag, sizeof f->local_tag, nta_leg_get_tag(leg->dialog));
    text_copy(f->remote_tag, sizeof f->remote_tag, nta_leg_get_rtag(leg->dialog));
    if (nta_leg_get_route(leg->dialog, &route, &target) < 0)
        return;
    copy_routes(f->routes, route);
    if (target)
        headers_uri(f->remote_target, sizeof f->remote_target, target->m_url);
}

/* Nobody knows our clock after a restart. */
static msec on_the_wall(msec at)
{
    msec now = clock_now(), wall = clock_wall();

    return at == NEVER ? 0 : at > now ? wall + (at - now) : wall - (now - at);
}

wall_msec keep_now(const struct sip *s, uint64_t clock, const char *boot)
{
    wall_msec now = clock_wall();

    return boot[0] && text_is(boot, s->boot) ? now - (clock_offset() - clock) : now;
}

/* What changes with every request and is no reason to write is not in it. */
static uint64_t hash_of(const struct leg *leg, const struct sip_dialog *d)
{
    struct sip_dialog steady = *d;
    const unsigned char *at = (const unsigned char *)&steady;
    uint64_t h = 14695981039346656037u; /* FNV-1a */

    steady.local_cseq = steady.remote_cseq = 0;
    steady.refresh_at = leg->refresh_at; /* the two clocks are not read at once */
    steady.expires_at = leg->expires_at;
    steady.clock = 0;
    for (size_t i = 0; i < sizeof steady; i++)
        h = (h ^ at[i]) * 1099511628211u;
    explicit_bzero(steady.local_sdp, sizeof steady.local_sdp);
    return h;
}

void sip_leg_dialog(struct leg *leg, struct sip_dialog *to)
{
    const struct sip_register *account = aim_account(leg->edge, leg->account);

    sip_leg_refresh_facts(leg);
    memcpy(to, &sip_leg_words(leg)->facts, sizeof *to); /* with its gaps, for the hash */
    to->refresh_at = on_the_wall(leg->refresh_at);
    to->expires_at = on_the_wall(leg->expires_at);
    to->clock = clock_offset();
    text_copy(to->boot, sizeof to->boot, leg->edge->boot);
    to->origin_id = leg->origin.id;
    to->origin_version = leg->origin.version;
    text_copy(to->origin_host, sizeof to->origin_host, leg->origin.host);
    to->media = leg->media;
    to->we_offered = leg->we_offered;
    to->allows_update = leg->allows_update;
    to->trusted = leg->trusted;
    to->web = leg->web;
    to->routed = leg->routed;
    to->replaced = leg->replaced;
    to->replaces = leg->replaces;
    text_copy(to->account, sizeof to->account, account ? account->name : "");
    if (leg->sdp && !text_copy(to->local_sdp, sizeof to->local_sdp, leg->sdp))
        to->local_sdp[0] = '\0'; /* half of it says something else */
    leg->kept_hash = hash_of(leg, to);
}

void report_dialog(struct leg *leg)
{
    uint64_t before = leg->kept_hash;
    struct sip_event *ev;

    if (leg->silent || leg->state == LEG_LEAVING || leg->state == LEG_ENDED)
        return;
    ev = report_begin(leg, SIP_DIALOG);
    sip_leg_dialog(leg, &ev->dialog);
    if (leg->kept_hash != before)
        report_send(leg);
    else
        explicit_bzero(ev->dialog.local_sdp, sizeof ev->dialog.local_sdp);
}

/* ---- their INVITE ---- */

static bool add_header(char *to, size_t size, su_home_t *home, const char *name, const void *header)
{
    const char *value = sip_header_as_string(home, header);

    return value && text_append(to, size, "%s: %s\r\n", name, value);
}

static bool add_ways(char *to, size_t size, su_home_t *home, const sip_t *sip)
{
    for (const sip_via_t *v = sip->sip_via; v; v = v->v_next)
        if (!add_header(to, size, home, "Via", v))
            return false;
    for (const sip_record_route_t *r = sip->sip_record_route; r; r = r->r_next)
        if (!add_header(to, size, home, "Record-Route", r))
            return false;
    return true;
}

void sip_leg_keep_invite(struct leg *leg, const sip_t *sip)
{
    struct sip_dialog *f = &sip_leg_words(leg)->facts;
    size_t size = sizeof f->invite;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    char uri[URI_SIZE];

    su_home_init(home);
    headers_uri(uri, sizeof uri, sip->sip_request->rq_url);
    if (!text_format(f->invite, size, "INVITE %s SIP/2.0\r\n", uri) ||
        !add_ways(f->invite, size, home, sip) ||
        !add_header(f->invite, size, home, "From", sip->sip_from) ||
        !add_header(f->invite, size, home, "To", sip->sip_to) ||
        !add_header(f->invite, size, home, "Call-ID", sip->sip_call_id) ||
        !add_header(f->invite, size, home, "CSeq", sip->sip_cseq) ||
        !text_append(f->invite, size, "Content-Length: 0\r\n\r\n"))
        f->invite[0] = '\0'; /* too long: its answer cannot be sent again after a crash */
    su_home_deinit(home);
}

void sip_leg_drop_invite(struct leg *leg)
{
    struct sip_dialog *f = &sip_leg_words(leg)->facts;

    memset(f->invite, 0, sizeof f->invite);
    memset(f->told_phrase, 0, sizeof f->told_phrase);
    memset(f->told_orbit, 0, sizeof f->told_orbit);
}
