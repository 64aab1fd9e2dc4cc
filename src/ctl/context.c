/* The file of contexts. */
#include "ctl/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define PATH_SIZE 1024

/* CALLPARK_CONFIG, or below XDG_CONFIG_HOME, or below the home. */
static bool file_path(char to[PATH_SIZE])
{
    const char *file = getenv("CALLPARK_CONFIG"), *config = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");

    if (file && *file)
        return text_copy(to, PATH_SIZE, file);
    if (config && *config)
        return text_format(to, PATH_SIZE, "%s/callpark/config.json", config);
    return home && *home && text_format(to, PATH_SIZE, "%s/.config/callpark/config.json", home);
}

static json_t *empty(void)
{
    return json_pack("{s:n, s:{}}", "current", "contexts");
}

static json_t *parse(const struct ctl *ctl, const char *path, FILE *file)
{
    struct stat st;
    json_error_t at;
    json_t *all;

    if (fstat(fileno(file), &st) == 0 && st.st_mode & 077) {
        (void)ctl_fail(ctl, 0, "%.200s: others may read the tokens in it: run chmod 600 on it",
                       path);
        return NULL;
    }
    all = json_loadf(file, JSON_REJECT_DUPLICATES, &at);
    if (json_is_object(json_object_get(all, "contexts")))
        return all;
    json_decref(all);
    (void)ctl_fail(ctl, 0, "%.200s is no file of contexts; remove it, and sign in again", path);
    return NULL;
}

json_t *context_read(const struct ctl *ctl)
{
    char path[PATH_SIZE];
    FILE *file;
    json_t *all;

    if (!file_path(path))
        return empty();
    file = fopen(path, "re");
    if (!file && errno == ENOENT)
        return empty();
    if (!file) {
        (void)ctl_fail(ctl, 0, "%.200s: %s", path, strerror(errno));
        return NULL;
    }
    all = parse(ctl, path, file);
    (void)fclose(file); /* it was only read */
    return all;
}

/* Every folder on the way to the file. */
static void make_folders(const char *path)
{
    char folder[PATH_SIZE];

    (void)text_copy(folder, sizeof(folder), path); /* the same size */
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700); /* it may be there; if it cannot be, the file says so */
        *slash = '/';
    }
}

int context_write(const struct ctl *ctl, const json_t *all)
{
    char path[PATH_SIZE], fresh[PATH_SIZE + 8];
    bool written;
    int fd;

    if (!file_path(path) || !text_format(fresh, sizeof(fresh), "%s.new", path))
        return ctl_fail(ctl, CTL_ERROR, "there is no home to keep this in: set HOME");
    make_folders(path);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return ctl_fail(ctl, CTL_ERROR, "%.200s: %s", fresh, strerror(errno));
    written = json_dumpfd(all, fd, JSON_INDENT(2)) == 0 && fsync(fd) == 0;
    (void)close(fd); /* it was synced */
    if (!written || rename(fresh, path) != 0)
        return ctl_fail(ctl, CTL_ERROR, "%.200s cannot be written: %s", path, strerror(errno));
    return CTL_OK;
}

const json_t *context_current(const json_t *all)
{
    const char *name = json_string_value(json_object_get(all, "current"));

    return name ? json_object_get(json_object_get(all, "contexts"), name) : NULL;
}
