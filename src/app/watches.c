/* Rows of subscriptions to lamps: the SIP edge says what is in them, and is given them back at the
 * next start. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"

bool watches_load(struct app *a, const struct stored_watch *row)
{
    size_t count = a->config.sip.watch_count;
    char *text = strdup(row->text);

    if (text && count == a->watch_room) {
        size_t room = count ? 2 * count : 64;
        struct sip_kept_watch *more = realloc(a->watches, room * sizeof(*more));

        if (more) {
            a->config.sip.watches = a->watches = more;
            a->watch_room = room;
        }
    }
    if (!text || count == a->watch_room) {
        free(text);
        return false;
    }
    a->watches[count] = (struct sip_kept_watch){ row->number, text };
    a->config.sip.watch_count++;
    return true;
}

void watches_free(struct app *a)
{
    for (size_t i = 0; i < a->config.sip.watch_count; i++)
        free((char *)a->watches[i].text);
    free(a->watches);
    a->watches = NULL;
    a->watch_room = 0;
    a->config.sip.watches = NULL;
    a->config.sip.watch_count = 0;
}

void watches_take(struct app *a, const struct sip_watch *w)
{
    struct change *change = turn_add(a, w->text[0] ? CHANGE_WATCH_PUT : CHANGE_WATCH_REMOVE);

    if (!change)
        return;
    if (!w->text[0]) {
        change->watch_gone = w->number;
        return;
    }
    change->watch.number = w->number;
    (void)text_copy(change->watch.text, sizeof(change->watch.text), w->text); /* the same size */
}
