/* What a REFER says: whom to call, in the place of which dialog, on whose behalf (RFC 3515, 3891,
 * 3892, 4538). Only Replaces is taken from the headers in its Refer-To: whoever refers us somewhere
 * does not write our requests. */
#include "sip/edge.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

struct fault {
    int code;
    const char *phrase;
};

static const struct fault fine = { 0, NULL };

/* The parser keeps the first and puts the second among what it could not place. */
static bool is_doubled(const sip_t *sip)
{
    const msg_header_t *h = (const msg_header_t *)sip->sip_error;

    while (h && h->sh_class != sip_refer_to_class)
        h = h->sh_next;
    return h != NULL || (sip->sip_refer_to && sip->sip_refer_to->r_next);
}

/* ---- Replaces, among the headers of the URI ---- */

/* The value of the one header that counts, still escaped; `*count` says how often it is there. */
static const char *find_replaces(const char *headers, size_t *length, unsigned *count)
{
    static const char name[] = "Replaces=";
    const char *found = NULL;

    *count = 0;
    while (headers && *headers) {
        size_t piece = strcspn(headers, "&");

        if (strncasecmp(headers, name, sizeof name - 1) == 0) {
            found = headers + sizeof name - 1;
            *length = piece - (sizeof name - 1);
            ++*count;
        }
        headers += piece + (headers[piece] == '&');
    }
    return found;
}

static bool is_sound(const sip_replaces_t *r)
{
    return r && r->rp_call_id && r->rp_to_tag && r->rp_from_tag;
}

static struct fault read_replaces(struct refer *to, struct sip *s, su_home_t *home,
                                  const char *headers)
{
    char escaped[REPLACES_SIZE * 2], plain[REPLACES_SIZE * 2];
    const sip_replaces_t *r;
    size_t length = 0;
    unsigned count;
    const char *value = find_replaces(headers, &length, &count);

    if (!value)
        return fine;
    if (count > 1)
        return (struct fault){ 400, "Two Replaces in Refer-To" };
    if (!text_copy_n(escaped, sizeof escaped, value, length))
        return (struct fault){ 400, "Replaces Too Long" };
    url_unescape(plain, escaped);
    r = sip_replaces_make(home, plain);
    if (!is_sound(r) || !text_is_plain(plain) ||
        !text_copy(to->replaces, sizeof to->replaces, plain))
        return (struct fault){ 400, "Bad Replaces in Refer-To" };
    to->names = sip_leg_named(s, r, &to->replaces_leg);
    return fine;
}

/* ---- the target ---- */

/* A numeric host in a network that we trust, without its brackets. */
static bool is_trusted_host(const struct sip *s, const char *host)
{
    char bare[FQDN_SIZE];
    size_t length = strlen(host);

    if (host[0] == '[' && length > 2)
        (void)text_copy_n(bare, sizeof bare, host + 1, length - 2); /* what is cut is no address */
    else
        (void)text_copy(bare, sizeof bare, host); /* likewise */
    return in_trusted(s, bare);
}

static bool is_next_hop(const struct sip *s, const char *host)
{
    char hop[FQDN_SIZE];

    uri_host(hop, s->setup->config.outbound);
    return hop[0] && text_is_nocase(hop, host);
}

static bool is_near(const struct sip *s, const url_t *url)
{
    if (url->url_type == url_tel)
        return true; /* it has no host: the next hop knows it, or nobody */
    return url->url_host && (aim_is_us(s, url) || is_next_hop(s, url->url_host) ||
                             is_trusted_host(s, url->url_host));
}

/* As `refer-to` of a peer lists them: sip:*@pbx2.example, *@pbx2.example, 3??. */
static bool is_listed(const char *list, const char *uri)
{
    char pattern[URI_SIZE], user[DIALLED_SIZE];
    const char *bare = strchr(uri, ':');
    bool listed = false;

    uri_user(user, uri);
    for (list += strspn(list, ", "); *list && !listed; list += strspn(list, ", ")) {
        size_t length = strcspn(list, ", ");

        listed = text_copy_n(pattern, sizeof pattern, list, length) &&
                 (text_matches(uri, pattern) || text_matches(bare ? bare + 1 : uri, pattern) ||
                  text_matches(user, pattern));
        list += length;
    }
    return listed;
}

static struct fault read_target(struct refer *to, struct sip *s, su_home_t *home,
                                const sip_refer_to_t *header)
{
    url_t *url = url_hdup(home, header->r_url);
    char method[32] = "INVITE";
    struct fault fault;

    if (!url || (url->url_type != url_sip && url->url_type != url_sips && url->url_type != url_tel))
        return (struct fault){ SIP_416_UNSUPPORTED_URI };
    if (url->url_type == url_tel ? !url->url_user : !url->url_host)
        return (struct fault){ 400, "Refer-To without a Host" };
    if (url->url_params && url_param(url->url_params, "method", method, sizeof method) &&
        !text_is_nocase(method, "INVITE"))
        return (struct fault){ 603, "Only an INVITE Can Be Referred" };
    fault = read_replaces(to, s, home, url->url_headers);
    if (fault.code)
        return fault;
    url->url_headers = url->url_fragment = NULL;
    if (url->url_params)
        url->url_params = url_strip_param_string((char *)url->url_params, "method");
    headers_uri(to->target, sizeof to->target, url);
    headers_number(to->target_user, to->target_orbit, url);
    to->near = is_near(s, url);
    return to->target[0] ? fine : (struct fault){ 400, "Refer-To Too Long" };
}

/* ---- the rest ---- */

/* RFC 4538: local-tag is that of whoever sends this. */
static leg_id target_dialog(struct sip *s, su_home_t *home, const sip_t *sip)
{
    const char *text = headers_unknown(sip, "Target-Dialog");
    const sip_replaces_t *r = text ? sip_replaces_make(home, text) : NULL;
    const char *theirs = r ? msg_params_find(r->rp_params, "local-tag=") : NULL;
    const char *ours = r ? msg_params_find(r->rp_params, "remote-tag=") : NULL;
    const struct leg *leg = r && r->rp_call_id && theirs && ours
                                ? sip_leg_by_dialog(s, r->rp_call_id, ours, theirs)
                                : NULL;

    return leg && leg->state == LEG_UP && !leg->silent ? leg->id : 0;
}

static void read_asker(struct refer *to, const struct leg *leg, const sip_t *sip)
{
    struct invite as_invite;

    memset(&as_invite, 0, sizeof as_invite);
    headers_invite(&as_invite, sip);
    to->from = leg ? sip_leg_words(leg)->facts.party : as_invite.from;
    to->has_referred_by = as_invite.has_referred_by;
    to->referred_by = as_invite.referred_by;
    if (leg)
        return;
    text_copy(to->dialled, sizeof to->dialled, as_invite.dialled);
    text_copy(to->dialled_to, sizeof to->dialled_to, as_invite.dialled_to);
    text_copy(to->orbit_param, sizeof to->orbit_param, as_invite.orbit_param);
}

/* Whom its peer may have us call, wherever that is. */
static void note_peer(struct refer *to, const struct sip *s, const char *source)
{
    const struct sip_peer *peer = peer_of(s, source, NULL);

    text_copy(to->source, sizeof to->source, source);
    to->allowed = peer && is_listed(peer->refer_to, to->target);
}

int refer_read(struct refer *to, struct sip *s, const struct leg *leg, const sip_t *sip,
               const char *source, const char **phrase)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    struct fault fault = { 400, "Refer-To Is Missing" };

    memset(to, 0, sizeof *to);
    su_home_init(home);
    if (is_doubled(sip))
        fault.phrase = "Two Refer-To";
    else if (sip->sip_refer_to)
        fault = read_target(to, s, home, sip->sip_refer_to);
    read_asker(to, leg, sip);
    note_peer(to, s, source);
    to->leg = leg ? leg->id : target_dialog(s, home, sip);
    su_home_deinit(home);
    *phrase = fault.phrase;
    return fault.code;
}
