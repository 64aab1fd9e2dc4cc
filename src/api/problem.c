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
      "Send Content-Type: application/json; an import takes text/csv as well. Music is sent as the file itself." },
    { "not-signed-in", 401, "You are not signed in",
      "A browser signs in (POST /api/v1/auth/login) and is known by a cookie until the session ends, after "
      "half an hour without a request or twelve hours at the latest. Programs send 'Authorization: Bearer "
      "TOKEN' with a token of their user (POST /api/v1/tokens), or the first token, which is in a file that "
      "only the server's user can read. The admin socket needs none." },
    { "wrong-credentials", 401, "The name or the password is wrong",
      "It is not said which of them, so that nobody can find out names. A user who is disabled or has no "
      "password cannot sign in either. An administrator can set a new password, or make a link that signs "
      "in once ('callparkctl setup --user NAME')." },
    { "not-permitted", 403, "That is not allowed",
      "You are known, but this is not for you. 'required' names the permission that is missing; an "
      "administrator gives roles, for the whole deployment, a site, a destination or a range. Only root and "
      "the user that runs callparkd may use the admin socket." },
    { "cross-site", 403, "The request came from another page",
      "With a cookie only requests that a page of this server sends are done: the browser says so in "
      "Sec-Fetch-Site or Origin, and the body is application/json. Programs send a token instead, for which "
      "this does not count. Behind a proxy that changes the host, set [web] public-url." },
    { "rate-limited", 429, "Too many requests",
      "Wait as long as Retry-After says. Failed sign-ins are delayed for longer each time, by name and by "
      "address, ten minutes at most; requests are limited by [web] rate-limit, each asker for himself." },
    { "setup-done", 409, "The server is set up",
      "There is an administrator, so nobody else becomes the first one. Sign in; if nobody can, 'callparkctl "
      "setup --user NAME' on the server makes a link that signs in once." },
    { "setup-token", 403, "The set-up token is wrong",
      "The token is in the log of callparkd and good for 30 minutes and one use. 'callparkctl setup' on the "
      "server makes a new one." },
    { "weak-password", 422, "The password is too weak",
      "A password has at least 10 characters and is not the name of its user. A few words are easier to keep "
      "in mind than signs and digits." },
    { "last-administrator", 409, "Nobody would be left to administer",
      "The last user who has the role administrator everywhere is not removed, disabled, or taken the role "
      "from. Give it to another one first." },
    { "not-undoable", 409, "This cannot be undone",
      "Changes of ranges and of settings can be undone; what happened to calls and to users cannot." },
    { "undo-conflict", 409, "It has been changed again",
      "What is there now is not what that change had made. 'current' shows it, 'before' what would be made of "
      "it. ?force=true does it all the same." },
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
    { "park-failed", 502, "The call was not parked",
      "Who was called did not take the call: there is no such dialog there (481), his device does not know "
      "Replaces (420), he is busy, or nobody answered. No orbit is held for it; his own call is as it was." },
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
    { "music-unreadable", 422, "That is no music",
      "A file of music is WAV, FLAC, OGG or MP3 (what an installed ffmpeg reads, such as WMA, is taken as well), "
      "whole, at most 64 MiB, at least a second long and not silent. The detail says what is wrong with this one. "
      "Nothing was changed." },
    { "music-too-large", 409, "The music is too large for one document",
      "A document of definitions holds at most 64 MiB of music. Ask for it without music=true, and for the files "
      "one by one. A backup has all of them." },
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
    { "backup-unreadable", 422, "This backup cannot be used",
      "A restore takes a file that 'callparkctl system backup' wrote, by its path on the server, and the user "
      "of callparkd must be able to read it. The detail says what is in the way. Nothing was changed." },
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
    { "body-too-large", 413, "The body is too large", "A body is at most 1 MiB, a file of music 64 MiB, a document of definitions 96 MiB. Send less at once." },
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

/* The texts are ours, so nothing in them needs to be escaped but & and <. */
static void add_escaped(char *to, size_t size, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            (void)text_append(to, size, "&amp;"); /* five times as long always fits */
        else if (*text == '<')
            (void)text_append(to, size, "&lt;");
        else
            (void)text_append(to, size, "%c", *text);
    }
}

static char *as_html(const struct problem *p)
{
    size_t size = 5 * (strlen(p->title) + strlen(p->help)) + strlen(p->slug) + 512;
    char *text = malloc(size);

    if (!text)
        return NULL;
    (void)text_copy(text, size,
                    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    add_escaped(text, size, p->title);
    (void)text_append(text, size, "</title>\n<h1>");
    add_escaped(text, size, p->title);
    (void)text_append(text, size, "</h1>\n<p>");
    add_escaped(text, size, p->help);
    (void)text_append(text, size, "</p>\n<p><code>%s</code>, status %u</p>\n</html>\n", p->slug,
                      p->status);
    return text;
}

static char *as_text(const struct problem *p)
{
    size_t size = strlen(p->title) + strlen(p->help) + strlen(p->slug) + 64;
    char *text = malloc(size);

    if (text)
        (void)text_format(text, size, "%s\n\n%s\n\n(%s, status %u)\n", p->title, p->help, p->slug,
                          p->status); /* fits */
    return text;
}

enum form { FORM_TEXT, FORM_JSON, FORM_HTML };

/* A browser names text/html first; who names nothing gets what reads well in a terminal. */
static enum form form_of(const char *accept)
{
    const char *html = strstr(accept, "text/html"), *json = strstr(accept, "application/json");

    if (html && (!json || html < json))
        return FORM_HTML;
    return json ? FORM_JSON : FORM_TEXT;
}

void get_problem(struct ask *q)
{
    const struct problem *p = problem_find(q->part);

    if (!p) {
        reply_problem(q, "not-found", NULL, "There is no problem of the name '%.64s'.", q->part);
        return;
    }
    q->reply.cache_control = "max-age=3600";
    q->reply.vary = "Accept";
    switch (form_of(q->rq->accept)) {
    case FORM_HTML:
        reply_text(q, 200, "text/html; charset=utf-8", as_html(p));
        return;
    case FORM_JSON:
        reply_json(q, 200,
                   json_pack("{s:s+, s:s, s:i, s:s}", "type", "/api/problems/", p->slug, "title",
                             p->title, "status", (int)p->status, "help", p->help));
        return;
    case FORM_TEXT:
        reply_text(q, 200, "text/plain; charset=utf-8", as_text(p));
    }
}
