/* Users, their roles and their tokens, of a document. They are touched only when it speaks of them:
 * a file that describes ranges takes nobody's account away. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/definitions.h"
#include "base/network.h"
#include "base/text.h"
#include "core/setting_text.h"
#include "sys/clock.h"

static const char *const user_fields[] = { "name",  "phone",         "disabled",
                                           "roles", "password_hash", NULL };
static const char *const role_fields[] = { "role", "scope", NULL };
static const char *const token_fields[] = { "name",     "user",       "hash",       "permissions",
                                            "networks", "created_at", "expires_at", NULL };

#define ROLES_MOST GRANTS_MAX

/* The roles of one user, as the document wants them. */
struct roles {
    struct binding at[ROLES_MOST];
    size_t count;
};

/* ---- reading ---- */

static void read_user(struct fields *item, const struct user *now, struct user *wish)
{
    const char *phone = fields_text(item, "phone"), *hash = fields_text(item, "password_hash");
    const json_t *disabled = json_object_get(item->json, "disabled");
    const char *name = fields_needed_text(item, "name");
    struct err err;

    if (now)
        *wish = *now;
    if (!item->slug && !user_name_read(name, wish->name, &err))
        fields_fault(item, "invalid-name", "name", "%s.", err.text);
    else if (!now && text_matches(wish->name, "*@proxy"))
        fields_fault(item, "invalid-name", "name", "Names that end in @proxy are the proxy's.");
    if ((phone || fields_null(item, "phone")) && !text_copy(wish->phone, sizeof wish->phone, phone))
        fields_fault(item, "invalid-value", "phone", "phone is too long.");
    else if (phone && phone[0] && setting_text_uri(wish->phone, &err) != 0)
        fields_fault(item, "invalid-value", "phone", "phone %s.", err.text);
    if (disabled && !json_is_boolean(disabled))
        fields_fault(item, "invalid-request", "disabled", "'disabled' must be true or false.");
    if (disabled)
        wish->disabled = json_is_true(disabled);
    if (hash && (!text_starts(hash, "$argon2id$") ||
                 !text_copy(wish->password, sizeof wish->password, hash)))
        fields_fault(item, "invalid-value", "password_hash",
                     "password_hash is a hash as an export with secrets writes it: $argon2id$...");
}

static void read_scope(struct plan *p, struct fields *f, const char *text, struct scope *to)
{
    const struct range *r;

    memset(to, 0, sizeof *to);
    if (text_is(text, "all"))
        return;
    if (text_starts(text, "site:")) {
        to->kind = SCOPE_SITE;
        text += 5;
    } else if (text_starts(text, "destination:")) {
        to->kind = SCOPE_DESTINATION;
        text += 12;
    } else if (text_starts(text, "range:")) {
        to->kind = SCOPE_RANGE;
        text += 6;
        r = ranges_by_name(&p->now->ranges, text);
        to->range = r ? r->id : 0; /* 0: it is made by the same list, and found by its name */
        if (r)
            return;
    } else {
        fields_fault(f, "invalid-value", "scope",
                     "scope is all, site:NAME, destination:FQDN or range:NAME.");
        return;
    }
    if (!text[0] || !text_copy(to->name, sizeof to->name, text))
        fields_fault(f, "invalid-value", "scope", "scope names nothing, or too much.");
}

static void read_role(struct plan *p, struct fields *f, struct binding *to)
{
    const char *role = fields_needed_text(f, "role"), *scope = fields_needed_text(f, "scope");

    if (!f->slug && !role_find(role, &to->role))
        fields_fault(f, "invalid-value", "role",
                     "role is administrator, voice-administrator, viewer or attendant.");
    if (!f->slug)
        read_scope(p, f, scope, &to->scope);
}

static void read_roles(struct plan *p, struct fields *item, const char *user, struct roles *to)
{
    json_t *list = json_object_get(item->json, "roles");
    char pointer[sizeof item->pointer];
    struct fields f;

    to->count = 0;
    if (list && !json_is_array(list))
        fields_fault(item, "invalid-request", "roles", "'roles' must be a list.");
    for (size_t i = 0; i < json_array_size(list) && !item->slug; i++) {
        if (to->count == ROLES_MOST) {
            fields_fault(item, "too-many", "roles", "A user has at most %d roles.", ROLES_MOST);
            return;
        }
        (void)text_format(pointer, sizeof pointer, "%.90s/roles/%zu", item->pointer, i); /* fits */
        memset(&to->at[to->count], 0, sizeof to->at[0]);
        (void)text_copy(to->at[to->count].user, USER_SIZE, user); /* the same size */
        if (fields_of(&f, json_array_get(list, i), role_fields, pointer))
            read_role(p, &f, &to->at[to->count]);
        to->count++;
        if (f.slug) {
            item->slug = f.slug;
            (void)text_copy(item->pointer, sizeof item->pointer, f.pointer); /* the same size */
            (void)text_copy(item->detail, sizeof item->detail, f.detail);    /* the same size */
        }
        fields_done(&f);
    }
}

/* ---- roles ---- */

static bool same_binding(const struct binding *a, const struct binding *b)
{
    return a->role == b->role && a->scope.kind == b->scope.kind &&
           a->scope.range == b->scope.range &&
           (a->scope.kind == SCOPE_RANGE ? a->scope.range != 0
                                         : text_is_nocase(a->scope.name, b->scope.name)) &&
           text_is_nocase(a->user, b->user);
}

static bool has_binding(const struct binding *list, size_t count, const struct binding *b)
{
    for (size_t i = 0; i < count; i++)
        if (same_binding(&list[i], b))
            return true;
    return false;
}

static json_t *show_binding(struct plan *p, const struct binding *b)
{
    return json_pack("{s:s, s:s, s:o}", "user", b->user, "role", role_name(b->role), "scope",
                     definitions_scope(p->now, &b->scope));
}

static void add_roles(struct plan *p, const struct roles *wish)
{
    for (size_t i = 0; i < wish->count; i++) {
        struct admin_change *c;

        if (has_binding(p->access->bindings, p->access->binding_count, &wish->at[i]))
            continue;
        c = plan_add(p, ADMIN_BINDING_PUT);
        if (!c)
            return;
        c->binding = wish->at[i];
        plan_show(p, "create", "role", wish->at[i].user, NULL, show_binding(p, &wish->at[i]));
    }
}

static void remove_roles(struct plan *p, const char *user, const struct roles *wish)
{
    for (size_t i = 0; i < p->access->binding_count; i++) {
        const struct binding *b = &p->access->bindings[i];
        struct admin_change *c;

        if (!text_is_nocase(b->user, user) || has_binding(wish->at, wish->count, b))
            continue;
        c = plan_add(p, ADMIN_BINDING_REMOVE);
        if (!c)
            return;
        c->binding = *b;
        plan_show(p, "delete", "role", b->user, show_binding(p, b), NULL);
    }
}

/* ---- users ---- */

static json_t *show_user(const struct user *u)
{
    return json_pack("{s:o, s:o, s:b, s:b}", "name", show_text(u->name), "phone",
                     show_text_or_null(u->phone), "disabled", u->disabled, "has_password",
                     u->password[0] != '\0');
}

static bool same_user(const struct user *a, const struct user *b)
{
    return a->disabled == b->disabled && text_is(a->phone, b->phone) &&
           text_is(a->password, b->password);
}

static void plan_user(struct plan *p, struct fields *item)
{
    const char *name = fields_text(item, "name");
    const struct user *now = name ? access_user(p->access, name) : NULL;
    struct user wish = { 0 };
    struct roles roles;
    struct admin_change *c;
    json_t *shown;

    read_user(item, now, &wish);
    read_roles(p, item, wish.name, &roles);
    if (item->slug)
        return;
    if (!now || (plan_changes_existing(p) && !same_user(now, &wish))) {
        c = plan_add(p, ADMIN_USER_PUT);
        if (!c)
            return;
        c->fresh = !now;
        c->user = wish;
        shown = show_user(&wish);
        if (now && !text_is(now->password, wish.password))
            (void)json_object_set_new(shown, "password_changed", json_true());
        plan_show(p, now ? "update" : "create", "user", wish.name, now ? show_user(now) : NULL,
                  shown);
    }
    if (json_object_get(item->json, "roles") && (!now || plan_changes_existing(p)))
        add_roles(p, &roles);
}

/* Roles and users are taken away after others have been given, so that there is an administrator at
 * each moment. */
static void take_away(struct plan *p, struct fields *f)
{
    json_t *list = json_object_get(f->json, "users");

    for (size_t i = 0; i < p->access->user_count; i++) {
        const struct user *u = &p->access->users[i];
        struct admin_change *c;
        struct fields item;
        struct roles roles;
        json_t *named = NULL;

        for (size_t n = 0; n < json_array_size(list) && !named; n++)
            if (text_is_nocase(json_string_value(json_object_get(json_array_get(list, n), "name")),
                               u->name))
                named = json_array_get(list, n);
        if (named && plan_changes_existing(p) && json_object_get(named, "roles")) {
            (void)fields_of(&item, named, user_fields, "/users");
            read_roles(p, &item, u->name, &roles);
            fields_done(&item);
            remove_roles(p, u->name, &roles);
        } else if (!named && p->prune) {
            c = plan_add(p, ADMIN_USER_REMOVE);
            if (!c)
                return;
            c->user = *u;
            plan_show(p, "delete", "user", u->name, show_user(u), NULL);
        }
    }
}

/* ---- tokens ---- */

static void read_permissions(struct fields *item, permission_set *to)
{
    const json_t *list = json_object_get(item->json, "permissions");

    *to = PERMISSION_ALL;
    if (!json_is_array(list))
        return;
    *to = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        enum permission p;

        if (!permission_find(json_string_value(json_array_get(list, i)), &p))
            fields_fault(item, "invalid-value", "permissions", "There is no such permission.");
        else
            *to |= UINT32_C(1) << p;
    }
}

static bool networks_fine(const char *list)
{
    char copy[LIST_SIZE], *rest = NULL;
    struct network n;

    (void)text_copy(copy, sizeof copy, list); /* the same size */
    for (char *one = strtok_r(copy, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
        if (!network_read(one, &n))
            return false;
    return true;
}

static void read_token(struct fields *item, struct access_token *to)
{
    const char *name = fields_needed_text(item, "name"), *user = fields_needed_text(item, "user");
    const char *hash = fields_needed_text(item, "hash");
    const char *networks = fields_text(item, "networks"), *until = fields_text(item, "expires_at");
    size_t length = 0;

    to->expires_at = NEVER;
    read_permissions(item, &to->permissions);
    if (!item->slug && (!text_copy(to->name, sizeof to->name, name) ||
                        !text_copy(to->user, sizeof to->user, user) ||
                        !text_copy(to->networks, sizeof to->networks, networks)))
        fields_fault(item, "invalid-value", "", "A name or list of networks is too long.");
    else if (!item->slug && (!to->name[0] || !text_is_plain(to->name)))
        fields_fault(item, "invalid-name", "name",
                     "A token has a name without control characters.");
    else if (!item->slug && !networks_fine(to->networks))
        fields_fault(item, "invalid-value", "networks",
                     "networks is a list such as 10.0.0.0/8,2001:db8::/32, or empty.");
    if (!item->slug &&
        (sodium_hex2bin(to->hash, sizeof to->hash, hash, strlen(hash), NULL, &length, NULL) != 0 ||
         length != sizeof to->hash))
        fields_fault(item, "invalid-value", "hash", "hash is 64 hexadecimal digits.");
    if (until && !clock_rfc3339_read(until, &to->expires_at))
        fields_fault(item, "invalid-value", "expires_at", "expires_at is a time in UTC, or null.");
}

static json_t *show_token(const struct access_token *t)
{
    json_t *shown = definitions_token(t);

    (void)json_object_del(shown, "hash");
    return shown;
}

static void plan_token(struct plan *p, struct fields *item)
{
    struct access_token wish = { 0 };
    struct admin_change *c;

    read_token(item, &wish);
    if (item->slug || access_token_by_hash(p->access, wish.hash))
        return;
    c = plan_add(p, ADMIN_TOKEN_PUT);
    if (!c)
        return;
    c->fresh = true;
    c->token = wish;
    plan_show(p, "create", "token", wish.name, NULL, show_token(&wish));
}

static bool is_named_token(json_t *list, const struct access_token *t)
{
    char hex[2 * SECRET_HASH_SIZE + 1];

    (void)sodium_bin2hex(hex, sizeof hex, t->hash, sizeof t->hash);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (text_is_nocase(json_string_value(json_object_get(json_array_get(list, i), "hash")),
                           hex))
            return true;
    return false;
}

static void prune_tokens(struct plan *p, json_t *list)
{
    for (size_t i = 0; i < p->access->token_count; i++) {
        const struct access_token *t = &p->access->tokens[i];
        struct admin_change *c = is_named_token(list, t) ? NULL : plan_add(p, ADMIN_TOKEN_REMOVE);

        if (!c)
            continue;
        c->token = *t;
        plan_show(p, "delete", "token", t->name, show_token(t), NULL);
    }
}

void plan_people(struct plan *p, struct fields *f)
{
    struct plan_items items;
    struct fields item;

    if (plan_items(f, "users", user_fields, &items))
        while (plan_next(&items, &item)) {
            if (!item.slug)
                plan_user(p, &item);
            plan_back(&items, &item);
        }
    if (!f->slug && plan_items(f, "tokens", token_fields, &items))
        while (plan_next(&items, &item)) {
            if (!item.slug)
                plan_token(p, &item);
            plan_back(&items, &item);
        }
    if (f->slug)
        return;
    if (p->prune && json_is_array(json_object_get(f->json, "tokens")))
        prune_tokens(p, json_object_get(f->json, "tokens"));
    if (json_is_array(json_object_get(f->json, "users")))
        take_away(p, f);
}
