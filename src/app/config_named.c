/* Sections with a name of their own: which one is meant, and its keys. */
#include "app/config_named.h"

#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

#define NAME_MAX_LENGTH 39
#define KEYS_MOST 32

bool config_named_is(const struct config_named *kind, const char *section)
{
    return text_starts(section, kind->prefix);
}

static bool is_name(const char *name)
{
    return *name && strlen(name) <= NAME_MAX_LENGTH &&
           !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")];
}

static int no_section(struct config_reading *r, const struct config_named *kind,
                      const char *section)
{
    if (kind->taken)
        return err_set(r->err, -EINVAL,
                       "'%.60s' is no section for %s %s: write [%sNAME] with up to %d letters, "
                       "digits, and _ - . (and not '%s', which is what %s is called)",
                       section, kind->article, kind->one, kind->prefix, NAME_MAX_LENGTH,
                       kind->taken, kind->taken_by);
    return err_set(r->err, -EINVAL,
                   "'%.60s' is no section for %s %s: write [%sNAME] with up to %d letters, digits, "
                   "and _ - .",
                   section, kind->article, kind->one, kind->prefix, NAME_MAX_LENGTH);
}

static char *item(const struct config_reading *r, const struct config_named *kind, unsigned i)
{
    return (char *)&r->config->sip + kind->items + i * kind->item_size;
}

/* The name of an item is its first member. */
static void begin(char *item, const struct config_named *kind, const char *name)
{
    memset(item, 0, kind->item_size);
    if (kind->begin)
        kind->begin(item);
    (void)text_copy(item, SIP_PEER_NAME_SIZE, name); /* is_name() has measured it */
}

int config_named_open(struct config_reading *r, const struct config_named *kind,
                      const char *section, unsigned *index)
{
    const char *name = section + strlen(kind->prefix);
    unsigned *count = (unsigned *)((char *)&r->config->sip + kind->count), i = 0;

    if (!is_name(name) || (kind->taken && text_is_nocase(name, kind->taken)))
        return no_section(r, kind, section);
    while (i < *count && !text_is_nocase(item(r, kind, i), name))
        i++;
    if (i == kind->most)
        return err_set(r->err, -EINVAL, "'%.60s' is one %s too many: %u are allowed", section,
                       kind->one, kind->most);
    if (i == *count) {
        begin(item(r, kind, i), kind, name);
        ++*count;
    }
    *index = i;
    return 0;
}

static int unknown_key(struct config_reading *r, const struct config_named *kind, const char *name)
{
    const char *words[KEYS_MOST], *nearest;

    for (size_t i = 0; i < kind->key_count; i++)
        words[i] = kind->keys[i].name;
    nearest = nearest_word(name, words, kind->key_count);
    if (nearest)
        return err_set(r->err, -EINVAL, "unknown key '%.40s': did you mean '%s'?", name, nearest);
    return err_set(r->err, -EINVAL, "unknown key '%.40s'", name);
}

int config_named_take(struct config_reading *r, const struct config_named *kind,
                      const char *section, const char *name, const char *value)
{
    const struct config_named_key *key = kind->keys, *end = kind->keys + kind->key_count;
    uint32_t *marks = (uint32_t *)((char *)r + kind->marks), bit;
    unsigned which = 0;

    if (config_named_open(r, kind, section, &which))
        return -EINVAL;
    while (key < end && !text_is(key->name, name))
        key++;
    if (key == end)
        return unknown_key(r, kind, name);
    bit = UINT32_C(1) << (key - kind->keys);
    if (!key->repeats && marks[which] & bit)
        return err_set(r->err, -EINVAL, "'%s' is given twice: keep one of them", name);
    marks[which] |= bit;
    if (!*value)
        return err_set(r->err, -EINVAL, "'%s' has no value: write one, or take the line out", name);
    if (key->set(r, value, item(r, kind, which) + key->offset, key->size))
        return err_prefix(r->err, "[%.60s] %s: ", section, key->name);
    return 0;
}
