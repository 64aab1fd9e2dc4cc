/* Where the SDP of a message is: the whole body, or one part of a multipart body (RFC 5621). The
 * library's own multipart reader asserts what a stranger wrote, so this one is ours: it only looks.
 */
#include "sip/edge.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define PARTS_MAX 16

struct piece {
    const char *at;
    size_t length;
};

static const char *find(struct piece in, const char *what)
{
    return in.length ? memmem(in.at, in.length, what, strlen(what)) : NULL;
}

static struct piece rest_from(struct piece in, const char *at)
{
    return (struct piece){ at, in.length - (size_t)(at - in.at) };
}

/* "--" and the boundary parameter of Content-Type, without its quotes; false if there is none. */
static bool read_boundary(char to[80], const sip_content_type_t *type)
{
    const char *value = msg_params_find(type->c_params, "boundary=");
    size_t length;

    if (!value)
        return false;
    value += *value == '"';
    length = strcspn(value, "\"");
    text_copy(to, 80, "--");
    return length > 0 && length <= 70 && text_copy_n(to + 2, 78, value, length);
}

/* The headers of a part end at the first empty line. */
static bool is_sdp_part(struct piece part, struct piece *body)
{
    static const char name[] = "content-type:";
    const char *end = find(part, "\r\n\r\n"), *at = part.at;

    if (!end)
        return false;
    *body = rest_from(part, end + 4);
    for (; at < end; at = memmem(at, (size_t)(end + 2 - at), "\r\n", 2), at += 2) {
        if (strncasecmp(at, name, strlen(name)) != 0)
            continue;
        at += strlen(name);
        at += strspn(at, " \t");
        return strncasecmp(at, "application/sdp", strlen("application/sdp")) == 0;
    }
    return false;
}

static bool find_part(const char *boundary, struct piece whole, struct piece *body)
{
    const char *at = find(whole, boundary), *end;

    for (unsigned n = 0; at && n < PARTS_MAX; n++) {
        struct piece part = rest_from(whole, at + strlen(boundary));

        if (part.length < 2 || memcmp(part.at, "\r\n", 2) != 0)
            return false; /* "--": the last */
        part = rest_from(part, part.at + 2);
        end = find(part, boundary);
        if (!end)
            return false;
        part.length = (size_t)(end - part.at);
        if (is_sdp_part(part, body))
            return true;
        at = end;
    }
    return false;
}

static bool is_type(const sip_content_type_t *type, const char *name)
{
    return type && text_is_nocase(type->c_type, name);
}

static bool is_encoded(const sip_t *sip)
{
    const sip_content_encoding_t *e = sip->sip_content_encoding;

    return e && e->k_items && e->k_items[0] && !text_is_nocase(e->k_items[0], "identity");
}

bool headers_sdp(const sip_t *sip, const char **text, size_t *length, uint16_t *refusal)
{
    const sip_payload_t *payload = sip->sip_payload;
    struct piece body;
    char boundary[80];
    bool found = false;

    *refusal = 0;
    if (!payload || !payload->pl_len)
        return false;
    body = (struct piece){ payload->pl_data, payload->pl_len };
    if (is_encoded(sip))
        found = false;
    else if (is_type(sip->sip_content_type, "application/sdp"))
        found = true;
    else if (is_type(sip->sip_content_type, "multipart/mixed") ||
             is_type(sip->sip_content_type, "multipart/alternative"))
        found = read_boundary(boundary, sip->sip_content_type) && find_part(boundary, body, &body);
    *refusal = found ? 0 : 415;
    *text = body.at;
    *length = body.length;
    return found;
}
