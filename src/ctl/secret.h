/* Passwords from standard input or typed on a terminal, where they do not show. Never from the
 * command line, where every user of the machine could read them. */
#ifndef CALLPARK_CTL_SECRET_H
#define CALLPARK_CTL_SECRET_H

#include "ctl/ctl.h"

#define SECRET_SIZE 1024

/* The first line of standard input. CTL_OK, or the exit code with words said. */
int secret_line(const struct ctl *ctl, char to[SECRET_SIZE]);
/* Asked for on the terminal, without echo. */
int secret_typed(const struct ctl *ctl, const char *prompt, char to[SECRET_SIZE]);
/* The same twice, and both have to agree. */
int secret_typed_twice(const struct ctl *ctl, char to[SECRET_SIZE]);
/* Wipe it; the compiler may not leave that out. */
void secret_forget(char secret[SECRET_SIZE]);

#endif
