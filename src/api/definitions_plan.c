/* From a document to a list of changes: the parts that all kinds of things share. */
#include <stdlib.h>
#include <string.h>

#include "api/definitions.h"
#include "base/text.h"

struct admin_change *plan_add(struct plan *p, enum admin_what what)
{
    struct admin_change *c;

    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 16;

        c = realloc(p->changes, room * sizeof *c);
        if (!c) {
            p->full = true;
            return NULL;
        }
        p->changes = c;
        p->room = room;
    }
    c = &p->changes[p->count++];
    memset(c, 0, sizeof *c);
    c->what = what;
    c->mode = p->range_mode;
    return c;
}

void plan_show(struct plan *p, const char *action, const char *kind, const char *name,
               json_t *before, json_t *after)
{
    (void)json_array_append_new(p->shown, json_pack("{s:s, s:s, s:o, s:o, s:o}", "action", action,
                                                    "kind", kind, "name", show_text(name), "before",
                                                    before ? before : json_null(), "after",
                                                    after ? after : json_null()));
}

bool plan_changes_existing(const struct plan *p)
{
    return p->mode == DEFINITIONS_ENFORCE;
}

void plan_done(struct plan *p)
{
    if (p->changes) /* hashes of passwords are in it */
        memset(p->changes, 0, p->room * sizeof *p->changes);
    free(p->changes);
    json_decref(p->shown);
    json_decref(p->notes);
    p->changes = NULL;
    p->shown = p->notes = NULL;
    p->count = p->room = 0;
}

/* ---- the items of a list ---- */

bool plan_items(struct fields *f, const char *member, const char *const *names,
                struct plan_items *to)
{
    memset(to, 0, sizeof *to);
    to->document = f;
    to->member = member;
    to->names = names;
    to->list = json_object_get(f->json, member);
    if (to->list && !json_is_null(to->list) && !json_is_array(to->list))
        fields_fault(f, "invalid-request", member, "'%s' must be a list.", member);
    return json_is_array(to->list) && !f->slug;
}

bool plan_next(struct plan_items *items, struct fields *item)
{
    char pointer[64];

    if (items->document->slug || items->at >= json_array_size(items->list))
        return false;
    (void)text_format(pointer, sizeof pointer, "/%s/%zu", items->member, items->at); /* fits */
    (void)fields_of(item, json_array_get(items->list, items->at++), items->names, pointer);
    return true;
}

void plan_back(struct plan_items *items, struct fields *item)
{
    struct fields *f = items->document;

    if (item->slug && !f->slug) {
        f->slug = item->slug;
        (void)text_copy(f->pointer, sizeof f->pointer, item->pointer); /* the same size */
        (void)text_copy(f->detail, sizeof f->detail, item->detail);    /* the same size */
    }
    fields_done(item);
}

/* ---- settings ---- */

static bool same_settings(const struct settings *a, const struct settings *b)
{
    json_t *x = definitions_settings(a), *y = definitions_settings(b);
    bool same = json_equal(x, y);

    json_decref(x);
    json_decref(y);
    return same;
}

/* What is set already stays when only what is missing is made. */
static void keep_present(struct settings *wish, const struct settings *now)
{
    uint32_t said = wish->set;
    struct rules values = wish->values;
    struct settings merged = *now;

    for (unsigned i = 0; i < SETTING_KEYS; i++) {
        struct settings one = { .set = UINT32_C(1) << i, .values = values };

        if (said & one.set & ~now->set) {
            rules_apply(&merged.values, &one);
            merged.set |= one.set;
        }
    }
    *wish = merged;
}

void plan_settings(struct plan *p, struct fields *item, const struct scope *scope,
                   const struct settings *now, const char *kind, const char *name)
{
    json_t *said = json_object_get(item->json, "settings");
    struct settings wish = { 0 };
    struct admin_change *c;
    struct fields f;
    char pointer[sizeof item->pointer];

    if (!said || json_is_null(said) || item->slug)
        return;
    (void)text_format(pointer, sizeof pointer, "%.100s/settings", item->pointer); /* fits */
    memset(&f, 0, sizeof f);
    f.json = json_incref(said);
    (void)text_copy(f.pointer, sizeof f.pointer, pointer); /* the same size */
    if (json_is_object(said))
        settings_read(&f, &wish);
    else
        fields_fault(&f, "invalid-request", "", "'settings' must be an object, in braces.");
    fields_done(&f);
    if (f.slug) {
        item->slug = f.slug;
        (void)text_copy(item->pointer, sizeof item->pointer, f.pointer); /* the same size */
        (void)text_copy(item->detail, sizeof item->detail, f.detail);    /* the same size */
        return;
    }
    if (now && !plan_changes_existing(p))
        keep_present(&wish, now);
    if (now ? same_settings(&wish, now) : !wish.set)
        return;
    c = plan_add(p, ADMIN_SETTINGS_PUT);
    if (!c)
        return;
    c->scope = *scope;
    c->settings = wish;
    plan_show(p, now && now->set ? "update" : "create", kind, name,
              now && now->set ? definitions_settings(now) : NULL, definitions_settings(&wish));
}

/* ---- all of it ---- */

static void check_head(struct fields *f)
{
    const char *format = fields_needed_text(f, "format");

    if (!f->slug && strcmp(format, DEFINITIONS_FORMAT) != 0)
        fields_fault(f, "invalid-value", "format",
                     "This is no document of definitions: format must be '%s'.",
                     DEFINITIONS_FORMAT);
    if (!f->slug)
        (void)fields_integer(f, "version", DEFINITIONS_VERSION, DEFINITIONS_VERSION);
}

/* What is needed by others comes first, what needs others goes first. */
void plan_make(struct plan *p, struct fields *f)
{
    struct scope everywhere = { .kind = SCOPE_GLOBAL };

    p->now = app_deployment(p->app);
    p->access = app_access(p->app);
    p->shown = json_array();
    p->notes = json_array();
    check_head(f);
    if (!f->slug)
        plan_settings(p, f, &everywhere, &p->now->global, "settings", "global");
    if (!f->slug)
        plan_places(p, f);
    if (!f->slug)
        plan_ranges(p, f);
    if (!f->slug)
        plan_places_gone(p, f);
    if (!f->slug)
        plan_people(p, f);
    if (p->full)
        fields_fault(f, "overloaded", "", "The server has no memory for so many changes.");
}
