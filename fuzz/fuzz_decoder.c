/* Bytes as what the process that reads sound files says, should somebody have taken it over. What
 * is believed is sound within its bounds, or a refusal in one line. */
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "media/decoder.h"
#include "sys/clock.h"

#define SIZE_MAX_HERE 32768 /* a pipe takes more without anybody reading */
#define SECONDS 2

static void check_sound(const struct audio *a)
{
    assert(a->count > 0 && a->count <= SECONDS * AUDIO_RATE && a->samples && a->type);
    for (size_t i = 0; i < a->count; i++)
        assert(isfinite(a->samples[i]) && fabsf(a->samples[i]) <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audio a = { .samples = NULL };
    struct err why = { 0 };
    bool cut = false;
    int ends[2], code;

    if (size > SIZE_MAX_HERE || pipe(ends) != 0)
        return 0;
    assert(write(ends[1], data, size) == (ssize_t)size || size == 0);
    (void)close(ends[1]);
    code = decoder_believe(&a, ends[0], SECONDS, &cut, clock_now() + 60000, &why);
    (void)close(ends[0]);
    if (code == 0)
        check_sound(&a);
    else
        assert(!a.samples && (code == -EFAULT || text_is_plain(why.text)));
    audio_done(&a);
    return 0;
}
