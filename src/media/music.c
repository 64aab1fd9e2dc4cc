/* Music: read, brought to an even loudness, encoded as a loop. */
#include "media/music.h"

#include <errno.h>

#include "base/text.h"
#include "media/builtin.h"
#include "media/decoder.h"
#include "sys/log.h"

static const struct builtin_sound *find(const char *name)
{
    const struct builtin_sound *b = builtin_sounds;

    while (b->name && !text_is(b->name, name))
        b++;
    return b->name ? b : NULL;
}

static int none_built_in(struct err *err)
{
    return err_set(err, -ENOENT, "this build has no music in it; name a file as music");
}

static int read_builtin(struct audio *a, struct err *err)
{
    const struct builtin_sound *b = find("music.wav");
    bool cut;

    if (!b)
        return none_built_in(err);
    return audio_read_memory(a, "the built-in music", b->start, (size_t)(b->end - b->start),
                             MUSIC_SECONDS_MAX, &cut, err);
}

int music_read(struct audio *a, const char *path, struct err *err)
{
    bool cut = false;
    int failed =
        *path ? decoder_read_file(a, path, MUSIC_SECONDS_MAX, &cut, err) : read_builtin(a, err);

    if (failed)
        return err_prefix(err, "music: "), failed;
    if (cut)
        log_warning("media", "music %s is longer than %d minutes; the rest is left out", path,
                    MUSIC_SECONDS_MAX / 60);
    audio_level(a);
    return 0;
}

int music_load(struct sound *s, const char *path, struct err *err)
{
    const struct builtin_sound *b = *path ? NULL : find("music");
    struct audio a;
    int failed;

    if (b && sound_borrow(s, b->start, b->end) == 0)
        return 0; /* encoded when this program was built */
    failed = music_read(&a, path, err);
    if (failed)
        return failed;
    failed = sound_make(s, &a, true, err);
    audio_done(&a);
    return failed;
}
