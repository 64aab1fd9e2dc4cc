/* Reading X-Forwarded-For and X-Forwarded-Proto. Whether the peer may send them is decided in
 * headers.c. */
#include "http/forwarded.h"

#include <string.h>

#include "base/text.h"

bool forwarded_trusts(const struct network *proxies, unsigned count, const char *address)
{
    for (unsigned i = 0; i < count; i++)
        if (network_holds_text(&proxies[i], address))
            return true;
    return false;
}

/* Cut the last item off the first `*length` bytes of a list; false: there is none left. */
static bool last_item(const char *list, size_t *length, char *to, size_t size)
{
    size_t begin = *length;
    char item[128];

    if (*length == 0)
        return false;
    while (begin > 0 && list[begin - 1] != ',')
        begin--;
    if (!text_copy_n(item, sizeof item, list + begin, *length - begin))
        item[0] = '\0'; /* no address is that long */
    *length = begin > 0 ? begin - 1 : 0;
    return text_trim(to, size, item);
}

/* "192.0.2.7", "192.0.2.7:5000", "[2001:db8::7]:5000", "2001:db8::7": the address of it. */
static bool bare_address(char to[64], const char *item)
{
    const char *colon = strchr(item, ':');
    struct ip ip;

    if (item[0] == '[')
        (void)text_copy_n(to, 64, item + 1, strcspn(item + 1, "]")); /* ip_read judges it */
    else if (colon && !strchr(colon + 1, ':'))
        (void)text_copy_n(to, 64, item, (size_t)(colon - item)); /* the same */
    else
        (void)text_copy(to, 64, item);
    return ip_read(to, &ip);
}

void forwarded_source(char source[64], const char *list, const struct network *proxies,
                      unsigned count)
{
    size_t left = strlen(list);
    char item[80], address[64];

    while (last_item(list, &left, item, sizeof item) && bare_address(address, item)) {
        (void)text_copy(source, 64, address); /* the same size */
        if (!forwarded_trusts(proxies, count, address))
            return;
    }
}

bool forwarded_secure(const char *list)
{
    size_t length = strlen(list);
    char item[16];

    return last_item(list, &length, item, sizeof item) && text_is_nocase(item, "https");
}
