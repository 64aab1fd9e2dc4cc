/* What headers say about people and numbers: bounded, unescaped, nothing judged. Control characters
 * and broken UTF-8 stop here, so that nothing from the wire can end a line of ours. */
#include "sip/edge.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* Copy with all that is no valid, printable character left out. */
static void copy_clean(char *to, size_t size, const char *from, size_t length)
{
    char rest[DISPLAY_SIZE * 4];
    size_t n = 0;
    uint32_t c;

    to[0] = '\0';
    text_copy_n(rest, sizeof rest, from, length);
    for (const char *at = rest; *at;) {
        size_t bytes = text_character(at, &c);

        if (bytes && c >= ' ' && (c < 0x7f || c > 0x9f)) {
            if (n + bytes >= size)
                return;
            memcpy(to + n, at, bytes);
            to[n += bytes] = '\0';
        }
        at += bytes ? bytes : 1;
    }
}

/* A display name as it stands in the header: quoted (RFC 3261 25.1 quoted-string) or plain tokens.
 */
static void copy_display(char to[DISPLAY_SIZE], const char *from)
{
    char plain[DISPLAY_SIZE * 2];
    size_t n = 0;

    to[0] = '\0';
    if (!from)
        return;
    if (*from != '"') {
        copy_clean(to, DISPLAY_SIZE, from, strlen(from));
        return;
    }
    for (from++; *from && *from != '"' && n < sizeof plain - 1; from++) {
        if (*from == '\\' && from[1])
            from++;
        plain[n++] = *from;
    }
    copy_clean(to, DISPLAY_SIZE, plain, n);
}

void headers_uri(char *to, size_t size, const url_t *url)
{
    char text[1024];
    issize_t n = url_e(text, sizeof text, url);

    to[0] = '\0';
    if (n <= 0 || (size_t)n >= sizeof text || (size_t)n >= size)
        return;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c > '~' || *c == '<' || *c == '>' || *c == '"')
            return;
    text_copy(to, size, text);
}

/* The address of record alone: parameters and headers say how to reach, not who. */
static void copy_identity(char to[URI_SIZE], const url_t *url)
{
    url_t bare = *url;

    bare.url_params = bare.url_headers = bare.url_fragment = NULL;
    bare.url_password = NULL;
    headers_uri(to, URI_SIZE, &bare);
}

static bool is_anonymous(const url_t *url)
{
    return text_is_nocase(url->url_host, "anonymous.invalid") ||
           text_is_nocase(url->url_user, "anonymous");
}

static bool asks_privacy(const sip_t *sip)
{
    static const char *const values[] = { "id", "user", "header" };

    for (const msg_param_t *v = sip->sip_privacy ? sip->sip_privacy->priv_values : NULL; v && *v;
         v++)
        for (size_t i = 0; i < 3; i++)
            if (text_is_nocase(*v, values[i]))
                return true;
    return false;
}

void headers_from(struct party *to, const sip_t *sip)
{
    const sip_addr_t *far_end = sip->sip_status ? sip->sip_to : sip->sip_from;

    memset(to, 0, sizeof *to);
    if (far_end) {
        copy_display(to->display, far_end->a_display);
        copy_identity(to->uri, far_end->a_url);
        to->hidden = is_anonymous(far_end->a_url);
    }
    to->hidden = to->hidden || asks_privacy(sip);
    if (sip->sip_contact && sip->sip_contact->m_url->url_type != url_any)
        headers_uri(to->contact, sizeof to->contact, sip->sip_contact->m_url);
}

/* RFC 3325, then draft-ietf-sip-privacy-04's Remote-Party-ID, then From. */
void headers_party(struct party *to, const sip_t *sip)
{
    const sip_p_asserted_identity_t *asserted = sip_p_asserted_identity(sip);
    const sip_remote_party_id_t *remote = sip_remote_party_id(sip);

    headers_from(to, sip);
    if (asserted) {
        copy_display(to->display, asserted->paid_display);
        copy_identity(to->uri, asserted->paid_url);
        to->hidden = asks_privacy(sip);
    } else if (remote) {
        copy_display(to->display, remote->rpid_display);
        copy_identity(to->uri, remote->rpid_url);
        to->hidden = asks_privacy(sip) ||
                     (remote->rpid_privacy && !text_is_nocase(remote->rpid_privacy, "off"));
    }
}

const char *headers_unknown(const sip_t *sip, const char *name)
{
    for (const sip_unknown_t *u = sip->sip_unknown; u; u = u->un_next)
        if (text_is_nocase(u->un_name, name))
            return u->un_value;
    return NULL;
}

/* ---- the number that was dialled ---- */

/* "tel:+49-30-123" and "701;phone-context=example.com" are numbers with decoration (RFC 3966). */
static void copy_dialled(char to[DIALLED_SIZE], const url_t *url)
{
    char user[DIALLED_SIZE * 3], plain[DIALLED_SIZE * 3];
    bool number =
        url->url_type == url_tel || (url->url_params && strstr(url->url_params, "user=phone"));
    size_t n = 0;

    to[0] = '\0';
    if (!url->url_user || !text_copy(user, sizeof user, url->url_user))
        return;
    user[strcspn(user, ";")] = '\0';
    url_unescape(plain, user);
    for (const char *c = plain; *c; c++)
        if (!number || !strchr("-.()", *c))
            user[n++] = *c;
    if (n < DIALLED_SIZE)
        copy_clean(to, DIALLED_SIZE, user, n);
}

static void copy_orbit(char to[NUMBER_SIZE], const char *from)
{
    size_t n = strspn(from, "0123456789*#");

    to[0] = '\0';
    if (n < NUMBER_SIZE && (from[n] == '\0' || strchr(" \t;,", from[n])))
        text_copy_n(to, NUMBER_SIZE, from, n);
}

void headers_number(char dialled[DIALLED_SIZE], char orbit[NUMBER_SIZE], const url_t *url)
{
    char value[32];

    orbit[0] = '\0';
    copy_dialled(dialled, url);
    if (url->url_params && url_param(url->url_params, "orbit", value, sizeof value) > 0) {
        url_unescape(value, value);
        copy_orbit(orbit, value);
    }
}

/* "701;ticket=HEX@host" or "701@host;ticket=HEX". One that cannot be read is a ticket too, of no
 * call: it must not end as a plain number. */
static void copy_ticket(char to[TICKET_SIZE], const url_t *url)
{
    static const char name[] = ";ticket=";
    const char *in_user = url->url_user ? strstr(url->url_user, name) : NULL;
    char value[TICKET_SIZE] = "";
    isize_t length = 0;

    if (in_user) {
        in_user += sizeof name - 1;
        length = (isize_t)strcspn(in_user, ";") + 1;
        text_copy_n(value, sizeof value, in_user, (size_t)length - 1);
    } else if (url->url_params) {
        length = url_param(url->url_params, "ticket", value, sizeof value);
    }
    if (length > 0)
        text_copy(to, TICKET_SIZE, length <= (isize_t)sizeof value && value[0] ? value : "?");
}

static void read_dialled(struct invite *to, const sip_t *sip)
{
    copy_ticket(to->ticket, sip->sip_request->rq_url);
    if (sip->sip_to && !to->ticket[0])
        copy_ticket(to->ticket, sip->sip_to->a_url);
    headers_number(to->dialled, to->orbit_param, sip->sip_request->rq_url);
    if (sip->sip_to)
        copy_dialled(to->dialled_to, sip->sip_to->a_url);
}

/* ---- who sent the call here ---- */

static void read_referred_by(struct invite *to, const sip_t *sip)
{
    const sip_referred_by_t *by = sip->sip_referred_by;

    to->has_referred_by = by != NULL;
    if (!by)
        return;
    copy_display(to->referred_by.display, by->b_display);
    copy_identity(to->referred_by.uri, by->b_url);
}

/* A header that the library does not know but that is written like From: `to` gets its first. */
static bool read_name_addr(struct party *to, const char *text, char *params, size_t size)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_contact_t *one;
    bool found;

    su_home_init(home);
    one = sip_contact_make(home, text);
    found = one && one->m_url->url_type != url_any;
    if (found) {
        memset(to, 0, sizeof *to);
        copy_display(to->display, one->m_display);
        copy_identity(to->uri, one->m_url);
        text_copy(params, size, one->m_url->url_headers);
        for (const msg_param_t *p = one->m_params; p && *p; p++)
            text_append(params, size, ";%s", *p);
    }
    su_home_deinit(home);
    return found;
}

/* The piece behind the n-th comma that is outside of quotes and angle brackets; NULL: none. */
static const char *nth_entry(const char *list, unsigned n)
{
    bool quoted = false, angled = false;

    for (; *list && n; list++) {
        if (*list == '"' && !angled)
            quoted = !quoted;
        else if (*list == '\\' && quoted && list[1])
            list++;
        else if (!quoted && (*list == '<' || *list == '>'))
            angled = *list == '<';
        else if (!quoted && !angled && *list == ',')
            n--;
    }
    return n || !*list ? NULL : list + strspn(list, " \t");
}

/* RFC 7044: the last entry is this request's own target, the one before it is whom the call was for
 * until then. A Reason with 3xx, 408, 480 or 486 in it says that it was forwarded, not transferred.
 */
static bool read_history(struct invite *to, const char *list)
{
    char last[512] = "", params[512];
    struct party party;
    unsigned n = 0;

    while (n < 32 && nth_entry(list, n))
        n++;
    if (n < 2)
        return false;
    text_copy(last, sizeof last, nth_entry(list, n - 1));
    if (!read_name_addr(&party, nth_entry(list, n - 2), params, sizeof params))
        return false;
    to->history = party;
    to->history_is_transfer = !strstr(params, "Reason=") && strstr(last, ";mp=") != NULL;
    return true;
}

static void read_sender(struct invite *to, const sip_t *sip)
{
    const char *history = headers_unknown(sip, "History-Info");
    const char *diversion = headers_unknown(sip, "Diversion");
    char params[512];

    to->has_history = history && read_history(to, history);
    if (!to->has_history && diversion) /* RFC 5806: the latest stands first */
        to->has_history = read_name_addr(&to->history, diversion, params, sizeof params);
}

static void read_wishes(struct invite *to, const sip_t *sip)
{
    const char *action = headers_unknown(sip, "X-Callpark-Action");
    const char *orbit = headers_unknown(sip, "X-Callpark-Orbit");

    if (action && text_is_nocase(action, "park"))
        to->ask = ASK_PARK;
    else if (action && text_is_nocase(action, "retrieve"))
        to->ask = ASK_RETRIEVE;
    if (orbit)
        copy_orbit(to->ask_orbit, orbit);
}

void headers_invite(struct invite *to, const sip_t *sip)
{
    read_dialled(to, sip);
    headers_party(&to->from, sip);
    read_referred_by(to, sip);
    read_sender(to, sip);
    read_wishes(to, sip);
}

void headers_reason(char to[128], const sip_t *sip)
{
    const sip_reason_t *r = sip ? sip->sip_reason : NULL;
    char text[DISPLAY_SIZE];
    uint64_t cause;

    to[0] = '\0';
    if (!r || !r->re_protocol)
        return;
    copy_display(text, r->re_text);
    copy_clean(to, 128, r->re_protocol, strlen(r->re_protocol));
    if (r->re_cause && text_number(r->re_cause, 0, 999999, &cause))
        text_append(to, 128, ";cause=%u", (unsigned)cause);
    if (text[0] && !strpbrk(text, "\"\\"))
        text_append(to, 128, ";text=\"%s\"", text);
}

uint32_t headers_retry_after(const sip_t *sip)
{
    return sip && sip->sip_retry_after ? (uint32_t)sip->sip_retry_after->af_delta : 0;
}

bool headers_allow(const sip_t *sip, const char *method)
{
    const msg_param_t *m = sip->sip_allow ? sip->sip_allow->k_items : NULL;

    for (; m && *m; m++)
        if (text_is_nocase(*m, method))
            return true;
    return false;
}

void headers_name_addr(char *to, size_t size, const char *display, const char *uri)
{
    bool fits = true;

    to[0] = '\0';
    if (!uri[0] || strpbrk(uri, " <>\"\r\n"))
        return;
    if (!text_is_plain(display))
        display = "";
    if (display[0])
        fits = text_append(to, size, "\"");
    for (const char *c = display; *c; c++)
        fits = fits && text_append(to, size, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    fits = fits && text_append(to, size, display[0] ? "\" <%s>" : "<%s>", uri);
    if (!fits)
        to[0] = '\0';
}
