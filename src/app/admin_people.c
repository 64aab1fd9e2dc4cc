/* What may be changed of users, role bindings and access tokens, and what each change writes. */
#include <errno.h>
#include <string.h>

#include "app/admin.h"
#include "base/text.h"

static enum admin_status of_code(int code)
{
    switch (code) {
    case 0:
        return ADMIN_DONE;
    case -ENOENT:
        return ADMIN_NOT_FOUND;
    case -EEXIST:
        return ADMIN_EXISTS;
    default:
        return ADMIN_INVALID;
    }
}

static enum admin_status try_user(struct app *a, struct admin_change *c,
                                  struct admin_result *result)
{
    const struct user *old;
    enum admin_status status = ADMIN_DONE;

    if (!user_name_read(c->user.name, c->user.name, &result->err)) {
        result->verdict.pointer = "/name";
        return ADMIN_INVALID;
    }
    old = access_user(a->access_draft, c->user.name);
    if (old && c->fresh)
        return admin_exists(result, "user", c->user.name);
    if (old)
        status = admin_check_version(c, old->version, result);
    if (status != ADMIN_DONE)
        return status;
    c->user.created_at = old ? old->created_at : a->wall;
    c->user.version = old ? old->version + 1 : 1;
    return of_code(access_put_user(a->access_draft, &c->user, &result->err));
}

static enum admin_status try_user_remove(struct app *a, struct admin_change *c,
                                         struct admin_result *result)
{
    const struct user *old = access_user(a->access_draft, c->user.name);
    enum admin_status status;

    if (!old)
        return admin_missing(result, "user", c->user.name);
    status = admin_check_version(c, old->version, result);
    if (status != ADMIN_DONE)
        return status;
    (void)text_copy(c->user.name, sizeof(c->user.name), old->name); /* as it is written */
    return of_code(access_remove_user(a->access_draft, c->user.name, &result->err));
}

/* Whose it is to be, by the name as it is written. */
static bool owner_read(const struct app *a, char user[USER_SIZE], struct admin_result *result)
{
    const struct user *u = access_user(a->access_draft, user);
    char shown[USER_SIZE];

    if (u) {
        (void)text_copy(user, USER_SIZE, u->name); /* the same size */
        return true;
    }
    result->verdict.pointer = "/user";
    (void)err_set(&result->err, -EINVAL, "there is no user '%s'",
                  text_shown(shown, sizeof(shown), user));
    return false;
}

static enum admin_status try_binding(struct app *a, struct admin_change *c,
                                     struct admin_result *result)
{
    int code;

    if (c->binding.id && !access_binding(a->access_draft, c->binding.id))
        return admin_missing(result, "role binding", c->binding.user);
    if (!owner_read(a, c->binding.user, result))
        return ADMIN_INVALID;
    admin_resolve(a, &c->binding.scope);
    if (!scope_exists(a->draft, &c->binding.scope)) {
        result->verdict.pointer = "/scope";
        (void)err_set(&result->err, -EINVAL,
                      "the place of the role does not exist: name a site, destination or range "
                      "that does, or let it hold everywhere");
        return ADMIN_INVALID;
    }
    if (!c->binding.id)
        c->binding.id = ++a->last_binding;
    code = access_put_binding(a->access_draft, &c->binding, &result->err);
    if (!code && !result->binding)
        result->binding = c->binding.id;
    return of_code(code);
}

static enum admin_status try_token(struct app *a, struct admin_change *c,
                                   struct admin_result *result)
{
    const struct access_token *old =
        c->token.id ? access_token_by_id(a->access_draft, c->token.id) : NULL;
    enum admin_status status = ADMIN_DONE;
    int code;

    if (c->token.id && !old)
        return admin_missing(result, "access token", c->token.name);
    if (old)
        status = admin_check_version(c, old->version, result);
    if (status != ADMIN_DONE)
        return status;
    if (!owner_read(a, c->token.user, result))
        return ADMIN_INVALID;
    c->token.created_at = old ? old->created_at : a->wall;
    c->token.version = old ? old->version + 1 : 1;
    if (!old)
        c->token.id = ++a->last_access_token;
    code = access_put_token(a->access_draft, &c->token, &result->err);
    if (!code && !result->token)
        result->token = c->token.id;
    return of_code(code);
}

/* Whose it was is for those who are told of it. */
static enum admin_status try_binding_remove(struct app *a, struct admin_change *c,
                                            struct admin_result *result)
{
    const struct binding *old = access_binding(a->access_draft, c->binding.id);

    if (old)
        c->binding = *old;
    return of_code(access_remove_binding(a->access_draft, c->binding.id, &result->err));
}

static enum admin_status try_token_remove(struct app *a, struct admin_change *c,
                                          struct admin_result *result)
{
    const struct access_token *old = access_token_by_id(a->access_draft, c->token.id);

    if (old)
        c->token = *old;
    return of_code(access_remove_token(a->access_draft, c->token.id, &result->err));
}

enum admin_status admin_try_people(struct app *a, struct admin_change *c,
                                   struct admin_result *result)
{
    if (c->what == ADMIN_USER_PUT)
        return try_user(a, c, result);
    if (c->what == ADMIN_USER_REMOVE)
        return try_user_remove(a, c, result);
    if (c->what == ADMIN_BINDING_PUT)
        return try_binding(a, c, result);
    if (c->what == ADMIN_BINDING_REMOVE)
        return try_binding_remove(a, c, result);
    if (c->what == ADMIN_TOKEN_PUT)
        return try_token(a, c, result);
    return try_token_remove(a, c, result);
}

/* ---- what follows from a list as a whole ---- */

static bool takes_places(const struct admin_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (job->changes[i].what == ADMIN_RANGE_REMOVE ||
            job->changes[i].what == ADMIN_SITE_REMOVE ||
            job->changes[i].what == ADMIN_DESTINATION_REMOVE)
            return true;
    }
    return false;
}

static const struct binding *homeless(const struct app *a)
{
    for (size_t i = 0; i < a->access_draft->binding_count; i++) {
        if (!scope_exists(a->draft, &a->access_draft->bindings[i].scope))
            return &a->access_draft->bindings[i];
    }
    return NULL;
}

/* A role at a place that goes would come back to life in a new place of that name. So it goes
 * along, as a change like any other that is noted like any other. */
enum admin_status admin_drop_homeless(struct app *a, struct admin_job *job)
{
    const struct binding *b;

    while (takes_places(job) && (b = homeless(a)) != NULL) {
        struct admin_change *c = admin_more(job);

        if (!c) {
            (void)err_set(&job->result.err, -ENOMEM, "out of memory: try again");
            return ADMIN_BUSY;
        }
        c->what = ADMIN_BINDING_REMOVE;
        c->binding = *b;
        if (access_remove_binding(a->access_draft, b->id, &job->result.err))
            return ADMIN_INVALID; /* cannot be: it was just found */
    }
    return ADMIN_DONE;
}

/* The list as a whole must leave somebody; within it an administrator may well make place for
 * another. */
enum admin_status admin_keep_administrator(struct app *a, struct admin_result *result)
{
    if (access_administrators(a->access_draft) || !access_administrators(a->access))
        return ADMIN_DONE;
    result->last_administrator = true;
    (void)err_set(&result->err, -EBUSY,
                  "nobody would be left who may administer everything: give another user the role "
                  "administrator everywhere first");
    return ADMIN_IN_USE;
}

void admin_put_people(struct change *change, const struct admin_change *c)
{
    if (change->type == CHANGE_USER_PUT || change->type == CHANGE_USER_REMOVE)
        change->user = c->user;
    else if (change->type == CHANGE_BINDING_PUT)
        change->binding = c->binding;
    else if (change->type == CHANGE_BINDING_REMOVE)
        change->binding_gone = c->binding.id;
    else if (change->type == CHANGE_TOKEN_PUT)
        change->token = c->token;
    else
        change->token_gone = c->token.id;
}
