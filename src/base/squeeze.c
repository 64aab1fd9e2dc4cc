/* See squeeze.h. */
#include "base/squeeze.h"

#include <assert.h>
#include <string.h>

#define FULL 0xffu
#define RUN_MAX 255u
#define ONES UINT64_C(0x0101010101010101)

static uint64_t word_at(const uint8_t *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    return word;
}

/* How many words of zeros stand here. */
static size_t zeros(const uint8_t *from, size_t words)
{
    size_t most = words < RUN_MAX ? words : RUN_MAX, count = 0;

    while (count + 4 <= most && !(word_at(from + 8 * count) | word_at(from + 8 * count + 8) |
                                  word_at(from + 8 * count + 16) | word_at(from + 8 * count + 24)))
        count += 4;
    while (count < most && !word_at(from + 8 * count))
        count++;
    return count;
}

/* Is none of its bytes 0? */
static bool is_full(uint64_t word)
{
    return !((word - ONES) & ~word & ONES << 7);
}

static size_t full_words(const uint8_t *from, size_t words)
{
    size_t most = words < RUN_MAX ? words : RUN_MAX, count = 0;

    while (count < most && is_full(word_at(from + 8 * count)))
        count++;
    return count;
}

/* A tag with a bit for each byte that is not 0, and these bytes. */
static uint8_t *put_word(uint8_t *to, uint64_t word)
{
    uint8_t *tag = to++;
    unsigned there = 0;

    for (unsigned i = 0; i < SQUEEZE_WORD; i++) {
        uint8_t byte = (uint8_t)(word >> 8 * i);

        *to = byte;
        to += byte != 0;
        there |= (unsigned)(byte != 0) << i;
    }
    *tag = (uint8_t)there;
    return to;
}

size_t squeeze(uint8_t *to, const void *from, size_t size)
{
    const uint8_t *at = from;
    size_t words = size / SQUEEZE_WORD, run;
    uint8_t *start = to;

    assert(size % SQUEEZE_WORD == 0);
    while (words) {
        uint64_t word = word_at(at);

        at += SQUEEZE_WORD;
        words--;
        if (!word) {
            run = zeros(at, words);
            *to++ = 0;
            *to++ = (uint8_t)run;
        } else if (is_full(word)) {
            run = full_words(at, words);
            *to++ = FULL;
            memcpy(to, &word, SQUEEZE_WORD);
            to += SQUEEZE_WORD;
            *to++ = (uint8_t)run;
            memcpy(to, at, run * SQUEEZE_WORD);
            to += run * SQUEEZE_WORD;
        } else {
            run = 0;
            to = put_word(to, word);
        }
        at += run * SQUEEZE_WORD;
        words -= run;
    }
    return (size_t)(to - start);
}

/* ---- and back ---- */

struct reader {
    const uint8_t *at, *end;
};

static bool take_word(struct reader *r, unsigned tag, uint64_t *word)
{
    *word = 0;
    for (; tag && r->at < r->end; tag &= tag - 1)
        *word |= (uint64_t)*r->at++ << 8 * __builtin_ctz(tag);
    return !tag;
}

/* How many words of its kind follow one of zeros or a full one; they have come and have room. */
static bool take_run(struct reader *r, bool full, size_t room, size_t *run)
{
    if (r->at == r->end)
        return false;
    *run = *r->at++;
    return *run <= room && (!full || *run * SQUEEZE_WORD <= (size_t)(r->end - r->at));
}

bool unsqueeze(void *to, size_t size, const uint8_t *from, size_t length)
{
    struct reader r = { from, from + length };
    size_t words = size / SQUEEZE_WORD;
    uint8_t *at = to;

    assert(size % SQUEEZE_WORD == 0);
    memset(to, 0, size);
    while (words && r.at < r.end) {
        unsigned tag = *r.at++;
        size_t run = 0;
        uint64_t word;

        if (!take_word(&r, tag, &word))
            return false;
        memcpy(at, &word, sizeof word);
        at += SQUEEZE_WORD;
        words--;
        if ((tag == 0 || tag == FULL) && !take_run(&r, tag == FULL, words, &run))
            return false;
        if (tag == FULL) {
            memcpy(at, r.at, run * SQUEEZE_WORD);
            r.at += run * SQUEEZE_WORD;
        }
        at += run * SQUEEZE_WORD;
        words -= run;
    }
    return !words && r.at == r.end;
}
