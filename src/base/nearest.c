/* Edit distance over short words, and the choice among a list of known ones. */
#include "base/nearest.h"

#include <string.h>

#define LETTERS 63

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

unsigned nearest_distance(const char *a, const char *b)
{
    unsigned row[LETTERS + 1];
    size_t a_length = strnlen(a, LETTERS);
    size_t b_length = strnlen(b, LETTERS);

    for (size_t j = 0; j <= b_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned corner = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned above = row[j];

            row[j] = smallest(above + 1, row[j - 1] + 1,
                              corner + (lower(a[i - 1]) == lower(b[j - 1]) ? 0U : 1U));
            corner = above;
        }
    }
    return row[b_length];
}

const char *nearest_word(const char *typed, const char *const *words, size_t count)
{
    const char *best = NULL;
    unsigned least = (unsigned)strnlen(typed, LETTERS) / 3 + 2;

    for (size_t i = 0; i < count; i++) {
        unsigned distance = nearest_distance(typed, words[i]);

        if (distance < least) {
            least = distance;
            best = words[i];
        }
    }
    return best;
}
