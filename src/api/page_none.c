/* The table of the page's files in a build without the page (-Dpage=false). */
#include "api/page.h"

const struct page_file page_files[] = { { .path = NULL } };
