/* The hash that ties each entry of the audit trail to the one before it. A changed entry no longer
 * fits its hash, a removed one leaves a gap, and to hide either all entries behind it must be
 * written anew. It does not keep somebody from doing just that who may write the file; whoever
 * notes a hash elsewhere now and then (callparkctl audit verify) will see it. */
#include "store/chain.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "base/text.h"

static void add(crypto_hash_sha256_state *state, const char *text)
{
    (void)crypto_hash_sha256_update(state, (const unsigned char *)text, strlen(text));
}

/* The functions of libsodium that hash only say that they cannot fail. */
void chain_hash(const struct audit_entry *e, unsigned char hash[AUDIT_HASH_SIZE])
{
    const char *const rest[] = { e->actor,   e->source,     e->request, e->action,
                                 e->subject, e->subject_id, e->before,  e->after };
    char text[2 * AUDIT_HASH_SIZE + 1];
    crypto_hash_sha256_state state;

    (void)crypto_hash_sha256_init(&state);
    add(&state, sodium_bin2hex(text, sizeof text, e->prev, sizeof e->prev));
    (void)text_format(text, sizeof text, "\n%" PRIu64 "\n%" PRIu64, e->id, e->at);
    add(&state, text);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        add(&state, "\n");
        add(&state, rest[i]);
    }
    (void)crypto_hash_sha256_final(&state, hash);
}

static void make_plain(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

void chain_link(struct audit_entry *e, audit_id last, const unsigned char hash[AUDIT_HASH_SIZE])
{
    char *const texts[] = { e->actor,   e->source,     e->request, e->action,
                            e->subject, e->subject_id, e->before,  e->after };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        make_plain(texts[i]);
    e->id = last + 1;
    memcpy(e->prev, hash, AUDIT_HASH_SIZE);
    chain_hash(e, e->hash);
}
