/* Telling people on their phones, by text and display: the number to whoever sent a call here, and
 * to each side whom it talks to. It changes nothing: what cannot be told is not told. Nothing of it
 * goes outside (OR-05), and who withholds his number is named to nobody. */
#include <string.h>

#include "app/inside.h"
#include "base/text.h"

/* Only where it hides nothing: `hears` is inside, `about` may be shown. */
static void identify(struct app *a, leg_id leg, const struct party *hears,
                     const struct party *about)
{
    if (!leg || about->hidden || !about->uri[0] || !party_is_insider(hears, &a->park.house))
        return;
    (void)sip_identify(a->sip, leg, about->display, about->uri); /* a full queue: it is not told */
}

void tell_sides(struct app *a, const struct call *c)
{
    identify(a, c->caller_leg, &c->caller, &c->peer_party);
    identify(a, c->peer, &c->peer_party, &c->caller);
}

void tell_changed(struct app *a, leg_id leg)
{
    const struct call *c = calls_by_leg(a->park.calls, leg);

    if (c && c->state == CALL_CONNECTED && c->caller_up && c->peer_up)
        tell_sides(a, c);
}

/* "Alice +4930123456", "+4930123456", "" when nobody may be named. */
static void name_caller(const struct party *caller, char to[DISPLAY_SIZE * 2])
{
    char user[DIALLED_SIZE];

    to[0] = '\0';
    if (caller->hidden)
        return;
    uri_user(user, caller->uri);
    (void)text_format(to, (size_t)DISPLAY_SIZE * 2, "%s%s%s", caller->display,
                      caller->display[0] && user[0] ? " " : "", user);
}

static void write_text(const struct call *c, struct sip_message *m)
{
    bool german = text_starts(c->rules.language, "de");
    char name[DISPLAY_SIZE * 2];

    name_caller(&c->caller, name);
    if (german)
        (void)text_format(m->text, sizeof(m->text), "%s ist auf %s geparkt.",
                          name[0] ? name : "Ein Anrufer", m->from_user);
    else
        (void)text_format(m->text, sizeof(m->text), "%s is parked at %s.",
                          name[0] ? name : "A caller", m->from_user);
}

/* Who consulted has been told by voice. A number that is not on disk is told to nobody. */
void tell_parked(struct app *a, const struct call *c)
{
    struct sip_message m;

    if (!c->rules.message || c->consult || !c->parker_known || !c->has_orbit ||
        c->saved < c->orbit_write || !party_is_insider(&c->parker, &a->park.house))
        return;
    memset(&m, 0, sizeof(m));
    (void)text_copy(m.to, sizeof(m.to), c->parker.uri[0] ? c->parker.uri : c->parker.contact);
    (void)text_copy(m.contact, sizeof(m.contact), c->parker.contact);
    number_text(m.from_user, c->orbit);
    write_text(c, &m);
    (void)sip_message(a->sip, &m); /* a full queue: it is not told */
}
