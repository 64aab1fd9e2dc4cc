/* The audit trail: who did what, and how it was before and after. Internal to src/api. */
#ifndef CALLPARK_API_AUDIT_H
#define CALLPARK_API_AUDIT_H

#include "api/ask.h"

/* Note an act of whoever asks that is no change of the tables (the app notes those). `before` and
 * `after` are taken over and may be NULL. A dry run is no act. */
void audit_act(struct ask *q, const char *action, const char *subject, const char *subject_id,
               json_t *before, json_t *after);

/* What a change does; see app_watcher. */
bool describe_change(void *to, const struct admin_change *c, const struct admin_view *before,
                     const struct admin_view *after, struct audit_entry *out);

/* How things stand in entries: what somebody decided, without what changes by itself. */
json_t *audit_range_json(const struct range *r, const struct settings *own);
json_t *audit_settings_json(const struct settings *s);

json_t *audit_entry_json(const struct ask *q, const struct audit_entry *e);
/* Can it be undone: a change of a range or of settings that is written down in full? */
bool audit_undoable(const struct audit_entry *e);

/* The one entry that the store was asked for; NULL: replied to. */
const struct audit_entry *audit_found(struct ask *q, const struct store_rows *rows,
                                      const char *err);

#endif
