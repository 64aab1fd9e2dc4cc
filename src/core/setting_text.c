/* Checks of settings that are texts. What they let through is later put in requests and compared
 * with identities, so each is a list of what may be there and not of what may not. */
#include "core/setting_text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/network.h"
#include "base/text.h"
#include "core/limits.h"
#include "core/settings.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HEX "0123456789ABCDEFabcdef"

static bool only(const char *text, const char *allowed)
{
    return text[strspn(text, allowed)] == '\0';
}

/* --- URIs --- */

/* RFC 3261 25.1 unreserved, escaped, user-unreserved, and what parameters and IPv6 need. No `?`: a
 * URI with headers would put them into our requests. */
static const char uri_characters[] = LETTERS DIGITS "-_.!~*'()%;/:@&=+$,[]";

/* %0D in a user part is a line's end to whoever unescapes it. */
static int check_escapes(const char *text, struct err *err)
{
    for (const char *p = strchr(text, '%'); p; p = strchr(p + 1, '%')) {
        bool whole = p[1] && strchr(HEX, p[1]) && p[2] && strchr(HEX, p[2]);

        if (!whole)
            return err_set(err, -EINVAL, "has a %% without two hex digits behind it");
        if (p[1] == '0' || p[1] == '1' || (p[1] == '7' && (p[2] == 'f' || p[2] == 'F')))
            return err_set(err, -EINVAL, "has an escaped control character in it (%.3s)", p);
    }
    return 0;
}

static bool is_port(const char *text, size_t length)
{
    char digits[6];
    uint64_t port;

    return text_copy_n(digits, sizeof digits, text, length) && text_number(digits, 1, 65535, &port);
}

/* A name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
static bool is_host(const char *text, size_t length)
{
    char host[URI_SIZE];
    const char *colon;
    struct ip ip;

    if (!text_copy_n(host, sizeof host, text, length) || length == 0)
        return false;
    if (*host == '[') {
        char *end = strchr(host, ']');

        if (!end)
            return false;
        *end = '\0';
        return ip_read(host + 1, &ip) && strchr(host + 1, ':') &&
               (!end[1] || (end[1] == ':' && is_port(end + 2, strlen(end + 2))));
    }
    colon = strchr(host, ':');
    if (colon && !is_port(colon + 1, strlen(colon + 1)))
        return false;
    length = colon ? (size_t)(colon - host) : length;
    return length > 0 && strspn(host, LETTERS DIGITS "-._") == length && host[0] != '.' &&
           host[0] != '-';
}

static int check_sip(const char *rest, struct err *err)
{
    const char *at = strchr(rest, '@'), *host = at ? at + 1 : rest;

    if (at && strchr(host, '@'))
        return err_set(err, -EINVAL, "has more than one @: use sip:user@host");
    if (at == rest)
        return err_set(err, -EINVAL, "has no user in front of the @: use sip:user@host");
    if (!is_host(host, strcspn(host, ";")))
        return err_set(err, -EINVAL,
                       "has no valid host: use sip:user@host, such as sip:operator@contoso.com");
    return check_escapes(rest, err);
}

/* RFC 3966: digits with separators, `+` only in front, then parameters. */
static int check_tel(const char *rest, struct err *err)
{
    size_t length = strcspn(rest, ";"), plus = *rest == '+' ? 1 : 0;
    size_t digits = strcspn(rest, DIGITS);

    if (digits >= length || strspn(rest + plus, DIGITS "-.()*") + plus < length)
        return err_set(err, -EINVAL, "has no telephone number: use tel:+14255550100");
    return check_escapes(rest, err);
}

static int refuse_character(const char *at, struct err *err)
{
    char one[8];
    uint32_t c;

    (void)text_copy_n(one, sizeof one, at, text_character(at, &c)); /* four bytes at most */
    return err_set(err, -EINVAL, "has '%s' in it, which a URI here may not have: use sip:user@host",
                   one);
}

int setting_text_uri(const char *text, struct err *err)
{
    size_t scheme = strcspn(text, ":"), good = strspn(text, uri_characters);
    char name[8];

    if (text[good])
        return refuse_character(text + good, err);
    (void)text_copy_n(name, sizeof name, text, scheme); /* a longer one is none of these anyway */
    if (text[scheme] && (text_is_nocase(name, "sip") || text_is_nocase(name, "sips")))
        return check_sip(text + scheme + 1, err);
    if (text[scheme] && text_is_nocase(name, "tel"))
        return check_tel(text + scheme + 1, err);
    return err_set(err, -EINVAL, "is no URI: begin it with sip:, sips: or tel:");
}

/* --- templates, languages --- */

int setting_text_template(const char *text, struct err *err)
{
    for (const char *p = strchr(text, '%'); p; p = strchr(p + 2, '%'))
        if (!p[1] || !strchr("onu%", p[1]))
            return err_set(err, -EINVAL,
                           "has a %% that stands for nothing: use %%o for the orbit, %%n for the "
                           "caller's name, %%u for the caller's number");
    return 0;
}

int setting_text_alert(const char *text, struct err *err)
{
    const char *end = strchr(text, '>');

    if (!*text)
        return 0;
    if (text[0] != '<' || !end || end - text < 4 ||
        strcspn(text + 1, "<\" ") < (size_t)(end - text - 1))
        return err_set(err, -EINVAL,
                       "is no Alert-Info: use <urn:alert:service:recall:hold> or <Bellcore-dr2>, "
                       "with ;info=... behind it if the phones want that");
    if (end[1] && (end[1] != ';' || !only(end + 1, LETTERS DIGITS "-.!%*_+`'~;=:/")))
        return err_set(err, -EINVAL, "has more behind the > than parameters: use ;name=value");
    return 0;
}

int setting_text_language(const char *text, struct err *err)
{
    size_t letters = strspn(text, LETTERS);

    if (letters < 2 || letters > 3 || (text[letters] && text[letters] != '-') ||
        !only(text + letters, LETTERS DIGITS "-") || text[strlen(text) - 1] == '-')
        return err_set(err, -EINVAL, "is no language: use one such as en, de, fr or pt-BR");
    return 0;
}

/* --- lists --- */

/* Something like 10.0.0.256 was meant as an address, and as a pattern it would never fit. */
static bool meant_as_address(const char *item)
{
    return strchr(item, '/') || (strchr(item, '.') && only(item, DIGITS "."));
}

static int check_item(const char *item, struct err *err)
{
    struct network network;
    char shown[48];

    if (!*item)
        return err_set(err, -EINVAL, "has an empty item: put one comma between two items");
    if (network_read(item, &network))
        return 0;
    (void)text_shown(shown, sizeof shown, item);
    if (meant_as_address(item))
        return err_set(err, -EINVAL,
                       "has '%s' in it, which is no network: use one such as 10.0.0.0/8", shown);
    if (!only(item, LETTERS DIGITS "-_.!~*?'()%;:@&=+$#[]"))
        return err_set(err, -EINVAL,
                       "has '%s' in it, which is neither a network such as 10.0.0.0/8 nor an "
                       "identity such as sip:2??@contoso.com",
                       shown);
    return 0;
}

int setting_text_allow(const char *text, struct err *err)
{
    char piece[LIST_SIZE], item[LIST_SIZE];

    while (*text) {
        size_t length = strcspn(text, ",");
        int failed;

        /* Neither is longer than the setting, which has that size. */
        (void)text_copy_n(piece, sizeof piece, text, length);
        (void)text_trim(item, sizeof item, piece);
        failed = check_item(item, err);
        if (failed)
            return failed;
        text += length;
        if (*text == ',' && !*++text)
            return check_item("", err);
    }
    return 0;
}

/* --- music --- */

/* Nobody types these digits; who tries wants the other command. */
int setting_text_music(const char *text, struct err *err)
{
    if (strlen(text) == MUSIC_SIZE - 1 && only(text, DIGITS "abcdef"))
        return 0;
    return err_set(
        err, -EINVAL,
        "names no uploaded file: upload one with callparkctl music set FILE, or with PUT "
        "/api/v1/music/...");
}

int setting_text_pin(const char *text, struct err *err)
{
    size_t length = strlen(text);

    if ((only(text, DIGITS) && length >= 4) || strcmp(text, SETTING_KEPT) == 0)
        return 0;
    return err_set(err, -EINVAL, "is no PIN: use 4 to 8 digits, or nothing for none");
}
