/* Reading and writing them. A line that is not as it should be counts as not there. */
#include "sip/sdp_keys.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const char *value_of(const sdp_attribute_t *list, const char *name)
{
    const sdp_attribute_t *a = sdp_attribute_find(list, name);

    return a ? a->a_value : NULL;
}

/* Of the m= line, else of the session. */
static const char *find(const sdp_session_t *sdp, const sdp_media_t *m, const char *name)
{
    const char *value = value_of(m->m_attributes, name);

    return value ? value : value_of(sdp->sdp_attributes, name);
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* "AB:CD:...", exactly `size` bytes of it. */
static bool read_bytes(uint8_t *to, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++, text += 3) {
        int high = digit_of(text[0]), low = high < 0 ? -1 : digit_of(text[1]);

        if (low < 0 || text[2] != (i + 1 < size ? ':' : '\0'))
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool read_fingerprint(struct session_fingerprint *f, const char *value)
{
    const char *space = value ? strchr(value, ' ') : NULL;
    size_t size;

    if (!space)
        return false;
    f->hash = fingerprint_hash_by_name(value, (size_t)(space - value));
    size = fingerprint_size(f->hash);
    return size > 0 && size <= sizeof f->bytes && strlen(space + 1) == 3 * size - 1 &&
           read_bytes(f->bytes, space + 1, size);
}

/* SHA-1 can be forged (RFC 8122 5.1): one that stands alone is none. */
static void read_fingerprints(struct session_dtls *d, const sdp_attribute_t *list)
{
    for (const sdp_attribute_t *a = sdp_attribute_find(list, "fingerprint");
         a && d->fingerprint_count < SESSION_FINGERPRINTS_MAX; a = a->a_next) {
        struct session_fingerprint f = { .hash = HASH_NONE };

        if (strcasecmp(a->a_name, "fingerprint") == 0 && read_fingerprint(&f, a->a_value) &&
            f.hash != HASH_SHA1)
            d->fingerprint[d->fingerprint_count++] = f;
    }
}

static void read_dtls(const sdp_session_t *sdp, const sdp_media_t *m, struct session_dtls *d)
{
    const char *setup = find(sdp, m, "setup"), *id = find(sdp, m, "tls-id");

    *d = (struct session_dtls){ .fingerprint_count = 0 };
    read_fingerprints(d, m->m_attributes);
    if (!d->fingerprint_count)
        read_fingerprints(d, sdp->sdp_attributes);
    if (!d->fingerprint_count)
        return;
    d->setup = setup ? setup_by_name(setup) : SETUP_NONE;
    for (d->association = id ? UINT64_C(14695981039346656037) : 0; id && *id; id++)
        d->association = (d->association ^ (uint8_t)*id) * UINT64_C(1099511628211);
}

bool sdp_keys_usable(const sdp_session_t *sdp, const sdp_media_t *m)
{
    struct session_dtls d;

    read_dtls(sdp, m, &d);
    return d.fingerprint_count > 0 && d.setup != SETUP_HOLDCONN;
}

/* RFC 8839 5.4: letters, digits, + and /. */
static bool read_credential(char *to, size_t size, const char *value, size_t least)
{
    size_t length = value ? strlen(value) : 0;

    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)value[i]) && value[i] != '+' && value[i] != '/')
            return false;
    return length >= least && text_copy(to, size, value);
}

static void read_ice(const sdp_session_t *sdp, const sdp_media_t *m, struct session_ice *i)
{
    struct session_ice found = { .present = true,
                                 .lite = sdp_attribute_find(sdp->sdp_attributes, "ice-lite") };

    if (read_credential(found.ufrag, sizeof found.ufrag, find(sdp, m, "ice-ufrag"), 4) &&
        read_credential(found.pwd, sizeof found.pwd, find(sdp, m, "ice-pwd"), 22))
        *i = found;
}

/* Is this word one of the line's? */
static bool has_word(const char *line, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = strstr(line, word); at; at = strstr(at + 1, word))
        if ((at == line || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static bool is_bundled(const sdp_session_t *sdp, const char *mid)
{
    for (const sdp_attribute_t *a = sdp_attribute_find(sdp->sdp_attributes, "group"); a;
         a = a->a_next)
        if (strcasecmp(a->a_name, "group") == 0 && a->a_value &&
            strncasecmp(a->a_value, "BUNDLE ", 7) == 0 && has_word(a->a_value + 7, mid))
            return true;
    return false;
}

void sdp_keys_read(const sdp_session_t *sdp, const sdp_media_t *m, struct session_offer *out)
{
    const char *mid = value_of(m->m_attributes, "mid");

    read_dtls(sdp, m, &out->dtls);
    read_ice(sdp, m, &out->ice);
    if (mid && *mid && !strpbrk(mid, " \t") && text_is_plain(mid) &&
        text_copy(out->mid, sizeof out->mid, mid))
        out->bundle = is_bundled(sdp, mid);
    else
        out->mid[0] = '\0';
}

/* ---- writing ---- */

static void add(sdp_attribute_t *list, unsigned *count, const char *name, const char *value)
{
    sdp_attribute_t *a = &list[(*count)++];

    *a = (sdp_attribute_t){ .a_size = sizeof *a, .a_name = name, .a_value = value };
    if (*count > 1)
        a[-1].a_next = a;
}

static void write_fingerprint(struct sdp_keys *k, const struct session_fingerprint *f)
{
    (void)text_format(k->fingerprint, sizeof k->fingerprint, "%s ", fingerprint_hash_name(f->hash));
    for (size_t i = 0; i < fingerprint_size(f->hash); i++)
        text_append(k->fingerprint, sizeof k->fingerprint, i ? ":%02X" : "%02X", f->bytes[i]);
}

/* The one candidate there is: our own address (RFC 8445 2.5, 5.3). */
static void write_ice(struct sdp_keys *k, const struct session_local *local)
{
    text_format(k->candidate, sizeof k->candidate, "1 1 UDP 2130706431 %s %u typ host",
                local->rtp.host, local->rtp.port);
    add(k->session, &k->session_count, "ice-lite", NULL);
    add(k->media, &k->media_count, "ice-ufrag", local->ice.ufrag);
    add(k->media, &k->media_count, "ice-pwd", local->ice.pwd);
    add(k->media, &k->media_count, "candidate", k->candidate);
    add(k->media, &k->media_count, "end-of-candidates", NULL);
}

void sdp_keys_write(struct sdp_keys *k, const struct sdp_keys_wish *wish,
                    const struct session_local *local)
{
    memset(k, 0, sizeof *k);
    (void)text_copy(k->mid, sizeof k->mid, wish->mid);
    if (wish->bundle) {
        text_format(k->group, sizeof k->group, "BUNDLE %s", k->mid);
        add(k->session, &k->session_count, "group", k->group);
    }
    if (k->mid[0])
        add(k->media, &k->media_count, "mid", k->mid);
    if (!local->dtls.fingerprint_count)
        return;
    write_fingerprint(k, &local->dtls.fingerprint[0]);
    add(k->media, &k->media_count, "fingerprint", k->fingerprint);
    add(k->media, &k->media_count, "setup", setup_name(wish->setup));
    if (wish->ice && local->ice.present)
        write_ice(k, local);
}

void sdp_keys_wipe(const sdp_session_t *sdp)
{
    for (const sdp_media_t *m = sdp ? sdp->sdp_media : NULL; m; m = m->m_next)
        for (const sdp_attribute_t *a = m->m_attributes; a; a = a->a_next)
            if (a->a_name && a->a_value && strcasecmp(a->a_name, "crypto") == 0)
                explicit_bzero((char *)a->a_value, strlen(a->a_value)); /* in memory of its own */
}
