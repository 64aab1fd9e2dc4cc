/* STUN from strangers. What is read must be the same when it is written anew. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "media/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct endpoint mapped = { .host = { 192, 0, 2, 1 }, .port = 32853, .family = FAMILY_4 };
    uint8_t answer[STUN_SIZE_MAX];
    struct stun_message m, again;
    size_t length;

    if (!stun_parse(&m, data, size))
        return 0;
    assert(!m.username || ((const uint8_t *)m.username >= data &&
                           (const uint8_t *)m.username + m.username_size <= data + size));
    (void)stun_is_signed(&m, data, "secret");
    (void)stun_is_for(&m, "evtj");
    length = stun_write_success(answer, &m, &mapped, "secret");
    assert(stun_parse(&again, answer, length) && again.type == STUN_SUCCESS);
    assert(stun_is_signed(&again, answer, "secret") && !stun_is_signed(&again, answer, "other"));
    assert(endpoint_same(&again.mapped, &mapped));
    assert(memcmp(again.transaction, m.transaction, sizeof m.transaction) == 0);
    length = stun_write_error(answer, &m, m.unknown_count ? 420 : 401, NULL);
    assert(stun_parse(&again, answer, length) && again.error && again.has_fingerprint);
    return 0;
}
