/* A restore: what a backup says, as a document of definitions, is compared with what is there and
 * made so; what it knows of the past is added. All of it is tried first: of a backup that cannot be
 * made so nothing is taken. */
#include <string.h>

#include "api/definitions.h"
#include "api/resources.h"
#include "base/text.h"

/* A setting that names music which is not here, not even with the backup, is left out. */
static void strip_music(struct app *a, json_t *settings)
{
    const char *music = json_string_value(json_object_get(settings, "music"));

    if (music && *music && !app_music_file(a, music))
        (void)json_object_del(settings, "music");
}

static void strip_all_music(struct app *a, json_t *document)
{
    static const char *const lists[] = { "sites", "destinations", "ranges" };

    strip_music(a, json_object_get(document, "settings"));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        json_t *list = json_object_get(document, lists[i]);

        for (size_t n = 0; n < json_array_size(list); n++)
            strip_music(a, json_object_get(json_array_get(list, n), "settings"));
    }
}

static void make(struct ask *q, void (*made)(struct ask *q, const struct admin_result *result))
{
    struct plan *p = q->plan;
    json_t *document =
        definitions_document(app_restore_deployment(p->backup), app_restore_access(p->backup),
                             app_config(q->app)->node, true);
    struct fields f;

    strip_all_music(q->app, document);
    if (fields_of(&f, document, definitions_fields, ""))
        plan_make(p, &f);
    json_decref(document);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    q->explain = definitions_explain;
    if (definitions_may(q))
        admin_make(q, p->changes, p->count, made);
}

static void merged(void *ask, const char *err)
{
    struct ask *q = ask;

    if (err) {
        reply_problem(q, "store-failed", NULL,
                      "The records of the backup were not all taken over: %s. Nothing else was "
                      "changed; the restore can be asked for again.",
                      err);
        return;
    }
    plan_done(q->plan); /* the tables may be others by now */
    make(q, definitions_applied);
}

static void tried(struct ask *q, const struct admin_result *result)
{
    struct plan *p = q->plan;

    q->dry_run = p->only_look;
    if (p->only_look)
        definitions_applied(q, result);
    else
        app_restore_merge(q->app, p->backup, merged, q);
}

static void backup_read(void *ask, struct app_restore *backup, const char *err)
{
    struct ask *q = ask;
    struct plan *p = q->plan;

    if (err) {
        reply_problem(q, "backup-unreadable", "/path", "This backup cannot be used: %s.", err);
        return;
    }
    p->backup = backup;
    p->only_look = q->dry_run;
    q->dry_run = true;
    make(q, tried);
}

/* It brings users and all that they may do, so it takes what giving these takes. */
static bool may_restore(struct ask *q)
{
    return ask_may(q, MAY_DEFINITIONS_WRITE, NULL) && ask_may(q, MAY_USERS_WRITE, NULL);
}

void restore_system(struct ask *q)
{
    static const char *const modes[] = { "refuse", "drain", "force", NULL };
    static const char *const names[] = { "path", NULL };
    int mode = params_choice(q, "mode", modes, MODE_REFUSE);
    char path[512];
    struct fields f;
    struct plan *p;
    const char *text;

    if (mode < 0 || !may_restore(q) || !fields_read(&f, q, names, false))
        return;
    text = fields_needed_text(&f, "path");
    if (!f.slug && (text[0] != '/' || !text_copy(path, sizeof path, text) || !text_is_plain(text)))
        fields_fault(&f, "invalid-value", "path", "path is a whole path on the server: /var/...");
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    p = definitions_begin(q, DEFINITIONS_ENFORCE, true, (enum admin_mode)mode);
    if (!p)
        return;
    p->audit_action = "system.restore";
    app_restore_read(q->app, path, backup_read, q);
}
