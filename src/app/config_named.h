/* Sections of which there may be several, each with a name: [peer.NAME], [register.NAME]. A kind
 * says what its sections are called and which keys they have; for config_keys.c and the files of
 * the kinds only. */
#ifndef CALLPARK_APP_CONFIG_NAMED_H
#define CALLPARK_APP_CONFIG_NAMED_H

#include "app/config_values.h"

struct config_named_key {
    const char *name;
    config_set_value *set;
    size_t offset, size; /* of the member, in the item */
    bool repeats;
};

/* Items lie in an array of struct sip_config, and begin with their name. */
struct config_named {
    const char *prefix;           /* "peer." */
    const char *one, *article;    /* "peer", "a" */
    const char *taken, *taken_by; /* a name that is somebody else's, and whose; NULL: none */
    const struct config_named_key *keys;
    size_t key_count;               /* 32 at most */
    size_t items, item_size, count; /* offsets in struct sip_config, but for the size */
    unsigned most;
    size_t marks; /* offset in struct config_reading: a bit for each key an item has had */
    void (*begin)(void *item); /* fills a new one, which is all zero; NULL: nothing to fill */
};

extern const struct config_named config_peers;     /* config_peer.c */
extern const struct config_named config_registers; /* config_register.c */

bool config_named_is(const struct config_named *kind, const char *section);

/* The place of a section's item; it is made when it was not known. -EINVAL with words: no name for
 * one, or too many. */
int config_named_open(struct config_reading *r, const struct config_named *kind,
                      const char *section, unsigned *index);

/* Takes one `name = value` of such a section. -EINVAL with words, as config_take(). */
int config_named_take(struct config_reading *r, const struct config_named *kind,
                      const char *section, const char *name, const char *value);

#endif
