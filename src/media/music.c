/* Music: read, brought to an even loudness, encoded as a loop. */
#include "media/music.h"

#include <errno.h>

#include "base/text.h"
#include "media/builtin.h"
#include "sys/log.h"

static int read_builtin(struct audio *a, struct err *err)
{
    bool cut;

    for (const struct builtin_sound *b = builtin_sounds; b->name; b++)
        if (text_is(b->name, "music"))
            return audio_read_memory(a, "the built-in music", b->start, (size_t)(b->end - b->start),
                                     MUSIC_SECONDS_MAX, &cut, err);
    return err_set(err, -ENOENT, "this build has no music in it; name a file as music");
}

int music_read(struct audio *a, const char *path, struct err *err)
{
    bool cut = false;
    int failed =
        *path ? audio_read_file(a, path, MUSIC_SECONDS_MAX, &cut, err) : read_builtin(a, err);

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
    struct audio a;
    int failed = music_read(&a, path, err);

    if (failed)
        return failed;
    failed = sound_make(s, &a, true, err);
    audio_done(&a);
    return failed;
}
