/* Bytes as what comes to the front before anybody is known: a stream of messages, one message of a
 * WebSocket, and the request that opens one. Whatever they are, they are read within bounds, and a
 * change of the topmost Via changes nothing else. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sip/front_conn.h"

static void rewrite(const char *text, size_t size)
{
    static const struct via_change change = {
        .transport = "TCP", .sent_by = "park.example:5061", .received = "192.0.2.1", .rport = 4711
    };
    static const struct via_change nothing = { .transport = NULL };
    struct bytes out = { NULL, 0, 0 };

    assert(front_rewrite(&out, text, size, &nothing, false));
    assert(out.length == size && (!size || memcmp(out.at, text, size) == 0));
    bytes_done(&out);
    assert(front_rewrite(&out, text, size, &change, true));
    bytes_done(&out);
}

static void as_stream(const char *text, size_t size)
{
    for (unsigned n = 0; size && n < 100; n++) {
        size_t one = front_message(text, size);

        if (!one || one == FRONT_NO_MESSAGE)
            return;
        assert(one <= size);
        rewrite(text, one);
        text += one;
        size -= one;
    }
}

static void as_frame(const char *text, size_t size)
{
    char transport[8];
    size_t used;
    bool lacks;

    front_transport(text, size, transport);
    if (!front_whole(text, size, &used, &lacks))
        return;
    assert(used <= size);
    rewrite(text, used);
}

/* Blocks of their own, so that reading behind the end is seen. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sip_tls config = { .origin_count = 1, .origins = { "https://a.example" } };
    char *bytes = malloc(size ? size : 1), *text = malloc(size + 1), accept[32];

    if (bytes && text) {
        memcpy(bytes, data, size);
        as_stream(bytes, size);
        as_frame(bytes, size);
        memcpy(text, data, size);
        text[size] = '\0';
        (void)front_ws_judge(text, &config, accept);
    }
    free(bytes);
    free(text);
    return 0;
}
