/* The sections [peer.NAME] of callpark.conf: systems that are known by where they are or by their
 * certificate. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "app/config_named.h"
#include "base/network.h"
#include "base/text.h"

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
static const struct config_named_key keys[] = {
    { "networks",         set_networks,      FIELD(networks),         true  },
    { "certificate",      config_set_text,   FIELD(certificate),      false },
    { "trust-identity",   config_set_switch, FIELD(trust_identity),   false },
    { "direct-media",     config_set_switch, FIELD(direct_media),     false },
    { "display-reinvite", config_set_switch, FIELD(display_reinvite), false },
    { "exit",             set_exit,          FIELD(exit),             false },
    { "auth-user",        config_set_text,   FIELD(auth_user),        false },
    { "auth-password",    config_set_text,   FIELD(auth_password),    false },
    { "options",          config_set_uri,    FIELD(options),          false },
    { "refer-to",         set_patterns,      FIELD(refer_to),         true  },
    { "may",              set_may,           FIELD(may),              false },
};
/* clang-format on */

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= 32, "each key of a peer has its mark");

static void begin(void *item)
{
    struct sip_peer *p = item;

    p->trust_identity = true;
    p->may = SIP_MAY_ALL;
}

const struct config_named config_peers = {
    .prefix = "peer.",
    .one = "peer",
    .article = "a",
    .taken = "trusted",
    .taken_by = "[sip] trusted",
    .keys = keys,
    .key_count = sizeof(keys) / sizeof(keys[0]),
    .items = offsetof(struct sip_config, peers),
    .item_size = sizeof(struct sip_peer),
    .count = offsetof(struct sip_config, peer_count),
    .most = SIP_PEERS_MAX,
    .marks = offsetof(struct config_reading, peer_seen),
    .begin = begin,
};

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
