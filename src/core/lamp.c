/* See lamp.h. */
#include <string.h>

#include "base/text.h"
#include "core/lamp.h"

#define MARK "pk-"       /* begins the Call-ID of a dialog that does not exist */
#define HOST "@callpark" /* ends it */
#define PROOF_BYTES 8    /* of the bytes go into each of the four */
#define PROOF_DIGITS ((size_t)2 * PROOF_BYTES)

static bool is_lit(const struct call *c)
{
    switch (c->state) {
    case CALL_PARKED:
    case CALL_RINGING_BACK:
    case CALL_FORWARDING:
    case CALL_RETRIEVING:
        return c->has_orbit;
    case CALL_NONE:
    case CALL_SAVING:
    case CALL_FETCHING:
    case CALL_REPARKING:
    case CALL_TELLING:
    case CALL_CONNECTED:
    case CALL_LEAVING:
    case CALL_ENDED:
    case CALL_STATES:
        break;
    }
    return false;
}

void lamp_of(const struct call *c, struct orbit_lamp *out)
{
    memset(out, 0, sizeof *out);
    out->orbit = c->orbit;
    out->call = c->id;
    out->lit = is_lit(c);
    out->how = c->rules.lamp;
    if (!out->lit || c->caller.hidden)
        return;
    (void)text_copy(out->display, sizeof out->display, c->caller.display);
    (void)text_copy(out->uri, sizeof out->uri, c->caller.uri);
}

/* ---- ids ---- */

static void append_hex(char *to, size_t size, const unsigned char *bytes)
{
    static const char digits[] = "0123456789abcdef";
    char hex[PROOF_DIGITS];

    for (size_t i = 0; i < PROOF_BYTES; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    (void)text_copy_n(to + strlen(to), size - strlen(to), hex, sizeof hex);
}

void pickup_write(struct pickup *to, call_id call, const unsigned char bytes[PICKUP_BYTES])
{
    memset(to, 0, sizeof *to);
    (void)text_format(to->call_id, sizeof to->call_id, MARK "%llx", (unsigned long long)call);
    append_hex(to->call_id, sizeof to->call_id, bytes);
    (void)text_append(to->call_id, sizeof to->call_id, HOST); /* all of them fit */
    append_hex(to->our_tag, sizeof to->our_tag, bytes + PROOF_BYTES);
    append_hex(to->their_tag, sizeof to->their_tag, bytes + (size_t)2 * PROOF_BYTES);
    (void)text_format(to->ticket, sizeof to->ticket, "%llx", (unsigned long long)call);
    append_hex(to->ticket, sizeof to->ticket, bytes + (size_t)3 * PROOF_BYTES);
}

/* The call stands in front of the proof. */
static call_id read_call(const char *hex, size_t length)
{
    call_id call = 0;

    if (length <= PROOF_DIGITS || length > PROOF_DIGITS + 16)
        return 0;
    for (size_t i = 0; i < length; i++) {
        int digit = text_hex_digit(hex[i]);

        if (digit < 0)
            return 0;
        if (i < length - PROOF_DIGITS)
            call = call << 4 | (call_id)digit;
    }
    return call;
}

call_id pickup_call(const char *text)
{
    size_t length = strlen(text), mark = strlen(MARK), host = strlen(HOST);

    if (length <= mark + host || !text_starts(text, MARK) || !text_is(text + length - host, HOST))
        return 0;
    return read_call(text + mark, length - mark - host);
}

call_id ticket_call(const char *ticket)
{
    return read_call(ticket, strlen(ticket));
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool is_same(const char *a, const char *b)
{
    size_t length = strlen(a);
    int different = 0;

    if (!length || length != strlen(b))
        return false;
    for (size_t i = 0; i < length; i++)
        different |= lower(a[i]) ^ lower(b[i]);
    return !different;
}

bool pickup_fits(const struct pickup *own, const char *name, const char *tag, const char *other)
{
    bool same = is_same(own->call_id, name);
    bool straight = is_same(own->our_tag, tag) + is_same(own->their_tag, other) == 2;
    bool crossed = is_same(own->their_tag, tag) + is_same(own->our_tag, other) == 2;

    return same & (straight | crossed);
}

bool ticket_fits(const struct pickup *own, const char *ticket)
{
    return is_same(own->ticket, ticket);
}
