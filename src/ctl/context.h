/* The servers that somebody works with, by names of his own: ~/.config/callpark/config.json, which
 * nobody else may read, as tokens are in it. */
#ifndef CALLPARK_CTL_CONTEXT_H
#define CALLPARK_CTL_CONTEXT_H

#include "ctl/ctl.h"

/* What a context holds: {"url", "user", "token", "token_id"}, or {"socket"}. */

/* The file as an object {"current", "contexts": {name: {...}}}; an empty one when there is no file.
 * NULL with words said when it cannot be read or others may read it. */
json_t *context_read(const struct ctl *ctl);
/* Write it back, whole or not at all. CTL_OK, or CTL_ERROR with words said. */
int context_write(const struct ctl *ctl, const json_t *all);

/* The present one in `all`, borrowed; NULL: none is chosen. */
const json_t *context_current(const json_t *all);

#endif
