/* What the one who asks may do, and the words for what he may not. */
#include "api/ask.h"
#include "base/text.h"

static const struct place_of everywhere;

bool ask_sees(const struct ask *q, enum permission p, const struct place_of *where)
{
    return rights_may(&q->who.rights, p, where ? where : &everywhere);
}

/* What these show or change has no place, so a role that holds at one place gives nothing of it. */
static bool has_no_place(enum permission p)
{
    switch ((int)p) {
    case MAY_AUDIT_READ:
    case MAY_USERS_READ:
    case MAY_USERS_WRITE:
    case MAY_SYSTEM_READ:
    case MAY_SYSTEM_WRITE:
    case MAY_SYSTEM_BACKUP:
    case MAY_DEFINITIONS_READ:
    case MAY_DEFINITIONS_WRITE:
    case MAY_METRICS_READ:
        return true;
    default:
        return false;
    }
}

static void place_words(const struct ask *q, const struct place_of *where, char to[192])
{
    const struct range *r =
        where->range ? ranges_by_id(&app_deployment(q->app)->ranges, where->range) : NULL;

    if (r)
        (void)text_format(to, 192, "for the range '%s'", r->name); /* fits */
    else if (where->destination && where->destination[0])
        (void)text_format(to, 192, "for the destination %.150s", where->destination); /* fits */
    else if (where->site && where->site[0])
        (void)text_format(to, 192, "for the site '%.150s'", where->site); /* fits */
    else
        (void)text_copy(to, 192, "for the whole deployment"); /* fits */
}

static bool refuse(struct ask *q, enum permission p, const char *where)
{
    const char *name = permission_name(p);

    reply_problem_with(q, "not-permitted", NULL, json_pack("{s:s}", "required", name),
                       "%s may not do this: it needs the permission %s %s. An administrator can "
                       "give a role that has it.",
                       q->who.name, name, where);
    return false;
}

bool ask_may(struct ask *q, enum permission p, const struct place_of *where)
{
    char words[192];

    if (ask_sees(q, p, where))
        return true;
    place_words(q, where ? where : &everywhere, words);
    return refuse(q, p, words);
}

bool ask_may_somewhere(struct ask *q, enum permission p)
{
    if (has_no_place(p))
        return ask_may(q, p, NULL);
    if (rights_may_somewhere(&q->who.rights, p))
        return true;
    return refuse(q, p, "at some place at least");
}
