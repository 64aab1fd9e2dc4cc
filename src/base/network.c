/* Reading and comparing networks; both families in one 128-bit form. */
#include "base/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

#define TEXT_SIZE 64

static bool read_address(const char *text, uint8_t address[16], bool *is_v4)
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    char bare[TEXT_SIZE];
    size_t length = strlen(text);

    if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
        if (!text_copy_n(bare, sizeof(bare), text + 1, length - 2))
            return false;
    } else if (!text_copy(bare, sizeof(bare), text)) {
        return false;
    }
    *is_v4 = inet_pton(AF_INET, bare, address + 12) == 1;
    if (*is_v4) {
        memcpy(address, mapped, sizeof(mapped));
        return true;
    }
    return inet_pton(AF_INET6, bare, address) == 1;
}

bool network_read(const char *text, struct network *n)
{
    char address[TEXT_SIZE];
    struct network found = { .bits = 128 };
    const char *stroke = strchr(text, '/');
    uint64_t bits = 0;
    bool is_v4;

    if (!text_copy_n(address, sizeof(address), text,
                     stroke ? (size_t)(stroke - text) : strlen(text)) ||
        !read_address(address, found.address, &is_v4))
        return false;
    if (stroke) {
        if (!text_number(stroke + 1, 0, is_v4 ? 32 : 128, &bits))
            return false;
        found.bits = (unsigned)bits + (is_v4 ? 96 : 0);
    }
    *n = found;
    return true;
}

bool network_holds(const struct network *n, const char *address)
{
    uint8_t other[16];
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    bool is_v4;

    if (!read_address(address, other, &is_v4) || memcmp(n->address, other, whole) != 0)
        return false;
    return !rest || (n->address[whole] ^ other[whole]) >> (8 - rest) == 0;
}
