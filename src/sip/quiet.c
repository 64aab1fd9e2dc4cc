/* The library answers STUN that comes to a SIP port: with an address, or, told not to, with an
 * error. We serve no STUN there, and what nobody asked of us is not answered to whoever claims to
 * have sent it. */
#include "sip/edge.h"

#include <sofia-sip/tport_plugins.h>

static int nobody; /* the library wants to be given something */

static tport_stun_server_t *make(su_root_t *root, const tagi_t *tags)
{
    (void)root;
    (void)tags;
    return (tport_stun_server_t *)&nobody;
}

static void forget(tport_stun_server_t *server)
{
    (void)server;
}

static int ignore_socket(tport_stun_server_t *server, su_socket_t socket)
{
    (void)server;
    (void)socket;
    return 0;
}

static void ignore(tport_stun_server_t *server, su_socket_t socket, void *message, ssize_t size,
                   void *from, socklen_t from_size)
{
    (void)server;
    (void)socket;
    (void)message;
    (void)size;
    (void)from;
    (void)from_size;
}

void quiet_stun(void)
{
    static const tport_stun_server_vtable_t table = {
        .vst_size = sizeof table + 1, /* its check is the wrong way round: not above is too old */
        .vst_create = make,
        .vst_destroy = forget,
        .vst_add_socket = ignore_socket,
        .vst_remove_socket = ignore_socket,
        .vst_request = ignore,
    };

    (void)tport_plug_in_stun_server(&table); /* it is the only one, as nothing was before */
}
