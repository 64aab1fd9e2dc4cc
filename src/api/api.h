/* What the HTTP API offers: JSON to the app and back. Runs on the loop's thread; nothing here
 * waits. Each resource has a file of its own, the table of all paths is in router.c. */
#ifndef CALLPARK_API_API_H
#define CALLPARK_API_API_H

#include "app/app.h"
#include "base/err.h"

struct api;

/* Watches `app` from now on, so that every HTTP request comes here. 0 or a negative errno. */
int api_new(struct api **out, struct app *app, struct err *err);

/* After app_free(), which answers what was still open. NULL is fine. */
void api_free(struct api *api);

#endif
