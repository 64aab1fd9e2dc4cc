/* Where a role holds, as text. */
#include "api/auth.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

void scope_text(const struct scope *s, char to[SCOPE_TEXT_SIZE])
{
    char id[IDENT_SIZE];

    switch (s->kind) {
    case SCOPE_SITE:
        (void)text_format(to, SCOPE_TEXT_SIZE, "site:%s", s->name); /* fits */
        return;
    case SCOPE_DESTINATION:
        (void)text_format(to, SCOPE_TEXT_SIZE, "destination:%s", s->name); /* fits */
        return;
    case SCOPE_RANGE:
        (void)text_format(to, SCOPE_TEXT_SIZE, "range:%s", ident_range(id, s->range)); /* fits */
        return;
    case SCOPE_GLOBAL:
        break;
    }
    (void)text_copy(to, SCOPE_TEXT_SIZE, "all"); /* fits */
}

void scope_words(const struct deployment *d, const struct scope *s, char to[SCOPE_TEXT_SIZE])
{
    const struct range *r;

    switch (s->kind) {
    case SCOPE_SITE:
        (void)text_format(to, SCOPE_TEXT_SIZE, "at the site '%s'", s->name); /* fits */
        return;
    case SCOPE_DESTINATION:
        (void)text_format(to, SCOPE_TEXT_SIZE, "at %s", s->name); /* fits */
        return;
    case SCOPE_RANGE:
        r = ranges_by_id(&d->ranges, s->range);
        (void)text_format(to, SCOPE_TEXT_SIZE, "for the range '%s'", r ? r->name : "?"); /* fits */
        return;
    case SCOPE_GLOBAL:
        break;
    }
    (void)text_copy(to, SCOPE_TEXT_SIZE, "everywhere"); /* fits */
}

static int read_site(const struct deployment *d, const char *name, struct scope *out,
                     struct err *err)
{
    const struct site *s = deployment_site(d, name);
    char shown[64];

    if (!s)
        return err_set(err, -EINVAL, "there is no site '%s'",
                       text_shown(shown, sizeof shown, name));
    out->kind = SCOPE_SITE;
    (void)text_copy(out->name, sizeof out->name, s->name); /* fits */
    return 0;
}

static int read_destination(const struct deployment *d, const char *text, struct scope *out,
                            struct err *err)
{
    char fqdn[FQDN_SIZE], shown[64];

    if (destination_read(d, text, fqdn, err) != 0)
        return -EINVAL;
    if (!deployment_destination(d, fqdn))
        return err_set(err, -EINVAL, "there is no destination '%s'",
                       text_shown(shown, sizeof shown, text));
    out->kind = SCOPE_DESTINATION;
    (void)text_copy(out->name, sizeof out->name, fqdn); /* fits */
    return 0;
}

static int read_range(const struct deployment *d, const char *text, struct scope *out,
                      struct err *err)
{
    range_id id;
    const struct range *r = ident_range_read(text, &id) ? ranges_by_id(&d->ranges, id) : NULL;
    char shown[64];

    if (!r)
        r = ranges_by_name(&d->ranges, text);
    if (!r)
        return err_set(err, -EINVAL, "there is no range '%s'",
                       text_shown(shown, sizeof shown, text));
    out->kind = SCOPE_RANGE;
    out->range = r->id;
    return 0;
}

int scope_text_read(const struct deployment *d, const char *text, struct scope *out,
                    struct err *err)
{
    char shown[64];

    memset(out, 0, sizeof *out);
    if (text_is_nocase(text, "all"))
        return 0;
    if (text_starts(text, "site:"))
        return read_site(d, text + strlen("site:"), out, err);
    if (text_starts(text, "destination:"))
        return read_destination(d, text + strlen("destination:"), out, err);
    if (text_starts(text, "range:"))
        return read_range(d, text + strlen("range:"), out, err);
    return err_set(err, -EINVAL,
                   "a scope cannot be '%s': write all, site:NAME, destination:FQDN or range:NAME",
                   text_shown(shown, sizeof shown, text));
}
