/* Serving the page from a folder. The loop reads the file itself: this is for one developer, not
 * for a server that people call. */
#include "api/page_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/ask.h"
#include "base/text.h"

#define FILE_MAX ((off_t)16 << 20)

bool page_root_allows(const char *path)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

    if (path[0] != '/')
        return false;
    do {
        size_t length = strspn(path + 1, letters);

        if (length == 0 || path[1] == '.' || path[1] == '-')
            return false;
        path += 1 + length;
    } while (*path == '/');
    return *path == '\0';
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        { ".html", "text/html; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".json", "application/json" },
        { ".map", "application/json" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
        { ".woff2", "font/woff2" },
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

/* The whole file, to be freed, with a NUL behind it; NULL with errno. */
static char *read_whole(int fd, size_t *length)
{
    struct stat st;
    size_t used = 0;
    ssize_t n = 1;
    char *text;

    if (fstat(fd, &st) != 0)
        return NULL;
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
        errno = ENOENT;
        return NULL;
    }
    text = malloc((size_t)st.st_size + 1);
    while (text && used < (size_t)st.st_size && n > 0) {
        n = read(fd, text + used, (size_t)st.st_size - used);
        used += n > 0 ? (size_t)n : 0;
    }
    if (text)
        text[used] = '\0';
    *length = used;
    return text;
}

void page_root_get(struct ask *q, const char *root, const char *path)
{
    char where[1100];
    int fd;

    if (!page_root_allows(path) || !text_format(where, sizeof where, "%s%s", root, path)) {
        reply_problem(q, "not-found", NULL, "There is nothing at %.200s.", q->rq->path);
        return;
    }
    fd = open(where, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    q->reply.body = fd >= 0 ? read_whole(fd, &q->reply.body_length) : NULL;
    if (!q->reply.body) {
        reply_problem(q, "not-found", NULL, "%.200s is not in the folder of --web-root: %s.", path,
                      strerror(errno));
    } else {
        q->reply.content_type = type_of(path);
        reply_bytes(q, 200);
    }
    if (fd >= 0)
        close(fd);
}
