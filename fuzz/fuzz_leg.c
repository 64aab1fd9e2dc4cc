/* Rows of the store that others wrote, as legs: whatever they are, they are read or refused with a
 * word, and what was read is written and read again as it was. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "app/leg_text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct app_leg l, again;
    static char first[sizeof(((struct stored_leg *)0)->media)], second[sizeof(first)];
    char unread[64] = "";
    char *text;

    if (size > 65536)
        return 0;
    text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    memset(&l, 0, sizeof(l));
    memset(&again, 0, sizeof(again));
    if (!leg_text_read(&l, text, unread)) {
        assert(unread[0]);
    } else {
        assert(leg_text_write(first, sizeof(first), &l));
        assert(leg_text_read(&again, first, unread));
        assert(leg_text_write(second, sizeof(second), &again));
        assert(!strcmp(first, second));
    }
    free(text);
    return 0;
}
