/* All that an administrator decides, in one table: sites, destinations, ranges, settings. A copy of
 * what the store holds; the loop owns it. Pure. The struct is large: the app allocates one, zeroed.
 */
#ifndef CALLPARK_CORE_DEPLOYMENT_H
#define CALLPARK_CORE_DEPLOYMENT_H

#include "core/range.h"
#include "core/settings.h"

struct site {
    char name[NAME_SIZE];
    struct settings settings;
    uint32_t version;
};

struct destination {
    char fqdn[FQDN_SIZE];            /* lower case */
    char service_id[FQDN_SIZE + 24]; /* "ApplicationServer:" fqdn, or what was given */
    char site[NAME_SIZE];            /* "": none */
    struct settings settings;
    uint32_t version;
};

struct deployment {
    struct ranges ranges;
    struct settings range_settings[RANGES_MAX];
    range_id range_settings_id[RANGES_MAX]; /* whose range_settings[i] are; rising */
    size_t range_settings_count;
    struct destination destinations[DESTINATIONS_MAX];
    size_t destination_count;
    struct site sites[SITES_MAX];
    size_t site_count;
    struct settings global;
};

const struct destination *deployment_destination(const struct deployment *d, const char *fqdn);
const struct site *deployment_site(const struct deployment *d, const char *name);

/* Read a destination in any accepted form (`fqdn`, `ApplicationServer:fqdn`,
 * `service:ApplicationServer:fqdn`, or the service ID of a known one) as a lower-case FQDN. -EINVAL
 * with words when it is none of these. It need not exist. `d` may be NULL: nothing is known then.
 */
int destination_read(const struct deployment *d, const char *text, char fqdn[FQDN_SIZE],
                     struct err *err);

/* ranges_check() and: the destination exists. The sentence lists the known ones. */
struct range_verdict deployment_check_range(const struct deployment *d, const struct range *r,
                                            struct err *err);

/* Put (insert or replace by name) a site or a destination; -ENOSPC when the table is full, -EINVAL
 * for a bad name. Remove: -ENOENT, or -EBUSY with words while something refers to it. */
int deployment_put_site(struct deployment *d, const struct site *s, struct err *err);
int deployment_put_destination(struct deployment *d, const struct destination *dest,
                               struct err *err);
int deployment_remove_site(struct deployment *d, const char *name, struct err *err);
int deployment_remove_destination(struct deployment *d, const char *fqdn, struct err *err);

enum scope_kind { SCOPE_GLOBAL, SCOPE_SITE, SCOPE_DESTINATION, SCOPE_RANGE };

struct scope {
    enum scope_kind kind;
    char name[FQDN_SIZE + NAME_SIZE]; /* of the site or destination */
    range_id range;
};

/* The settings of one scope; NULL when the scope does not exist. For a range that has none yet the
 * writing form makes them (NULL when the table is full), the reading form returns an empty one. */
const struct settings *deployment_settings(const struct deployment *d, const struct scope *s);
struct settings *deployment_settings_edit(struct deployment *d, const struct scope *s);

/* What holds for a range (or, with `range` 0, for a destination), and, per key, which scope said so
 * (`from` may be NULL; SETTING_KEYS entries; a key that nobody set says SCOPE_GLOBAL and its bit is
 * not in `set`). */
void deployment_rules(const struct deployment *d, const char *destination, range_id range,
                      struct rules *out, enum scope_kind *from);

#endif
