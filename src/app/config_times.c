/* Lengths of time in callpark.conf. */
#include "app/config_values.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

/* "30min" is what people write; the reader of durations says "30m". */
int config_set_span(struct config_reading *r, const char *value, void *to, size_t size)
{
    const uint64_t least = 60000;
    const char *minutes = strstr(value, "min");
    uint64_t span = 0;
    char plain[32] = "";

    (void)size;
    if (minutes)
        (void)text_format(plain, sizeof(plain), "%.*sm%.16s",
                          (int)(minutes - value < 8 ? minutes - value : 8), value, minutes + 3);
    if (!text_duration(minutes ? plain : value, &span) || span < least)
        return err_set(
            r->err, -EINVAL,
            "'%.80s' is no length of time of a minute or more: write for example 30min or 12h",
            value);
    memcpy(to, &span, sizeof(span));
    return 0;
}

/* From `least` to `most` milliseconds, else `fault` is told; "off", where there is such a thing, is
 * `off`. */
static int set_span(struct config_reading *r, const char *value, void *to, msec least, msec most,
                    const msec *off, const char *fault)
{
    uint64_t span;

    if (off && text_is_nocase(value, "off"))
        span = *off;
    else if (!text_duration(value, &span) || span < least || span > most)
        return err_set(r->err, -EINVAL, "'%.80s' %s", value, fault);
    memcpy(to, &span, sizeof(span));
    return 0;
}

int config_set_unheard(struct config_reading *r, const char *value, void *to, size_t size)
{
    const msec off = NEVER;

    (void)size;
    return set_span(r, value, to, 1000, 3600000, &off,
                    "is no length of time from 1s to 1h: write for example 10s, or off");
}

/* Longer than a ring back rings by default makes no sense. */
int config_set_hop_timeout(struct config_reading *r, const char *value, void *to, size_t size)
{
    (void)size;
    return set_span(r, value, to, 1000, 20000, NULL,
                    "is no length of time from 1s to 20s: write for example 4s");
}

int config_set_options(struct config_reading *r, const char *value, void *to, size_t size)
{
    const msec off = 0;

    (void)size;
    return set_span(r, value, to, 2000, 3600000, &off,
                    "is no length of time from 2s to 1h: write for example 60s, or off");
}
