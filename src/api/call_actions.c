/* What may be done to a parked call by hand. Each is a command to the machine, which decides; here
 * only the form is checked. */
#include <string.h>

#include "api/audit.h"
#include "api/calls.h"
#include "api/fields.h"
#include "api/mask.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"
#include "core/setting_text.h"

#define EXTEND_MAX UINT64_C(604800) /* seconds; as max_park */

static const char *const no_fields[] = { NULL };
static const char *const to_field[] = { "to", NULL };
static const char *const seconds_field[] = { "seconds", NULL };
static const char *const note_fields[] = { "note", NULL };

/* Where somebody is to be called: a URI, or a number that our own domain or next hop knows. */
static void read_target(struct ask *q, struct fields *f, char to[URI_SIZE])
{
    const struct house *house = &app_config(q->app)->house;
    const char *text = fields_needed_text(f, "to");
    char shown[64], user[64];
    struct err err;
    bool fits;

    if (f->slug)
        return;
    fits = text_copy(to, URI_SIZE, text);
    if (text[0] && strspn(text, "0123456789*#+") == strlen(text) && house->domain_count > 0) {
        (void)text_copy(user, sizeof user, text);
        fits = text_format(to, URI_SIZE, "sip:%s@%s", user, house->domains[0]);
        /* `#` is no character of a SIP user (RFC 3261 25.1). */
        if (strchr(user, '#'))
            fields_fault(f, "invalid-value", "to", "Write %s as sip:%%23...@%s.", user,
                         house->domains[0]);
    }
    if (!fits)
        fields_fault(f, "invalid-value", "to", "to is longer than %d bytes.", URI_SIZE - 1);
    else if (setting_text_uri(to, &err) != 0)
        fields_fault(f, "invalid-value", "to", "'%s' %s.", text_shown(shown, sizeof shown, text),
                     err.text);
}

static const char *act_name(enum event_type type)
{
    return type == EV_DO_RETRIEVE    ? "call.retrieve"
           : type == EV_DO_TRANSFER  ? "call.transfer"
           : type == EV_DO_RING_BACK ? "call.ringback"
           : type == EV_DO_EXTEND    ? "call.extend"
           : type == EV_DO_NOTE      ? "call.note"
                                     : "call.hangup";
}

/* What was asked for, and what a note was before. */
static json_t *act_json(const struct event *command)
{
    if (command->type == EV_DO_RETRIEVE || command->type == EV_DO_TRANSFER)
        return json_pack("{s:o}", "to", show_text(command->uri));
    if (command->type == EV_DO_EXTEND)
        return json_pack("{s:o}", "seconds", show_seconds(command->span));
    return command->type == EV_DO_NOTE ? json_pack("{s:o}", "note", show_text(command->text))
                                       : NULL;
}

/* The call as it was before the command, which may have ended it. */
static void note_act(struct ask *q, const struct call *before, const struct event *command)
{
    char orbit[NUMBER_SIZE] = "", id[IDENT_SIZE];

    if (before->orbit)
        number_text(orbit, before->orbit);
    audit_act(q, act_name(command->type), orbit, ident_call(id, before->id),
              command->type == EV_DO_NOTE ? json_pack("{s:o}", "note", show_text(before->note))
                                          : NULL,
              act_json(command));
}

static void obey(struct ask *q, struct event *command)
{
    const struct call *c = app_call(q->app, command->call);
    struct call before = c ? *c : (struct call){ .id = command->call };
    char why[WHY_SIZE] = "";
    json_t *body;

    if (q->dry_run) {
        body = calls_current(q);
        (void)json_object_set_new(body, "dry_run", json_true());
        reply_json(q, 200, body);
        return;
    }
    if (!app_command(q->app, command, why)) {
        bool full = c && scope_numbers(q->app, &q->who.rights, c->range);
        char masked[MASK_SIZE];

        reply_problem_with(q, "call-busy", NULL, json_pack("{s:o}", "current", calls_current(q)),
                           "%s.",
                           !why[0] ? "The call cannot do that now"
                           : full  ? why
                                   : mask_text(masked, why));
        return;
    }
    note_act(q, &before, command);
    body = calls_current(q); /* NULL: it ended at once, as asked */
    if (body)
        reply_json(q, 202, body);
    else
        reply_nothing(q);
}

/* A call that talks already, or hears its last words, is parked no more. */
static bool is_parked(struct ask *q, const struct call *c)
{
    if (c->has_orbit)
        return true;
    reply_problem(q, "call-gone", NULL, "This call has left its orbit: it is %s.",
                  call_state_name(c->state));
    return false;
}

/* Find the call, read the body with `names`, and fill in the command. False: replied to. */
static bool begin(struct ask *q, const char *const *names, enum event_type type, struct fields *f,
                  struct event *command)
{
    const struct call *c;
    enum permission needs = type == EV_DO_RETRIEVE    ? MAY_CALLS_RETRIEVE
                            : type == EV_DO_TRANSFER  ? MAY_CALLS_TRANSFER
                            : type == EV_DO_RING_BACK ? MAY_CALLS_RINGBACK
                            : type == EV_DO_EXTEND    ? MAY_CALLS_EXTEND
                                                      : MAY_CALLS_HANGUP;

    q->current = calls_current;
    c = calls_asked(q, needs);
    if (!c || !is_parked(q, c) || !version_not_wrong(q, c->version) ||
        !fields_read(f, q, names, names == no_fields))
        return false;
    memset(command, 0, sizeof *command);
    command->type = type;
    command->call = c->id;
    (void)text_copy(command->actor, sizeof command->actor, q->actor.name); /* the same size */
    return true;
}

static void finish(struct ask *q, struct fields *f, struct event *command)
{
    if (fields_reply(f, q))
        return;
    fields_done(f);
    obey(q, command);
}

void retrieve_call(struct ask *q)
{
    struct event command;
    struct fields f;

    if (!begin(q, to_field, EV_DO_RETRIEVE, &f, &command))
        return;
    read_target(q, &f, command.uri);
    finish(q, &f, &command);
}

void transfer_call(struct ask *q)
{
    struct event command;
    struct fields f;

    if (!begin(q, to_field, EV_DO_TRANSFER, &f, &command))
        return;
    read_target(q, &f, command.uri);
    finish(q, &f, &command);
}

void ring_back_call(struct ask *q)
{
    struct event command;
    struct fields f;

    if (begin(q, no_fields, EV_DO_RING_BACK, &f, &command))
        finish(q, &f, &command);
}

void hang_up_call(struct ask *q)
{
    struct event command;
    struct fields f;

    if (begin(q, no_fields, EV_DO_HANG_UP, &f, &command))
        finish(q, &f, &command);
}

void extend_call(struct ask *q)
{
    struct event command;
    struct fields f;

    if (!begin(q, seconds_field, EV_DO_EXTEND, &f, &command))
        return;
    command.span = fields_integer(&f, "seconds", 1, EXTEND_MAX) * 1000;
    finish(q, &f, &command);
}

/* A note replaces another's, so it names the version that was seen. */
void patch_call(struct ask *q)
{
    struct admin_change version = { 0 };
    struct event command = { .type = EV_DO_NOTE };
    const struct call *c;
    struct fields f;
    const char *note;

    q->current = calls_current;
    c = calls_asked(q, MAY_CALLS_NOTE);
    if (!c || !is_parked(q, c) || !version_matches(q, c->version, &version) ||
        !fields_read(&f, q, note_fields, false))
        return;
    command.call = c->id;
    (void)text_copy(command.actor, sizeof command.actor, q->actor.name); /* the same size */
    note = fields_text(&f, "note");
    if (!note && !fields_null(&f, "note"))
        fields_fault(&f, "missing-field", "note", "'note' is missing: text, or null for none.");
    else if (!text_copy(command.text, sizeof command.text, note) || !text_is_plain(command.text))
        fields_fault(&f, "invalid-value", "note",
                     "A note has at most %d bytes and no control characters.", NOTE_SIZE - 1);
    finish(q, &f, &command);
}
