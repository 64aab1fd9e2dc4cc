/* Prompts: which file says what, and in which order pieces are spoken. */
#include "media/prompts.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "core/limits.h"
#include "media/builtin.h"
#include "media/decoder.h"

#define LANGUAGES_MAX 32
#define PAUSE_BEFORE 400 /* msec, until a phone's speaker is open */
#define PROMPT_SECONDS_MAX 20

enum piece {
    PIECE_STAR = 10, /* digits are their own number */
    PIECE_HASH,
    PIECE_PARKED_AT,
    PIECE_FULL,
    PIECE_REGRET,
    PIECE_PIN, /* from here on a folder may lack one: then it is spoken as built in */
    PIECE_PIN_WRONG,
    PIECE_GONE,
    PIECE_CONFIRM,
    PIECES
};

static const char *const names[PIECES] = {
    "digit-0", "digit-1", "digit-2",   "digit-3", "digit-4", "digit-5",   "digit-6",
    "digit-7", "digit-8", "digit-9",   "star",    "hash",    "parked-at", "full",
    "regret",  "pin",     "pin-wrong", "gone",    "confirm",
};

struct language {
    char tag[16];
    struct sound piece[PIECES];
};

struct prompts {
    unsigned count;
    struct sound pause;
    struct language language[LANGUAGES_MAX];
};

static void forget(struct language *l)
{
    for (size_t i = 0; i < PIECES; i++)
        sound_done(&l->piece[i]);
    l->tag[0] = '\0';
}

void prompts_free(struct prompts *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->count; i++)
        forget(&p->language[i]);
    sound_done(&p->pause);
    free(p);
}

static struct language *find(struct prompts *p, const char *tag)
{
    for (unsigned i = 0; i < p->count; i++)
        if (text_is_nocase(p->language[i].tag, tag))
            return &p->language[i];
    return NULL;
}

/* The language of this tag, new if there is none; NULL if there are too many. */
static struct language *take(struct prompts *p, const char *tag)
{
    struct language *l = find(p, tag);

    if (l || p->count == LANGUAGES_MAX)
        return l;
    l = &p->language[p->count++];
    (void)text_copy(l->tag, sizeof l->tag, tag); /* its length was looked at before */
    return l;
}

static int load_builtin(struct prompts *p, const struct builtin_sound *b, struct err *err)
{
    char tag[16];
    const char *slash = strchr(b->name, '/');
    struct language *l;

    if (!slash || !text_copy_n(tag, sizeof tag, b->name, (size_t)(slash - b->name)))
        return 0;
    for (size_t i = 0; i < PIECES; i++) {
        if (!text_is(slash + 1, names[i]) || !(l = take(p, tag)))
            continue;
        if (sound_borrow(&l->piece[i], b->start, b->end) != 0)
            return err_set(err, -EBADMSG, "this build has no whole %s in it", b->name);
        return 0;
    }
    return 0;
}

static int load_folder(struct prompts *p, const char *directory, const char *tag, struct err *err)
{
    struct language *l = take(p, tag);
    char path[768];
    struct audio a;
    bool cut;
    int failed = 0;

    if (!l)
        return err_set(err, -E2BIG, "prompts: %s: more than %d languages", directory,
                       LANGUAGES_MAX);
    for (size_t i = 0; i < PIECES && !failed; i++) {
        if (!text_format(path, sizeof path, "%s/%s/%s.wav", directory, tag, names[i]))
            return err_set(err, -ENAMETOOLONG, "prompts: the path %.200s... is too long", path);
        if (i >= PIECE_PIN && access(path, F_OK) != 0)
            continue;
        sound_done(&l->piece[i]);
        failed = decoder_read_file(&a, path, PROMPT_SECONDS_MAX, &cut, err);
        if (failed)
            break;
        failed = sound_make_spoken(&l->piece[i], &a, err);
        audio_done(&a);
    }
    if (failed)
        err_prefix(err,
                   "prompts: a language needs digit-0.wav to digit-9.wav, star, hash, parked-at, "
                   "full and regret: ");
    return failed;
}

/* "en", "pt-BR": letters, digits and dashes, so not "." and "..", and nothing hidden. */
static bool is_tag(const char *name)
{
    size_t length = strlen(name);

    return length >= 2 && length < sizeof((struct language *)0)->tag &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
               length;
}

static int load_directory(struct prompts *p, const char *directory, struct err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, NULL, alphasort);
    int failed = 0, languages = 0;

    if (count < 0)
        return err_set(err, -errno, "prompts: %s: %s", directory, strerror(errno));
    for (int i = 0; i < count; i++) {
        bool folder = entries[i]->d_type == DT_DIR || entries[i]->d_type == DT_UNKNOWN ||
                      entries[i]->d_type == DT_LNK;

        if (!failed && folder && is_tag(entries[i]->d_name)) {
            failed = load_folder(p, directory, entries[i]->d_name, err);
            languages++;
        }
        free(entries[i]);
    }
    free(entries);
    if (!failed && !languages)
        return err_set(err, -ENOENT, "prompts: %s holds no folder of a language, such as %s/en",
                       directory, directory);
    return failed;
}

/* What is built in must be whole as well: a build without its sounds would answer with silence. */
static int check(const struct prompts *p, struct err *err)
{
    if (!p->count)
        return err_set(err, -ENOENT,
                       "this build has no spoken words in it; name a directory of prompts");
    for (unsigned l = 0; l < p->count; l++)
        for (size_t i = 0; i < PIECES; i++)
            if (!p->language[l].piece[i].frames && i < PIECE_PIN)
                return err_set(err, -ENOENT, "prompts: %s/%s is missing", p->language[l].tag,
                               names[i]);
    return 0;
}

int prompts_load(struct prompts **out, const char *directory, struct err *err)
{
    struct prompts *p = calloc(1, sizeof *p);
    int failed;

    if (!p)
        return err_set(err, -ENOMEM, "not enough memory for sounds");
    failed = sound_make_silence(&p->pause, PAUSE_BEFORE, err);
    for (const struct builtin_sound *b = builtin_sounds; b->name && !failed; b++)
        failed = load_builtin(p, b, err);
    if (!failed && *directory)
        failed = load_directory(p, directory, err);
    if (!failed)
        failed = check(p, err);
    if (failed) {
        prompts_free(p);
        return failed;
    }
    *out = p;
    return 0;
}

unsigned prompts_language(const struct prompts *p, const char *tag)
{
    static const char *const english = "en";
    size_t region = strcspn(tag, "-_");
    char plain[16];

    if (!text_copy_n(plain, sizeof plain, tag, region))
        plain[0] = '\0';
    for (int pass = 0; pass < 3; pass++) {
        const char *wanted = pass == 0 ? tag : pass == 1 ? plain : english;

        for (unsigned i = 0; i < p->count; i++)
            if (text_is_nocase(p->language[i].tag, wanted))
                return i;
    }
    return 0;
}

static const struct sound *character(const struct prompts *p, const struct sound *piece, char c)
{
    if (c == '*' || c == '#')
        return &piece[c == '*' ? PIECE_STAR : PIECE_HASH];
    return c >= '0' && c <= '9' ? &piece[c - '0'] : &p->pause;
}

/* The piece of this language, in English when that has none. */
static const struct sound *spoken(const struct prompts *p, unsigned language, enum piece piece)
{
    const struct sound *own = &p->language[language].piece[piece];

    return own->frames ? own : &p->language[prompts_language(p, "en")].piece[piece];
}

/* Sentences that need no number; the pieces of each, one behind the other. */
static const struct sound *sentence(const struct prompts *p, unsigned language, enum say what,
                                    unsigned index)
{
    static const enum piece of[][2] = {
        [SAY_NOTHING] = { PIECES, PIECES },
        [SAY_ORBIT] = { PIECES, PIECES },
        [SAY_FULL] = { PIECE_FULL, PIECES },
        [SAY_REGRET] = { PIECE_REGRET, PIECES },
        [SAY_PIN] = { PIECE_PIN, PIECES },
        [SAY_PIN_AGAIN] = { PIECE_PIN_WRONG, PIECE_PIN },
        [SAY_PIN_WRONG] = { PIECE_PIN_WRONG, PIECES },
        [SAY_GONE] = { PIECE_GONE, PIECES },
        [SAY_CONFIRM] = { PIECE_CONFIRM, PIECES },
    };

    return index < 2 && of[what][index] != PIECES ? spoken(p, language, of[what][index]) : NULL;
}

const struct sound *prompts_piece(const struct prompts *p, unsigned language, enum say what,
                                  const char *number, unsigned index)
{
    const struct sound *piece = p->language[language].piece;

    if (what == SAY_NOTHING)
        return NULL;
    if (index == 0)
        return &p->pause;
    if (what != SAY_ORBIT)
        return sentence(p, language, what, index - 1);
    if (index == 1)
        return &piece[PIECE_PARKED_AT];
    if (index - 2 >= strnlen(number, NUMBER_SIZE))
        return NULL;
    return character(p, piece, number[index - 2]);
}
