/* Looking up a name without waiting: the C library does it on a thread of its own, and is asked
 * from time to time whether it has finished. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* getaddrinfo_a */
#endif

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/front_conn.h"

struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    char host[FQDN_SIZE], port[8];
};

struct lookup *lookup_start(const char *host, uint16_t port)
{
    struct lookup *l = calloc(1, sizeof *l);
    struct gaicb *list[1];

    if (!l)
        return NULL;
    (void)text_copy(l->host, sizeof l->host, host); /* the same size */
    (void)text_format(l->port, sizeof l->port, "%u", port);
    l->hints.ai_socktype = SOCK_STREAM;
    l->request.ar_name = l->host;
    l->request.ar_service = l->port;
    l->request.ar_request = &l->hints;
    list[0] = &l->request;
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) == 0)
        return l;
    free(l);
    return NULL;
}

int lookup_take(struct lookup *l, struct sockaddr_storage *to, socklen_t *size)
{
    int result = gai_error(&l->request);
    const struct addrinfo *found = l->request.ar_result;

    if (result == EAI_INPROGRESS)
        return 0;
    if (result || !found || found->ai_addrlen > sizeof *to)
        return -1;
    memcpy(to, found->ai_addr, found->ai_addrlen);
    *size = found->ai_addrlen;
    return 1;
}

void lookup_free(struct lookup *l)
{
    const struct gaicb *list[1];

    if (!l)
        return;
    list[0] = &l->request;
    if (gai_cancel(&l->request) == EAI_NOTCANCELED)
        while (gai_error(&l->request) == EAI_INPROGRESS)
            (void)gai_suspend(list, 1, NULL); /* asked again above */
    if (l->request.ar_result)
        freeaddrinfo(l->request.ar_result);
    free(l);
}
