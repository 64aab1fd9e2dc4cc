/* The sections [peer.NAME] of callpark.conf: systems that are known by where they are or by their
 * certificate. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "app/config_values.h"
#include "base/nearest.h"
#include "base/network.h"
#include "base/text.h"

#define PREFIX "peer."
#define FIELD(member) offsetof(struct sip_peer, member), sizeof(((struct sip_peer *)0)->member)

/* ---- values ---- */

static int add_item(struct config_reading *r, char *list, size_t size, const char *item)
{
    if (!text_append(list, size, *list ? ", %s" : "%s", item))
        return err_set(r->err, -EINVAL, "'%.80s' is one too many: the list is too long", item);
    return 0;
}

static int set_list(struct config_reading *r, const char *value, char *list, size_t size,
                    bool networks)
{
    struct network network;
    char item[FQDN_SIZE];
    int code = 0;

    for (value += strspn(value, ", \t"); *value && !code; value += strspn(value, ", \t")) {
        size_t length = strcspn(value, ", \t");

        if (!text_copy_n(item, sizeof(item), value, length))
            return err_set(r->err, -EINVAL, "'%.80s' is too long", value);
        if (networks && !network_read(item, &network))
            return err_set(r->err, -EINVAL,
                           "'%.80s' is no network: write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32",
                           item);
        code = add_item(r, list, size, item);
        value += length;
    }
    return code;
}

static int set_networks(struct config_reading *r, const char *value, void *to, size_t size)
{
    return set_list(r, value, to, size, true);
}

static int set_patterns(struct config_reading *r, const char *value, void *to, size_t size)
{
    return set_list(r, value, to, size, false);
}

static int set_exit(struct config_reading *r, const char *value, void *to, size_t size)
{
    enum sip_exit way = text_is_nocase(value, "refer") ? EXIT_REFER : EXIT_RELAY;

    (void)size;
    if (way == EXIT_RELAY && !text_is_nocase(value, "relay"))
        return err_set(r->err, -EINVAL, "'%.80s' is neither relay nor refer", value);
    memcpy(to, &way, sizeof(way));
    return 0;
}

static int set_may(struct config_reading *r, const char *value, void *to, size_t size)
{
    static const struct {
        const char *name;
        unsigned may;
    } words[] = { { "park", SIP_MAY_PARK },
                  { "retrieve", SIP_MAY_RETRIEVE },
                  { "watch", SIP_MAY_WATCH },
                  { "control", SIP_MAY_CONTROL } };
    unsigned may = 0;

    (void)size;
    for (value += strspn(value, ", \t"); *value; value += strspn(value, ", \t")) {
        char item[16] = "";
        unsigned one = 0;

        (void)text_copy_n(item, sizeof(item), value, strcspn(value, ", \t"));
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            one |= text_is_nocase(item, words[i].name) ? words[i].may : 0;
        if (!one)
            return err_set(r->err, -EINVAL,
                           "'%.80s' is no right: write park, retrieve, watch, control", value);
        may |= one;
        value += strcspn(value, ", \t");
    }
    memcpy(to, &may, sizeof(may));
    return 0;
}

/* clang-format off */
static const struct {
    const char *name;
    config_set_value *set;
    size_t offset, size;
    bool repeats;
} keys[] = {
    { "networks",         set_networks,      FIELD(networks),         true  },
    { "certificate",      config_set_text,   FIELD(certificate),      false },
    { "trust-identity",   config_set_switch, FIELD(trust_identity),   false },
    { "direct-media",     config_set_switch, FIELD(direct_media),     false },
    { "display-reinvite", config_set_switch, FIELD(display_reinvite), false },
    { "exit",             set_exit,          FIELD(exit),             false },
    { "auth-user",        config_set_text,   FIELD(auth_user),        false },
    { "auth-password",    config_set_text,   FIELD(auth_password),    false },
    { "refer-to",         set_patterns,      FIELD(refer_to),         true  },
    { "may",              set_may,           FIELD(may),              false },
};
/* clang-format on */

#define KEYS (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEYS <= 32, "each key of a peer has its mark");

/* ---- sections ---- */

bool config_is_peer(const char *section)
{
    return text_starts(section, PREFIX);
}

static bool is_name(const char *name)
{
    return *name && strlen(name) < 40 &&
           !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")];
}

int config_peer(struct config_reading *r, const char *section, unsigned *index)
{
    const char *name = section + strlen(PREFIX);
    struct sip_config *sip = &r->config->sip;
    unsigned i = 0;

    if (!is_name(name) || text_is_nocase(name, "trusted"))
        return err_set(r->err, -EINVAL,
                       "'%.60s' is no section for a peer: write [peer.NAME] with up to 39 letters, "
                       "digits, and _ - . (and not 'trusted', which is what [sip] trusted is "
                       "called)",
                       section);
    while (i < sip->peer_count && !text_is_nocase(sip->peers[i].name, name))
        i++;
    if (i == SIP_PEERS_MAX)
        return err_set(r->err, -EINVAL, "'%.60s' is one peer too many: %d are allowed", section,
                       SIP_PEERS_MAX);
    if (i == sip->peer_count) {
        sip->peers[i] = (struct sip_peer){ .trust_identity = true, .may = SIP_MAY_ALL };
        (void)text_copy(sip->peers[i].name, sizeof(sip->peers[i].name), name);
        sip->peer_count++;
    }
    *index = i;
    return 0;
}

static int unknown_key(struct config_reading *r, const char *name)
{
    const char *words[KEYS], *nearest;

    for (size_t i = 0; i < KEYS; i++)
        words[i] = keys[i].name;
    nearest = nearest_word(name, words, KEYS);
    if (nearest)
        return err_set(r->err, -EINVAL, "unknown key '%.40s': did you mean '%s'?", name, nearest);
    return err_set(r->err, -EINVAL, "unknown key '%.40s'", name);
}

int config_take_peer(struct config_reading *r, const char *section, const char *name,
                     const char *value)
{
    unsigned peer = 0;
    size_t i = 0;

    if (config_peer(r, section, &peer))
        return -EINVAL;
    while (i < KEYS && !text_is(keys[i].name, name))
        i++;
    if (i == KEYS)
        return unknown_key(r, name);
    if (!keys[i].repeats && r->peer_seen[peer] & UINT32_C(1) << i)
        return err_set(r->err, -EINVAL, "'%s' is given twice: keep one of them", name);
    r->peer_seen[peer] |= UINT32_C(1) << i;
    if (!*value)
        return err_set(r->err, -EINVAL, "'%s' has no value: write one, or take the line out", name);
    if (keys[i].set(r, value, (char *)&r->config->sip.peers[peer] + keys[i].offset, keys[i].size))
        return err_prefix(r->err, "[%.60s] %s: ", section, keys[i].name);
    return 0;
}

int config_check_peers(const struct app_config *config, struct err *err)
{
    for (unsigned i = 0; i < config->sip.peer_count; i++) {
        const struct sip_peer *p = &config->sip.peers[i];

        if (!p->networks[0] && !p->certificate[0])
            return err_set(err, -EINVAL,
                           "[peer.%.40s] is known by nothing: say in networks where it is, or in "
                           "certificate which name its certificate has",
                           p->name);
    }
    return 0;
}
