/* Who somebody is: the parts of a URI, whether he is one of us, whether he may retrieve. */
#include <string.h>

#include "base/network.h"
#include "base/text.h"
#include "core/access.h"
#include "core/decide.h"

/* Longer than any extension or orbit: a national or international number that came without a plus.
 */
#define LONGEST_EXTENSION 9

/* The character at `*at`, unescaped (RFC 3261 19.1.4); moves `*at` behind it. A NUL stays as it was
 * written, as nobody's name has one. */
static char next_char(const char **at, const char *end)
{
    const char *s = *at;
    int high = *s == '%' && end - s > 2 ? text_hex_digit(s[1]) : -1;
    int low = high >= 0 ? text_hex_digit(s[2]) : -1;

    if (low >= 0 && high + low > 0) {
        *at += 3;
        return (char)(high * 16 + low);
    }
    *at += 1;
    return *s;
}

/* What stands behind the scheme; the whole text when there is none that we know. */
static const char *behind_scheme(const char *uri, bool *tel)
{
    static const char *const schemes[] = { "sip:", "sips:", "tel:" };

    *tel = false;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i]);
        char head[8];

        (void)text_copy_n(head, sizeof head, uri, strnlen(uri, length));
        if (text_is_nocase(head, schemes[i])) {
            *tel = schemes[i][0] == 't';
            return uri + length;
        }
    }
    return uri;
}

/* The user part of a SIP URI ends at '@', without it there is none; that of a tel URI at ';'. */
static const char *user_end(const char *start, bool tel)
{
    const char *at = strchr(start, '@');
    const char *end = at ? at : start;

    return tel ? start + strcspn(start, ";?") : end;
}

static bool is_separator(char c)
{
    return c == '-' || c == '.' || c == '(' || c == ')' || c == ' ';
}

static bool is_phone_number(const char *user)
{
    return *user && strspn(user, "+*#0123456789-.() ") == strlen(user);
}

/* RFC 3966 5.1.1: what makes a number readable does not make it another number. */
static void drop_separators(char *text)
{
    char *to = text;

    for (; *text; text++)
        if (!is_separator(*text))
            *to++ = *text;
    *to = '\0';
}

void uri_user(char to[DIALLED_SIZE], const char *uri)
{
    bool tel;
    const char *s = behind_scheme(uri, &tel);
    const char *end = user_end(s, tel);
    size_t length = 0;

    while (s < end && *s != ';' && *s != ':' && length + 1 < DIALLED_SIZE)
        to[length++] = next_char(&s, end);
    to[length] = '\0';
    if (is_phone_number(to))
        drop_separators(to);
}

void uri_host(char to[FQDN_SIZE], const char *uri)
{
    bool tel;
    const char *s = behind_scheme(uri, &tel);
    const char *at = strchr(s, '@');
    size_t length;

    to[0] = '\0';
    if (tel)
        return;
    if (at)
        s = at + 1;
    length = *s == '[' ? strcspn(s, "]") + 1 : strcspn(s, ":;?>");
    (void)text_copy_n(to, FQDN_SIZE, s, strnlen(s, length));
}

bool uri_same_user(const char *a, const char *b)
{
    char user[2][DIALLED_SIZE];
    char host[2][FQDN_SIZE];

    uri_user(user[0], a);
    uri_user(user[1], b);
    uri_host(host[0], a);
    uri_host(host[1], b);
    return (*user[0] || *host[0]) && text_is(user[0], user[1]) && text_is_nocase(host[0], host[1]);
}

/* What gateways and phones write for somebody who is not to be known. */
static bool is_nobody(const char *user, const char *host)
{
    static const char *const words[] = { "anonymous", "unknown", "unavailable", "restricted",
                                         "private" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_is_nocase(user, words[i]))
            return true;
    return !*user || text_is_nocase(host, "anonymous.invalid");
}

/* +49..., 0049..., 030..., or a national number without any prefix. "0" alone rings an operator. */
static bool is_outside_number(const char *user)
{
    size_t length = strlen(user);

    if (!is_phone_number(user))
        return false;
    return *user == '+' || (*user == '0' && length > 3) || length > LONGEST_EXTENSION;
}

static bool is_our_domain(const char *host, const struct house *house)
{
    struct ip ip;

    if (!*host || !house->domain_count || *host == '[' || ip_read(host, &ip))
        return true;
    for (unsigned i = 0; i < house->domain_count; i++)
        if (text_is_nocase(host, house->domains[i]))
            return true;
    return false;
}

bool party_is_insider(const struct party *p, const struct house *house)
{
    char user[DIALLED_SIZE];
    char host[FQDN_SIZE];

    uri_user(user, p->uri);
    uri_host(host, p->uri);
    return !p->hidden && !is_nobody(user, host) && !is_outside_number(user) &&
           is_our_domain(host, house);
}

/* One entry of the list: a network, a pattern of a whole identity (it has a scheme or an '@'), or
 * one of its user. */
static bool entry_fits(const char *entry, const struct party *who, const char *source)
{
    char user[DIALLED_SIZE];
    char host[FQDN_SIZE];
    char whole[DIALLED_SIZE + FQDN_SIZE];
    struct network n;
    bool tel;

    if (strpbrk(entry, ".:") && network_read(entry, &n))
        return network_holds_text(&n, source);
    uri_user(user, who->uri);
    uri_host(host, who->uri);
    (void)text_format(whole, sizeof whole, "%s@%s", user, host);
    entry = behind_scheme(entry, &tel);
    return text_matches(strchr(entry, '@') ? whole : user, entry);
}

bool list_names(const char *list, const struct party *who, const char *source)
{
    for (list += strspn(list, ", "); *list; list += strspn(list, ", ")) {
        char entry[LIST_SIZE];
        size_t length = strcspn(list, ", ");

        (void)text_copy_n(entry, sizeof entry, list, length);
        if (entry_fits(entry, who, source))
            return true;
        list += length;
    }
    return false;
}

bool list_names_uri(const char *list, const char *uri)
{
    struct party party = { 0 };

    return text_copy(party.uri, sizeof party.uri, uri) && list_names(list, &party, "");
}

bool retrieve_allowed(const char *setting, const struct party *who, const char *source,
                      const struct house *house)
{
    return setting[strspn(setting, ", ")] ? list_names(setting, who, source)
                                          : party_is_insider(who, house);
}

/* ---- rights over SIP ---- */

static enum permission permission_for(unsigned what)
{
    switch (what) {
    case SIP_MAY_PARK:
        return MAY_CALLS_PARK;
    case SIP_MAY_RETRIEVE:
        return MAY_CALLS_RETRIEVE;
    case SIP_MAY_WATCH:
        return MAY_CALLS_WATCH;
    default:
        return MAY_CALLS_CONTROL;
    }
}

static bool has_right(const struct asking *a, unsigned what, const struct house *house,
                      const struct deployment *d, range_id range)
{
    const struct range *r = range ? ranges_by_id(&d->ranges, range) : NULL;
    struct place_of place = r ? place_of_range(d, r) : place_of_destination(d, house->destination);
    struct rights rights;

    if (!*a->signed_in)
        return (a->may & what) == what;
    if (!house->access)
        return false;
    rights_of_user(house->access, a->signed_in, &rights);
    return rights_may(&rights, permission_for(what), &place);
}

bool asking_may(const struct asking *a, unsigned what, const struct house *house,
                const struct deployment *d, range_id range)
{
    struct rules rules;
    const char *list;

    if (!has_right(a, what, house, d, range))
        return false;
    if (what != SIP_MAY_PARK)
        return true;
    deployment_rules(d, house->destination, range, &rules, NULL);
    list = rules.park_allow;
    return !list[strspn(list, ", ")] || list_names(list, a->who, a->source);
}
