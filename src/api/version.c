/* Lost updates are prevented: whoever changes a thing says which version he has seen (RFC
 * 9110 13.1.1), and is shown the present one when that is another. */
#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "base/text.h"

void version_etag(struct ask *q, uint32_t version)
{
    (void)text_format(q->reply.etag, sizeof q->reply.etag, "\"%u\"", version); /* fits */
}

/* Is `etag` in a list such as `"3", "4"`, or the list a star? Weak ones never match strongly. */
static bool listed(const char *list, const char *etag)
{
    size_t length = strlen(etag);

    while (*list) {
        list += strspn(list, " \t,");
        if (*list == '*' || strncmp(list, etag, length) == 0)
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

static bool matches(const struct ask *q, uint32_t present)
{
    char etag[32];

    (void)text_format(etag, sizeof etag, "\"%u\"", present); /* fits */
    return listed(q->rq->if_match, etag);
}

static void refuse(struct ask *q, uint32_t present)
{
    json_t *more = json_object();

    if (q->current)
        (void)json_object_set_new(more, "current", q->current(q));
    version_etag(q, present);
    reply_problem_with(q, "precondition-failed", NULL, more,
                       "It was changed in the meantime: you have version %s, version %u is there, "
                       "shown in 'current'. Look at it and ask again with If-Match: \"%u\".",
                       q->rq->if_match, present, present);
}

bool version_matches(struct ask *q, uint32_t present, struct admin_change *change)
{
    if (!q->rq->if_match[0]) {
        version_etag(q, present);
        reply_problem(q, "precondition-required", NULL,
                      "Say which version you have seen, so that nobody's change is lost: send "
                      "If-Match: \"%u\", or If-Match: * to change it whatever it is.",
                      present);
        return false;
    }
    if (!matches(q, present)) {
        refuse(q, present);
        return false;
    }
    change->check_version = strchr(q->rq->if_match, '*') == NULL;
    change->version = present;
    return true;
}

bool version_not_wrong(struct ask *q, uint32_t present)
{
    if (!q->rq->if_match[0] || matches(q, present))
        return true;
    refuse(q, present);
    return false;
}
