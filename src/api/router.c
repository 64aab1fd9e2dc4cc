/* Every path of the API, what may be done to it, and with which parameters. A path is taken apart
 * once, here; a handler finds what stood for {} in its ask. */
#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "api/fields.h"
#include "api/idempotency.h"
#include "api/page.h"
#include "api/resources.h"
#include "base/text.h"

/* Without signing in: on loopback; even if that may be a proxy; from anywhere. Takes dry_run. */
enum { OPEN = 1, HEALTH = 2, DOOR = 4, WRITES = 8 };

/* What it takes to ask: a permission, at some place at least, or only to be somebody. */
enum { SIGNED_IN = PERMISSIONS };

struct path {
    const char *method, *pattern;
    handler *handle;
    const char *params; /* that it knows */
    int needs;
    unsigned flags;
};

#define V1 "/api/v1"
#define LISTS "limit,cursor,sort"

/* clang-format off */
static const struct path paths[] = {
    { "GET",    "/livez",                            get_livez,          "verbose", SIGNED_IN, OPEN | HEALTH },
    { "GET",    "/readyz",                           get_readyz,         "verbose", SIGNED_IN, OPEN | HEALTH },
    { "GET",    "/metrics",                          get_metrics,        "", MAY_METRICS_READ, OPEN },
    { "GET",    "/version",                          get_version,        "", SIGNED_IN, OPEN },
    { "GET",    "/api/openapi.json",                 get_openapi,        "", SIGNED_IN, 0 },
    { "GET",    "/api/licenses",                     get_licences,       "", SIGNED_IN, 0 },
    { "GET",    "/api/problems/{}",                  get_problem,        "", SIGNED_IN, DOOR },

    { "GET",    V1 "/number-ranges",                 get_ranges,         "q,destination,state,type,contains," LISTS, MAY_RANGES_READ, 0 },
    { "POST",   V1 "/number-ranges",                 post_range,         "dry_run", MAY_RANGES_WRITE, WRITES },
    { "POST",   V1 "/number-ranges:validate",        validate_range,     "", MAY_RANGES_WRITE, 0 },
    { "POST",   V1 "/number-ranges:import",          import_ranges,      "mode,dry_run", MAY_RANGES_WRITE, WRITES },
    { "GET",    V1 "/number-ranges:export",          export_ranges,      "format,destination", MAY_RANGES_READ, 0 },
    { "GET",    V1 "/number-ranges/{}",              get_range,          "", MAY_RANGES_READ, 0 },
    { "PUT",    V1 "/number-ranges/{}",              put_range,          "mode,dry_run", MAY_RANGES_WRITE, WRITES },
    { "PATCH",  V1 "/number-ranges/{}",              patch_range,        "mode,dry_run", MAY_RANGES_WRITE, WRITES },
    { "DELETE", V1 "/number-ranges/{}",              delete_range,       "mode,dry_run", MAY_RANGES_WRITE, WRITES },
    { "GET",    V1 "/number-ranges/{}/orbits",       get_range_orbits,   "state," LISTS, MAY_RANGES_READ, 0 },
    { "GET",    V1 "/orbits/{}",                     get_orbit,          "", MAY_RANGES_READ, 0 },

    { "GET",    V1 "/destinations",                  get_destinations,   "q,site," LISTS, MAY_PLACES_READ, 0 },
    { "POST",   V1 "/destinations",                  post_destination,   "dry_run", MAY_PLACES_WRITE, WRITES },
    { "GET",    V1 "/destinations/{}",               get_destination,    "", MAY_PLACES_READ, 0 },
    { "PUT",    V1 "/destinations/{}",               put_destination,    "dry_run", MAY_PLACES_WRITE, WRITES },
    { "PATCH",  V1 "/destinations/{}",               patch_destination,  "dry_run", MAY_PLACES_WRITE, WRITES },
    { "DELETE", V1 "/destinations/{}",               delete_destination, "dry_run", MAY_PLACES_WRITE, WRITES },
    { "GET",    V1 "/sites",                         get_sites,          "q," LISTS, MAY_PLACES_READ, 0 },
    { "POST",   V1 "/sites",                         post_site,          "dry_run", MAY_PLACES_WRITE, WRITES },
    { "GET",    V1 "/sites/{}",                      get_site,           "", MAY_PLACES_READ, 0 },
    { "DELETE", V1 "/sites/{}",                      delete_site,        "dry_run", MAY_PLACES_WRITE, WRITES },

    { "GET",    V1 "/settings",                      get_setting_keys,   "", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/settings/effective",            get_effective,      "range,destination", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/settings/global",               get_global,         "", MAY_SETTINGS_READ, 0 },
    { "PUT",    V1 "/settings/global",               put_global,         "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "PATCH",  V1 "/settings/global",               put_global,         "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "DELETE", V1 "/settings/global",               put_global,         "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "GET",    V1 "/settings/sites/{}",             get_of_site,        "", MAY_SETTINGS_READ, 0 },
    { "PUT",    V1 "/settings/sites/{}",             put_of_site,        "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "PATCH",  V1 "/settings/sites/{}",             put_of_site,        "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "DELETE", V1 "/settings/sites/{}",             put_of_site,        "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "GET",    V1 "/settings/destinations/{}",      get_of_destination, "", MAY_SETTINGS_READ, 0 },
    { "PUT",    V1 "/settings/destinations/{}",      put_of_destination, "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "PATCH",  V1 "/settings/destinations/{}",      put_of_destination, "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "DELETE", V1 "/settings/destinations/{}",      put_of_destination, "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "GET",    V1 "/settings/ranges/{}",            get_of_range,       "", MAY_SETTINGS_READ, 0 },
    { "PUT",    V1 "/settings/ranges/{}",            put_of_range,       "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "PATCH",  V1 "/settings/ranges/{}",            put_of_range,       "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "DELETE", V1 "/settings/ranges/{}",            put_of_range,       "dry_run", MAY_SETTINGS_WRITE, WRITES },

    { "GET",    V1 "/music/global",                  get_music,          "", MAY_SETTINGS_READ, 0 },
    { "PUT",    V1 "/music/global",                  put_music,          "name,dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "DELETE", V1 "/music/global",                  delete_music,       "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "GET",    V1 "/music/global/preview",          preview_music,      "", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/music/global/file",             get_music_file,     "", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/music/sites/{}",                   get_music,          "", MAY_SETTINGS_READ, 0 },
    { "PUT",    V1 "/music/sites/{}",                   put_music,          "name,dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "DELETE", V1 "/music/sites/{}",                   delete_music,       "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "GET",    V1 "/music/sites/{}/preview",           preview_music,      "", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/music/sites/{}/file",              get_music_file,     "", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/music/destinations/{}",            get_music,          "", MAY_SETTINGS_READ, 0 },
    { "PUT",    V1 "/music/destinations/{}",            put_music,          "name,dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "DELETE", V1 "/music/destinations/{}",            delete_music,       "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "GET",    V1 "/music/destinations/{}/preview",    preview_music,      "", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/music/destinations/{}/file",       get_music_file,     "", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/music/ranges/{}",                  get_music,          "", MAY_SETTINGS_READ, 0 },
    { "PUT",    V1 "/music/ranges/{}",                  put_music,          "name,dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "DELETE", V1 "/music/ranges/{}",                  delete_music,       "dry_run", MAY_SETTINGS_WRITE, WRITES },
    { "GET",    V1 "/music/ranges/{}/preview",          preview_music,      "", MAY_SETTINGS_READ, 0 },
    { "GET",    V1 "/music/ranges/{}/file",             get_music_file,     "", MAY_SETTINGS_READ, 0 },

    { "GET",    V1 "/parked-calls",                  get_calls,          "q,orbit,range,destination,site,state," LISTS, MAY_CALLS_READ, 0 },
    { "POST",   V1 "/parked-calls",                  post_call,          "dry_run", MAY_CALLS_PARK, WRITES },
    { "GET",    V1 "/parked-calls/{}",               get_call,           "", MAY_CALLS_READ, 0 },
    { "PATCH",  V1 "/parked-calls/{}",               patch_call,         "dry_run", MAY_CALLS_NOTE, WRITES },
    { "GET",    V1 "/parked-calls/{}/timeline",      get_timeline,       "", MAY_CALLS_READ, 0 },
    { "POST",   V1 "/parked-calls/{}/retrieve",      retrieve_call,      "dry_run", MAY_CALLS_RETRIEVE, WRITES },
    { "POST",   V1 "/parked-calls/{}/ringback",      ring_back_call,     "dry_run", MAY_CALLS_RINGBACK, WRITES },
    { "POST",   V1 "/parked-calls/{}/extend",        extend_call,        "dry_run", MAY_CALLS_EXTEND, WRITES },
    { "POST",   V1 "/parked-calls/{}/transfer",      transfer_call,      "dry_run", MAY_CALLS_TRANSFER, WRITES },
    { "POST",   V1 "/parked-calls/{}/hangup",        hang_up_call,       "dry_run", MAY_CALLS_HANGUP, WRITES },
    { "GET",    V1 "/call-records",                  get_records,        "since,until,orbit,outcome,call,format,limit,cursor", MAY_RECORDS_READ, 0 },

    { "POST",   V1 "/explain",                       post_explain,       "", MAY_CALLS_READ, 0 },

    { "GET",    V1 "/events",                        get_events,         "topics", SIGNED_IN, 0 },
    { "GET",    V1 "/events/history",                get_history,        "after,topics,limit", SIGNED_IN, 0 },
    { "POST",   V1 "/auth/login",                    post_login,         "", SIGNED_IN, DOOR },
    { "POST",   V1 "/auth/logout",                   post_logout,        "", SIGNED_IN, DOOR },
    { "GET",    V1 "/auth/realms",                   get_realms,         "", SIGNED_IN, DOOR },
    { "GET",    V1 "/auth/me",                       get_me,             "", SIGNED_IN, 0 },
    { "PATCH",  V1 "/auth/me",                       patch_me,           "", SIGNED_IN, 0 },
    { "GET",    V1 "/setup",                         get_setup,          "", SIGNED_IN, DOOR },
    { "POST",   V1 "/setup",                         post_setup,         "", SIGNED_IN, DOOR },
    { "POST",   V1 "/setup/link",                    post_setup_link,    "", MAY_USERS_WRITE, 0 },
    { "GET",    V1 "/users",                         get_users,          "q," LISTS, MAY_USERS_READ, 0 },
    { "POST",   V1 "/users",                         post_user,          "dry_run", MAY_USERS_WRITE, WRITES },
    { "GET",    V1 "/users/{}",                      get_user,           "", MAY_USERS_READ, 0 },
    { "PATCH",  V1 "/users/{}",                      patch_user,         "dry_run", MAY_USERS_WRITE, WRITES },
    { "DELETE", V1 "/users/{}",                      delete_user,        "dry_run", MAY_USERS_WRITE, WRITES },
    { "PUT",    V1 "/users/{}/sip-password",         put_sip_password,   "dry_run", MAY_USERS_WRITE, WRITES },
    { "DELETE", V1 "/users/{}/sip-password",         delete_sip_password, "dry_run", MAY_USERS_WRITE, WRITES },
    { "GET",    V1 "/role-bindings",                 get_role_bindings,  "user," LISTS, MAY_USERS_READ, 0 },
    { "POST",   V1 "/role-bindings",                 post_role_binding,  "dry_run", MAY_USERS_WRITE, WRITES },
    { "DELETE", V1 "/role-bindings/{}",              delete_role_binding, "dry_run", MAY_USERS_WRITE, WRITES },
    { "GET",    V1 "/tokens",                        get_tokens,         "user," LISTS, SIGNED_IN, 0 },
    { "POST",   V1 "/tokens",                        post_token,         "dry_run", SIGNED_IN, WRITES },
    { "GET",    V1 "/tokens/{}",                     get_token,          "", SIGNED_IN, 0 },
    { "DELETE", V1 "/tokens/{}",                     delete_token,       "dry_run", SIGNED_IN, WRITES },
    { "GET",    V1 "/sessions",                      get_sessions,       "user," LISTS, SIGNED_IN, 0 },
    { "DELETE", V1 "/sessions",                      delete_sessions,    "user,dry_run", SIGNED_IN, WRITES },
    { "DELETE", V1 "/sessions/{}",                   delete_session,     "dry_run", SIGNED_IN, WRITES },
    { "GET",    V1 "/audit-events",                  get_audit_events,   "q,actor,action,subject,since,until,format,limit,cursor", MAY_AUDIT_READ, 0 },
    { "GET",    V1 "/audit-events:head",             get_audit_head,     "", MAY_AUDIT_READ, 0 },
    { "GET",    V1 "/audit-events/{}",               get_audit_event,    "", MAY_AUDIT_READ, 0 },
    { "POST",   V1 "/audit-events/{}/undo",          undo_audit_event,   "force,dry_run", MAY_AUDIT_READ, WRITES },

    { "GET",    V1 "/system",                        get_system,         "", MAY_SYSTEM_READ, 0 },
    { "POST",   V1 "/system/drain",                  drain_system,       "dry_run", MAY_SYSTEM_WRITE, WRITES },
    { "POST",   V1 "/system/undrain",                undrain_system,     "dry_run", MAY_SYSTEM_WRITE, WRITES },
    { "POST",   V1 "/system/reload",                 reload_system,      "dry_run", MAY_SYSTEM_WRITE, WRITES },
    { "POST",   V1 "/system/backup",                 backup_system,      "dry_run", MAY_SYSTEM_BACKUP, WRITES },
    { "POST",   V1 "/system/restore",                restore_system,     "mode,dry_run", MAY_SYSTEM_BACKUP, WRITES },
    { "POST",   V1 "/system/support-bundle",         make_bundle,        "dry_run", MAY_SYSTEM_BACKUP, WRITES },
    { "GET",    V1 "/definitions",                   get_definitions,    "secrets,music", MAY_DEFINITIONS_READ, 0 },
    { "PUT",    V1 "/definitions",                   put_definitions,    "mode,prune,range_mode,dry_run", MAY_DEFINITIONS_WRITE, WRITES },
    { "GET",    V1 "/system/nodes",                  get_nodes,          "", MAY_SYSTEM_READ, 0 },
    { "GET",    V1 "/system/hops",                   get_hops,          "", MAY_SYSTEM_READ, 0 },
    { "GET",    V1 "/system/peers",                  get_peers,          "", MAY_SYSTEM_READ, 0 },
    { "GET",    V1 "/system/certificates",           get_certificates,   "", MAY_SYSTEM_READ, 0 },
    { "GET",    V1 "/system/demo",                   get_demo,           "", MAY_SYSTEM_READ, 0 },
    { "POST",   V1 "/system/demo",                   start_demo,         "dry_run", MAY_SYSTEM_WRITE, WRITES },
    { "DELETE", V1 "/system/demo",                   end_demo,           "dry_run", MAY_SYSTEM_WRITE, WRITES },
};
/* clang-format on */

#define PATHS (sizeof paths / sizeof paths[0])

/* Does `path` fit `pattern`, where {} stands for one piece that is not empty? */
static bool fits(const char *pattern, const char *path, char part[HTTP_PATH_SIZE])
{
    const char *hole = strstr(pattern, "{}");
    size_t before = hole ? (size_t)(hole - pattern) : 0, length;

    if (!hole)
        return strcmp(pattern, path) == 0;
    if (strncmp(pattern, path, before) != 0)
        return false;
    length = strcspn(path + before, "/");
    if (length == 0 || strcmp(hole + 2, path + before + length) != 0)
        return false;
    return text_copy_n(part, HTTP_PATH_SIZE, path + before, length);
}

/* A slash in a name came as %2F, which the HTTP edge has left alone. */
static void put_slashes(char *part)
{
    for (char *p = part; *p; p++)
        if (p[0] == '%' && p[1] == '2' && (p[2] == 'F' || p[2] == 'f')) {
            *p = '/';
            memmove(p + 1, p + 3, strlen(p + 3) + 1);
        }
}

static bool method_is(const char *method, const char *wanted)
{
    return strcmp(method, wanted) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(wanted, "GET") == 0);
}

static void refuse(struct ask *q, const char *methods)
{
    if (!methods[0]) {
        reply_problem(q, "not-found", NULL, "There is nothing at %.200s.", q->rq->path);
        return;
    }
    q->reply.allow = methods;
    reply_problem(q, "method-not-allowed", NULL, "%s cannot be done to %.200s: use %s.",
                  q->rq->method, q->rq->path, methods);
}

/* The path of the request, or NULL with the methods that it has. */
static const struct path *find(struct ask *q, char methods[64])
{
    for (size_t i = 0; i < PATHS; i++) {
        if (!fits(paths[i].pattern, q->rq->path, q->part))
            continue;
        if (method_is(q->rq->method, paths[i].method))
            return &paths[i];
        (void)text_append(methods, 64, "%s%s", methods[0] ? ", " : "", paths[i].method); /* fits */
    }
    return NULL;
}

/* Behind a proxy everybody comes from loopback. */
static enum openness openness_of(const struct ask *q, const struct path *p)
{
    unsigned open = app_config(q->app)->http.behind_proxy ? HEALTH : OPEN;

    if (!p)
        return OPEN_TO_NOBODY;
    return p->flags & DOOR ? OPEN_TO_ALL : p->flags & open ? OPEN_ON_LOOPBACK : OPEN_TO_NOBODY;
}

/* Of everything that is answered in JSON the fields can be chosen. */
static bool check_params(struct ask *q, const struct path *p)
{
    char names[160];
    bool chooses = text_is(p->method, "GET") && text_starts(p->pattern, V1) &&
                   !text_is(p->pattern, V1 "/events");

    (void)text_format(names, sizeof names, "%s%s%s", p->params, chooses && p->params[0] ? "," : "",
                      chooses ? "fields" : ""); /* fits: the table above is ours */
    return params_known(q, names);
}

void route(struct ask *q)
{
    char methods[64] = "";
    const struct path *p = find(q, methods);

    if (page_has(q->rq->path)) {
        page_get(q);
        return;
    }
    /* Whoever may not ask does not learn which paths there are, either. */
    if (!auth_allows(q, openness_of(q, p)))
        return;
    if (!p) {
        refuse(q, methods);
        return;
    }
    if (q->who.kind != WHO_NOBODY && p->needs != SIGNED_IN &&
        !ask_may_somewhere(q, (enum permission)p->needs))
        return;
    put_slashes(q->part);
    if (!check_params(q, p))
        return;
    if (p->flags & WRITES && !params_switch(q, "dry_run", &q->dry_run))
        return;
    if (idempotency_begin(q))
        p->handle(q);
}
