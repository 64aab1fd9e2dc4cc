/* INFO within a dialog: keys pressed are told to the loop, as a telephone-event is. What else
 * phones send, pictures wanted and names shown, needs nothing done. */
#include "sip/edge.h"

#include "sip/info.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* ---- what a body says ---- */

/* Behind "Signal" and "=", blanks aside; NULL: the line says something else. */
static const char *signal_of(const char *line)
{
    static const char name[] = "signal";

    line += strspn(line, " \t");
    if (strncasecmp(line, name, strlen(name)) != 0)
        return NULL;
    line += strlen(name);
    line += strspn(line, " \t");
    return *line == '=' ? line + 1 : NULL;
}

/* One key: by itself, or by its number of RFC 4733, as some say * and #. */
static char key_of(const char *text)
{
    static const char keys[] = "0123456789*#ABCD";
    size_t length;
    int key;

    text += strspn(text, " \t");
    length = strcspn(text, " \t\r\n;");
    key = toupper((unsigned char)*text);
    if (length == 1)
        return key && strchr(keys, key) ? (char)key : '\0';
    if (length != 2 || *text != '1' || text[1] < '0' || text[1] > '5')
        return '\0';
    return keys[10 + text[1] - '0'];
}

static bool has_type(const char *type, const char *name)
{
    size_t length = strlen(name);

    return strncasecmp(type, name, length) == 0 && strchr("; \t", type[length]);
}

char info_digit(const char *type, const char *body, size_t length)
{
    char text[256];
    const char *line = text, *found = NULL;
    bool relay = has_type(type, "application/dtmf-relay");

    if (!(relay || has_type(type, "application/dtmf")) || memchr(body, '\0', length) ||
        !text_copy_n(text, sizeof text, body, length))
        return '\0';
    while (line && !(found = signal_of(line))) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return key_of(found ? found : text);
}

/* ---- the request ---- */

static void report_digit(struct leg *leg, const sip_t *sip, const char *type)
{
    char digit = info_digit(type, sip->sip_payload->pl_data, sip->sip_payload->pl_len);

    if (!digit)
        return;
    report_begin(leg, SIP_DIGIT)->digit = digit;
    report_send(leg);
}

/* Packages (RFC 6086) and what else a body may be are not ours, and saying so harms no call. */
void info_take(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    static const char known[] = "application/dtmf-relay, application/dtmf, "
                                "application/media_control+xml, message/sipfrag";
    const char *type = sip->sip_content_type ? sip->sip_content_type->c_type : NULL;
    bool has_body = sip->sip_payload && sip->sip_payload->pl_data && sip->sip_payload->pl_len;

    if (headers_unknown(sip, "Info-Package")) {
        nta_incoming_treply(irq, 469, "Bad Info Package", SIPTAG_HEADER_STR("Recv-Info: "),
                            TAG_END());
    } else if (has_body && (!type || !strcasestr(known, type))) {
        nta_incoming_treply(irq, SIP_415_UNSUPPORTED_MEDIA, SIPTAG_ACCEPT_STR(known), TAG_END());
    } else {
        nta_incoming_treply(irq, SIP_200_OK, TAG_END());
        if (has_body)
            report_digit(leg, sip, type);
    }
    nta_incoming_destroy(irq);
}
