/* The sections [register.NAME] of callpark.conf: accounts of ours at other systems. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/config_named.h"
#include "base/text.h"

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
static const struct config_named_key keys[] = {
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

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= 32, "each key of an account has its mark");

const struct config_named config_registers = {
    .prefix = "register.",
    .one = "account",
    .article = "an",
    .keys = keys,
    .key_count = sizeof(keys) / sizeof(keys[0]),
    .items = offsetof(struct sip_config, registers),
    .item_size = sizeof(struct sip_register),
    .count = offsetof(struct sip_config, register_count),
    .most = SIP_REGISTERS_MAX,
    .marks = offsetof(struct config_reading, register_seen),
};

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
