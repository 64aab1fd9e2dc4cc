/* WAV files in memory for the tests: a tone, made without the library that reads it. */
#ifndef CALLPARK_TEST_MEDIA_WAV_H
#define CALLPARK_TEST_MEDIA_WAV_H

#include <stddef.h>
#include <stdint.h>

/* 16 kHz, mono, 16 bit; `hertz` 0: silence. malloc'ed. */
uint8_t *wav_tone(double hertz, double seconds, size_t *size);

#endif
