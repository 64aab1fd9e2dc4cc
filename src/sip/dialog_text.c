/* The dialog of a leg as text: what the store keeps is written and read here. A line for each
 * thing, "name=value", so that a later version finds what it knows and passes over what it does
 * not. Pure.
 */
#include "sip/sip.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

enum field_kind { FIELD_BOOL, FIELD_U32, FIELD_U64, FIELD_TEXT, FIELD_BODY, FIELD_ADDRESS };

struct field {
    const char *name;
    enum field_kind kind;
    size_t at, size;
};

#define PLACE(what) offsetof(struct sip_dialog, what), sizeof(((struct sip_dialog *)0)->what)

/* BODY: text with line breaks, which nothing that becomes a header of ours may have in it. */
static const struct field fields[] = {
    { "we_called", FIELD_BOOL, PLACE(we_called) },
    { "call_id", FIELD_TEXT, PLACE(call_id) },
    { "local_tag", FIELD_TEXT, PLACE(local_tag) },
    { "remote_tag", FIELD_TEXT, PLACE(remote_tag) },
    { "local_uri", FIELD_TEXT, PLACE(local_uri) },
    { "remote_uri", FIELD_TEXT, PLACE(remote_uri) },
    { "remote_target", FIELD_TEXT, PLACE(remote_target) },
    { "local_contact", FIELD_TEXT, PLACE(local_contact) },
    { "routes", FIELD_TEXT, PLACE(routes) },
    { "local_cseq", FIELD_U32, PLACE(local_cseq) },
    { "remote_cseq", FIELD_U32, PLACE(remote_cseq) },
    { "invite_cseq", FIELD_U32, PLACE(invite_cseq) },
    { "cseq_reserved", FIELD_U32, PLACE(cseq_reserved) },
    { "transport", FIELD_TEXT, PLACE(transport) },
    { "local", FIELD_ADDRESS, PLACE(local) },
    { "remote", FIELD_ADDRESS, PLACE(remote) },
    { "session_expires", FIELD_U32, PLACE(session_expires) },
    { "we_refresh", FIELD_BOOL, PLACE(we_refresh) },
    { "refresh_at", FIELD_U64, PLACE(refresh_at) },
    { "expires_at", FIELD_U64, PLACE(expires_at) },
    { "origin_id", FIELD_U64, PLACE(origin_id) },
    { "origin_version", FIELD_U64, PLACE(origin_version) },
    { "origin_host", FIELD_TEXT, PLACE(origin_host) },
    { "media", FIELD_ADDRESS, PLACE(media) },
    { "we_offered", FIELD_BOOL, PLACE(we_offered) },
    { "allows_update", FIELD_BOOL, PLACE(allows_update) },
    { "trusted", FIELD_BOOL, PLACE(trusted) },
    { "web", FIELD_BOOL, PLACE(web) },
    { "routed", FIELD_BOOL, PLACE(routed) },
    { "replaced", FIELD_BOOL, PLACE(replaced) },
    { "replaces", FIELD_U64, PLACE(replaces) },
    { "user", FIELD_TEXT, PLACE(user) },
    { "account", FIELD_TEXT, PLACE(account) },
    { "party_display", FIELD_TEXT, PLACE(party.display) },
    { "party_uri", FIELD_TEXT, PLACE(party.uri) },
    { "party_contact", FIELD_TEXT, PLACE(party.contact) },
    { "party_hidden", FIELD_BOOL, PLACE(party.hidden) },
    { "identity_told", FIELD_TEXT, PLACE(identity_told) },
    { "branch", FIELD_TEXT, PLACE(branch) },
    { "request_uri", FIELD_TEXT, PLACE(request_uri) },
    { "way", FIELD_TEXT, PLACE(way) },
    { "local_sdp", FIELD_BODY, PLACE(local_sdp) },
    { "invite", FIELD_BODY, PLACE(invite) },
    { "told_phrase", FIELD_TEXT, PLACE(told_phrase) },
    { "told_orbit", FIELD_TEXT, PLACE(told_orbit) },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* ---- writing ---- */

/* The end of what was written so far, and of the room. */
struct pen {
    char *at, *end;
    bool fits;
};

static void put(struct pen *p, const char *text, size_t length)
{
    p->fits = p->fits && length < (size_t)(p->end - p->at);
    if (!p->fits)
        return;
    memcpy(p->at, text, length);
    p->at += length;
    *p->at = '\0';
}

/* A backslash stands before what would end the line, and before itself. */
static void put_escaped(struct pen *p, const char *text)
{
    while (*text && p->fits) {
        size_t plain = strcspn(text, "\\\r\n");

        put(p, text, plain);
        text += plain;
        if (!*text)
            break;
        put(p, *text == '\r' ? "\\r" : *text == '\n' ? "\\n" : "\\\\", 2);
        text++;
    }
}

static void put_number(struct pen *p, uint64_t number)
{
    char digits[24];

    text_format(digits, sizeof digits, "%llu", (unsigned long long)number);
    put(p, digits, strlen(digits));
}

static uint64_t number_of(const struct field *f, const void *value)
{
    if (f->kind == FIELD_BOOL)
        return *(const bool *)value;
    return f->kind == FIELD_U32 ? *(const uint32_t *)value : *(const uint64_t *)value;
}

static bool is_empty(const struct field *f, const void *value)
{
    if (f->kind == FIELD_TEXT || f->kind == FIELD_BODY || f->kind == FIELD_ADDRESS)
        return *(const char *)value == '\0'; /* an address begins with its host */
    return number_of(f, value) == 0;
}

static void write_value(struct pen *p, const struct field *f, const void *value)
{
    const struct address *address = value;

    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_BODY:
        put_escaped(p, value);
        break;
    case FIELD_ADDRESS:
        put_escaped(p, address->host);
        put(p, "|", 1);
        put_number(p, address->port);
        break;
    case FIELD_BOOL:
    case FIELD_U32:
    case FIELD_U64:
        put_number(p, number_of(f, value));
        break;
    }
}

bool sip_dialog_write(char *to, size_t size, const struct sip_dialog *d)
{
    struct pen p = { to, to + size, size > 0 };

    if (size)
        to[0] = '\0';
    for (size_t i = 0; i < FIELDS; i++) {
        const void *value = (const char *)d + fields[i].at;

        if (is_empty(&fields[i], value))
            continue;
        put(&p, fields[i].name, strlen(fields[i].name));
        put(&p, "=", 1);
        write_value(&p, &fields[i], value);
        put(&p, "\n", 1);
    }
    return p.fits;
}

/* ---- reading ---- */

/* One character of a value, and how many bytes it took; 0: none that can stand there. */
static size_t unescape(char *to, const char *from, size_t left)
{
    *to = from[0];
    if (from[0] != '\\')
        return 1;
    if (left < 2 || !strchr("rn\\", from[1]) || !from[1])
        return 0;
    *to = from[1] == 'r' ? '\r' : from[1] == 'n' ? '\n' : '\\';
    return 2;
}

static bool read_text(char *to, size_t size, const char *from, size_t length, bool is_body)
{
    size_t count = 0;

    while (length) {
        char c;
        size_t took = unescape(&c, from, length);
        bool is_break = c == '\r' || c == '\n' || c == '\t';

        if (!took || count + 1 >= size)
            return false;
        if (((unsigned char)c < ' ' && !(is_body && is_break)) || c == 0x7f)
            return false;
        to[count++] = c;
        from += took;
        length -= took;
    }
    to[count] = '\0';
    return true;
}

static bool read_number(const char *from, size_t length, uint64_t most, uint64_t *to)
{
    char digits[24];

    return text_copy_n(digits, sizeof digits, from, length) && text_number(digits, 0, most, to);
}

static bool read_address(struct address *to, const char *from, size_t length)
{
    const char *bar = memchr(from, '|', length);
    uint64_t port;

    if (!bar || !read_text(to->host, sizeof to->host, from, (size_t)(bar - from), false) ||
        !read_number(bar + 1, length - (size_t)(bar + 1 - from), 65535, &port))
        return false;
    to->port = (uint16_t)port;
    return true;
}

static bool read_value(const struct field *f, void *value, const char *from, size_t length)
{
    uint64_t number;

    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_BODY:
        return read_text(value, f->size, from, length, f->kind == FIELD_BODY);
    case FIELD_ADDRESS:
        return read_address(value, from, length);
    case FIELD_BOOL:
        if (!read_number(from, length, 1, &number))
            return false;
        *(bool *)value = number != 0;
        return true;
    case FIELD_U32:
        if (!read_number(from, length, UINT32_MAX, &number))
            return false;
        *(uint32_t *)value = (uint32_t)number;
        return true;
    case FIELD_U64:
        return read_number(from, length, UINT64_MAX, value);
    }
    return false;
}

static const struct field *find_field(const char *name, size_t length)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (strncmp(fields[i].name, name, length) == 0 && !fields[i].name[length])
            return &fields[i];
    return NULL;
}

/* What a dialog cannot be without. */
static const char *missing(const struct sip_dialog *d)
{
    return !d->call_id[0]      ? "call_id"
           : !d->local_tag[0]  ? "local_tag"
           : !d->local_uri[0]  ? "local_uri"
           : !d->remote_uri[0] ? "remote_uri"
                               : NULL;
}

bool sip_dialog_read(struct sip_dialog *d, const char *text, char unread[64])
{
    const char *lacks;

    memset(d, 0, sizeof *d);
    unread[0] = '\0';
    while (*text) {
        size_t line = strcspn(text, "\n"), name = strcspn(text, "=\n");
        const struct field *f = name < line ? find_field(text, name) : NULL;

        if (f && !read_value(f, (char *)d + f->at, text + name + 1, line - name - 1)) {
            text_copy(unread, 64, f->name);
            return false;
        }
        text += line + (text[line] == '\n');
    }
    lacks = missing(d);
    if (lacks)
        text_format(unread, 64, "%s is missing", lacks);
    return !lacks;
}
