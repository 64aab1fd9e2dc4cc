/* The admin page: files that the build packed and put into the program (web/embed.js writes the
 * table), or with --web-root a folder. Everybody may fetch them; what they show comes from the API.
 */
#ifndef CALLPARK_API_PAGE_H
#define CALLPARK_API_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct page_file {
    const char *path; /* "/index.html", "/assets/app-4FQ2.js"; NULL: the table's end */
    const char *type;
    const char *hash;                 /* of the content, for the ETag */
    const unsigned char *start, *end; /* packed by gzip */
    size_t size;                      /* unpacked */
    bool immutable;                   /* the name changes with the content */
};

extern const struct page_file page_files[];

struct ask;

/* Is it one of the page's addresses? Such a request is answered by page_get() without asking who
 * sent it. */
bool page_has(const char *path);
void page_get(struct ask *q);

/* The licences of what is in the page, as JSON text to be freed; NULL: no page, or no memory. */
char *page_licences(void);

#endif
