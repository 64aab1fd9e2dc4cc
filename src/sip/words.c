/* What is known of a leg in words: whom it is with, its dialog's header fields. There is room for
 * the longest of each, most are short, and a leg waits for minutes: what nobody has asked for of
 * late sleeps, squeezed (decision 029). */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/squeeze.h"
#include "sys/log.h"

#define WORDS_AWAKE 128
#define PART offsetof(struct leg_words, facts) /* from here on it is squeezed */
#define PART_SIZE (sizeof(struct leg_words) - PART)

static void link_newest(struct sip *s, struct leg_words *w)
{
    w->older = s->newest_words;
    w->newer = NULL;
    *(w->older ? &w->older->newer : &s->oldest_words) = w;
    s->newest_words = w;
    s->words_awake++;
}

static void take_out(struct sip *s, struct leg_words *w)
{
    *(w->older ? &w->older->newer : &s->oldest_words) = w->newer;
    *(w->newer ? &w->newer->older : &s->newest_words) = w->older;
    s->words_awake--;
}

/* Those that nobody has asked for for longest; without memory they stay awake. */
static void put_to_sleep(struct sip *s, struct leg_words *w)
{
    uint8_t bytes[SQUEEZE_MOST(PART_SIZE)];
    size_t length = squeeze(bytes, (const uint8_t *)w + PART, PART_SIZE);

    w->leg->asleep = malloc(length);
    if (!w->leg->asleep)
        return;
    memcpy(w->leg->asleep, bytes, length);
    w->leg->asleep_bytes = (uint32_t)length;
    w->leg->awake = NULL;
    take_out(s, w);
    free(w);
}

static bool add(struct leg *leg)
{
    struct sip *s = leg->edge;

    if (s->words_awake >= WORDS_AWAKE)
        put_to_sleep(s, s->oldest_words);
    leg->awake = malloc(sizeof *leg->awake);
    if (!leg->awake)
        return false;
    leg->awake->leg = leg;
    link_newest(s, leg->awake);
    return true;
}

/* Nothing can be done for a call of which nothing is known, and whoever asks cannot go on either.
 * The next start finds the calls in the store. */
static void wake(struct leg *leg)
{
    if (!add(leg) ||
        !unsqueeze((uint8_t *)leg->awake + PART, PART_SIZE, leg->asleep, leg->asleep_bytes)) {
        log_error("sip", "out of memory: a call's own dialog cannot be looked at");
        abort();
    }
    free(leg->asleep);
    leg->asleep = NULL;
}

struct leg_words *sip_leg_words(const struct leg *asked)
{
    struct leg *leg = (struct leg *)asked; /* that it is asked for changes nothing of it */
    struct sip *s = leg->edge;

    if (!leg->awake)
        wake(leg);
    if (s->newest_words != leg->awake) {
        take_out(s, leg->awake);
        link_newest(s, leg->awake);
    }
    return leg->awake;
}

bool sip_leg_words_new(struct leg *leg)
{
    if (!add(leg))
        return false;
    memset((uint8_t *)leg->awake + PART, 0, PART_SIZE);
    return true;
}

void sip_leg_words_free(struct leg *leg)
{
    if (leg->awake)
        take_out(leg->edge, leg->awake);
    free(leg->awake);
    free(leg->asleep);
}
