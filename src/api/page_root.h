/* The page from a folder (callparkd --web-root), for those who work on it. */
#ifndef CALLPARK_API_PAGE_ROOT_H
#define CALLPARK_API_PAGE_ROOT_H

#include <stdbool.h>

struct ask;

/* May `path` be looked for below a folder? Only pieces of letters, digits, `_`, `-` and `.` that
 * begin with none of the last two: no way leads up or into hidden files. */
bool page_root_allows(const char *path);

/* Answer with the file at `path` ("/assets/app.js") below `root`. */
void page_root_get(struct ask *q, const char *root, const char *path);

#endif
