/* Ids as people and programs see them: a word that says of what, and base 32. */
#include "api/ask.h"

#include <string.h>

#include "base/text.h"

static const char *write(char to[IDENT_SIZE], const char *prefix, uint64_t id)
{
    char digits[14];

    text_base32(digits, id);
    (void)text_format(to, IDENT_SIZE, "%s%s", prefix, digits); /* fits */
    return to;
}

static bool read(const char *text, const char *prefix, uint64_t *id)
{
    uint64_t value;

    if (!text_starts(text, prefix) || !text_base32_read(text + strlen(prefix), &value) || !value)
        return false;
    *id = value;
    return true;
}

const char *ident_range(char to[IDENT_SIZE], range_id id)
{
    return write(to, "rng_", id);
}

const char *ident_call(char to[IDENT_SIZE], call_id id)
{
    return write(to, "call_", id);
}

bool ident_range_read(const char *text, range_id *id)
{
    return read(text, "rng_", id);
}

bool ident_call_read(const char *text, call_id *id)
{
    return read(text, "call_", id);
}

const char *ident_binding(char to[IDENT_SIZE], binding_id id)
{
    return write(to, "rb_", id);
}

const char *ident_token(char to[IDENT_SIZE], token_id id)
{
    return write(to, "tok_", id);
}

const char *ident_login(char to[IDENT_SIZE], login_id id)
{
    return write(to, "ses_", id);
}

bool ident_binding_read(const char *text, binding_id *id)
{
    return read(text, "rb_", id);
}

bool ident_token_read(const char *text, token_id *id)
{
    return read(text, "tok_", id);
}

bool ident_login_read(const char *text, login_id *id)
{
    return read(text, "ses_", id);
}
