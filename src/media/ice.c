/* What becomes of a check (RFC 8445 7.3, RFC 8489 9.1.3). */
#include "media/ice.h"

static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void spell(char *to, const uint8_t *random, size_t length)
{
    for (size_t i = 0; i < length; i++)
        to[i] = characters[random[i] & 63];
    to[length] = '\0';
}

void ice_name(struct session_ice *out, const uint8_t random[ICE_UFRAG_LENGTH + ICE_PWD_LENGTH])
{
    *out = (struct session_ice){ .present = true, .lite = true };
    spell(out->ufrag, random, ICE_UFRAG_LENGTH);
    spell(out->pwd, random + ICE_UFRAG_LENGTH, ICE_PWD_LENGTH);
}

/* The error that a request deserves; 0 for none. */
static uint16_t judge(const struct session_ice *ours, const struct stun_message *m,
                      const uint8_t *data)
{
    if (!m->integrity_at || !m->username)
        return 400;
    if (!stun_is_for(m, ours->ufrag) || !stun_is_signed(m, data, ours->pwd))
        return 401;
    if (m->unknown_count)
        return 420;
    return m->controlled ? 487 : 0; /* lite is never in control; the other side changes its mind */
}

enum ice_verdict ice_take(const struct session_ice *ours, const uint8_t *data, size_t length,
                          const struct endpoint *from, uint8_t answer[STUN_SIZE_MAX], size_t *size)
{
    struct stun_message m;
    uint16_t error;

    *size = 0;
    if (!ours->present || !stun_parse(&m, data, length) || m.type != STUN_REQUEST)
        return ICE_NOTHING;
    error = judge(ours, &m, data);
    if (error) {
        *size = stun_write_error(answer, &m, error, error > 401 ? ours->pwd : NULL);
        return ICE_NOTHING;
    }
    *size = stun_write_success(answer, &m, from, ours->pwd);
    return m.use_candidate ? ICE_NOMINATED : ICE_CHECKED;
}
