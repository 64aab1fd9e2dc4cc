/* Users who may sign in with a phone: what the SIP edge has to know of them, told to it whenever it
 * changes; and what it reports about those who guess. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

static unsigned may_over_sip(const struct app *a, const char *user)
{
    static const struct {
        enum permission permission;
        unsigned may;
    } of[] = { { MAY_CALLS_PARK, SIP_MAY_PARK },
               { MAY_CALLS_RETRIEVE, SIP_MAY_RETRIEVE },
               { MAY_CALLS_WATCH, SIP_MAY_WATCH },
               { MAY_CALLS_CONTROL, SIP_MAY_CONTROL } };
    struct rights rights;
    unsigned may = 0;

    rights_of_user(a->access, user, &rights);
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
        may |= rights_may_somewhere(&rights, of[i].permission) ? of[i].may : 0;
    return may;
}

/* A password is good for the realm that it was set for; another needs it to be set again. */
static bool has_phone(struct app *a, const struct user *u)
{
    if (u->disabled || !u->sip_md5[0])
        return false;
    if (text_is(u->sip_realm, a->config.sip.realm))
        return true;
    log_warning("sip",
                "user %s cannot sign in with a phone: his password was set for the realm %s, and "
                "it is %s now; set it again, or set [sip] realm back",
                u->name, u->sip_realm, a->config.sip.realm);
    return false;
}

/* Whose right to watch ends somewhere: where he has it, range by range. */
static bool add_rights(const struct app *a, struct sip_user_table *t, const struct rights *r,
                       uint32_t user)
{
    const struct ranges *all = &a->deployment->ranges;
    struct sip_right *more =
        realloc(t->rights, (t->right_count + all->count + 1) * sizeof(*t->rights));

    if (!more)
        return false;
    t->rights = more;
    for (size_t i = 0; i < all->count; i++) {
        struct place_of place = place_of_range(a->deployment, &all->at[i]);

        if (rights_may(r, MAY_CALLS_WATCH, &place))
            t->rights[t->right_count++] =
                (struct sip_right){ user, all->at[i].id,
                                    rights_may(r, MAY_CALLS_READ_PII, &place) };
    }
    return true;
}

static bool fill_watching(const struct app *a, struct sip_user_table *t, struct sip_user *u)
{
    static const struct place_of anywhere;
    struct rights rights;

    u->number = (uint32_t)t->count;
    if (!(u->may & SIP_MAY_WATCH))
        return true;
    rights_of_user(a->access, u->name, &rights);
    u->watches_all = rights_may(&rights, MAY_CALLS_WATCH, &anywhere);
    u->names_all = rights_may(&rights, MAY_CALLS_READ_PII, &anywhere);
    return (u->watches_all && u->names_all) || add_rights(a, t, &rights, u->number);
}

void phones_changed(struct app *a)
{
    struct sip_user_table *table =
        calloc(1, sizeof(*table) + a->access->user_count * sizeof(table->at[0]));

    a->park.house.access = a->access;
    a->phones_due = true;
    if (!table)
        return;
    for (size_t i = 0; i < a->access->user_count; i++) {
        const struct user *u = &a->access->users[i];
        struct sip_user *to = &table->at[table->count];

        if (!has_phone(a, u))
            continue;
        (void)text_copy(to->name, sizeof(to->name), u->name);           /* the same size */
        (void)text_copy(to->md5, sizeof(to->md5), u->sip_md5);          /* the same size */
        (void)text_copy(to->sha256, sizeof(to->sha256), u->sip_sha256); /* the same size */
        uri_user(to->phone, u->phone);
        to->may = may_over_sip(a, u->name);
        if (!fill_watching(a, table, to))
            to->may &= (unsigned)~SIP_MAY_WATCH; /* no memory: rather nothing than all */
        table->count++;
    }
    a->phones_due = sip_users(a->sip, table) != 0;
}

/* The edge had no room for the last change. */
void phones_second(struct app *a)
{
    if (a->phones_due)
        phones_changed(a);
}

bool app_sip_password(const struct app *a, const char *password, struct user *u)
{
    (void)text_copy(u->sip_realm, sizeof(u->sip_realm), a->config.sip.realm); /* the same size */
    return sip_password_hash(u->name, u->sip_realm, password, u->sip_md5, u->sip_sha256);
}

void phones_locked_out(struct app *a, const struct sip_event *s)
{
    struct audit_entry *e = calloc(1, sizeof(*e));

    if (!e)
        return;
    (void)text_copy(e->actor, sizeof(e->actor), "somebody");
    (void)text_copy(e->source, sizeof(e->source), s->invite.source); /* fits */
    (void)text_copy(e->action, sizeof(e->action), "sip.locked_out");
    (void)text_copy(e->subject, sizeof(e->subject), s->invite.signed_in);
    (void)text_copy(e->subject_id, sizeof(e->subject_id), s->invite.signed_in);
    log_warning("sip", "%s source=%s", s->reason, s->invite.source);
    app_audit(a, e);
    free(e);
}
