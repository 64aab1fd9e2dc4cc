/* Who may ask. On the admin socket the kernel says which user it is, and only our own and root may;
 * on TCP the token of the first start is needed. */
#include <string.h>
#include <unistd.h>

#include "api/ask.h"
#include "base/network.h"
#include "base/text.h"

static bool from_loopback(const struct http_request *rq)
{
    static const char *const loopback[] = { "127.0.0.0/8", "::1" };
    struct network n;

    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++)
        if (network_read(loopback[i], &n) && network_holds_text(&n, rq->source))
            return true;
    return false;
}

static void is_master(struct ask *q, enum identity_kind kind)
{
    q->who.kind = kind;
    (void)text_copy(q->who.name, sizeof q->who.name, q->actor); /* the same size */
    rights_all(&q->who.rights);
}

static bool allow_socket(struct ask *q)
{
    (void)text_format(q->actor, sizeof q->actor, "user %u on the admin socket",
                      (unsigned)q->rq->uid); /* fits */
    is_master(q, WHO_SOCKET);
    if (q->rq->uid == 0 || q->rq->uid == geteuid())
        return true;
    reply_problem(q, "not-permitted", NULL,
                  "User %u may not use the admin socket: only root and the user of callparkd may. "
                  "Use sudo, or the token over HTTP.",
                  (unsigned)q->rq->uid);
    return false;
}

static bool allow_token(struct ask *q)
{
    const char *given = q->rq->authorization;
    char scheme[8] = "";

    (void)text_copy_n(scheme, sizeof scheme, given, strnlen(given, 7));
    (void)text_format(q->actor, sizeof q->actor, "first token from %s", q->rq->source); /* fits */
    is_master(q, WHO_FIRST_TOKEN);
    if (text_is_nocase(scheme, "Bearer ") && app_token_is(q->app, given + 7))
        return true;
    reply_problem(q, "not-signed-in", NULL,
                  "%s Send 'Authorization: Bearer TOKEN'; the server keeps its token in %s.",
                  *given ? "This is not the token of this server." : "A token is needed here.",
                  app_token_path(q->app));
    return false;
}

bool auth_allows(struct ask *q, bool open_on_loopback)
{
    if (q->rq->by_socket)
        return allow_socket(q);
    if (open_on_loopback && from_loopback(q->rq)) {
        (void)text_format(q->who.name, sizeof q->who.name, "nobody from %s", q->rq->source);
        return true;
    }
    return allow_token(q);
}
