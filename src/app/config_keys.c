/* The table of sections and keys of callpark.conf, and for each key what understands its value. */
#include "app/config_keys.h"

#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "base/network.h"
#include "base/text.h"

typedef int set_value(struct config_reading *r, const char *value, void *to, size_t size);

static int wrong(struct config_reading *r, const char *sentence, const char *value)
{
    return err_set(r->err, -EINVAL, "'%.80s' %s", value, sentence);
}

static int set_text(struct config_reading *r, const char *value, void *to, size_t size)
{
    if (!text_copy(to, size, value))
        return wrong(r, "is too long", value);
    return 0;
}

static int set_fqdn(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)size; /* always FQDN_SIZE */
    return destination_read(NULL, value, to, r->err);
}

/* "udp:HOST:PORT"; the address itself is judged when it is bound. */
static int set_listen(struct config_reading *r, const char *value, void *to, size_t size)
{
    struct sip_config *sip = &r->config->sip;

    (void)to;
    (void)size;
    if (!text_starts(value, "udp:") && !text_starts(value, "tcp:"))
        return wrong(r, "is no listener: write udp:HOST:PORT or tcp:HOST:PORT", value);
    if (sip->listen_count == SIP_LISTEN_MAX)
        return wrong(r, "is one listener too many: 16 are allowed", value);
    if (!text_copy(sip->listen[sip->listen_count], sizeof(sip->listen[0]), value))
        return wrong(r, "is too long for a listener", value);
    sip->listen_count++;
    return 0;
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

static int set_networks(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_network);
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

static int set_proxies(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_proxy);
}

/* "https://park.contoso.com", with or without a port; links are made of it. */
static int set_url(struct config_reading *r, const char *value, void *to, size_t size)
{
    const char *host = value + (text_starts(value, "https://") ? 8 : 7);

    if ((!text_starts(value, "https://") && !text_starts(value, "http://")) || !*host ||
        host[strcspn(host, "/?# \t\"<>")])
        return wrong(r,
                     "is no address of a page: write https://HOST or https://HOST:PORT, "
                     "without a path",
                     value);
    return set_text(r, value, to, size);
}

/* A token of RFC 9110 5.6.2, as far as anybody names a header. */
static int set_header(struct config_reading *r, const char *value, void *to, size_t size)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    if (value[strspn(value, letters)])
        return wrong(r, "is no name of a header: write for example X-Remote-User", value);
    return set_text(r, value, to, size);
}

static int add_domain(struct config_reading *r, const char *item)
{
    struct house *house = &r->config->house;

    if (house->domain_count == sizeof(house->domains) / sizeof(house->domains[0]))
        return wrong(r, "is one domain too many: 8 are allowed", item);
    (void)text_copy(house->domains[house->domain_count++], FQDN_SIZE, item);
    return 0;
}

static int set_domains(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_domain);
}

static int set_uri(struct config_reading *r, const char *value, void *to, size_t size)
{
    if (!text_starts(value, "sip:") || strpbrk(value, " \t\"<>"))
        return wrong(r, "is no SIP URI: write sip:HOST or sip:HOST:PORT;transport=tcp", value);
    return set_text(r, value, to, size);
}

static int set_ports(struct config_reading *r, const char *value, void *to, size_t size)
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

static int set_workers(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 1, 16, &number))
        return -EINVAL;
    r->config->media.workers = (unsigned)number;
    return 0;
}

static int set_count(struct config_reading *r, const char *value, void *to, size_t size)
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

static int set_t1(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 10, 5000, &number))
        return -EINVAL;
    r->config->sip.t1 = number;
    return 0;
}

static int set_expires(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 90, 86400, &number))
        return -EINVAL;
    r->config->sip.session_expires = (uint32_t)number;
    return 0;
}

static int set_switch(struct config_reading *r, const char *value, void *to, size_t size)
{
    bool on = text_is_nocase(value, "yes") || text_is_nocase(value, "on");

    (void)size;
    if (!on && !text_is_nocase(value, "no") && !text_is_nocase(value, "off"))
        return wrong(r, "is neither yes nor no", value);
    memcpy(to, &on, sizeof(on));
    return 0;
}

static int set_level(struct config_reading *r, const char *value, void *to, size_t size)
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

static int set_form(struct config_reading *r, const char *value, void *to, size_t size)
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

static int set_store(struct config_reading *r, const char *value, void *to, size_t size)
{
    if (!text_starts(value, "sqlite:") && !text_is(value, "memory:"))
        return wrong(r, "is no store of this version: write sqlite:/path/to/callpark.db", value);
    return set_text(r, value, to, size);
}

#define FIELD(member) offsetof(struct app_config, member), sizeof(((struct app_config *)0)->member)

/* clang-format off */
static const struct {
    const char *section, *name;
    set_value *set;
    size_t offset, size;
    bool repeats;
} keys[] = {
    { "node",  "name",          set_text,     FIELD(node),              false },
    { "node",  "destination",   set_fqdn,     FIELD(destination),       false },
    { "node",  "site",          set_text,     FIELD(site),              false },
    { "sip",   "listen",        set_listen,   0, 0,                     true  },
    { "sip",   "advertise",     set_text,     FIELD(sip.advertise),     false },
    { "sip",   "domain",        set_domains,  0, 0,                     true  },
    { "sip",   "trusted",       set_networks, 0, 0,                     true  },
    { "sip",   "outbound",      set_uri,      FIELD(sip.outbound),      false },
    { "sip",   "park-user",     set_text,     FIELD(house.park_user),   false },
    { "sip",   "park-prefix",   set_text,     FIELD(house.park_prefix), false },
    { "sip",   "retrieve-prefix", set_text,   FIELD(house.retrieve_prefix), false },
    { "sip",   "calls-max",     set_count,    FIELD(sip.calls_max),     false },
    { "sip",   "calls-per-source", set_count, FIELD(sip.calls_per_source), false },
    { "sip",   "session-expires", set_expires, 0, 0,                    false },
    { "sip",   "t1",            set_t1,       0, 0,                     false },
    { "media", "rtp-ports",     set_ports,    0, 0,                     false },
    { "media", "advertise",     set_text,     FIELD(media.advertise4),  false },
    { "media", "advertise6",    set_text,     FIELD(media.advertise6),  false },
    { "media", "bind",          set_text,     FIELD(media.bind4),       false },
    { "media", "bind6",         set_text,     FIELD(media.bind6),       false },
    { "media", "workers",       set_workers,  0, 0,                     false },
    { "media", "streams-max",   set_count,    FIELD(media.streams_max), false },
    { "media", "music",         set_text,     FIELD(media.music),       false },
    { "media", "prompts",       set_text,     FIELD(media.prompts),     false },
    { "web",   "listen",        set_text,     FIELD(http.listen),       false },
    { "web",   "admin-socket",  set_text,     FIELD(http.socket),       false },
    { "web",   "token-file",    set_text,     FIELD(token_file),        false },
    { "web",   "behind-proxy",  set_switch,   FIELD(http.behind_proxy), false },
    { "web",   "tls-cert",      set_text,     FIELD(http.tls_cert),     false },
    { "web",   "tls-key",       set_text,     FIELD(http.tls_key),      false },
    { "web",   "public-url",    set_url,      FIELD(http.public_url),   false },
    { "web",   "trusted-proxy", set_proxies,  0, 0,                     true  },
    { "auth",  "proxy-header",  set_header,   FIELD(http.proxy_header), false },
    { "auth",  "proxy-groups",  set_header,   FIELD(http.proxy_groups), false },
    { "store", "url",           set_store,    FIELD(store_url),         false },
    { "log",   "level",         set_level,    0, 0,                     false },
    { "log",   "format",        set_form,     0, 0,                     false },
    { "log",   "full-numbers",  set_switch,   FIELD(log_full_numbers),  false },
};
/* clang-format on */

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int unknown(struct config_reading *r, const char *what, const char *typed,
                   const char *nearest)
{
    if (nearest)
        return err_set(r->err, -EINVAL, "unknown %s '%.40s': did you mean '%s'?", what, typed,
                       nearest);
    return err_set(r->err, -EINVAL, "unknown %s '%.40s'", what, typed);
}

int config_section(struct config_reading *r, const char *section)
{
    const char *words[KEYS];

    for (size_t i = 0; i < KEYS; i++) {
        if (text_is(keys[i].section, section))
            return 0;
        words[i] = keys[i].section;
    }
    return unknown(r, "section", section, nearest_word(section, words, KEYS));
}

static int unknown_key(struct config_reading *r, const char *section, const char *name)
{
    const char *words[KEYS];
    size_t count = 0;

    for (size_t i = 0; i < KEYS; i++) {
        if (text_is(keys[i].section, section))
            words[count++] = keys[i].name;
    }
    return unknown(r, "key", name, nearest_word(name, words, count));
}

int config_take(struct config_reading *r, const char *section, const char *name, const char *value)
{
    if (config_section(r, section))
        return -EINVAL;
    for (size_t i = 0; i < KEYS; i++) {
        if (!text_is(keys[i].section, section) || !text_is(keys[i].name, name))
            continue;
        if (!keys[i].repeats && r->seen & (1ULL << i))
            return err_set(r->err, -EINVAL, "'%s' is given twice: keep one of them", name);
        r->seen |= 1ULL << i;
        if (!*value)
            return err_set(r->err, -EINVAL, "'%s' has no value: write one, or take the line out",
                           name);
        if (keys[i].set(r, value, (char *)r->config + keys[i].offset, keys[i].size))
            return err_prefix(r->err, "[%s] %s: ", section, name);
        return 0;
    }
    return unknown_key(r, section, name);
}
