/* Definitions: all that administrators decide as one document, out and in again. The document goes
 * by names, so it fits another deployment as well. Internal to src/api. */
#ifndef CALLPARK_API_DEFINITIONS_H
#define CALLPARK_API_DEFINITIONS_H

#include "api/ask.h"
#include "api/fields.h"

#define DEFINITIONS_FORMAT "callpark-definitions"
#define DEFINITIONS_VERSION 1

/* ---- definitions_show.c: the pieces of the document ---- */

json_t *definitions_site(const struct site *s);
json_t *definitions_destination(const struct destination *d);
json_t *definitions_range(const struct deployment *d, const struct range *r);
json_t *definitions_settings(const struct settings *s);
/* With `secrets` the hash of the password; never the password, which nobody knows. */
json_t *definitions_user(const struct deployment *d, const struct access *a, const struct user *u,
                         bool secrets);
json_t *definitions_token(const struct access_token *t);
/* "all", "site:Berlin", "range:Front desk". */
json_t *definitions_scope(const struct deployment *d, const struct scope *s);
json_t *definitions_document(const struct deployment *d, const struct access *a, const char *node,
                             bool secrets);

/* ---- definitions_music.c ---- */

/* Put the list of files that settings name in the document, without their data. Returns how many
 * bytes they have together. */
uint64_t definitions_music(const struct app *a, json_t *document);
/* Reply with the document, which is taken over, and the data of the files in its list. */
void definitions_with_data(struct ask *q, json_t *document, uint64_t bytes);
/* Store what the document has of music and the store has not, then apply the document. */
void definitions_take_music(struct ask *q, struct fields *f);
/* A dry run stores nothing: what names music that would be stored by then is not held against it.
 */
void definitions_spare_music(struct ask *q, const struct fields *f);

/* ---- definitions_plan.c: what must change ---- */

enum definitions_mode { DEFINITIONS_ENFORCE, DEFINITIONS_CREATE_MISSING };

/* The changes that make the tables what a document says. */
struct plan {
    struct app *app;
    const struct deployment *now;
    const struct access *access;
    enum definitions_mode mode;
    bool prune; /* what the document does not name goes; only of kinds that it speaks of */
    enum admin_mode range_mode;
    struct admin_change *changes;
    size_t count, room;
    json_t *shown; /* {action, kind, name, before, after} for each thing */
    json_t *notes;
    bool full; /* there was no memory for more */
    const char *audit_action;
    struct app_restore *backup; /* of a restore; freed with the plan */
    bool only_look;             /* of a restore: its first try is its last */
    struct fields waiting;      /* the document, while its music is stored */
    size_t music_at;            /* the file that is */
    uint64_t music_bytes;       /* of those before it */
};

/* `f` holds the document; what is wrong with it is a fault there. */
void plan_make(struct plan *p, struct fields *f);
void plan_done(struct plan *p);
/* A change that is to be filled in; NULL: no memory. */
struct admin_change *plan_add(struct plan *p, enum admin_what what);
/* `before`, `after` are taken over; NULL: there is none. */
void plan_show(struct plan *p, const char *action, const char *kind, const char *name,
               json_t *before, json_t *after);
/* Is this thing to be made what the document says, if it exists already? */
bool plan_changes_existing(const struct plan *p);

/* The items of "sites", one by one: an object with no other fields than `names`. The caller gives
 * it back with fields_done(); a fault is passed on to `f`. NULL-ended names. */
struct plan_items {
    struct fields *document;
    json_t *list;
    size_t at;
    const char *member;
    const char *const *names;
};
bool plan_items(struct fields *f, const char *member, const char *const *names,
                struct plan_items *to);
bool plan_next(struct plan_items *items, struct fields *item);
void plan_back(struct plan_items *items, struct fields *item);

/* definitions_people.c */
void plan_people(struct plan *p, struct fields *f);
/* definitions_ranges.c */
void plan_ranges(struct plan *p, struct fields *f);
/* definitions_places.c */
void plan_places(struct plan *p, struct fields *f);
void plan_places_gone(struct plan *p, struct fields *f);
/* The settings of one scope, under "settings" of an item. `now` NULL: the scope is new. */
void plan_settings(struct plan *p, struct fields *item, const struct scope *scope,
                   const struct settings *now, const char *kind, const char *name);

/* ---- definitions.c ---- */

/* A plan for this ask, freed with it; NULL: replied to. */
struct plan *definitions_begin(struct ask *q, enum definitions_mode mode, bool prune,
                               enum admin_mode range_mode);
/* Make it so, and answer with the changes. The document in `f` is given back. */
void definitions_apply(struct ask *q, struct fields *f);
/* May the one who asks give and take all that the plan does to users? False: replied to. */
bool definitions_may(struct ask *q);
/* Members of a document. */
extern const char *const definitions_fields[];
/* An ask's `explain` for a plan, and what it ends with: the answer that shows the changes. */
void definitions_explain(struct ask *q, struct admin_result *r);
void definitions_applied(struct ask *q, const struct admin_result *result);
/* The file of [provision], if there is one; what is wrong with it is logged. */
void definitions_provision(struct app *a);

/* ---- settings.c ---- */

/* Every member of the object as a setting. */
void settings_read(struct fields *f, struct settings *to);

#endif
