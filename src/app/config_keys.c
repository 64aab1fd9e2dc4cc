/* The table of sections and keys of callpark.conf, and of the variables that may stand for them. */
#include "app/config_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/config_named.h"
#include "base/nearest.h"
#include "base/text.h"

#define FIELD(member) offsetof(struct app_config, member), sizeof(((struct app_config *)0)->member)

/* clang-format off */
static const struct {
    const char *section, *name;
    config_set_value *set;
    size_t offset, size;
    bool repeats;
} keys[] = {
    { "node",  "name",          config_set_text,     FIELD(node),              false },
    { "node",  "destination",   config_set_fqdn,     FIELD(destination),       false },
    { "node",  "site",          config_set_text,     FIELD(site),              false },
    { "node",  "confine",       config_set_opposite,  FIELD(unconfined),        false },
    { "sip",   "listen",        config_set_listen,   0, 0,                     true  },
    { "sip",   "advertise",     config_set_text,     FIELD(sip.advertise),     false },
    { "sip",   "domain",        config_set_domains,  0, 0,                     true  },
    { "sip",   "trusted",       config_set_networks, 0, 0,                     true  },
    { "sip",   "outbound",      config_set_uri,      FIELD(sip.outbound),      false },
    { "sip",   "route",         config_set_route,    0, 0,                     true  },
    { "sip",   "resolv-conf",   config_set_text,     FIELD(sip.resolv_conf),   false },
    { "sip",   "auth-user",     config_set_text,     FIELD(sip.auth_user),     false },
    { "sip",   "auth-password", config_set_text,     FIELD(sip.auth_password), false },
    { "sip",   "hop-timeout",   config_set_hop_timeout, FIELD(sip.hop_timeout), false },
    { "sip",   "options-interval", config_set_options, FIELD(sip.options_interval), false },
    { "sip",   "redirect-follow", config_set_switch, FIELD(sip.redirect_follow), false },
    { "sip",   "realm",         config_set_text,     FIELD(sip.realm),         false },
    { "sip",   "park-user",     config_set_text,     FIELD(house.park_user),   false },
    { "sip",   "park-prefix",   config_set_prefixes, FIELD(house.park_prefix), true },
    { "sip",   "retrieve-prefix", config_set_prefixes, FIELD(house.retrieve_prefix), true },
    { "sip",   "refer-dial",    config_set_switch,   FIELD(house.refer_dial),  false },
    { "sip",   "calls-max",     config_set_count,    FIELD(sip.calls_max),     false },
    { "sip",   "calls-per-source", config_set_count, FIELD(sip.calls_per_source), false },
    { "sip",   "session-expires", config_set_expires, 0, 0,                    false },
    { "sip",   "watchers-max",  config_set_count,    FIELD(sip.watchers_max),  false },
    { "sip",   "lamp-profile",  config_set_profile,  0, 0,                     true  },
    { "sip",   "lamp-names",    config_set_opposite, FIELD(sip.lamp_anonymous), false },
    { "sip",   "callpark-info", config_set_switch,   FIELD(sip.callpark_info), false },
    { "sip",   "t1",            config_set_t1,       0, 0,                     false },
    { "sip",   "tls-cert",      config_set_text,     FIELD(sip.tls.cert),      false },
    { "sip",   "tls-key",       config_set_text,     FIELD(sip.tls.key),       false },
    { "sip",   "tls-ca",        config_set_text,     FIELD(sip.tls.ca),        false },
    { "sip",   "tls-client-cert", config_set_client_cert, 0, 0,                false },
    { "sip",   "tls-verify",    config_set_verify,   0, 0,                     false },
    { "sip",   "ws-origin",     config_set_origins,  0, 0,                     true  },
    { "sip",   "connections-max", config_set_count,  FIELD(sip.tls.connections_max), false },
    { "sip",   "connections-per-source", config_set_count, FIELD(sip.tls.connections_per_source), false },
    { "presence", "publish",    config_set_uri,      FIELD(sip.publish),       false },
    { "presence", "expires",    config_set_publish_expires, FIELD(sip.publish_expires), false },
    { "media", "rtp-ports",     config_set_ports,    0, 0,                     false },
    { "media", "advertise",     config_set_text,     FIELD(media.advertise4),  false },
    { "media", "advertise6",    config_set_text,     FIELD(media.advertise6),  false },
    { "media", "bind",          config_set_text,     FIELD(media.bind4),       false },
    { "media", "bind6",         config_set_text,     FIELD(media.bind6),       false },
    { "media", "workers",       config_set_workers,  0, 0,                     false },
    { "media", "streams-max",   config_set_count,    FIELD(media.streams_max), false },
    { "media", "unheard",     config_set_unheard,  FIELD(unheard),           false },
    { "media", "loopback",    config_set_switch,   FIELD(media_loopback),    false },
    { "media", "music",         config_set_text,     FIELD(media.music),       false },
    { "media", "prompts",       config_set_text,     FIELD(media.prompts),     false },
    { "media", "srtp",          config_set_srtp,     0, 0,                     false },
    { "media", "srtp-over-plain", config_set_over_plain, 0, 0,                 false },
    { "web",   "listen",        config_set_text,     FIELD(http.listen),       false },
    { "web",   "admin-socket",  config_set_text,     FIELD(http.socket),       false },
    { "web",   "token-file",    config_set_text,     FIELD(token_file),        false },
    { "web",   "behind-proxy",  config_set_switch,   FIELD(http.behind_proxy), false },
    { "web",   "tls-cert",      config_set_text,     FIELD(http.tls_cert),     false },
    { "web",   "tls-key",       config_set_text,     FIELD(http.tls_key),      false },
    { "web",   "public-url",    config_set_url,      FIELD(http.public_url),   false },
    { "web",   "trusted-proxy", config_set_proxies,  0, 0,                     true  },
    { "auth",  "proxy-header",  config_set_header,   FIELD(http.proxy_header), false },
    { "auth",  "proxy-groups",  config_set_header,   FIELD(http.proxy_groups), false },
    { "web",   "rate-limit",    config_set_rate, FIELD(rate_limit),     false },
    { "auth",  "realms",        config_set_realms, 0, 0,                false },
    { "auth",  "group-administrator", config_set_text, FIELD(auth.group[ROLE_ADMINISTRATOR]), false },
    { "auth",  "group-voice-administrator", config_set_text, FIELD(auth.group[ROLE_VOICE_ADMINISTRATOR]), false },
    { "auth",  "group-viewer",  config_set_text, FIELD(auth.group[ROLE_VIEWER]), false },
    { "auth",  "group-attendant", config_set_text, FIELD(auth.group[ROLE_ATTENDANT]), false },
    { "auth",  "session-idle",  config_set_span, FIELD(session_idle),   false },
    { "auth",  "session-max",   config_set_span, FIELD(session_max),    false },
    { "provision", "definitions", config_set_text, FIELD(provision_file), false },
    { "provision", "mode",      config_set_provision_mode, 0, 0,        false },
    { "store", "url",           config_set_store,    FIELD(store_url),         false },
    { "store", "trouble",       config_set_trouble,  0, 0,                     false },
    { "log",   "level",         config_set_level,    0, 0,                     false },
    { "log",   "format",        config_set_form,     0, 0,                     false },
    { "log",   "full-numbers",  config_set_switch,   FIELD(log_full_numbers),  false },
};
/* clang-format on */

#define KEYS (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEYS <= CONFIG_KEYS_MAX, "each key has its marks");

static int unknown(struct config_reading *r, const char *what, const char *typed,
                   const char *nearest)
{
    if (nearest)
        return err_set(r->err, -EINVAL, "unknown %s '%.40s': did you mean '%s'?", what, typed,
                       nearest);
    return err_set(r->err, -EINVAL, "unknown %s '%.40s'", what, typed);
}

/* The kind of a section with a name of its own; NULL: it is none. */
static const struct config_named *named(const char *section)
{
    static const struct config_named *const kinds[] = { &config_peers, &config_registers };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (config_named_is(kinds[i], section))
            return kinds[i];
    return NULL;
}

int config_section(struct config_reading *r, const char *section)
{
    const struct config_named *kind = named(section);
    const char *words[KEYS];
    unsigned which;

    if (kind)
        return config_named_open(r, kind, section, &which);
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

static int set_key(struct config_reading *r, size_t i, const char *value)
{
    return keys[i].set(r, value, (char *)r->config + keys[i].offset, keys[i].size);
}

static int take_key(struct config_reading *r, size_t i, const char *value)
{
    if (!keys[i].repeats && r->seen[i])
        return err_set(r->err, -EINVAL, "'%s' is given twice: keep one of them", keys[i].name);
    r->seen[i] = true;
    if (!*value)
        return err_set(r->err, -EINVAL, "'%s' has no value: write one, or take the line out",
                       keys[i].name);
    if (r->from_environment[i])
        return 0;
    if (set_key(r, i, value))
        return err_prefix(r->err, "[%s] %s: ", keys[i].section, keys[i].name);
    return 0;
}

int config_take(struct config_reading *r, const char *section, const char *name, const char *value)
{
    const struct config_named *kind = named(section);

    if (kind)
        return config_named_take(r, kind, section, name, value);
    if (config_section(r, section))
        return -EINVAL;
    for (size_t i = 0; i < KEYS; i++) {
        if (text_is(keys[i].section, section) && text_is(keys[i].name, name))
            return take_key(r, i, value);
    }
    return unknown_key(r, section, name);
}

/* "CALLPARK_WEB_ADMIN_SOCKET" for [web] admin-socket. */
static void variable_name(char to[64], size_t i)
{
    (void)text_format(to, 64, "CALLPARK_%s_%s", keys[i].section, keys[i].name); /* fits */
    for (; *to; to++) {
        if (*to == '-')
            *to = '_';
        else if (*to >= 'a' && *to <= 'z')
            *to = (char)(*to - 'a' + 'A');
    }
}

int config_environment(struct config_reading *r)
{
    for (size_t i = 0; i < KEYS; i++) {
        char name[64];
        const char *value;

        variable_name(name, i);
        value = getenv(name);
        if (!value || !*value)
            continue;
        r->from_environment[i] = true;
        if (set_key(r, i, value))
            return err_prefix(r->err, "%s in the environment: ", name);
    }
    return 0;
}
