/* "What would happen": a call is described, and the answer is what would become of it, why, and
 * each question on the way. Nothing is taken, nothing is changed, nobody is called. */
#include <string.h>

#include "api/fields.h"
#include "api/mask.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/network.h"
#include "base/text.h"

static const char *const names[] = { "from",        "from_name",  "hidden",    "to",       "source",
                                     "referred_by", "history",    "diversion", "replaces", "action",
                                     "orbit",       "user_agent", NULL };

/* ---- the described call ---- */

/* "105" is one of our own; a URI stays as it is. */
static void read_party(struct ask *q, struct fields *f, const char *name, struct party *to)
{
    const char *text = fields_text(f, name);
    const struct house *house = &app_park(q->app)->house;
    const char *domain = house->domain_count ? house->domains[0] : "localhost";
    bool fits;

    if (!text || !text[0])
        return;
    if (strpbrk(text, " <>\"") || !text_is_plain(text)) {
        fields_fault(f, "invalid-value", name,
                     "'%s' must be a number or an address without a name: 105, +4930123456, "
                     "sip:105@pbx.example.",
                     name);
        return;
    }
    if (text_is_nocase(text, "anonymous")) {
        to->hidden = true;
        fits = text_copy(to->uri, sizeof to->uri, "sip:anonymous@anonymous.invalid");
    } else if (strpbrk(text, ":@")) {
        fits = text_format(to->uri, sizeof to->uri, "%s%s", strchr(text, ':') ? "" : "sip:", text);
    } else {
        fits = text_format(to->uri, sizeof to->uri, "sip:%s@%s", text, domain);
    }
    if (!fits)
        fields_fault(f, "invalid-value", name, "'%s' is too long: %d characters at most.", name,
                     URI_SIZE - 1);
}

/* What the request URI would say: its user, and ;orbit= when it has that. */
static void read_dialled(struct fields *f, struct invite *in)
{
    const char *text = fields_needed_text(f, "to");
    const char *orbit = strstr(text, ";orbit=");
    char whole[URI_SIZE];

    if (!text_copy(whole, sizeof whole, text) || !text_is_plain(text))
        fields_fault(f, "invalid-value", "to",
                     "'to' must be a number or an address that is dialled.");
    if (strpbrk(whole, ":@"))
        uri_user(in->dialled, whole);
    else if (!text_copy_n(in->dialled, sizeof in->dialled, whole, strcspn(whole, ";")))
        fields_fault(f, "invalid-value", "to", "'to' is too long to be a number of this server.");
    if (orbit)
        (void)text_copy_n(in->orbit_param, sizeof in->orbit_param, orbit + strlen(";orbit="),
                          strcspn(orbit + strlen(";orbit="), ";>?@ "));
    if (!in->dialled[0])
        fields_fault(f, "invalid-value", "to",
                     "'to' has no number in it: 7001, park, sip:7001@park.example.");
}

static void read_source(struct fields *f, struct invite *in)
{
    const char *text = fields_text(f, "source");
    struct ip ip;

    in->trusted = true;
    in->may = SIP_MAY_ALL;
    (void)text_copy(in->source, sizeof in->source, text ? text : ""); /* is checked below */
    if (text && (!ip_read(text, &ip) || strlen(text) >= sizeof in->source))
        fields_fault(f, "invalid-value", "source",
                     "'source' must be an address such as 192.0.2.10 or 2001:db8::10.");
}

static void read_action(struct fields *f, struct invite *in)
{
    const char *action = fields_text(f, "action"), *orbit = fields_text(f, "orbit");

    if (action && text_is(action, "park"))
        in->ask = ASK_PARK;
    else if (action && text_is(action, "retrieve"))
        in->ask = ASK_RETRIEVE;
    else if (action)
        fields_fault(f, "invalid-value", "action", "'action' must be park or retrieve.");
    if (orbit && !number_read(orbit, NULL))
        fields_fault(f, "invalid-value", "orbit", "'orbit' must be a number such as *7001.");
    if (orbit)
        (void)text_copy(in->ask_orbit, sizeof in->ask_orbit, orbit); /* a number fits */
}

static void read_sender(struct ask *q, struct fields *f, struct invite *in)
{
    in->has_referred_by = fields_has(f, "referred_by");
    read_party(q, f, "referred_by", &in->referred_by);
    in->history_is_transfer = fields_has(f, "history");
    in->has_history = in->history_is_transfer || fields_has(f, "diversion");
    read_party(q, f, in->history_is_transfer ? "history" : "diversion", &in->history);
}

static bool read_call(struct ask *q, struct fields *f, struct invite *in, char replaces[512])
{
    memset(in, 0, sizeof *in);
    in->leg = 1; /* no leg is looked for by it */
    (void)fields_needed_text(f, "from");
    read_party(q, f, "from", &in->from);
    (void)text_copy(in->from.display, sizeof in->from.display, fields_text(f, "from_name"));
    if (json_is_true(json_object_get(f->json, "hidden")))
        in->from.hidden = true;
    else if (fields_has(f, "hidden") && !json_is_boolean(json_object_get(f->json, "hidden")))
        fields_fault(f, "invalid-request", "hidden", "'hidden' must be true or false.");
    read_dialled(f, in);
    read_source(f, in);
    read_sender(q, f, in);
    read_action(f, in);
    if (!text_copy(replaces, 512, fields_text(f, "replaces")))
        fields_fault(f, "invalid-value", "replaces",
                     "'replaces' is too long: 511 characters at most.");
    return !fields_reply(f, q);
}

/* ---- the answer ---- */

static const char *const decisions[] = { [DECIDE_REFUSE] = "refuse",
                                         [DECIDE_PARK] = "park",
                                         [DECIDE_RETRIEVE] = "retrieve",
                                         [DECIDE_TAKE_OVER] = "take_over" };

/* "The call is parked in orbit 7003." */
static void summarize(const struct foresight *seen, char to[WHY_SIZE])
{
    const struct decision *d = &seen->decision;
    char number[NUMBER_SIZE] = "", last[NUMBER_SIZE] = "";

    number_text(number, seen->orbit ? seen->orbit : d->first);
    number_text(last, d->last);
    switch (d->kind) {
    case DECIDE_REFUSE:
        (void)text_format(to, WHY_SIZE, "The call is refused with %u.", d->code);
        break;
    case DECIDE_PARK:
        if (seen->orbit)
            (void)text_format(to, WHY_SIZE, "The call is parked in orbit %s.", number);
        else if (d->first)
            (void)text_format(to, WHY_SIZE, "The call is parked in an orbit from %s to %s.", number,
                              last);
        else
            (void)text_copy(to, WHY_SIZE, "The call is parked in some free orbit.");
        break;
    case DECIDE_RETRIEVE:
        (void)text_format(to, WHY_SIZE, "The call in orbit %s is retrieved%s.", number,
                          d->pin ? " by whoever gives the PIN" : "");
        break;
    case DECIDE_TAKE_OVER:
        (void)text_format(to, WHY_SIZE, "The call takes the place of a leg of the call %s%s.",
                          number[0] ? "in orbit " : "that has left its orbit", number);
        break;
    }
}

static json_t *show_questions(const struct trace *trace)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < trace->count; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:o}", "question",
                                                    asked_name(trace->at[i].asked), "found",
                                                    show_text(trace->at[i].found)));
    return list;
}

static json_t *show_call_id(struct ask *q, const struct foresight *seen)
{
    const struct call *c = app_call(q->app, seen->decision.call);
    struct place_of place = scope_of_call(q->app, c ? c->range : 0);
    char id[IDENT_SIZE];

    return c && ask_sees(q, MAY_CALLS_READ, &place) ? json_string(ident_call(id, c->id))
                                                    : json_null();
}

static json_t *show_foresight(struct ask *q, const struct foresight *seen)
{
    const struct decision *d = &seen->decision;
    const struct range *r = ranges_by_id(&app_deployment(q->app)->ranges, seen->range);
    bool parks = d->kind == DECIDE_PARK;
    char id[IDENT_SIZE], summary[WHY_SIZE];

    summarize(seen, summary);
    return json_pack(
        "{s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "decision",
        decisions[d->kind], "code", d->kind == DECIDE_REFUSE ? (int)d->code : 200, "summary",
        show_text(summary), "reason", show_text(d->why), "orbit",
        seen->orbit ? show_number(seen->orbit) : json_null(), "range_id",
        r ? json_string(ident_range(id, r->id)) : json_null(), "range_name",
        r ? show_text(r->name) : json_null(), "call_id", show_call_id(q, seen), "transfer",
        parks ? json_boolean(d->evidence) : json_null(), "parker",
        parks && seen->parker.uri[0] ? show_party(&seen->parker, true) : json_null(), "then",
        show_text_or_null(seen->then), "then_after", show_seconds(seen->then_after), "retry_after",
        d->retry_after ? json_integer(d->retry_after) : json_null(), "questions",
        show_questions(&seen->trace), "pin",
        d->kind == DECIDE_RETRIEVE ? json_boolean(d->pin) : json_null());
}

/* What would happen tells who waits where, and by which rules: that is for those who may look at
 * calls there. */
static bool may_know(struct ask *q, const struct foresight *seen)
{
    const struct deployment *d = app_deployment(q->app);
    const struct range *r = ranges_by_id(&d->ranges, seen->range);
    struct place_of place =
        r ? place_of_range(d, r) : place_of_destination(d, app_config(q->app)->destination);

    return ask_may(q, MAY_CALLS_READ, &place);
}

void post_explain(struct ask *q)
{
    char replaces[512];
    struct foresight seen;
    struct invite in;
    struct fields f;

    if (!fields_read(&f, q, names, false) || !read_call(q, &f, &in, replaces))
        return;
    fields_done(&f);
    app_foresee(q->app, &in, replaces, &seen);
    if (may_know(q, &seen))
        reply_json(q, 200, show_foresight(q, &seen));
}
