/* The life of the demo's process, for app/ only. */
#ifndef CALLPARK_APP_DEMO_H
#define CALLPARK_APP_DEMO_H

#include "app/inside.h"

void demo_second(struct app *a); /* hear what it says; is it still there? */
void demo_stop(struct app *a);   /* at the end of the server: at once, and nobody is told */

#endif
