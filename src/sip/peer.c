/* Which system a request came from, by its address or by the name in its certificate. Not for what
 * it may do, see auth.c. */
#include "sip/edge.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

/* ---- reading ---- */

static int add_network(struct setup *setup, unsigned peer, const char *text, struct err *err)
{
    struct peer_networks *to = &setup->networks[peer];
    const char *name = setup->config.peers[peer].name;

    if (to->count == PEER_NETWORKS_MAX)
        return err_set(err, -EINVAL, "peer '%.63s' has more than %d networks", name,
                       PEER_NETWORKS_MAX);
    if (!network_read(text, &to->at[to->count]))
        return err_set(err, -EINVAL,
                       "network '%.64s' of peer '%.63s': must look like 10.0.0.0/8, 192.0.2.7 or "
                       "fd00::/8",
                       text, name);
    to->count++;
    return 0;
}

static int read_networks(struct setup *setup, unsigned peer, struct err *err)
{
    const char *at = setup->config.peers[peer].networks;
    char one[64];
    int code = 0;

    for (at += strspn(at, ", "); *at && !code; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ", ");

        (void)text_copy_n(one, sizeof one, at, length); /* too long is no network either */
        code = add_network(setup, peer, one, err);
        at += length;
    }
    return code;
}

int peer_read_networks(struct setup *setup, struct err *err)
{
    int code = 0;

    setup->trusted_peer =
        (struct sip_peer){ .name = "trusted", .trust_identity = true, .may = SIP_MAY_ALL };
    for (unsigned i = 0; i < setup->config.peer_count && i < SIP_PEERS_MAX && !code; i++)
        code = read_networks(setup, i, err);
    return code;
}

/* ---- looking up ---- */

static const struct sip_peer *by_certificate(const struct setup *setup, const char *name)
{
    for (unsigned i = 0; i < setup->config.peer_count; i++)
        if (name[0] && text_is_nocase(setup->config.peers[i].certificate, name))
            return &setup->config.peers[i];
    return NULL;
}

static bool is_in(const struct network *networks, unsigned count, const char *source)
{
    for (unsigned i = 0; i < count; i++)
        if (network_holds_text(&networks[i], source))
            return true;
    return false;
}

const struct sip_peer *peer_of_sender(const struct sip *s, const struct front_peer *who)
{
    for (unsigned i = 0; i < who->name_count; i++) {
        const struct sip_peer *found = by_certificate(s->setup, who->names[i]);

        if (found)
            return found;
    }
    return peer_of(s, who->source.host, NULL);
}

const struct sip_peer *peer_of(const struct sip *s, const char *source, const char *certificate)
{
    const struct setup *setup = s->setup;
    const struct sip_peer *found = certificate ? by_certificate(setup, certificate) : NULL;

    for (unsigned i = 0; i < setup->config.peer_count && !found; i++)
        if (is_in(setup->networks[i].at, setup->networks[i].count, source))
            found = &setup->config.peers[i];
    if (!found && is_in(setup->trusted, setup->trusted_count, source))
        found = &setup->trusted_peer;
    return found;
}
