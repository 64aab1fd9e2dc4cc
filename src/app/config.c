/* Reading callpark.conf: one table of sections and keys, each with the function that understands
 * its value. inih finds sections, names and values; lines are counted and bounded here, because its
 * own reader cuts long lines in two without a word. */
#include "app/config.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/network.h"
#include "base/text.h"

#define LINE_MAX_SIZE 2000 /* longest line that inih is given; its own limit is not known to us */

struct reading {
    struct app_config *config;
    const char *name; /* of the file, for errors */
    FILE *stream;
    unsigned line;
    uint64_t seen; /* keys that were given, by their place in the table */
    struct err *err;
    int result;
};

typedef int set_value(struct reading *r, const char *value, void *to, size_t size);

static int wrong(struct reading *r, const char *sentence, const char *value)
{
    return err_set(r->err, -EINVAL, "'%.80s' %s", value, sentence);
}

static int set_text(struct reading *r, const char *value, void *to, size_t size)
{
    if (!text_copy(to, size, value))
        return wrong(r, "is too long", value);
    return 0;
}

static int set_fqdn(struct reading *r, const char *value, void *to, size_t size)
{
    (void)size; /* always FQDN_SIZE */
    return destination_read(NULL, value, to, r->err);
}

/* "udp:HOST:PORT"; the address itself is judged when it is bound. */
static int set_listen(struct reading *r, const char *value, void *to, size_t size)
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
static int each_item(struct reading *r, const char *value,
                     int (*add)(struct reading *, const char *item))
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

static int add_network(struct reading *r, const char *item)
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

static int set_networks(struct reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_network);
}

static int add_domain(struct reading *r, const char *item)
{
    struct house *house = &r->config->house;

    if (house->domain_count == sizeof(house->domains) / sizeof(house->domains[0]))
        return wrong(r, "is one domain too many: 8 are allowed", item);
    (void)text_copy(house->domains[house->domain_count++], FQDN_SIZE, item);
    return 0;
}

static int set_domains(struct reading *r, const char *value, void *to, size_t size)
{
    (void)to;
    (void)size;
    return each_item(r, value, add_domain);
}

static int set_uri(struct reading *r, const char *value, void *to, size_t size)
{
    if (!text_starts(value, "sip:") || strpbrk(value, " \t\"<>"))
        return wrong(r, "is no SIP URI: write sip:HOST or sip:HOST:PORT;transport=tcp", value);
    return set_text(r, value, to, size);
}

static int set_ports(struct reading *r, const char *value, void *to, size_t size)
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

static int set_number(struct reading *r, const char *value, uint64_t low, uint64_t high,
                      uint64_t *number)
{
    if (!text_number(value, low, high, number))
        return err_set(r->err, -EINVAL, "'%.80s' is no number between %llu and %llu", value,
                       (unsigned long long)low, (unsigned long long)high);
    return 0;
}

static int set_workers(struct reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 1, 16, &number))
        return -EINVAL;
    r->config->media.workers = (unsigned)number;
    return 0;
}

static int set_count(struct reading *r, const char *value, void *to, size_t size)
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

static int set_t1(struct reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 10, 5000, &number))
        return -EINVAL;
    r->config->sip.t1 = number;
    return 0;
}

static int set_expires(struct reading *r, const char *value, void *to, size_t size)
{
    uint64_t number;

    (void)to;
    (void)size;
    if (set_number(r, value, 90, 86400, &number))
        return -EINVAL;
    r->config->sip.session_expires = (uint32_t)number;
    return 0;
}

static int set_switch(struct reading *r, const char *value, void *to, size_t size)
{
    bool on = text_is_nocase(value, "yes") || text_is_nocase(value, "on");

    (void)size;
    if (!on && !text_is_nocase(value, "no") && !text_is_nocase(value, "off"))
        return wrong(r, "is neither yes nor no", value);
    memcpy(to, &on, sizeof(on));
    return 0;
}

static int set_level(struct reading *r, const char *value, void *to, size_t size)
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

static int set_form(struct reading *r, const char *value, void *to, size_t size)
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

static int set_store(struct reading *r, const char *value, void *to, size_t size)
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
    { "store", "url",           set_store,    FIELD(store_url),         false },
    { "log",   "level",         set_level,    0, 0,                     false },
    { "log",   "format",        set_form,     0, 0,                     false },
    { "log",   "full-numbers",  set_switch,   FIELD(log_full_numbers),  false },
};
/* clang-format on */

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int unknown(struct reading *r, const char *what, const char *typed, const char *nearest)
{
    if (nearest)
        return err_set(r->err, -EINVAL, "unknown %s '%.40s': did you mean '%s'?", what, typed,
                       nearest);
    return err_set(r->err, -EINVAL, "unknown %s '%.40s'", what, typed);
}

static int check_section(struct reading *r, const char *section)
{
    const char *words[KEYS];

    for (size_t i = 0; i < KEYS; i++) {
        if (text_is(keys[i].section, section))
            return 0;
        words[i] = keys[i].section;
    }
    return unknown(r, "section", section, nearest_word(section, words, KEYS));
}

static int unknown_key(struct reading *r, const char *section, const char *name)
{
    const char *words[KEYS];
    size_t count = 0;

    for (size_t i = 0; i < KEYS; i++) {
        if (text_is(keys[i].section, section))
            words[count++] = keys[i].name;
    }
    return unknown(r, "key", name, nearest_word(name, words, count));
}

static int take(struct reading *r, const char *section, const char *name, const char *value)
{
    if (check_section(r, section))
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

/* inih's callback: 0 is its sign of an error. Only the first error is kept. */
static int take_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;

    if (!r->result)
        r->result = take(r, section, name, value ? value : "");
    return !r->result;
}

/* A section that has no keys never comes to take_pair(), so its name is checked here. */
static void check_heading(struct reading *r, const char *line)
{
    char section[64];
    const char *end = strchr(line, ']');

    line += strspn(line, " \t");
    if (*line != '[' || !end || end < line)
        return;
    (void)text_copy_n(section, sizeof(section), line + 1, (size_t)(end - line - 1));
    r->result = check_section(r, section);
}

/* fgets for inih: hands on one line, or ends the reading with an error that has the line's number.
 * inih gives room for `size` bytes; a line that does not fit is refused instead of being cut in
 * two. */
static char *next_line(char *to, int size, void *user)
{
    struct reading *r = user;
    int room = size < LINE_MAX_SIZE ? size : LINE_MAX_SIZE;

    if (r->result || !fgets(to, room, r->stream))
        return NULL;
    r->line++;
    if (strlen(to) + 1 == (size_t)room && to[strlen(to) - 1] != '\n')
        r->result =
            err_set(r->err, -EINVAL, "the line is longer than %d characters: shorten it", room - 2);
    else if (to[0] && strspn(to, " \t") && to[strspn(to, " \t\r\n")] &&
             !strchr(";#", to[strspn(to, " \t")]))
        r->result = err_set(r->err, -EINVAL, "the line begins with a blank: put it at the margin");
    else
        check_heading(r, to);
    return r->result ? NULL : to;
}

static void set_defaults(struct app_config *config)
{
    memset(config, 0, sizeof(*config));
    (void)text_copy(config->node, sizeof(config->node), "node1");
    (void)text_copy(config->destination, sizeof(config->destination), "pool1.example.com");
    (void)text_copy(config->house.park_user, sizeof(config->house.park_user), "park");
    (void)text_copy(config->http.listen, sizeof(config->http.listen), "127.0.0.1:8080");
    (void)text_copy(config->http.socket, sizeof(config->http.socket), "/run/callpark/admin.sock");
    (void)text_copy(config->store_url, sizeof(config->store_url),
                    "sqlite:/var/lib/callpark/callpark.db");
    config->http.connections_max = 1200;
    config->sip.calls_max = LEGS_MAX;
    config->sip.calls_per_source = LEGS_MAX;
    config->sip.t1 = 500;
    config->sip.session_expires = 1800;
    (void)text_format(config->sip.user_agent, sizeof(config->sip.user_agent), "callpark/%s",
                      CALLPARK_VERSION);
    config->media.port_first = 20000;
    config->media.port_last = 24999;
    config->media.workers = 1;
    config->media.streams_max = LEGS_MAX;
    config->log_level = LOG_LEVEL_INFO;
}

/* The host part of "udp:HOST:PORT"; brackets of an IPv6 address are taken off. */
static void listener_host(char to[ADDRESS_SIZE], const char *listen)
{
    const char *host = strchr(listen, ':') + 1;
    const char *end = strrchr(host, ':');

    if (*host == '[') {
        host++;
        end = strchr(host, ']');
    }
    (void)text_copy_n(to, ADDRESS_SIZE, host, end && end > host ? (size_t)(end - host) : 0);
}

/* Media is bound where SIP listens, unless told otherwise. */
static void bind_media(struct app_config *config)
{
    for (unsigned i = 0; i < config->sip.listen_count; i++) {
        char host[ADDRESS_SIZE];

        listener_host(host, config->sip.listen[i]);
        if (strchr(host, ':') && !config->media.bind6[0])
            (void)text_copy(config->media.bind6, ADDRESS_SIZE, host);
        else if (host[0] && !strchr(host, ':') && !config->media.bind4[0])
            (void)text_copy(config->media.bind4, ADDRESS_SIZE, host);
    }
}

/* The host in the identities that we make: our domain, else the name or address that we are reached
 * at. */
static void name_identities(struct app_config *config)
{
    char host[ADDRESS_SIZE];

    listener_host(host, config->sip.listen[0]);
    if (config->house.domain_count)
        (void)text_copy(config->sip.domain, sizeof(config->sip.domain), config->house.domains[0]);
    else if (config->sip.advertise[0])
        (void)text_copy(config->sip.domain, sizeof(config->sip.domain), config->sip.advertise);
    else if (text_is(host, "0.0.0.0") || text_is(host, "::"))
        (void)text_copy(config->sip.domain, sizeof(config->sip.domain), config->media.advertise4);
    else if (strchr(host, ':'))
        (void)text_format(config->sip.domain, sizeof(config->sip.domain), "[%s]", host);
    else
        (void)text_copy(config->sip.domain, sizeof(config->sip.domain), host);
}

/* What follows from what was given, and what only holds together. */
static int complete(struct app_config *config, struct err *err)
{
    if (!config->sip.listen_count) {
        (void)text_copy(config->sip.listen[0], sizeof(config->sip.listen[0]), "udp:127.0.0.1:5060");
        (void)text_copy(config->sip.listen[1], sizeof(config->sip.listen[1]), "tcp:127.0.0.1:5060");
        config->sip.listen_count = 2;
    }
    if (!config->sip.trusted_count) {
        (void)text_copy(config->sip.trusted[0], sizeof(config->sip.trusted[0]), "127.0.0.0/8");
        (void)text_copy(config->sip.trusted[1], sizeof(config->sip.trusted[1]), "::1");
        config->sip.trusted_count = 2;
    }
    bind_media(config);
    if (text_is(config->media.bind4, "0.0.0.0") && !config->media.advertise4[0])
        return err_set(err, -EINVAL,
                       "SIP listens on 0.0.0.0: say in [media] advertise which address of this "
                       "machine the phones send their audio to");
    (void)text_copy(config->house.destination, FQDN_SIZE, config->destination);
    name_identities(config);
    (void)text_format(config->media.cname, sizeof(config->media.cname), "callpark@%.50s",
                      config->node);
    if (!config->token_file[0] && text_starts(config->store_url, "sqlite:"))
        (void)text_format(config->token_file, sizeof(config->token_file), "%s.token",
                          config->store_url + strlen("sqlite:"));
    return 0;
}

static int read_stream(struct app_config *config, const char *name, FILE *stream, struct err *err)
{
    struct err words = { 0 };
    struct reading r = { .config = config, .name = name, .stream = stream, .err = &words };
    int line;

    set_defaults(config);
    line = ini_parse_stream(next_line, &r, take_pair, &r);
    if (!r.result && line > 0) {
        r.line = (unsigned)line;
        r.result = err_set(&words, -EINVAL, "neither [section] nor key = value");
    }
    if (!r.result && line < 0)
        r.result = err_set(&words, -ENOMEM, "out of memory");
    if (r.result)
        return err_set(err, r.result, "%s:%u: %s", name, r.line, words.text);
    if (complete(config, &words))
        return err_set(err, words.code, "%s: %s", name, words.text);
    return 0;
}

int config_read(struct app_config *config, const char *path, struct err *err)
{
    FILE *stream = fopen(path, "re");
    int result;

    if (!stream)
        return err_set(err, -errno, "%s: cannot be read: %s", path, strerror(errno));
    result = read_stream(config, path, stream, err);
    (void)fclose(stream); /* it was only read */
    if (!result && !text_copy(config->path, sizeof(config->path), path))
        result = err_set(err, -ENAMETOOLONG, "%.100s...: the path is too long", path);
    return result;
}

int config_read_text(struct app_config *config, const char *name, const char *text, struct err *err)
{
    FILE *stream;
    char *copy;
    int result;

    if (!*text) {
        set_defaults(config);
        return complete(config, err);
    }
    copy = strdup(text); /* a stream wants memory that it could write to */
    stream = copy ? fmemopen(copy, strlen(copy), "r") : NULL;
    result = stream ? read_stream(config, name, stream, err)
                    : err_set(err, -ENOMEM, "%s: out of memory", name);
    if (stream)
        (void)fclose(stream); /* it was only read */
    free(copy);
    return result;
}
