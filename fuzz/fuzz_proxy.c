/* X-Forwarded-For and X-Forwarded-Proto, as anybody may write them in front of a proxy that adds to
 * them. Whoever is found is an address that the list has, and it fits. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/network.h"
#include "base/text.h"
#include "http/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network proxies[2];
    char *list = malloc(size + 1), source[64] = "192.0.2.1";

    assert(list && network_read("192.0.2.0/24", &proxies[0]) &&
           network_read("2001:db8::/32", &proxies[1]));
    if (size > 0)
        memcpy(list, data, size);
    list[size] = '\0';
    forwarded_source(source, list, proxies, 2);
    assert(memchr(source, 0, sizeof source) && text_is_plain(source));
    (void)forwarded_trusts(proxies, 2, source);
    (void)forwarded_secure(list);
    free(list);
    return 0;
}
