/* Who is behind a proxy, as X-Forwarded-For tells. Pure text work. Internal to src/http. */
#ifndef CALLPARK_HTTP_FORWARDED_H
#define CALLPARK_HTTP_FORWARDED_H

#include <stdbool.h>

#include "base/network.h"

bool forwarded_trusts(const struct network *proxies, unsigned count, const char *address);

/* `list` is the header, each proxy having added at the end whom it heard: "client, proxy1". Puts
 * the last address that is no proxy of ours in `source`: whatever stands before it may be invented.
 * When all are proxies it is the first; what is no address ends the search. */
void forwarded_source(char source[64], const char *list, const struct network *proxies,
                      unsigned count);

/* Does the last word of X-Forwarded-Proto, which the proxy next to us wrote, say https? */
bool forwarded_secure(const char *list);

#endif
