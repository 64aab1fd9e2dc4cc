/* Numeric addresses read by hand: inet_pton() is a call to outside, which the core does not make.
 */
#include "base/network.h"

#include <string.h>

#include "base/text.h"

static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };

/* "a.b.c.d", each at most 255 and without leading zeros (some readers take those for octal). */
static bool read_v4(const char *text, uint8_t to[4])
{
    for (int i = 0; i < 4; i++) {
        unsigned value = 0, digits = 0;

        for (; *text >= '0' && *text <= '9' && digits < 4; text++, digits++)
            value = value * 10 + (unsigned)(*text - '0');
        if (digits == 0 || value > 255 || (digits > 1 && text[-(int)digits] == '0'))
            return false;
        if (*text != (i < 3 ? '.' : '\0'))
            return false;
        text++;
        to[i] = (uint8_t)value;
    }
    return true;
}

/* One group of up to four hex digits. */
static bool take_group(const char **p, uint8_t to[2])
{
    unsigned value = 0, digits = 0;

    for (; digits < 5 && text_hex_digit(**p) >= 0; (*p)++, digits++)
        value = value * 16 + (unsigned)text_hex_digit(**p);
    if (digits == 0 || digits > 4)
        return false;
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
    return true;
}

/* RFC 4291 2.2: eight groups, or fewer with one `::`; the last two may be written as IPv4. */
static bool read_v6(const char *text, uint8_t to[16])
{
    uint8_t byte[16] = { 0 };
    int used = 0, gap = -1;

    if (text[0] == ':' && text[1] != ':')
        return false;
    while (*text) {
        if (text[0] == ':' && text[1] == ':') {
            if (gap >= 0)
                return false;
            gap = used;
            text += 2;
            continue;
        }
        if (used > 0 && gap != used && *text++ != ':')
            return false;
        if (used <= 12 && strchr(text, '.') && !strchr(text, ':')) {
            if (!read_v4(text, byte + used))
                return false;
            used += 4;
            break;
        }
        if (used == 16 || !take_group(&text, byte + used))
            return false;
        used += 2;
    }
    if (gap < 0 ? used != 16 : used > 14)
        return false;
    if (gap >= 0) {
        memmove(byte + 16 - (used - gap), byte + gap, (size_t)(used - gap));
        memset(byte + gap, 0, (size_t)(16 - used));
    }
    memcpy(to, byte, sizeof byte);
    return true;
}

bool ip_read(const char *text, struct ip *ip)
{
    uint8_t v4[4];

    if (!text)
        return false;
    if (strchr(text, ':'))
        return read_v6(text, ip->byte);
    if (!read_v4(text, v4))
        return false;
    memcpy(ip->byte, mapped, sizeof mapped);
    memcpy(ip->byte + 12, v4, sizeof v4);
    return true;
}

bool ip_is_v4(const struct ip *ip)
{
    return memcmp(ip->byte, mapped, sizeof mapped) == 0;
}

bool network_read(const char *text, struct network *n)
{
    const char *slash = text ? strchr(text, '/') : NULL;
    char address[48];
    uint64_t bits;
    struct ip ip;
    bool v4;

    if (!text ||
        !text_copy_n(address, sizeof address, text, slash ? (size_t)(slash - text) : strlen(text)))
        return false;
    if (!ip_read(address, &ip))
        return false;
    v4 = !strchr(address, ':');
    bits = v4 ? 32 : 128;
    if (slash && !text_number(slash + 1, 0, bits, &bits))
        return false;
    n->ip = ip;
    n->bits = (uint8_t)(bits + (v4 ? 96 : 0));
    return true;
}

bool network_holds(const struct network *n, const struct ip *ip)
{
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    uint8_t mask = (uint8_t)(0xFF00U >> rest);

    if (memcmp(n->ip.byte, ip->byte, whole) != 0)
        return false;
    return rest == 0 || ((n->ip.byte[whole] ^ ip->byte[whole]) & mask) == 0;
}

bool network_holds_text(const struct network *n, const char *address)
{
    char bare[48];
    size_t length = strlen(address);
    struct ip ip;

    if (length > 2 && address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    }
    if (length >= sizeof(bare))
        return false;
    memcpy(bare, address, length);
    bare[length] = '\0';
    return ip_read(bare, &ip) && network_holds(n, &ip);
}
