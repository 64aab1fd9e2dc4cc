/* The sections [register.NAME] of callpark.conf: accounts of ours at other systems. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/config_values.h"
#include "base/nearest.h"
#include "base/text.h"

#define PREFIX "register."
#define FIELD(member)                                                                              \
    offsetof(struct sip_register, member), sizeof(((struct sip_register *)0)->member)

/* ---- values ---- */

static int set_addresses(struct config_reading *r, const char *value, void *to, size_t size)
{
    char *list = to;

    if (strpbrk(value, "<>\"") || !text_append(list, size, *list ? ", %s" : "%s", value))
        return err_set(r->err, -EINVAL,
                       "'%.80s' is no address, or one too many: write 701 or sip:701@pbx.example",
                       value);
    return 0;
}

static int set_expires(struct config_reading *r, const char *value, void *to, size_t size)
{
    uint64_t milliseconds;
    uint32_t seconds;

    (void)size;
    if (!text_duration(value, &milliseconds) || milliseconds < 1000 || milliseconds > 86400000)
        return err_set(r->err, -EINVAL, "'%.80s' is no span from 1s to 24h: write 3600 or 1h",
                       value);
    seconds = (uint32_t)(milliseconds / 1000);
    memcpy(to, &seconds, sizeof(seconds));
    return 0;
}

/* The first line of the file. */
static int set_from_file(struct config_reading *r, const char *value, void *to, size_t size)
{
    FILE *file = fopen(value, "re");
    char line[160] = "";

    if (!file)
        return err_set(r->err, -errno, "%.200s: %s", value, strerror(errno));
    if (!fgets(line, sizeof(line), file))
        line[0] = '\0';
    (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    if (!line[0] || !text_copy(to, size, line))
        return err_set(r->err, -EINVAL, "%.200s: its first line must be the password", value);
    return 0;
}

/* clang-format off */
static const struct {
    const char *name;
    config_set_value *set;
    size_t offset, size;
    bool repeats;
} keys[] = {
    { "registrar",          config_set_uri,    FIELD(registrar),     false },
    { "aor",                set_addresses,     FIELD(aor),           true  },
    { "auth-user",          config_set_text,   FIELD(auth_user),     false },
    { "auth-password",      config_set_text,   FIELD(auth_password), false },
    { "auth-password-file", set_from_file,     FIELD(auth_password), false },
    { "outbound",           config_set_uri,    FIELD(outbound),      false },
    { "expires",            set_expires,       FIELD(expires),       false },
    { "unregister",         config_set_switch, FIELD(unregister),    false },
};
/* clang-format on */

#define KEYS (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEYS <= 32, "each key of an account has its mark");

/* ---- sections ---- */

bool config_is_register(const char *section)
{
    return text_starts(section, PREFIX);
}

static bool is_name(const char *name)
{
    return *name && strlen(name) < 40 &&
           !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")];
}

int config_register(struct config_reading *r, const char *section, unsigned *index)
{
    const char *name = section + strlen(PREFIX);
    struct sip_config *sip = &r->config->sip;
    unsigned i = 0;

    if (!is_name(name))
        return err_set(r->err, -EINVAL,
                       "'%.60s' is no section for an account: write [register.NAME] with up to 39 "
                       "letters, digits, and _ - .",
                       section);
    while (i < sip->register_count && !text_is_nocase(sip->registers[i].name, name))
        i++;
    if (i == SIP_REGISTERS_MAX)
        return err_set(r->err, -EINVAL, "'%.60s' is one account too many: %d are allowed", section,
                       SIP_REGISTERS_MAX);
    if (i == sip->register_count) {
        memset(&sip->registers[i], 0, sizeof(sip->registers[i]));
        (void)text_copy(sip->registers[i].name, sizeof(sip->registers[i].name), name);
        sip->register_count++;
    }
    *index = i;
    return 0;
}

static int unknown_key(struct config_reading *r, const char *name)
{
    const char *words[KEYS], *nearest;

    for (size_t i = 0; i < KEYS; i++)
        words[i] = keys[i].name;
    nearest = nearest_word(name, words, KEYS);
    if (nearest)
        return err_set(r->err, -EINVAL, "unknown key '%.40s': did you mean '%s'?", name, nearest);
    return err_set(r->err, -EINVAL, "unknown key '%.40s'", name);
}

int config_take_register(struct config_reading *r, const char *section, const char *name,
                         const char *value)
{
    unsigned which = 0;
    size_t i = 0;

    if (config_register(r, section, &which))
        return -EINVAL;
    while (i < KEYS && !text_is(keys[i].name, name))
        i++;
    if (i == KEYS)
        return unknown_key(r, name);
    if (!keys[i].repeats && r->register_seen[which] & UINT32_C(1) << i)
        return err_set(r->err, -EINVAL, "'%s' is given twice: keep one of them", name);
    r->register_seen[which] |= UINT32_C(1) << i;
    if (!*value)
        return err_set(r->err, -EINVAL, "'%s' has no value: write one, or take the line out", name);
    if (keys[i].set(r, value, (char *)&r->config->sip.registers[which] + keys[i].offset,
                    keys[i].size))
        return err_prefix(r->err, "[%.60s] %s: ", section, keys[i].name);
    return 0;
}

int config_check_registers(const struct app_config *config, struct err *err)
{
    for (unsigned i = 0; i < config->sip.register_count; i++) {
        const struct sip_register *r = &config->sip.registers[i];

        if (!r->registrar[0] || !r->aor[0])
            return err_set(err, -EINVAL,
                           "[register.%.40s] is not whole: say in registrar where the account is "
                           "(sip:pbx.example), and in aor which it is",
                           r->name);
    }
    return 0;
}
