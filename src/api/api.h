/* The HTTP API: JSON to the app and back. It runs on the loop's thread, so nothing in it waits. */
#ifndef CALLPARK_API_API_H
#define CALLPARK_API_API_H

#include "app/app.h"

struct api;

/* Make the API and have the app hand it every request, event and second (app_watch()). */
int api_new(struct api **out, struct app *a, struct err *err);

/* After the edges have stopped: no request comes any more. NULL is fine. */
void api_free(struct api *api);

#endif
