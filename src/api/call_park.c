/* POST parked-calls: have a call fetched and parked. Either a dialog that somebody has elsewhere,
 * by its Call-ID and tags, or an address that is called. What is wrong with it besides its form the
 * machine says. */
#include <string.h>

#include "api/audit.h"
#include "api/calls.h"
#include "api/fields.h"
#include "api/mask.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"
#include "core/setting_text.h"

static const char *const names[] = { "uri",   "target", "call_id", "local_tag", "remote_tag",
                                     "orbit", "range",  "parker",  NULL };

/* What is asked for, as long as it takes. */
struct plan {
    struct refer refer;
    struct event command;
    bool has_dialog;
    range_id range; /* where it is to be parked; 0: anywhere here */
};

static void read_uri(struct fields *f, const char *name, char to[URI_SIZE])
{
    const char *text = fields_needed_text(f, name);
    char shown[64];
    struct err err;

    if (f->slug)
        return;
    if (!text_copy(to, URI_SIZE, text))
        fields_fault(f, "invalid-value", name, "%s is longer than %d bytes.", name, URI_SIZE - 1);
    else if (setting_text_uri(to, &err) != 0)
        fields_fault(f, "invalid-value", name, "'%s' %s.", text_shown(shown, sizeof shown, text),
                     err.text);
}

/* What may stand in a Call-ID or a tag (RFC 3261 25.1): nothing that would end the header. */
static const char *read_word(struct fields *f, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-.!%*_+`'~()<>:\\\"/[]?{}@";
    const char *text = fields_needed_text(f, name);

    if (!f->slug && (!text[0] || strlen(text) > 190 || strspn(text, letters) != strlen(text)))
        fields_fault(f, "invalid-value", name, "%s is none as SIP has them.", name);
    return f->slug ? "" : text;
}

/* Seen from the one who is called: to-tag is his own (RFC 3891 3). */
static void read_dialog(struct fields *f, struct plan *p)
{
    const char *call = read_word(f, "call_id");
    const char *local = read_word(f, "local_tag");
    const char *remote = read_word(f, "remote_tag");

    read_uri(f, "target", p->refer.target);
    if (!f->slug && !text_format(p->refer.replaces, sizeof p->refer.replaces,
                                 "%s;to-tag=%s;from-tag=%s", call, local, remote))
        fields_fault(f, "invalid-value", "call_id",
                     "Call-ID and tags are too long taken together.");
    p->refer.names = REPLACES_UNKNOWN;
    p->has_dialog = true;
}

static const struct range *find_range(struct ask *q, const char *text)
{
    const struct ranges *all = &app_deployment(q->app)->ranges;
    range_id id;

    return ident_range_read(text, &id) ? ranges_by_id(all, id) : ranges_by_name(all, text);
}

/* An orbit, or a range by its id or name; neither: any orbit of this node. */
static void read_place(struct ask *q, struct fields *f, struct plan *p)
{
    const struct ranges *all = &app_deployment(q->app)->ranges;
    const char *orbit = fields_has(f, "orbit") ? fields_text(f, "orbit") : NULL;
    const char *name = fields_has(f, "range") ? fields_text(f, "range") : NULL;
    number_key number = orbit ? number_read(orbit, NULL) : 0;
    const struct range *r = number ? ranges_holding(all, number)
                            : name ? find_range(q, name)
                                   : NULL;

    if (f->slug)
        return;
    if (orbit && name)
        fields_fault(f, "invalid-value", "range", "Name an orbit or a range, not both.");
    else if ((orbit || name) && !r)
        fields_fault(f, "invalid-value", orbit ? "orbit" : "range", "There is no such %s.",
                     orbit ? "orbit" : "range");
    else
        (void)text_copy(p->refer.dialled, sizeof p->refer.dialled,
                        orbit ? orbit : app_config(q->app)->house.park_user);
    p->range = r ? r->id : 0;
    if (name && r) {
        p->refer.first = r->first;
        p->refer.last = r->last;
    }
}

static void read_body(struct ask *q, struct fields *f, struct plan *p)
{
    bool has_uri = fields_has(f, "uri");

    if (has_uri && (fields_has(f, "call_id") || fields_has(f, "target")))
        fields_fault(f, "invalid-value", "uri",
                     "Either uri, or target with call_id, local_tag and remote_tag.");
    else if (has_uri)
        read_uri(f, "uri", p->refer.target);
    else
        read_dialog(f, p);
    if (!f->slug && fields_has(f, "parker"))
        read_uri(f, "parker", p->refer.from.uri);
    read_place(q, f, p);
    p->refer.commanded = true;
    p->command.type = EV_DO_PARK;
    p->command.refer = &p->refer;
    (void)text_copy(p->command.actor, sizeof p->command.actor, q->actor.name); /* the same size */
}

/* Whoever may send callers anywhere may also have anybody called. */
static bool allowed(struct ask *q, const struct plan *p)
{
    struct place_of place = scope_of_call(q->app, p->range);

    return ask_may(q, MAY_CALLS_PARK, &place) &&
           (p->has_dialog || ask_may(q, MAY_CALLS_TRANSFER, &place));
}

static void failed(struct ask *q, uint16_t code, const char *why)
{
    const char *slug = code == 486 || code == 480 ? "no-free-orbit"
                       : code == 404              ? "not-found"
                       : code == 503              ? "overloaded"
                                                  : "park-failed";

    reply_problem(q, slug, NULL, "It was not parked: %s.", why);
}

static void done(void *ask, call_id call, uint16_t code, const char *why)
{
    struct ask *q = ask;
    const struct plan *p = q->plan;
    const struct call *c = app_call(q->app, call);
    char number[NUMBER_SIZE], id[IDENT_SIZE];

    if (!c) {
        failed(q, code, why);
        return;
    }
    number_text(number, c->orbit);
    audit_act(q, "call.park", number, ident_call(id, c->id), NULL,
              json_pack("{s:o}", "target", show_text(p->refer.target)));
    version_etag(q, c->version);
    reply_json(q, p->has_dialog ? 201 : 202,
               show_call(q->app, c, scope_numbers(q->app, &q->who.rights, c->range)));
}

void post_call(struct ask *q)
{
    struct plan *p = ask_plan(q, sizeof *p);
    struct fields f;

    if (!p || !fields_read(&f, q, names, false))
        return;
    read_body(q, &f, p);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    if (!allowed(q, p))
        return;
    if (q->dry_run)
        reply_json(q, 200, json_pack("{s:b}", "dry_run", 1));
    else
        app_park_call(q->app, &p->command, p->has_dialog, done, q);
}
