/* "What would happen": a described INVITE, completed with what only the app knows (whether its
 * source is trusted, which of our legs its Replaces names), before the core looks at it. Nothing
 * changes. */
#include <string.h>

#include "app/inside.h"
#include "base/network.h"
#include "base/text.h"

static bool is_in(const char *networks, const char *source)
{
    struct network n;
    char one[64];

    for (networks += strspn(networks, ", "); *networks; networks += strspn(networks, ", ")) {
        size_t length = strcspn(networks, ", ");

        (void)text_copy_n(one, sizeof(one), networks, length); /* too long is no network */
        if (network_read(one, &n) && network_holds_text(&n, source))
            return true;
        networks += length;
    }
    return false;
}

/* As peer_of() of the SIP edge finds it: the peers in their order, then the trusted networks. */
static void place_source(const struct app *a, struct invite *in)
{
    const struct sip_config *c = &a->config.sip;

    in->trusted = false;
    in->may = 0;
    for (unsigned i = 0; i < c->peer_count; i++)
        if (is_in(c->peers[i].networks, in->source)) {
            in->trusted = c->peers[i].trust_identity;
            in->may = c->peers[i].may;
            return;
        }
    for (unsigned i = 0; i < c->trusted_count && !in->trusted; i++)
        in->trusted = is_in(c->trusted[i], in->source);
    in->may = in->trusted ? SIP_MAY_ALL : 0;
}

/* "call-id;to-tag=ours;from-tag=theirs;early-only" (RFC 3891 6.1). */
struct named_dialog {
    char call_id[192], ours[96], theirs[128];
    bool early_only;
};

static void read_param(struct named_dialog *to, const char *param)
{
    if (text_starts(param, "to-tag="))
        (void)text_copy(to->ours, sizeof(to->ours), param + strlen("to-tag="));
    else if (text_starts(param, "from-tag="))
        (void)text_copy(to->theirs, sizeof(to->theirs), param + strlen("from-tag="));
    else if (text_is_nocase(param, "early-only"))
        to->early_only = true;
}

static void read_dialog(struct named_dialog *to, const char *text)
{
    size_t length = strcspn(text, "; ");
    char param[160];

    memset(to, 0, sizeof(*to));
    (void)text_copy_n(to->call_id, sizeof(to->call_id), text, length);
    for (text += length; *text; text += length) {
        text += strspn(text, "; ");
        length = strcspn(text, "; ");
        (void)text_copy_n(param, sizeof(param), text, length);
        read_param(to, param);
    }
}

static void name_leg(struct app *a, struct invite *in, leg_id leg)
{
    const struct app_leg *l = leg ? app_leg_find(a, leg) : NULL;

    in->replaces = REPLACES_UNKNOWN;
    if (!l)
        return;
    in->replaces_leg = leg;
    in->replaces = l->agreed_once || l->up ? REPLACES_LEG
                   : l->inbound            ? REPLACES_EARLY
                                           : REPLACES_EARLY_OURS;
}

/* The number of an orbit stands for the leg of the caller who waits there. */
static void read_replaces(struct app *a, struct invite *in, const char *replaces)
{
    number_key number = number_read(replaces, NULL);
    struct named_dialog d;
    const struct call *c = NULL;
    struct orbit o = { 0 };

    if (number) {
        o = orbits_look(a->park.orbits, number, a->now);
        c = o.state == ORBIT_BUSY ? app_call(a, o.call) : NULL;
        name_leg(a, in, c ? c->caller_leg : 0);
        return;
    }
    read_dialog(&d, replaces);
    in->early_only = d.early_only;
    name_leg(a, in, app_leg_named(a, d.call_id, d.ours, d.theirs));
}

void app_foresee(struct app *a, struct invite *in, const char *replaces, struct foresight *out)
{
    if (in->source[0])
        place_source(a, in);
    if (replaces[0])
        read_replaces(a, in, replaces);
    fits_look(a, false);
    park_foresee(&a->park, in, a->now, out);
}
