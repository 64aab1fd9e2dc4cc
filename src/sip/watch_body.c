/* See watch_body.h. */
#include "sip/watch_body.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ROOM 4096

/* ---- text that grows ---- */

void doc_free(struct doc *d)
{
    free(d->text);
    memset(d, 0, sizeof *d);
}

void doc_clear(struct doc *d)
{
    d->length = 0;
    d->failed = false;
    if (d->text)
        d->text[0] = '\0';
}

static bool make_room(struct doc *d, size_t more)
{
    size_t room = d->room ? d->room : ROOM;
    char *text;

    while (room < d->length + more + 1)
        room *= 2;
    if (room == d->room)
        return true;
    text = realloc(d->text, room);
    if (!text) {
        d->failed = true;
        return false;
    }
    d->text = text;
    d->room = room;
    return true;
}

static void write_bytes(struct doc *d, const char *bytes, size_t length)
{
    if (d->failed || !make_room(d, length))
        return;
    memcpy(d->text + d->length, bytes, length);
    d->length += length;
    d->text[d->length] = '\0';
}

void doc_write(struct doc *d, const char *format, ...)
{
    va_list args, again;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length >= 0 && !d->failed && make_room(d, (size_t)length)) {
        (void)vsnprintf(d->text + d->length, (size_t)length + 1, format, again);
        d->length += (size_t)length;
    }
    va_end(again);
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    default:
        return NULL;
    }
}

void doc_write_escaped(struct doc *d, const char *text)
{
    uint32_t c;

    while (*text) {
        size_t bytes = text_character(text, &c);
        const char *escape = escape_of(*text);

        if (escape)
            write_bytes(d, escape, strlen(escape));
        else if (bytes && c >= ' ' && (c < 0x7f || c > 0x9f) && c != 0xfffe && c != 0xffff)
            write_bytes(d, text, bytes);
        text += bytes ? bytes : 1;
    }
}

/* ---- one lamp ---- */

void body_uri(char *to, size_t size, const char *number, const char *domain)
{
    bool escaped = number[0] == '#';

    (void)text_format(to, size, "sip:%s%s@%s", escaped ? "%23" : "", number + escaped, domain);
}

static bool may_name(const struct view *v)
{
    return v->names && v->lamp->uri[0];
}

static void write_identity(struct doc *d, const struct view *v)
{
    const char *display = may_name(v) ? v->lamp->display : "Anonymous";

    doc_write(d, "<identity");
    if (display[0]) {
        doc_write(d, " display=\"");
        doc_write_escaped(d, display);
        doc_write(d, "\"");
    }
    doc_write(d, ">");
    doc_write_escaped(d, may_name(v) ? v->lamp->uri : "sip:anonymous@anonymous.invalid");
    doc_write(d, "</identity>");
}

/* Where a phone calls that calls what the lamp shows: this one call and no other. */
static void write_target(struct doc *d, const struct view *v, const char *uri)
{
    const char *at = strchr(uri, '@'), *ticket = v->lamp->pickup.ticket;

    doc_write(d, "<target uri=\"");
    if (ticket[0] && at) {
        doc_write(d, "%.*s;ticket=%s", (int)(at - uri), uri, ticket);
        uri = at;
    }
    doc_write_escaped(d, uri);
    doc_write(d, "\"/>");
}

/* Ids of no dialog that exists (sip.md 4.4), so that nobody can take the caller by them but through
 * us, and the order of the tags does not matter. */
static void write_ids(struct doc *d, const struct view *v)
{
    const struct pickup *p = &v->lamp->pickup;

    if (!v->plain && p->call_id[0])
        doc_write(d, " call-id=\"%s\" local-tag=\"%s\" remote-tag=\"%s\"", p->call_id, p->our_tag,
                  p->their_tag);
}

static void write_lit(struct doc *d, const struct view *v)
{
    char uri[URI_SIZE * 2];

    body_uri(uri, sizeof uri, v->number, v->domain);
    write_ids(d, v);
    doc_write(d, " direction=\"recipient\"><state>%s</state>",
              v->how == LAMP_EARLY ? "early" : "confirmed");
    doc_write(d, "<local><identity>");
    doc_write_escaped(d, uri);
    doc_write(d, "</identity><target uri=\"");
    doc_write_escaped(d, uri);
    doc_write(d, "\">");
    if (v->how == LAMP_CONFIRMED)
        doc_write(d, "<param pname=\"+sip.rendering\" pvalue=\"no\"/>");
    doc_write(d, "</target></local>");
    if (v->plain)
        return;
    doc_write(d, "<remote>");
    write_identity(d, v);
    write_target(d, v, uri);
    doc_write(d, "</remote>");
}

/* Exactly one dialog, always under the same id: some phones crash on several and some want at least
 * one, and one that is terminated darkens the lamp everywhere (sip.md 7.1). */
void body_dialog_info(struct doc *d, const struct view *v)
{
    doc_write(d,
              "<?xml version=\"1.0\"?>\r\n"
              "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"%u\" "
              "state=\"full\" entity=\"",
              v->version);
    doc_write_escaped(d, v->entity);
    doc_write(d, "\">\r\n<dialog id=\"");
    doc_write_escaped(d, v->number);
    doc_write(d, "\"");
    if (v->lamp)
        write_lit(d, v);
    else
        doc_write(d, "><state>terminated</state>");
    doc_write(d, "</dialog>\r\n</dialog-info>\r\n");
}

/* Cisco's BroadWorks interface, as its phones show "a call is parked against you". */
void body_call_info(struct doc *d, const struct view *v)
{
    doc_write(d, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
                 "<x-broadworks-callpark-info xmlns=\"http://schema.broadsoft.com/callpark\">\r\n");
    doc_write(d, v->lamp ? "<callpark><parked>" : "<callpark/>");
    if (v->lamp) {
        write_identity(d, v);
        doc_write(d, "</parked></callpark>");
    }
    doc_write(d, "\r\n</x-broadworks-callpark-info>\r\n");
}

/* ---- a list ---- */

/* The name of a part; `*` and `#` are no part of one. */
static void write_part_id(struct doc *d, const char *number)
{
    doc_write(d, "%s%s@callpark",
              number[0] == '*'   ? "star"
              : number[0] == '#' ? "hash"
                                 : "",
              number + (number[0] == '*' || number[0] == '#'));
}

void body_list_begin(struct list_body *l, const char *entity, uint32_t version, bool full)
{
    doc_clear(&l->root);
    doc_clear(&l->parts);
    doc_write(&l->root,
              "--%s\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <list@callpark>\r\n"
              "Content-Type: application/rlmi+xml;charset=\"UTF-8\"\r\n\r\n"
              "<?xml version=\"1.0\"?>\r\n<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"",
              l->boundary);
    doc_write_escaped(&l->root, entity);
    doc_write(&l->root, "\" version=\"%u\" fullState=\"%s\">\r\n", version,
              full ? "true" : "false");
}

void body_list_add(struct list_body *l, const char *number, const char *domain,
                   const struct view *v)
{
    char uri[URI_SIZE * 2];

    body_uri(uri, sizeof uri, number, domain);
    doc_write(&l->root, "<resource uri=\"");
    doc_write_escaped(&l->root, uri);
    doc_write(&l->root, "\"><name>%s</name>", number);
    if (v) {
        doc_write(&l->root, "<instance id=\"1\" state=\"active\" cid=\"");
        write_part_id(&l->root, number);
        doc_write(&l->root, "\"/>");
        doc_write(&l->parts, "--%s\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <",
                  l->boundary);
        write_part_id(&l->parts, number);
        doc_write(&l->parts, ">\r\nContent-Type: application/dialog-info+xml\r\n\r\n");
        body_dialog_info(&l->parts, v);
    }
    doc_write(&l->root, "</resource>\r\n");
}

void body_list_end(struct list_body *l)
{
    doc_write(&l->root, "</list>\r\n");
    if (l->parts.text)
        write_bytes(&l->root, l->parts.text, l->parts.length);
    doc_write(&l->root, "--%s--\r\n", l->boundary);
    l->root.failed = l->root.failed || l->parts.failed;
}

void body_list_free(struct list_body *l)
{
    doc_free(&l->root);
    doc_free(&l->parts);
}
