/* Whom a call of ours goes to: the request URI, the next hop and the listener to call from; and our
 * own name there. Not for what the INVITE says, see out.c. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- our name in other people's messages ---- */

const char *aim_domain(const struct sip *s, unsigned listener)
{
    const struct sip_config *c = &s->setup->config;

    return c->domain[0] ? c->domain : s->listeners[listener].host;
}

void out_contact(const struct sip *s, unsigned listener, const char *user, char to[URI_SIZE])
{
    const struct listener *l = &s->listeners[listener];

    text_format(to, URI_SIZE, "sip:%s%s%s:%u", user ? user : "", user ? "@" : "", l->host,
                l->bound.port);
    if (!text_is(l->transport, "udp"))
        text_append(to, URI_SIZE, ";transport=%s",
                    text_is(l->transport, "wss") ? "ws" : l->transport); /* RFC 7118 5.2.3 */
}

/* Whoever sees one of these again in an INVITE sees his own ring back come round. */
void out_nonce(const struct sip *s, leg_id id, char to[64])
{
    su_md5_t md5[1];
    char text[64], digest[SU_MD5_DIGEST_SIZE * 2 + 1];

    text_format(text, sizeof text, "%s:%llu", s->secret, (unsigned long long)id);
    su_md5_init(md5);
    su_md5_strupdate(md5, text);
    su_md5_hexdigest(md5, digest);
    su_md5_deinit(md5);
    text_format(to, 64, "%llx-%s", (unsigned long long)id, digest);
}

/* `value` is that of X-Callpark-Recall: "n=1;nonce=...". */
bool out_is_nonce(const struct sip *s, const char *value)
{
    const char *nonce = strstr(value, "nonce=");
    char ours[64];
    leg_id id;

    if (!nonce)
        return false;
    nonce += strlen("nonce=");
    id = strtoull(nonce, NULL, 16);
    out_nonce(s, id, ours);
    return text_starts(nonce, ours);
}

/* ---- whom to call ---- */

static bool is_numeric(const char *host)
{
    struct ip ip;

    return host[0] == '[' || ip_read(host, &ip);
}

static bool is_loopback(const char *host)
{
    static const char *const loopback[] = { "127.0.0.0/8", "::1" };
    struct network n;

    for (size_t i = 0; i < 2; i++)
        if (network_read(loopback[i], &n) && network_holds_text(&n, host))
            return true;
    return false;
}

/* Our domain without a port, or one of our listeners: a port of somebody else makes it somebody
 * else's, whatever the host. */
bool aim_is_us(const struct sip *s, const url_t *url)
{
    const struct sip_config *c = &s->setup->config;
    bool named =
        c->domain[0] && !is_numeric(url->url_host) && text_is_nocase(url->url_host, c->domain);
    uint64_t port = 5060;

    if (url->url_port && !text_number(url->url_port, 1, 65535, &port))
        return false;
    if (named && !url->url_port)
        return true;
    for (unsigned i = 0; i < s->listener_count; i++) {
        const struct listener *l = &s->listeners[i];

        if (port == l->bound.port && (named || text_is_nocase(url->url_host, l->host)))
            return true;
    }
    return false;
}

/* The listener to call from: the transport of the URI, and loopback with loopback, IPv6 with IPv6.
 */
static unsigned choose_listener(const struct sip *s, const url_t *url)
{
    char transport[16] = "udp";
    unsigned best = 0;
    int best_score = -1;
    bool v6 = url->url_host && url->url_host[0] == '[';

    if (url->url_params)
        (void)url_param(url->url_params, "transport", transport, sizeof transport);
    if (url->url_type == url_sips)
        text_copy(transport, sizeof transport, "tls");
    for (unsigned i = 0; i < s->listener_count; i++) {
        const struct listener *l = &s->listeners[i];
        int score = text_is_nocase(l->transport, transport) ? 4 : 0;

        score += (strchr(l->bound.host, ':') != NULL) == v6 ? 2 : 0;
        score += url->url_host && is_loopback(l->bound.host) == is_loopback(url->url_host);
        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

unsigned aim_listener(const struct sip *s, const char *uri)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    url_t *url;
    unsigned chosen = 0;

    su_home_init(home);
    url = url_make(home, uri);
    if (url)
        chosen = choose_listener(s, url);
    su_home_deinit(home);
    return chosen;
}

static bool print_url(char to[URI_SIZE], const url_t *url)
{
    url_t bare = *url;

    bare.url_headers =
        NULL; /* "?Replaces=..." of a stranger's URI must not become a header of ours */
    headers_uri(to, URI_SIZE, &bare);
    return to[0] != '\0';
}

/* A number, or a user at a mere address, is sent to the next hop under its own name. */
static bool aim_at_outbound(struct target *t, su_home_t *home, url_t *url, const char *outbound,
                            bool as_it_is)
{
    url_t *hop = url_make(home, outbound);

    if (!hop || !hop->url_host)
        return false;
    if (url->url_type == url_tel || (!as_it_is && url->url_host && is_numeric(url->url_host))) {
        url->url_params = url->url_type == url_tel ? "user=phone" : NULL;
        url->url_type = url_sip;
        url->url_scheme = "sip";
        url->url_host = hop->url_host;
        url->url_port = hop->url_port;
    }
    text_copy(t->route, sizeof t->route, outbound);
    t->routed = true;
    return print_url(t->uri, url);
}

static url_t *read_url(su_home_t *home, const char *text)
{
    return text[0] ? url_make(home, text) : NULL;
}

static bool is_callable(const url_t *url)
{
    return url &&
           (url->url_type == url_sip || url->url_type == url_sips || url->url_type == url_tel);
}

static bool aim_at_contact(const struct sip *s, struct target *t, su_home_t *home,
                           const char *contact)
{
    url_t *url = read_url(home, contact);

    if (!url || !url->url_host || aim_is_us(s, url))
        return false;
    return print_url(t->uri, url);
}

/* Once it is known who is next: by which listener, and whether the front has to lead there. A phone
 * that has come by TLS is rung on that connection (RFC 5626 5.3): the address in its Contact is
 * mostly behind NAT, or the end of that connection. A new one is made when it is gone. */
static bool choose_way(const struct sip *s, struct target *t, const url_t *hop)
{
    if (!t->flow && !t->route[0] && flow_is_secure(hop))
        t->flow = flow_to(s, t->uri, &t->listener);
    if (t->flow)
        return true;
    t->listener = choose_listener(s, hop);
    return !flow_is_secure(hop) || flow_way(s, t->listener, hop, t->way);
}

/* A phone that has no address of its own (RFC 7118 5.6) is reached by its connection or not at
 * all. */
static bool aim_at_flow(const struct sip *s, struct target *t, const char *contact)
{
    if (!strstr(contact, ".invalid") && !strstr(contact, "transport=ws"))
        return false;
    t->flow = flow_to(s, contact, &t->listener);
    return t->flow && text_copy(t->uri, sizeof t->uri, contact);
}

/* ---- next hops ---- */

static bool is_in_domain(const char *host, const char *domain)
{
    size_t length = strlen(host), end;

    if (domain[0] != '*')
        return text_is_nocase(host, domain);
    end = strlen(domain + 1);
    return length > end && text_is_nocase(host + length - end, domain + 1);
}

static const char *route_of(const struct sip_config *c, const url_t *url)
{
    for (unsigned i = 0; url->url_host && i < c->next_hop_count; i++)
        if (is_in_domain(url->url_host, c->next_hops[i].domain))
            return c->next_hops[i].hop;
    return NULL;
}

/* Next to the domain's own route, [sip] outbound; next to that, the first account that we have.
 * What is on loopback is a test on this machine. NULL: the URI says. */
static const char *next_hop(const struct sip *s, const url_t *url)
{
    const struct sip_config *c = &s->setup->config;
    const char *route = route_of(c, url);

    if (route)
        return route;
    if (url->url_host && is_loopback(url->url_host))
        return NULL;
    if (c->outbound[0])
        return c->outbound;
    return c->register_count ? c->registers[0].registrar : NULL;
}

const struct sip_register *aim_account(const struct sip *s, unsigned number)
{
    const struct sip_config *c = &s->setup->config;

    return number && number <= c->register_count ? &c->registers[number - 1] : NULL;
}

/* By the registrar, or by what leads to it. */
static void choose_account(const struct sip *s, struct target *t)
{
    const struct sip_config *c = &s->setup->config;

    for (unsigned i = 0; i < c->register_count && !t->account; i++)
        if (text_is_nocase(t->route, c->registers[i].registrar) ||
            (c->registers[i].outbound[0] && text_is_nocase(t->route, c->registers[i].outbound)))
            t->account = i + 1;
    if (t->account && c->registers[t->account - 1].outbound[0])
        text_copy(t->route, sizeof t->route, c->registers[t->account - 1].outbound);
}

bool aim(const struct sip *s, struct target *t, const struct sip_call *call)
{
    const char *outbound;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    url_t *url, *hop;
    bool found;

    memset(t, 0, sizeof *t);
    su_home_init(home);
    url = read_url(home, call->uri);
    outbound = is_callable(url) ? next_hop(s, url) : NULL;
    if (aim_at_flow(s, t, call->contact) || aim_at_flow(s, t, call->uri))
        found = true;
    else if (outbound)
        /* A device that a Replaces is for is known by no other name. */
        found = aim_at_outbound(t, home, url, outbound, call->replaces[0] != '\0');
    else if (is_callable(url) && url->url_type != url_tel && !aim_is_us(s, url))
        found = print_url(t->uri, url);
    else
        found = aim_at_contact(s, t, home, call->contact);
    if (found)
        choose_account(s, t);
    hop = found ? read_url(home, t->route[0] ? t->route : t->uri) : NULL;
    found = hop && choose_way(s, t, hop);
    su_home_deinit(home);
    return found;
}
