/* What understands the values of callpark.conf; each says what would be right when one is not. */
#include "app/config_values.h"

#include <errno.h>
#include <string.h>

#include "base/network.h"
#include "base/text.h"

static int wrong(struct config_reading *r, const char *sentence, const char *value)
{
    return err_set(r->err, -EINVAL, "'%.80s' %s", value, sentence);
}

int config_set_text(struct config_reading *r, const char *value, void *to, size_t size)
{
    if (!text_copy(to, size, value))
        return wrong(r, "is too long", value);
    return 0;
}

int config_set_fqdn(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)size; /* always FQDN_SIZE */
    return destination_read(NULL, value, to, r->err);
}

/* Call `add` for each item of a list that commas or blanks divide. */
static int each_item(struct config_reading *r, const char *value,
                     int (*add)(struct config_reading *, const char *item))
{
    char item[FQDN_SIZE];

    for (;;) {
        size_t length;

        value += strspn(value, ", \t");
        length = strcspn(value, ", \t");
        if (!length)
            return 0;
        if (!text_copy_n(item, sizeof(item), value, length))
            return wrong(r, "is too long", value);
        if (add(r, item))
            return -EINVAL;
        value += length;
    }
}

static bool names_transport(const char *value)
{
    static const char *const known[] = { "udp:", "tcp:", "tls:", "ws:", "wss:" };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (text_starts(value, known[i]))
            return true;
    return false;
}

/* "udp:HOST:PORT"; the address itself is judged when it is bound. */
static int add_listen(struct config_reading *r, const char *value)
{
    struct sip_config *sip = &r->config->sip;

    if (!names_transport(value))
        return wrong(r,
                     "is no listener: write udp:HOST:PORT, or tcp:, tls:, ws: or wss: in the place "
                     "of udp:",
                     value);
    if (sip->listen_count == SIP_LISTEN_MAX)
        return wrong(r, "is one listener too many: 16 are allowed", value);
    if (!text_copy(sip->listen[sip->listen_count], sizeof(sip->listen[0]), value))
        return wrong(r, "is too long for a listener", value);
    sip->listen_count++;
    return 0;
}

int config_set_listen(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_listen);
}

int config_set_client_cert(struct config_reading *r, const char *value, void *to, size_t size)
{
    static const char *const names[] = { "no", "ask", "require" };

    (void)to;
    (void)size;
    for (unsigned i = 0; i < 3; i++) {
        if (text_is_nocase(value, names[i])) {
            r->config->sip.tls.client_cert = (enum sip_client_cert)i;
            return 0;
        }
    }
    return wrong(r, "is not one of no, ask and require", value);
}

int config_set_verify(struct config_reading *r, const char *value, void *to, size_t size)
{
    bool on = true;
    int code = config_set_switch(r, value, &on, sizeof(on));

    (void)to;
    (void)size;
    if (!code)
        r->config->sip.tls.verify_off = !on;
    return code;
}

/* What a browser writes into Origin (RFC 6454 7): no path, no capitals in the host. */
static int add_origin(struct config_reading *r, const char *item)
{
    struct sip_tls *tls = &r->config->sip.tls;
    const char *host = item + (text_starts(item, "https://") ? 8 : 7);

    if ((!text_starts(item, "https://") && !text_starts(item, "http://")) || !*host ||
        strchr(host, '/'))
        return wrong(r,
                     "is no origin of a page: write https://HOST or https://HOST:PORT, without a "
                     "path",
                     item);
    if (tls->origin_count == SIP_ORIGINS_MAX)
        return wrong(r, "is one origin too many: 16 are allowed", item);
    (void)text_copy(tls->origins[tls->origin_count++], sizeof(tls->origins[0]), item);
    return 0;
}

int config_set_origins(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_origin);
}

static int add_network(struct config_reading *r, const char *item)
{
    struct sip_config *sip = &r->config->sip;
    struct network network;

    if (sip->trusted_count == SIP_NETWORKS_MAX)
        return wrong(r, "is one network too many: 64 are allowed", item);
    if (!network_read(item, &network))
        return wrong(r, "is no network: write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32", item);
    (void)text_copy(sip->trusted[sip->trusted_count++], sizeof(sip->trusted[0]), item);
    return 0;
}

int config_set_networks(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_network);
}

static bool is_prefix(const char *item)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "*#+-_.";

    return *item && strlen(item) < PREFIX_SIZE && item[strspn(item, allowed)] == '\0';
}

/* Star codes and words that phones' keys put before a number. */
int config_set_prefixes(struct config_reading *r, const char *value, void *to, size_t size)
{
    char(*prefixes)[PREFIX_SIZE] = to;
    size_t room = size / PREFIX_SIZE, count = 0, length;
    char item[64];

    for (value += strspn(value, ", "); *value; value += length, value += strspn(value, ", ")) {
        length = strcspn(value, ", ");
        (void)text_copy_n(item, sizeof(item), value, length); /* too long is no prefix either */
        if (!is_prefix(item))
            return wrong(r, "is no prefix: write *68 or park+, 15 characters at most", item);
        for (count = 0; count < room && prefixes[count][0]; count++)
            ;
        if (count == room)
            return wrong(r, "is one prefix too many: 8 are allowed", item);
        (void)text_copy(prefixes[count], PREFIX_SIZE, item); /* fits, it was checked */
    }
    return 0;
}

static bool both_have(const struct house *h, unsigned n)
{
    for (unsigned i = 0; i < PREFIXES_MAX && h->retrieve_prefix[i][0]; i++)
        if (text_is(h->park_prefix[n], h->retrieve_prefix[i]))
            return true;
    return false;
}

int config_check_prefixes(const struct house *h, struct err *err)
{
    for (unsigned i = 0; i < PREFIXES_MAX && h->park_prefix[i][0]; i++)
        if (both_have(h, i))
            return err_set(err, -EINVAL,
                           "[sip] park-prefix and retrieve-prefix are both '%s': one of them must "
                           "be another",
                           h->park_prefix[i]);
    return 0;
}

static int add_proxy(struct config_reading *r, const char *item)
{
    struct http_config *http = &r->config->http;
    struct network network;

    if (http->trusted_proxy_count == HTTP_PROXIES_MAX)
        return wrong(r, "is one proxy too many: 32 are allowed", item);
    if (!network_read(item, &network) || !text_copy(http->trusted_proxy[http->trusted_proxy_count],
                                                    sizeof(http->trusted_proxy[0]), item))
        return wrong(r, "is no address or network: write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32",
                     item);
    http->trusted_proxy_count++;
    return 0;
}

int config_set_proxies(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_proxy);
}

/* "https://park.contoso.com", with or without a port; links are made of it. */
int config_set_url(struct config_reading *r, const char *value, void *to, size_t size)
{
    const char *host = value + (text_starts(value, "https://") ? 8 : 7);

    if ((!text_starts(value, "https://") && !text_starts(value, "http://")) || !*host ||
        host[strcspn(host, "/?# \t\"<>")])
        return wrong(r,
                     "is no address of a page: write https://HOST or https://HOST:PORT, "
                     "without a path",
                     value);
    return config_set_text(r, value, to, size);
}

/* A token of RFC 9110 5.6.2, as far as anybody names a header. */
int config_set_header(struct config_reading *r, const char *value, void *to, size_t size)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    if (value[strspn(value, letters)])
        return wrong(r, "is no name of a header: write for example X-Remote-User", value);
    return config_set_text(r, value, to, size);
}

static int add_domain(struct config_reading *r, const char *item)
{
    struct house *house = &r->config->house;

    if (house->domain_count == sizeof(house->domains) / sizeof(house->domains[0]))
        return wrong(r, "is one domain too many: 8 are allowed", item);
    (void)text_copy(house->domains[house->domain_count++], FQDN_SIZE, item);
    return 0;
}

int config_set_domains(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_domain);
}

int config_set_uri(struct config_reading *r, const char *value, void *to, size_t size)
{
    if (!text_starts(value, "sip:") || strpbrk(value, " \t\"<>"))
        return wrong(r, "is no SIP URI: write sip:HOST or sip:HOST:PORT;transport=tcp", value);
    return config_set_text(r, value, to, size);
}

/* "example.com sip:192.0.2.10": the next hop of a domain. */
int config_set_route(struct config_reading *r, const char *value, void *to, size_t size)
{
    struct sip_config *sip = &r->config->sip;
    struct sip_next_hop *route = &sip->next_hops[sip->next_hop_count];
    size_t length = strcspn(value, " \t");

    (void)to;
    (void)size;
    if (sip->next_hop_count == SIP_NEXT_HOPS_MAX)
        return wrong(r, "is one route too many: 16 are allowed", value);
    if (!text_copy_n(route->domain, sizeof(route->domain), value, length))
        return wrong(r, "is too long", value);
    value += length + strspn(value + length, " \t");
    if (!length || !*value)
        return wrong(r, "is no route: write example.com sip:192.0.2.10", route->domain);
    if (config_set_uri(r, value, route->hop, sizeof(route->hop)))
        return -EINVAL;
    sip->next_hop_count++;
    return 0;
}

int config_set_ports(struct config_reading *r, const char *value, void *to, size_t size)
{
    char first[16];
    const char *dash = strchr(value, '-');
    uint64_t low, high;

    (void)to;
    (void)size;
    if (!dash || !text_copy_n(first, sizeof(first), value, (size_t)(dash - value)) ||
        !text_number(first, 1024, 65534, &low) || !text_number(dash + 1, low + 1, 65535, &high))
        return wrong(r, "is no range of ports: write for example 20000-24999", value);
    r->config->media.port_first = (uint16_t)low;
    r->config->media.port_last = (uint16_t)high;
    return 0;
}

static int set_number(struct config_reading *r, const char *value, uint64_t low, uint64_t high,
                      uint64_t *number)
{
    if (!text_number(value, low, high, number))
        return err_set(r->err, -EINVAL, "'%.80s' is no number between %llu and %llu", value,
                       (unsigned long long)low, (unsigned long long)high);
    return 0;
}

int config_set_workers(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 1, 16, &number))
        return -EINVAL;
    r->config->media.workers = (unsigned)number;
    return 0;
}

int config_set_count(struct config_reading *r, const char *value, void *to, size_t size)
{
    const uint32_t most = LEGS_MAX;
    uint64_t number;
    uint32_t small;

    (void)size;
    if (set_number(r, value, 1, most, &number))
        return -EINVAL;
    small = (uint32_t)number;
    memcpy(to, &small, sizeof(small));
    return 0;
}

int config_set_t1(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 10, 5000, &number))
        return -EINVAL;
    r->config->sip.t1 = number;
    return 0;
}

int config_set_expires(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 90, 86400, &number))
        return -EINVAL;
    r->config->sip.session_expires = (uint32_t)number;
    return 0;
}

int config_set_switch(struct config_reading *r, const char *value, void *to, size_t size)
{
    bool on = text_is_nocase(value, "yes") || text_is_nocase(value, "on");

    (void)size;
    if (!on && !text_is_nocase(value, "no") && !text_is_nocase(value, "off"))
        return wrong(r, "is neither yes nor no", value);
    memcpy(to, &on, sizeof(on));
    return 0;
}

/* "snom* early": the phones whose User-Agent fits show lamps in that way. */
int config_set_profile(struct config_reading *r, const char *value, void *to, size_t size)
{
    struct sip_config *sip = &r->config->sip;
    const char *last = strrchr(value, ' ');
    bool early = last && text_is_nocase(last + 1, "early");
    char agent[sizeof(sip->lamp_profiles[0].agent)], cut[256];

    (void)to;
    (void)size;
    if (!last || (!early && !text_is_nocase(last + 1, "confirmed")))
        return wrong(r, "is no profile: write a pattern of User-Agent, then confirmed or early",
                     value);
    if (sip->lamp_profile_count == SIP_PROFILES_MAX)
        return wrong(r, "is one profile too many: 16 are allowed", value);
    if (!text_copy_n(cut, sizeof(cut), value, (size_t)(last - value)) ||
        !text_trim(agent, sizeof(agent), cut) || !agent[0])
        return wrong(r, "has no pattern, or one that is too long", value);
    (void)text_copy(sip->lamp_profiles[sip->lamp_profile_count].agent, sizeof(agent), agent);
    sip->lamp_profiles[sip->lamp_profile_count++].how = early ? LAMP_EARLY : LAMP_CONFIRMED;
    return 0;
}

/* Kept the other way round, so that nothing set means yes. */
int config_set_opposite(struct config_reading *r, const char *value, void *to, size_t size)
{
    bool on = true, off;
    int result = config_set_switch(r, value, &on, size);

    if (result)
        return result;
    off = !on;
    memcpy(to, &off, sizeof(off));
    return 0;
}

int config_set_publish_expires(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;
    uint32_t seconds;

    (void)size;
    if (set_number(r, value, 30, 3600, &number))
        return -EINVAL;
    seconds = (uint32_t)number;
    memcpy(to, &seconds, sizeof(seconds));
    return 0;
}

int config_set_srtp(struct config_reading *r, const char *value, void *to, size_t size)
{
    static const char *const names[] = { [SRTP_OPTIONAL] = "optional", "off", "required" };

    (void)to;
    (void)size;
    for (unsigned i = 0; i < 3; i++)
        if (text_is_nocase(value, names[i])) {
            r->config->sip.srtp = (enum srtp_policy)i;
            return 0;
        }
    return wrong(r, "is none of off, optional, required", value);
}

int config_set_over_plain(struct config_reading *r, const char *value, void *to, size_t size)
{
    static const char *const names[] = { [SRTP_PLAIN_TRUSTED] = "trusted", "no", "yes" };

    (void)to;
    (void)size;
    for (unsigned i = 0; i < 3; i++)
        if (text_is_nocase(value, names[i])) {
            r->config->sip.srtp_over_plain = (enum srtp_over_plain)i;
            return 0;
        }
    return wrong(r, "is none of trusted, yes, no", value);
}

int config_set_level(struct config_reading *r, const char *value, void *to, size_t size)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };

    (void)to;
    (void)size;
    for (unsigned i = 0; i < 4; i++) {
        if (text_is_nocase(value, names[i])) {
            r->config->log_level = (enum log_level)i;
            return 0;
        }
    }
    return wrong(r, "is no log level: write error, warning, info or debug", value);
}

int config_set_form(struct config_reading *r, const char *value, void *to, size_t size)
{
    static const char *const names[] = { "text", "json", "journal" };

    (void)to;
    (void)size;
    for (unsigned i = 0; i < 3; i++) {
        if (text_is_nocase(value, names[i])) {
            r->config->log_form = (enum log_form)i;
            return 0;
        }
    }
    return wrong(r, "is no log format: write text, json or journal", value);
}

int config_set_store(struct config_reading *r, const char *value, void *to, size_t size)
{
    if (!text_starts(value, "sqlite:") && !text_is(value, "memory:"))
        return wrong(r, "is no store of this version: write sqlite:/path/to/callpark.db", value);
    return config_set_text(r, value, to, size);
}

int config_set_trouble(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    if (!text_is_nocase(value, "refuse") && !text_is_nocase(value, "memory"))
        return wrong(r, "is neither refuse nor memory", value);
    r->config->store_trouble = text_is_nocase(value, "memory") ? TROUBLE_MEMORY : TROUBLE_REFUSE;
    return 0;
}

static int add_realm(struct config_reading *r, const char *item)
{
    if (text_is_nocase(item, "local"))
        r->config->auth.local = true;
    else if (text_is_nocase(item, "proxy"))
        r->config->auth.proxy = true;
    else
        return wrong(r,
                     "is no realm: write local (names and passwords kept here), proxy (as the "
                     "proxy in front says), or both",
                     item);
    return 0;
}

int config_set_realms(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    r->config->auth.local = r->config->auth.proxy = false;
    return each_item(r, value, add_realm);
}

int config_set_rate(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;
    unsigned small;

    (void)size;
    if (set_number(r, value, 0, 100000, &number))
        return -EINVAL;
    small = (unsigned)number;
    memcpy(to, &small, sizeof(small));
    return 0;
}

int config_set_provision_mode(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    if (text_is_nocase(value, "create-missing"))
        r->config->provision_mode = PROVISION_CREATE_MISSING;
    else if (text_is_nocase(value, "enforce"))
        r->config->provision_mode = PROVISION_ENFORCE;
    else
        return wrong(r, "is no mode: write create-missing or enforce", value);
    return 0;
}
