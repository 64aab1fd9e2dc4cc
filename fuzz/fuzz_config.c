/* Bytes as a configuration file: whatever they are, they are taken or refused with words. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "app/config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct app_config config;
    struct err err = { 0 };
    char *text;

    if (size > 65536)
        return 0;
    text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (config_read_text(&config, "fuzz", text, &err))
        assert(err.text[0]);
    else
        assert(config.sip.listen_count > 0 && config.store_url[0]);
    free(text);
    return 0;
}
