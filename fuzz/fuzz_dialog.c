/* Rows of the store that others wrote, as dialogs: whatever they are, they are read or refused with
 * a word, nothing in them ends a header line, and what was read is written and read again as it
 * was. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sip/sip.h"

static void is_one_line(const char *text)
{
    assert(!strpbrk(text, "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sip_dialog d, again;
    static char first[SIP_DIALOG_TEXT_SIZE], second[SIP_DIALOG_TEXT_SIZE];
    char unread[64];
    char *text;

    if (size > 65536)
        return 0;
    text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!sip_dialog_read(&d, text, unread)) {
        assert(unread[0]);
    } else if (sip_dialog_write(first, sizeof first, &d)) {
        is_one_line(d.call_id);
        is_one_line(d.remote_target);
        is_one_line(d.routes);
        is_one_line(d.identity_told);
        assert(sip_dialog_read(&again, first, unread));
        assert(sip_dialog_write(second, sizeof second, &again));
        assert(!strcmp(first, second));
    }
    free(text);
    return 0;
}
