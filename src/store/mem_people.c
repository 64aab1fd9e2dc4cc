/* Users and what belongs to them, in the store in memory. */
#include "store/mem.h"

#include "base/text.h"

/* Whose the row is; "": nobody's. */
static const char *owner(const struct change *c)
{
    if (c->type == CHANGE_BINDING_PUT)
        return c->binding.user;
    if (c->type == CHANGE_TOKEN_PUT)
        return c->token.user;
    return c->type == CHANGE_LOGIN_PUT ? c->login.user : "";
}

static bool remove_user(struct mem *m, const char *name)
{
    static const enum change_type theirs[] = { CHANGE_BINDING_PUT, CHANGE_TOKEN_PUT,
                                               CHANGE_LOGIN_PUT };
    struct change key = { .type = CHANGE_USER_PUT };

    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        struct table *t = &m->table[theirs[i]];

        for (size_t k = t->count; k-- > 0;)
            if (text_is_nocase(owner(t->row[k]), name) && !mem_exchange(m, t, t->row[k], NULL))
                return false;
    }
    (void)text_copy(key.user.name, sizeof key.user.name, name);
    return mem_remove(m, &key);
}

/* The same row as the one to be removed has the type that puts it in. */
bool mem_remove_person(struct mem *m, const struct change *c)
{
    struct change key = { .type = CHANGE_LOGIN_PUT };

    if (c->type == CHANGE_USER_REMOVE)
        return remove_user(m, c->user.name);
    if (c->type == CHANGE_BINDING_REMOVE) {
        key.type = CHANGE_BINDING_PUT;
        key.binding.id = c->binding_gone;
    } else if (c->type == CHANGE_TOKEN_REMOVE) {
        key.type = CHANGE_TOKEN_PUT;
        key.token.id = c->token_gone;
    } else {
        key.login.id = c->login_gone;
    }
    return mem_remove(m, &key);
}

void mem_load_person(const struct store_reader *r, const struct change *c)
{
    if (c->type == CHANGE_USER_PUT && r->user)
        r->user(r->to, &c->user);
    else if (c->type == CHANGE_BINDING_PUT && r->binding)
        r->binding(r->to, &c->binding);
    else if (c->type == CHANGE_TOKEN_PUT && r->token)
        r->token(r->to, &c->token);
    else if (c->type == CHANGE_LOGIN_PUT && r->login)
        r->login(r->to, &c->login);
}
