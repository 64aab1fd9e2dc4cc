/* Encodes the built-in sounds when this program is built, so that none has to be at its start:
 * encode FOLDER FILE.wav... writes FILE.snd for each. What is called music is a loop, the rest is
 * spoken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "media/sound.h"

#define SECONDS_MAX 600

static int make(struct sound *s, const char *name, const char *path, struct err *err)
{
    struct audio a;
    bool cut;
    int failed = audio_read_file(&a, path, SECONDS_MAX, &cut, err);

    if (failed)
        return failed;
    if (text_starts(name, "music")) {
        audio_level(&a);
        failed = sound_make(s, &a, true, err);
    } else {
        failed = sound_make_spoken(s, &a, err);
    }
    audio_done(&a);
    return failed;
}

static int encode(const char *folder, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct err err = { 0 };
    struct sound s;
    char to[4096];
    FILE *file;
    bool done;

    if (make(&s, name, path, &err)) {
        (void)fprintf(stderr, "encode: %s\n", err.text);
        return EXIT_FAILURE;
    }
    (void)snprintf(to, sizeof to, "%s/%.*s.snd", folder, (int)strcspn(name, "."), name);
    file = fopen(to, "we");
    done = file && sound_write(&s, file);
    if (file && fclose(file) != 0)
        done = false;
    if (!done)
        perror(to);
    sound_done(&s);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    int failed = argc < 3;

    for (int i = 2; i < argc && !failed; i++)
        failed = encode(argv[1], argv[i]);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
