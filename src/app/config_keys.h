/* The keys of the configuration file, for config.c only: it reads lines, this knows what they mean.
 */
#ifndef CALLPARK_APP_CONFIG_KEYS_H
#define CALLPARK_APP_CONFIG_KEYS_H

#include "app/config.h"

#define CONFIG_KEYS_MAX 128

struct config_reading {
    struct app_config *config;
    /* By the key's place in the table: given in the file; given in the environment. */
    bool seen[CONFIG_KEYS_MAX], from_environment[CONFIG_KEYS_MAX];
    uint32_t peer_seen[SIP_PEERS_MAX]; /* bits: keys of that peer */
    uint32_t register_seen[SIP_REGISTERS_MAX];
    struct err *err;
};

/* Take what the environment says, before the file: a key that is there counts and the file's is
 * passed over. Other variables that begin with CALLPARK_ are left alone: the places that start
 * containers make some. */
int config_environment(struct config_reading *r);

/* Take one `name = value` of a section. -EINVAL with words that name the key and what would be
 * right. */
int config_take(struct config_reading *r, const char *section, const char *name, const char *value);

/* Is there such a section? -EINVAL with the nearest one there is. */
int config_section(struct config_reading *r, const char *section);

/* What the sections with a name must have; config_peer.c, config_register.c. -EINVAL with words. */
int config_check_peers(const struct app_config *config, struct err *err);
int config_check_registers(const struct app_config *config, struct err *err);
int config_check_prefixes(const struct house *h, struct err *err); /* config_values.c */

#endif
