/* The keys of the configuration file, for config.c only: it reads lines, this knows what they mean.
 */
#ifndef CALLPARK_APP_CONFIG_KEYS_H
#define CALLPARK_APP_CONFIG_KEYS_H

#include "app/config.h"

struct config_reading {
    struct app_config *config;
    uint64_t seen; /* keys that were given, by their place in the table */
    struct err *err;
};

/* Take one `name = value` of a section. -EINVAL with words that name the key and what would be
 * right. */
int config_take(struct config_reading *r, const char *section, const char *name, const char *value);

/* Is there such a section? -EINVAL with the nearest one there is. */
int config_section(struct config_reading *r, const char *section);

#endif
