#include "media_wav.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void put(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

uint8_t *wav_tone(double hertz, double seconds, size_t *size)
{
    uint32_t count = (uint32_t)(seconds * 16000);
    uint8_t *to = calloc(44 + count * 2, 1);

    assert_non_null(to);
    memcpy(to, "RIFF----WAVEfmt ", 16);
    put(to + 4, 36 + count * 2, 4);
    put(to + 16, 16, 4);
    put(to + 20, 1, 2);
    put(to + 22, 1, 2);
    put(to + 24, 16000, 4);
    put(to + 28, 32000, 4);
    put(to + 32, 2, 2);
    put(to + 34, 16, 2);
    memcpy(to + 36, "data", 4);
    put(to + 40, count * 2, 4);
    for (uint32_t i = 0; hertz > 0 && i < count; i++)
        put(to + 44 + i * 2, (uint32_t)(int32_t)(8000 * sin(2 * M_PI * hertz * i / 16000)), 2);
    *size = 44 + count * 2;
    return to;
}
