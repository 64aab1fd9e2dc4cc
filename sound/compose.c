/* Writes the music that callers hear when no file is configured: a piece of our own, made of sines,
 * so that nobody else has rights in it. Build time only: compose FILE.wav
 *
 * Four parts of eight bars; a telephone passes 300 to 3400 Hz, so the tune lies between 390 and 930
 * Hz and low notes carry overtones. What still sounds at the end is heard at the beginning, so that
 * the loop has no seam. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define RATE 16000
#define EIGHTH 5000 /* samples: 96 quarters a minute */
#define BARS_OF_PART 8
#define PARTS 4
#define BAR ((long)EIGHTH * 8)
#define TOTAL (BAR * BARS_OF_PART * PARTS) /* 80 seconds */

static float mix[TOTAL];

struct note {
    int key, eighths; /* MIDI key; 0 is a rest */
};

struct part {
    int chord[BARS_OF_PART][4];
    struct note tune[40]; /* ends with 0 eighths */
};

/* clang-format off */
static const struct part first = {
    { { 53, 57, 60, 64 }, { 50, 57, 60, 65 }, { 46, 58, 62, 65 }, { 48, 55, 60, 64 },
      { 53, 57, 60, 64 }, { 57, 60, 64, 67 }, { 46, 58, 62, 67 }, { 48, 58, 60, 64 } },
    { { 72, 3 }, { 69, 1 }, { 65, 2 }, { 69, 2 },  { 74, 3 }, { 72, 1 }, { 69, 4 },
      { 70, 3 }, { 72, 1 }, { 74, 2 }, { 77, 2 },  { 76, 4 }, { 72, 2 }, { 0, 2 },
      { 77, 3 }, { 76, 1 }, { 72, 2 }, { 69, 2 },  { 67, 2 }, { 69, 2 }, { 72, 4 },
      { 74, 3 }, { 72, 1 }, { 70, 2 }, { 67, 2 },  { 72, 6 }, { 0, 2 } },
};

static const struct part answer = {
    { { 53, 57, 60, 64 }, { 50, 57, 60, 65 }, { 46, 58, 62, 65 }, { 48, 55, 60, 64 },
      { 53, 57, 60, 64 }, { 57, 60, 64, 67 }, { 48, 58, 60, 64 }, { 53, 57, 60, 65 } },
    { { 72, 3 }, { 69, 1 }, { 65, 2 }, { 69, 2 },  { 74, 3 }, { 72, 1 }, { 69, 4 },
      { 70, 3 }, { 72, 1 }, { 74, 2 }, { 77, 2 },  { 76, 4 }, { 72, 2 }, { 0, 2 },
      { 77, 3 }, { 76, 1 }, { 72, 2 }, { 69, 2 },  { 67, 2 }, { 69, 2 }, { 72, 4 },
      { 74, 2 }, { 76, 2 }, { 77, 2 }, { 79, 2 },  { 77, 6 }, { 0, 2 } },
};

static const struct part middle = {
    { { 46, 58, 62, 65 }, { 48, 55, 60, 64 }, { 57, 60, 64, 67 }, { 50, 57, 60, 65 },
      { 55, 58, 62, 65 }, { 48, 55, 60, 64 }, { 53, 57, 60, 64 }, { 48, 58, 60, 64 } },
    { { 74, 2 }, { 77, 2 }, { 82, 4 },  { 81, 2 }, { 79, 2 }, { 76, 4 },
      { 72, 2 }, { 76, 2 }, { 81, 4 },  { 79, 2 }, { 77, 2 }, { 74, 4 },
      { 70, 2 }, { 74, 2 }, { 79, 3 }, { 77, 1 },  { 76, 3 }, { 74, 1 }, { 72, 4 },
      { 69, 2 }, { 72, 2 }, { 77, 4 },  { 76, 2 }, { 74, 2 }, { 72, 2 }, { 70, 2 } },
};
/* clang-format on */

static const struct part *const piece[PARTS] = { &first, &answer, &middle, &answer };

static double frequency(int key)
{
    return 440 * pow(2, (key - 69) / 12.0);
}

static void add(long at, double value)
{
    mix[at % TOTAL] += (float)value;
}

/* A struck bar: the overtone dies away sooner than the tone. */
static void bell(long at, int key, double level, double seconds)
{
    double w = 2 * M_PI * frequency(key) / RATE;

    for (long i = 0; i < (long)(seconds * 3 * RATE); i++) {
        double t = (double)i / RATE;
        double rise = t < 0.012 ? t / 0.012 : 1;
        double tone = sin(w * (double)i + 0.9 * exp(-t * 5 / seconds) * sin(2 * w * (double)i));

        add(at + i, level * rise * exp(-t * 2 / seconds) * tone);
    }
}

/* Strings: three a little apart, that swell and fade. */
static void strings(long at, int key, double level, long samples)
{
    static const double apart[] = { 0.9975, 1, 1.0025 };
    long fade = RATE;

    for (long i = 0; i < samples + fade; i++) {
        double rise = i < fade / 2 ? 0.5 - 0.5 * cos(M_PI * (double)i / ((double)fade / 2)) : 1;
        double fall =
            i > samples ? 0.5 + 0.5 * cos(M_PI * (double)(i - samples) / (double)fade) : 1;

        for (size_t n = 0; n < sizeof apart / sizeof *apart; n++) {
            double phase = 2 * M_PI * frequency(key) * apart[n] * (double)i / RATE;

            add(at + i,
                level * rise * fall * (sin(phase) + 0.35 * sin(2 * phase) + 0.12 * sin(3 * phase)));
        }
    }
}

/* One bar under the tune: a low note, the chord held, and its notes one after the other. */
static void accompany(long at, const int chord[4], int bar)
{
    static const int order[8] = { 1, 2, 3, 2, 1, 3, 2, 3 };

    bell(at, chord[0], 0.10, 1.4);
    bell(at, chord[0] + 12, 0.05, 1.0);
    for (int n = 1; n < 4; n++)
        strings(at, chord[n], 0.020, BAR);
    for (int i = 0; i < 8; i++)
        bell(at + (long)i * EIGHTH, chord[order[(i + bar) % 8]] + 12, 0.035, 0.5);
}

static void play(long at, const struct part *p)
{
    for (int bar = 0; bar < BARS_OF_PART; bar++)
        accompany(at + bar * BAR, p->chord[bar], bar);
    for (const struct note *n = p->tune; n->eighths; n++) {
        if (n->key)
            bell(at, n->key, 0.17, 0.5 + 0.25 * n->eighths);
        at += (long)n->eighths * EIGHTH;
    }
}

static void put(FILE *file, uint32_t value, int bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        putc((int)(value & 0xFF), file);
}

/* 44 bytes of header, then 16 bit numbers, lowest byte first. */
static void write_wav(FILE *file)
{
    double peak = 0;

    for (long i = 0; i < TOTAL; i++)
        peak = fmax(peak, fabsf(mix[i]));
    fputs("RIFF", file);
    put(file, 36 + TOTAL * 2, 4);
    fputs("WAVEfmt ", file);
    put(file, 16, 4);
    put(file, 1 | 1 << 16, 4); /* PCM, one channel */
    put(file, RATE, 4);
    put(file, RATE * 2, 4);
    put(file, 2 | 16 << 16, 4);
    fputs("data", file);
    put(file, TOTAL * 2, 4);
    for (long i = 0; i < TOTAL; i++)
        put(file, (uint32_t)lrint(mix[i] / peak * 0.7 * 32767), 2);
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "wb") : NULL;

    if (!file) {
        fprintf(stderr, "compose FILE.wav: cannot write it\n");
        return EXIT_FAILURE;
    }
    for (int part = 0; part < PARTS; part++)
        play((long)part * BARS_OF_PART * BAR, piece[part]);
    write_wav(file);
    return fclose(file) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
