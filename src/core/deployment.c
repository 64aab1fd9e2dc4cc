/* Sites, destinations and scopes around the table of ranges. Not for the rules of a range by itself
 * or beside others, see range.c and ranges.c. */
#include "core/deployment.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

/* --- finding --- */

const struct destination *deployment_destination(const struct deployment *d, const char *fqdn)
{
    for (size_t i = 0; i < d->destination_count; i++)
        if (text_is_nocase(d->destinations[i].fqdn, fqdn))
            return &d->destinations[i];
    return NULL;
}

const struct site *deployment_site(const struct deployment *d, const char *name)
{
    for (size_t i = 0; i < d->site_count; i++)
        if (text_is_nocase(d->sites[i].name, name))
            return &d->sites[i];
    return NULL;
}

static const struct destination *by_service_id(const struct deployment *d, const char *service_id)
{
    for (size_t i = 0; i < d->destination_count; i++)
        if (text_is_nocase(d->destinations[i].service_id, service_id))
            return &d->destinations[i];
    return NULL;
}

/* --- reading --- */

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 1123 2.1, and `_` inside, which Windows names have. A single label is enough: test machines.
 */
static bool is_fqdn(const char *text)
{
    size_t label = 0;

    if (!*text || strlen(text) > 253)
        return false;
    for (const char *p = text; *p; p++) {
        if (*p == '.') {
            if (label == 0 || p[-1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (!is_letter_or_digit(*p) && !(label > 0 && (*p == '-' || *p == '_')))
            return false;
        if (++label > 63)
            return false;
    }
    return label > 0 && text[strlen(text) - 1] != '-';
}

static const char *behind_prefix(const char *text, const char *prefix)
{
    char start[32];
    size_t length = strlen(prefix);

    /* Cut on purpose: only the start is compared. */
    (void)text_copy_n(start, sizeof start, text, strnlen(text, length));
    return text_is_nocase(start, prefix) ? text + length : text;
}

static void to_lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

int destination_read(const struct deployment *d, const char *text, char fqdn[FQDN_SIZE],
                     struct err *err)
{
    char trimmed[sizeof d->destinations->service_id], shown[64];
    const struct destination *known;
    const char *name;

    if (!text_trim(trimmed, sizeof trimmed, text))
        return err_set(err, -EINVAL, "Destination is longer than a name can be: shorten it");
    known = d && *trimmed ? by_service_id(d, trimmed) : NULL;
    name = known ? known->fqdn
                 : behind_prefix(behind_prefix(trimmed, "service:"), "ApplicationServer:");
    if (!is_fqdn(name))
        return err_set(err, -EINVAL,
                       "Destination '%s' is no name of a pool: use its FQDN or service ID, such as "
                       "pool1.contoso.com or ApplicationServer:pool1.contoso.com",
                       text_shown(shown, sizeof shown, trimmed));
    (void)text_copy(fqdn, FQDN_SIZE, name); /* is_fqdn() bounds it */
    to_lower(fqdn);
    return 0;
}

/* "pool1.contoso.com, pool2.contoso.com": the known ones, as many as a sentence can hold. */
static void list_destinations(const struct deployment *d, char *to, size_t size)
{
    *to = '\0';
    for (size_t i = 0; i < d->destination_count; i++) {
        if (strlen(to) + strlen(d->destinations[i].fqdn) + 8 > size) {
            (void)text_append(to, size, ", ...");
            return;
        }
        (void)text_append(to, size, "%s%s", i ? ", " : "", d->destinations[i].fqdn);
    }
}

struct range_verdict deployment_check_range(const struct deployment *d, const struct range *r,
                                            struct err *err)
{
    char known[180], shown[64];

    if (deployment_destination(d, r->destination))
        return ranges_check(&d->ranges, r, err);
    list_destinations(d, known, sizeof known);
    (void)text_shown(shown, sizeof shown, r->destination);
    if (*known)
        err_set(err, -ENOENT, "Destination '%s' is not known: use one of %s, or add it first",
                shown, known);
    else
        err_set(err, -ENOENT, "Destination '%s' is not known: add it first", shown);
    return (struct range_verdict){ .fault = RANGE_NO_DESTINATION, .pointer = "/destination" };
}

/* --- changing --- */

int deployment_put_site(struct deployment *d, const struct site *s, struct err *err)
{
    const struct site *known;
    struct site copy = *s;
    int failed = range_read_name(copy.name, "Site name", s->name, err);

    if (failed)
        return failed;
    known = deployment_site(d, copy.name);
    if (!known && d->site_count == SITES_MAX)
        return err_set(err, -ENOSPC, "There are %d sites, which is the most: remove one",
                       SITES_MAX);
    d->sites[known ? (size_t)(known - d->sites) : d->site_count++] = copy;
    return 0;
}

/* `copy` as it is kept, or -EINVAL with words. */
static int complete_destination(const struct deployment *d, struct destination *copy,
                                struct err *err)
{
    char fqdn[FQDN_SIZE], shown[64];
    const struct destination *other;
    int failed = destination_read(d, copy->fqdn, fqdn, err);

    if (failed)
        return failed;
    (void)text_copy(copy->fqdn, sizeof copy->fqdn, fqdn);
    if (!*copy->service_id)
        (void)text_format(copy->service_id, sizeof copy->service_id, "ApplicationServer:%s", fqdn);
    (void)text_shown(shown, sizeof shown, copy->service_id);
    if (!text_is_plain(copy->service_id) || strchr(copy->service_id, ' '))
        return err_set(err, -EINVAL,
                       "Service ID '%s' has spaces or control characters in it: take them out",
                       shown);
    other = by_service_id(d, copy->service_id);
    if (other && !text_is(other->fqdn, fqdn))
        return err_set(err, -EINVAL, "Service ID '%s' belongs to %s: choose another one", shown,
                       other->fqdn);
    if (*copy->site && !deployment_site(d, copy->site))
        return err_set(err, -EINVAL, "Site '%s' is not known: add it first",
                       text_shown(shown, sizeof shown, copy->site));
    return 0;
}

int deployment_put_destination(struct deployment *d, const struct destination *dest,
                               struct err *err)
{
    const struct destination *known;
    struct destination copy = *dest;
    int failed = complete_destination(d, &copy, err);

    if (failed)
        return failed;
    known = deployment_destination(d, copy.fqdn);
    if (!known && d->destination_count == DESTINATIONS_MAX)
        return err_set(err, -ENOSPC, "There are %d destinations, which is the most: remove one",
                       DESTINATIONS_MAX);
    d->destinations[known ? (size_t)(known - d->destinations) : d->destination_count++] = copy;
    return 0;
}

int deployment_remove_site(struct deployment *d, const char *name, struct err *err)
{
    const struct site *s = deployment_site(d, name);
    char shown[72];
    size_t i;

    (void)text_shown(shown, sizeof shown, name);
    if (!s)
        return err_set(err, -ENOENT, "There is no site '%s'", shown);
    for (i = 0; i < d->destination_count; i++)
        if (text_is_nocase(d->destinations[i].site, name))
            return err_set(err, -EBUSY,
                           "Site '%s' has the destination %s: move that to another site first",
                           shown, d->destinations[i].fqdn);
    i = (size_t)(s - d->sites);
    memmove(&d->sites[i], &d->sites[i + 1], (--d->site_count - i) * sizeof d->sites[0]);
    return 0;
}

int deployment_remove_destination(struct deployment *d, const char *fqdn, struct err *err)
{
    const struct destination *dest = deployment_destination(d, fqdn);
    char shown[72], range[72];
    size_t i;

    (void)text_shown(shown, sizeof shown, fqdn);
    if (!dest)
        return err_set(err, -ENOENT, "There is no destination '%s'", shown);
    for (i = 0; i < d->ranges.count; i++)
        if (text_is_nocase(d->ranges.at[i].destination, fqdn))
            return err_set(err, -EBUSY,
                           "Destination %s has the range '%s': delete that or move it first", shown,
                           text_shown(range, sizeof range, d->ranges.at[i].name));
    i = (size_t)(dest - d->destinations);
    memmove(&d->destinations[i], &d->destinations[i + 1],
            (--d->destination_count - i) * sizeof d->destinations[0]);
    return 0;
}

/* --- settings by scope --- */

/* Where the settings of this range are or would be: the table is sorted by id. */
static size_t range_settings_position(const struct deployment *d, range_id id)
{
    size_t low = 0, high = d->range_settings_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (d->range_settings_id[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct settings *range_settings(const struct deployment *d, range_id id)
{
    static const struct settings none = { 0 };
    size_t i = range_settings_position(d, id);

    if (i < d->range_settings_count && d->range_settings_id[i] == id)
        return &d->range_settings[i];
    return ranges_by_id(&d->ranges, id) ? &none : NULL;
}

/* Settings whose range was removed stay behind until their place is needed. */
static void drop_orphans(struct deployment *d)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->range_settings_count; i++)
        if (ranges_by_id(&d->ranges, d->range_settings_id[i])) {
            d->range_settings_id[kept] = d->range_settings_id[i];
            if (kept != i)
                d->range_settings[kept] = d->range_settings[i];
            kept++;
        }
    d->range_settings_count = kept;
}

static struct settings *range_settings_edit(struct deployment *d, range_id id)
{
    size_t i = range_settings_position(d, id), behind;

    if (!ranges_by_id(&d->ranges, id))
        return NULL;
    if (i < d->range_settings_count && d->range_settings_id[i] == id)
        return &d->range_settings[i];
    if (d->range_settings_count == RANGES_MAX) {
        drop_orphans(d);
        i = range_settings_position(d, id);
    }
    if (d->range_settings_count == RANGES_MAX)
        return NULL;
    behind = d->range_settings_count++ - i;
    memmove(&d->range_settings[i + 1], &d->range_settings[i], behind * sizeof d->range_settings[0]);
    memmove(&d->range_settings_id[i + 1], &d->range_settings_id[i],
            behind * sizeof d->range_settings_id[0]);
    d->range_settings[i] = (struct settings){ 0 };
    d->range_settings_id[i] = id;
    return &d->range_settings[i];
}

const struct settings *deployment_settings(const struct deployment *d, const struct scope *s)
{
    const struct site *site;
    const struct destination *destination;

    switch (s->kind) {
    case SCOPE_GLOBAL:
        return &d->global;
    case SCOPE_SITE:
        site = deployment_site(d, s->name);
        return site ? &site->settings : NULL;
    case SCOPE_DESTINATION:
        destination = deployment_destination(d, s->name);
        return destination ? &destination->settings : NULL;
    case SCOPE_RANGE:
        return ranges_by_id(&d->ranges, s->range) ? range_settings(d, s->range) : NULL;
    }
    return NULL;
}

struct settings *deployment_settings_edit(struct deployment *d, const struct scope *s)
{
    if (s->kind == SCOPE_RANGE)
        return range_settings_edit(d, s->range);
    /* The table is ours to write; the other form only promises not to. */
    return (struct settings *)deployment_settings(d, s);
}

static void apply(struct rules *out, enum scope_kind *from, const struct settings *s,
                  enum scope_kind kind)
{
    if (!s)
        return;
    rules_apply(out, s);
    for (unsigned i = 0; from && i < SETTING_KEYS; i++)
        if (s->set & UINT32_C(1) << i)
            from[i] = kind;
}

void deployment_rules(const struct deployment *d, const char *destination, range_id range,
                      struct rules *out, enum scope_kind *from)
{
    const struct range *r = range ? ranges_by_id(&d->ranges, range) : NULL;
    const struct destination *dest = deployment_destination(d, r             ? r->destination
                                                               : destination ? destination
                                                                             : "");
    const struct site *site = dest && *dest->site ? deployment_site(d, dest->site) : NULL;

    for (unsigned i = 0; from && i < SETTING_KEYS; i++)
        from[i] = SCOPE_GLOBAL;
    rules_default(out);
    apply(out, from, &d->global, SCOPE_GLOBAL);
    apply(out, from, site ? &site->settings : NULL, SCOPE_SITE);
    apply(out, from, dest ? &dest->settings : NULL, SCOPE_DESTINATION);
    apply(out, from, r ? range_settings(d, range) : NULL, SCOPE_RANGE);
}
