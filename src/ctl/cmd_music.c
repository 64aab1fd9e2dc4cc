/* callparkctl music ...: what callers of a scope hear. */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/commands.h"

#define FILE_MAX ((size_t)64 << 20) /* more is refused by the server, after all of it was sent */

extern char **environ;

static const struct print_column columns[] = {
    { "SCOPE", "scope", CELL_TEXT },
    { "OWN", "own", CELL_TEXT },
    { "FROM", "from.scope", CELL_TEXT },
    { "FILE", "file.name", CELL_TEXT },
    { "SECONDS", "file.seconds", CELL_TEXT },
    { "BYTES", "file.bytes", CELL_TEXT },
    { "TYPE", "file.type", CELL_TEXT },
    { "UPLOADED", "file.uploaded_at", CELL_TEXT },
    { "BY", "file.uploaded_by", CELL_TEXT },
    { "SHA256", "file.sha256", CELL_TEXT },
    { 0 },
};

/* The same scopes as those of settings. */
static int music_path(struct ctl *ctl, char path[CTL_PATH_SIZE], const char *after)
{
    char settings[CTL_PATH_SIZE];
    int code = ctl_settings_path(ctl, settings);

    if (code)
        return code;
    if (text_format(path, CTL_PATH_SIZE, "/api/v1/music/%s%s",
                    settings + strlen("/api/v1/settings/"), after))
        return CTL_OK;
    return ctl_fail(ctl, CTL_USAGE, "that name is too long");
}

static int show(struct ctl *ctl, const struct ctl_reply *r)
{
    int code = ctl_show(ctl, r, columns, "file.sha256");

    if (json_is_true(json_object_get(r->json, "lost")))
        ctl_say(ctl, "its file is not in the store any more: callers hear the piece of [media] "
                     "music, or the built-in one; upload it again");
    else if (json_is_null(json_object_get(r->json, "file")))
        ctl_say(ctl, "callers hear the piece of [media] music, or the built-in one");
    if (json_is_true(json_object_get(r->json, "cut")))
        ctl_say(ctl, "it is longer than ten minutes: the rest will not be heard");
    if (ctl_option(ctl, OPT_DRY_RUN))
        ctl_say(ctl, "dry run: nothing was changed");
    return code;
}

int cmd_music_get(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = music_path(ctl, path, "");

    if (!code)
        code = ctl_get(ctl, path, &r);
    return code ? code : show(ctl, &r);
}

/* ---- set ---- */

static void file_done(FILE **file)
{
    if (*file && *file != stdin)
        (void)fclose(*file); /* it was only read */
}

static void text_done(char **text)
{
    free(*text);
}

/* All of a file; NULL: said. */
static char *read_file(struct ctl *ctl, const char *name, size_t *size)
{
    FILE *file CLEANUP(file_done) = text_is(name, "-") ? stdin : fopen(name, "rb");
    char *bytes = file ? malloc(FILE_MAX + 1) : NULL; /* touched only as far as it is filled */

    if (!bytes) {
        (void)ctl_fail(ctl, CTL_USAGE, "%s: %s", name, strerror(errno));
        return NULL;
    }
    errno = 0;
    *size = fread(bytes, 1, FILE_MAX + 1, file);
    if (!ferror(file) && *size <= FILE_MAX) {
        bytes[*size] = '\0'; /* an empty body counts as text */
        return bytes;
    }
    free(bytes);
    (void)ctl_fail(ctl, CTL_INVALID, "%s: %s", name,
                   ferror(file) ? strerror(errno)
                                : "is larger than 64 MiB: make it shorter, or an MP3 of it");
    return NULL;
}

int cmd_music_set(struct ctl *ctl)
{
    const char *name = ctl->args.words[0], *slash = strrchr(name, '/');
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply seen CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_request rq = { .method = "PUT", .path = path, .if_match = version };
    char *bytes CLEANUP(text_done) = NULL;
    int code = music_path(ctl, path, "");

    if (code)
        return code;
    bytes = read_file(ctl, name, &rq.length);
    if (!bytes)
        return CTL_USAGE;
    code = ctl_get(ctl, path, &seen);
    if (code)
        return code;
    ctl_version(version, &seen);
    if (!ctl_query(path, "name", text_is(name, "-") ? "" : slash ? slash + 1 : name))
        return ctl_fail(ctl, CTL_USAGE, "the name of the file is too long");
    rq.bytes = bytes;
    code = ctl_ask(ctl, &rq, &r);
    return code ? code : show(ctl, &r);
}

int cmd_music_reset(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply seen CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = music_path(ctl, path, "");

    if (!code)
        code = ctl_get(ctl, path, &seen);
    if (code)
        return code;
    ctl_version(version, &seen);
    code = ctl_ask(
        ctl, &(struct ctl_request){ .method = "DELETE", .path = path, .if_match = version }, &r);
    return code ? code : show(ctl, &r);
}

/* ---- play ---- */

static int run(char *const words[], int in)
{
    posix_spawn_file_actions_t files;
    int status = 0, failed;
    pid_t pid;

    if (posix_spawn_file_actions_init(&files) != 0)
        return -ENOMEM;
    failed = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    if (!failed)
        failed = posix_spawnp(&pid, words[0], &files, NULL, words, environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed)
        return -failed;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
                                                                                            : -EIO;
}

/* The first player that is there; they differ in how they take what stands at their input. */
static int play(struct ctl *ctl, const struct ctl_reply *r)
{
    static char *const players[][8] = {
        { "paplay", "/dev/stdin", NULL },
        { "aplay", "-q", "-", NULL },
        { "ffplay", "-nodisp", "-autoexit", "-v", "quiet", "-i", "/dev/stdin", NULL },
    };
    FILE *file CLEANUP(file_done) = tmpfile();
    int failed = -ENOENT;

    if (!file || fwrite(r->raw.body, 1, r->raw.length, file) != r->raw.length || fflush(file))
        return ctl_fail(ctl, CTL_ERROR, "no temporary file can be written: %s", strerror(errno));
    ctl_say(ctl, "Ctrl-C ends it");
    for (size_t i = 0; failed && i < sizeof(players) / sizeof(players[0]); i++) {
        rewind(file);
        failed = run(players[i], fileno(file));
    }
    if (failed)
        return ctl_fail(ctl, CTL_ERROR,
                        "none of paplay, aplay and ffplay plays here; write a file instead: "
                        "callparkctl music play >heard.wav");
    return CTL_OK;
}

int cmd_music_play(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = music_path(ctl, path, "/preview");

    if (!code)
        code = ctl_get(ctl, path, &r);
    if (code)
        return code;
    if (isatty(fileno(ctl->out)))
        return play(ctl, &r);
    (void)fwrite(r.raw.body, 1, r.raw.length, ctl->out); /* main() looks whether it was written */
    return CTL_OK;
}
