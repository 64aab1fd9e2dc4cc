/* Reading and resampling. A file is taken block by block, so that ten minutes in studio quality
 * need no more memory than ten minutes at 16 kHz. */
#include "media/audio.h"

#include <errno.h>
#include <math.h>
#include <samplerate.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 4096 /* frames read at once */
#define CHANNELS_MAX 16
#define RATE_MIN 4000
#define RATE_MAX 192000
#define MEAN_WANTED 0.09 /* -21 dB: loud enough for a speaker phone, below speech */
#define PEAK_MAX 0.7     /* -3 dB: G.711 has no room above full scale */
#define GAIN_MAX 8.0
#define QUIET 0.006F /* -44 dB */

struct memory_file {
    const uint8_t *data;
    sf_count_t size, at;
};

static sf_count_t memory_size(void *user)
{
    const struct memory_file *f = user;

    return f->size;
}

static sf_count_t memory_seek(sf_count_t offset, int whence, void *user)
{
    struct memory_file *f = user;
    sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f->at : f->size;

    if (from + offset < 0 || from + offset > f->size)
        return -1;
    return f->at = from + offset;
}

static sf_count_t memory_read(void *to, sf_count_t count, void *user)
{
    struct memory_file *f = user;
    sf_count_t n = count < f->size - f->at ? count : f->size - f->at;

    memcpy(to, f->data + f->at, (size_t)n);
    f->at += n;
    return n;
}

static sf_count_t memory_write(const void *from, sf_count_t count, void *user)
{
    (void)from, (void)count, (void)user;
    return 0;
}

static sf_count_t memory_tell(void *user)
{
    const struct memory_file *f = user;

    return f->at;
}

void audio_done(struct audio *a)
{
    free(a->samples);
    *a = (struct audio){ 0 };
}

static bool make_room(struct audio *a, size_t more)
{
    size_t room = a->room ? a->room : (size_t)AUDIO_RATE * 4;
    float *samples;

    while (room < a->count + more)
        room *= 2;
    if (room == a->room)
        return true;
    samples = realloc(a->samples, room * sizeof *samples);
    if (!samples)
        return false;
    a->samples = samples;
    a->room = room;
    return true;
}

/* All channels into one. A file of floating point may hold what is no number. */
static void mix(float *mono, const float *frames, size_t count, size_t channels)
{
    for (size_t i = 0; i < count; i++) {
        float sum = 0;

        for (size_t c = 0; c < channels; c++)
            sum += frames[i * channels + c];
        sum /= (float)channels;
        mono[i] = isfinite(sum) ? fminf(fmaxf(sum, -1), 1) : 0;
    }
}

static bool append(struct audio *a, const float *mono, size_t count)
{
    if (!make_room(a, count))
        return false;
    memcpy(a->samples + a->count, mono, count * sizeof *mono);
    a->count += count;
    return true;
}

/* Resample one block to the end of `a`; `last` flushes what the converter holds back. */
static bool convert(struct audio *a, SRC_STATE *state, double ratio, const float *mono,
                    size_t count, bool last)
{
    SRC_DATA d = {
        .data_in = mono, .input_frames = (long)count, .src_ratio = ratio, .end_of_input = last
    };

    do {
        if (!make_room(a, BLOCK))
            return false;
        d.data_out = a->samples + a->count;
        d.output_frames = BLOCK;
        if (src_process(state, &d) != 0)
            return false;
        a->count += (size_t)d.output_frames_gen;
        d.data_in += d.input_frames_used;
        d.input_frames -= d.input_frames_used;
    } while (d.input_frames > 0 || d.output_frames_gen == BLOCK);
    return true;
}

static bool read_blocks(struct audio *a, SNDFILE *file, const SF_INFO *info, SRC_STATE *state,
                        size_t most, sf_count_t *taken)
{
    size_t channels = (size_t)info->channels;
    float *frames = calloc(BLOCK * (channels + 1), sizeof *frames);
    float *mono = frames ? frames + BLOCK * channels : NULL;
    bool good = frames != NULL;
    sf_count_t n = 1;

    while (good && n > 0) {
        n = a->count < most ? sf_readf_float(file, frames, BLOCK) : 0;
        *taken += n;
        mix(mono, frames, (size_t)n, channels);
        good =
            info->samplerate == AUDIO_RATE
                ? append(a, mono, (size_t)n) /* the built-in music; start-up is quicker for it */
                : convert(a, state, (double)AUDIO_RATE / info->samplerate, mono, (size_t)n, n == 0);
    }
    free(frames);
    return good;
}

static int check(const SF_INFO *info, const char *name, struct err *err)
{
    if (info->samplerate < RATE_MIN || info->samplerate > RATE_MAX)
        return err_set(err, -EINVAL,
                       "%s: its sample rate is %d Hz; convert it to one between 4000 and 192000 Hz",
                       name, info->samplerate);
    if (info->channels < 1 || info->channels > CHANNELS_MAX)
        return err_set(err, -EINVAL, "%s: it has %d channels; mix it to at most %d", name,
                       info->channels, CHANNELS_MAX);
    return 0;
}

static const struct {
    int format;
    const char *name;
} types[] = {
    { SF_FORMAT_WAV, "audio/wav" },   { SF_FORMAT_WAVEX, "audio/wav" },
    { SF_FORMAT_RF64, "audio/wav" },  { SF_FORMAT_FLAC, "audio/flac" },
    { SF_FORMAT_OGG, "audio/ogg" },   { SF_FORMAT_MPEG, "audio/mpeg" },
    { SF_FORMAT_AIFF, "audio/aiff" },
};
static const char *const other_type = "application/octet-stream";

static const char *type_of(const SF_INFO *info)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((info->format & SF_FORMAT_TYPEMASK) == types[i].format)
            return types[i].name;
    return other_type;
}

const char *audio_type_known(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(name, types[i].name) == 0)
            return types[i].name;
    return other_type;
}

static int read_all(struct audio *a, SNDFILE *file, const SF_INFO *info, const char *name,
                    unsigned seconds, bool *cut, struct err *err)
{
    size_t most = (size_t)seconds * AUDIO_RATE;
    int failed = check(info, name, err), code = 0;
    sf_count_t taken = 0;
    SRC_STATE *state;
    bool good;

    if (failed)
        return failed;
    *a = (struct audio){ 0 };
    state = src_new(SRC_SINC_FASTEST, 1, &code);
    good = state && read_blocks(a, file, info, state, most, &taken);
    src_delete(state);
    *cut = a->count > most;
    if (*cut)
        a->count = most;
    a->type = type_of(info);
    a->torn =
        !*cut && (info->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC && taken < info->frames;
    if (good && a->count > 0)
        return 0;
    audio_done(a);
    return good ? err_set(err, -EINVAL, "%s: there is no sound in it; give another file", name)
                : err_set(err, -ENOMEM, "%s: not enough memory to read it; give a shorter file",
                          name);
}

int audio_read_file(struct audio *a, const char *path, unsigned seconds, bool *cut, struct err *err)
{
    SF_INFO info = { 0 };
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    int result;

    if (!file)
        return err_set(err, -EINVAL,
                       "%s: %s; it must be a WAV, FLAC, OGG or MP3 file that this user may read",
                       path, sf_strerror(NULL));
    result = read_all(a, file, &info, path, seconds, cut, err);
    sf_close(file);
    return result;
}

int audio_read_memory(struct audio *a, const char *name, const uint8_t *data, size_t size,
                      unsigned seconds, bool *cut, struct err *err)
{
    SF_VIRTUAL_IO io = { memory_size, memory_seek, memory_read, memory_write, memory_tell };
    struct memory_file memory = { .data = data, .size = (sf_count_t)size };
    SF_INFO info = { 0 };
    SNDFILE *file = sf_open_virtual(&io, SFM_READ, &info, &memory);
    int result;

    if (!file)
        return err_set(err, sf_error(NULL) == SF_ERR_UNRECOGNISED_FORMAT ? -ENOTSUP : -EINVAL,
                       "%s: %s", name, sf_strerror(NULL));
    result = read_all(a, file, &info, name, seconds, cut, err);
    sf_close(file);
    return result;
}

bool audio_append_numbers(struct audio *a, const int16_t *numbers, size_t count)
{
    if (!make_room(a, count))
        return false;
    for (size_t i = 0; i < count; i++)
        a->samples[a->count++] = (float)numbers[i] / 32768;
    return true;
}

float audio_peak(const struct audio *a)
{
    float peak = 0;

    for (size_t i = 0; i < a->count; i++)
        peak = fmaxf(peak, fabsf(a->samples[i]));
    return peak;
}

void audio_level(struct audio *a)
{
    double sum = 0, peak = audio_peak(a), gain = GAIN_MAX;

    for (size_t i = 0; i < a->count; i++)
        sum += (double)a->samples[i] * a->samples[i];
    if (sum > 0)
        gain = fmin(gain, MEAN_WANTED / sqrt(sum / (double)a->count));
    if (peak > 0)
        gain = fmin(gain, PEAK_MAX / peak);
    for (size_t i = 0; i < a->count; i++)
        a->samples[i] = (float)(a->samples[i] * gain);
}

int audio_trim(struct audio *a, unsigned milliseconds, struct err *err)
{
    size_t behind = (size_t)milliseconds * (AUDIO_RATE / 1000);
    size_t from = 0, to = a->count;

    while (to > 0 && fabsf(a->samples[to - 1]) < QUIET)
        to--;
    while (from < to && fabsf(a->samples[from]) < QUIET)
        from++;
    memmove(a->samples, a->samples + from, (to - from) * sizeof *a->samples);
    a->count = to - from;
    if (!make_room(a, behind))
        return err_set(err, -ENOMEM, "not enough memory for sounds");
    memset(a->samples + a->count, 0, behind * sizeof *a->samples);
    a->count += behind;
    return 0;
}

static void to_numbers(int16_t *to, const float *from, size_t count, size_t wanted)
{
    for (size_t i = 0; i < wanted; i++)
        to[i] = (int16_t)(i < count ? lrintf(fminf(fmaxf(from[i], -1), 1) * 32767) : 0);
}

void audio_wide(const struct audio *a, int16_t *wide, size_t count)
{
    to_numbers(wide, a->samples, a->count, count);
}

int audio_numbers(const struct audio *a, int16_t *wide, int16_t *narrow, size_t count,
                  struct err *err)
{
    float *half = calloc(a->count / 2 + 16, sizeof *half);
    SRC_DATA d = { .data_in = a->samples,
                   .data_out = half,
                   .input_frames = (long)a->count,
                   .output_frames = (long)a->count / 2 + 16,
                   .src_ratio = 0.5 };

    if (!half || (a->count && src_simple(&d, SRC_SINC_FASTEST, 1) != 0)) {
        free(half);
        return err_set(err, -ENOMEM, "not enough memory for sounds");
    }
    audio_wide(a, wide, count);
    to_numbers(narrow, half, (size_t)d.output_frames_gen, count / 2);
    free(half);
    return 0;
}
