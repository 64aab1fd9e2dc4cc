/* Addresses from text and from the system, and back. */
#include "media/endpoint.h"

#include <arpa/inet.h>
#include <string.h>

bool endpoint_any(struct endpoint *e, const char *host, uint16_t port)
{
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };

    *e = (struct endpoint){ .port = port };
    if (inet_pton(AF_INET, host, e->host) == 1) {
        e->family = FAMILY_4;
    } else if (inet_pton(AF_INET6, host, e->host) == 1) {
        e->family = FAMILY_6;
        if (memcmp(e->host, mapped, sizeof mapped) == 0) {
            memmove(e->host, e->host + 12, 4);
            memset(e->host + 4, 0, 12);
            e->family = FAMILY_4;
        }
    }
    return e->family != FAMILY_NONE;
}

bool endpoint_read(struct endpoint *e, const char *host, uint16_t port)
{
    static const uint8_t nowhere[16];

    if (!endpoint_any(e, host, port) || port == 0 || memcmp(e->host, nowhere, 16) == 0)
        *e = (struct endpoint){ .family = FAMILY_NONE };
    return e->family != FAMILY_NONE;
}

socklen_t endpoint_to_socket(union endpoint_socket *s, const struct endpoint *e)
{
    memset(s, 0, sizeof *s);
    if (e->family == FAMILY_4) {
        s->v4.sin_family = AF_INET;
        s->v4.sin_port = htons(e->port);
        memcpy(&s->v4.sin_addr, e->host, 4);
        return sizeof s->v4;
    }
    s->v6.sin6_family = AF_INET6;
    s->v6.sin6_port = htons(e->port);
    memcpy(&s->v6.sin6_addr, e->host, 16);
    return sizeof s->v6;
}

void endpoint_from_socket(struct endpoint *e, const union endpoint_socket *s)
{
    *e = (struct endpoint){ .family = FAMILY_NONE };
    if (s->any.sa_family == AF_INET) {
        e->family = FAMILY_4;
        e->port = ntohs(s->v4.sin_port);
        memcpy(e->host, &s->v4.sin_addr, 4);
    } else if (s->any.sa_family == AF_INET6) {
        e->family = FAMILY_6;
        e->port = ntohs(s->v6.sin6_port);
        memcpy(e->host, &s->v6.sin6_addr, 16);
    }
}

void endpoint_to_address(struct address *a, const struct endpoint *e)
{
    a->port = e->port;
    a->host[0] = '\0';
    if (e->family != FAMILY_NONE)
        (void)inet_ntop(e->family == FAMILY_4 ? AF_INET : AF_INET6, e->host, a->host,
                        sizeof a->host); /* ADDRESS_SIZE is INET6_ADDRSTRLEN */
}

bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b)
{
    return a->family == b->family && a->family != FAMILY_NONE && memcmp(a->host, b->host, 16) == 0;
}

bool endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && endpoint_same_host(a, b);
}

static uint64_t mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 29;
}

uint32_t endpoint_hash(const struct endpoint *e, bool with_port, uint64_t seed)
{
    uint64_t half[2];

    memcpy(half, e->host, sizeof half);
    seed = mix(seed, half[0]);
    seed = mix(seed, half[1]);
    seed = mix(seed, (uint64_t)(with_port ? e->port : 0) << 8 | e->family);
    return (uint32_t)(mix(seed, seed >> 32) >> 32);
}
