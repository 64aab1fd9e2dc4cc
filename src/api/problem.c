/* Every kind of problem that the API can answer with: its status, its title, and the page that says
 * what to do about it. The names are part of the contract and never change their meaning. */
#include "api/ask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* clang-format off */
static const struct problem problems[] = {
    { "invalid-request", 400, "The request cannot be read",
      "The body or a parameter is not in the form that is asked for here: no JSON, a field that does not "
      "exist, a value of the wrong type, or an unknown parameter. 'errors' names the place; where a word is "
      "near one that exists, that one is named. Nothing was changed." },
    { "unsupported-media-type", 415, "The body has the wrong type",
      "Send Content-Type: application/json; an import takes text/csv as well." },
    { "not-signed-in", 401, "A token is needed",
      "Over HTTP every request carries 'Authorization: Bearer TOKEN'. The token was made at the first start, "
      "in a file that only the server's user can read. The admin socket needs none." },
    { "not-permitted", 403, "That is not allowed",
      "You are known, but this is not for you. Only root and the user that runs callparkd may use the admin "
      "socket." },
    { "not-found", 404, "There is no such thing",
      "The path or the id in it is not known. Lists show what there is." },
    { "method-not-allowed", 405, "That cannot be done to this",
      "The path exists, but not with this method. The Allow header lists those that it has." },
    { "call-gone", 410, "The call has ended",
      "The call left its orbit: it was retrieved, forwarded, hung up, or gave up. Its record says how: "
      "/api/v1/call-records?call=ID." },
    { "call-busy", 409, "The call cannot do that now",
      "Something else is under way with this call, such as a retriever who is just being connected. Look at "
      "its state and try again in a moment." },
    { "precondition-required", 428, "Say which version you have seen",
      "A change names the version it was made for, so that two administrators cannot undo each other's work "
      "unseen: send the ETag of your last GET as If-Match, or If-Match: * to change it in any case." },
    { "precondition-failed", 412, "Somebody else changed it",
      "The version in If-Match is not the present one any more. 'current' shows what is there now; merge "
      "your change and send it again with the new ETag." },
    { "missing-field", 422, "A field is missing",
      "A field that this needs is not in the body. 'errors' names it." },
    { "invalid-value", 422, "A value is not allowed",
      "The value has the right type and is out of its bounds. The detail says what is allowed." },
    { "invalid-name", 422, "The name is not allowed",
      "A name has 1 to 64 characters, no control characters, and is not only spaces." },
    { "invalid-number", 422, "That is no number for a range",
      "A number is * or # or nothing, then a digit from 1 to 9, then digits: at most nine characters in all. "
      "With * or # its digits are 100 or more and at most eight." },
    { "length-mismatch", 422, "Start and end do not fit together",
      "Both ends of a range have the same prefix and the same number of digits, and the start is not above "
      "the end." },
    { "range-too-large", 422, "The range is too large",
      "A range holds at most 10,000 numbers. Make two of it." },
    { "pool-capacity", 409, "The destination is full",
      "The ranges of one destination hold fewer than 50,000 numbers together. Use another destination or "
      "shrink a range." },
    { "too-many", 409, "There are too many of these",
      "The table is full. Remove what is not needed any more." },
    { "range-overlap", 409, "The range overlaps another range",
      "No number is in two ranges of the deployment, whatever their types or destinations. 'conflicts' lists "
      "the ranges in the way, 'suggestion' is the nearest free block of the same size." },
    { "range-in-use", 409, "Calls are parked there",
      "The change would take away numbers at which calls are parked; 'calls' lists them. Use ?mode=drain to "
      "wait for them, or ?mode=force to ring each back at once. The type of a range cannot change while it "
      "is in use." },
    { "in-use", 409, "Something refers to it",
      "It can be removed when nothing refers to it any more. The detail says what does." },
    { "name-taken", 409, "The name is taken",
      "Names are unique without regard to case. Choose another, or change the one that has it." },
    { "unknown-destination", 422, "The destination is not known",
      "A range belongs to a destination that exists. Add it first (POST /api/v1/destinations), or use one of "
      "those in the detail." },
    { "demo-failed", 503, "The demo did not start",
      "The demo is 'callparkctl demo', which calls this server over SIP. The detail says what it met: a range "
      "with free numbers is needed, the admin socket, and [sip] trusted must hold the server itself "
      "(127.0.0.1). With status 409 one runs already." },
    { "idempotency-conflict", 422, "The Idempotency-Key was used for another request",
      "A key stands for one request, with its path, its query and its body, for 24 hours. Send a new key "
      "with a new request. With status 409 the first request of this key is still being worked on: ask "
      "again in a moment, with the same key." },
    { "no-free-orbit", 503, "No orbit is free",
      "Every number of the range holds a call. Wait, or make the range larger." },
    { "store-failed", 503, "The store did not take it",
      "Nothing was changed, because it could not be written. /readyz?verbose says how the store is." },
    { "overloaded", 503, "The server is busy",
      "Too much waits already. Try again after the time in Retry-After." },
    { "stopping", 503, "The server is stopping", "Try again when it has started." },
    { "too-many-streams", 503, "Too many event streams",
      "Each open page and each 'event tail' holds one. Close some." },
    { "body-too-large", 413, "The body is too large", "A body is at most 1 MiB. Send less at once." },
    { "uri-too-long", 414, "The address is too long",
      "A path is at most 511 bytes and a query 2047." },
    { "header-too-large", 431, "A header is too long", "Shorten it." },
    { "bad-request", 400, "The address cannot be read",
      "Its escapes must be whole (%2A), and none may be %00." },
    { "method-unknown", 501, "The method is not known", "Use GET, HEAD, POST, PUT, PATCH or DELETE." },
};
/* clang-format on */

const struct problem *problem_find(const char *slug)
{
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++)
        if (strcmp(problems[i].slug, slug) == 0)
            return &problems[i];
    return NULL;
}

json_t *problem_json(const char *slug, const char *pointer, const char *detail)
{
    const struct problem *p = problem_find(slug);
    char type[64];
    json_t *body;

    assert(p); /* a misspelt name in our own code */
    (void)text_format(type, sizeof type, "/api/problems/%s", slug); /* fits */
    body = json_pack("{s:s, s:s, s:i, s:o}", "type", type, "title", p->title, "status",
                     (int)p->status, "detail", show_text(detail));
    if (pointer && pointer[0])
        (void)json_object_set_new(
            body, "errors",
            json_pack("[{s:o, s:o}]", "pointer", show_text(pointer), "detail", show_text(detail)));
    return body;
}

void get_problem(struct ask *q)
{
    const struct problem *p = problem_find(q->part);
    char *text;
    size_t size;

    if (!p) {
        reply_problem(q, "not-found", NULL, "There is no problem of the name '%.64s'.", q->part);
        return;
    }
    size = strlen(p->title) + strlen(p->help) + strlen(p->slug) + 64;
    text = malloc(size);
    if (text)
        (void)text_format(text, size, "%s\n\n%s\n\n(%s, status %u)\n", p->title, p->help, p->slug,
                          p->status); /* fits */
    q->reply.cache_control = "max-age=3600";
    reply_text(q, 200, "text/plain; charset=utf-8", text);
}
