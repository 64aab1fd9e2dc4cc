/* Bytes as a file of music that somebody uploads. What is taken has a length within its bounds, and
 * its preview is taken as well and is as long; what is refused is refused in plain words. The
 * library behind it is slow, so inputs are small, and only seconds of them are read. What runs here
 * is what the confined process runs (media/decoder.h); no foreign program is asked. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "media/piece.h"

#define SIZE_MAX_HERE 16384
#define SECONDS_MAX 2

/* The rest of the way, for some of those that can be read: encoding takes longer than all else. */
static void make(const struct piece_source *from, msec length)
{
    struct piece_about about;
    struct piece *p = NULL;

    assert(piece_make(&p, from, &about, NULL) == 0);
    assert(about.length == length && about.type[0]);
    piece_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct piece_source from = {
        .name = "hold\x01.wav", .data = data, .size = size, .seconds = SECONDS_MAX
    };
    struct piece_source again = { .name = "preview.wav" };
    struct err err = { 0 };
    char *wav = NULL;
    msec length;

    if (size > SIZE_MAX_HERE)
        return 0;
    if (piece_preview(&wav, &again.size, &from, &err) != 0) {
        assert(!wav && err.text[0] && text_is_plain(err.text));
        return 0;
    }
    again.data = wav;
    length = (again.size - 44) / 32;
    assert(length >= 1000 && length <= SECONDS_MAX * 1000);
    if (size % 16 == 0) {
        make(&from, length);
        make(&again, length);
    }
    free(wav);
    return 0;
}
