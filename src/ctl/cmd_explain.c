/* callparkctl explain: what would become of a call, and why; in words, or as the API has it. */
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"

static const struct print_column answer[] = { { "decision", "decision", CELL_TEXT },
                                              { "code", "code", CELL_TEXT },
                                              { "summary", "summary", CELL_TEXT },
                                              { "reason", "reason", CELL_TEXT },
                                              { "orbit", "orbit", CELL_TEXT },
                                              { "range", "range_name", CELL_TEXT },
                                              { "call", "call_id", CELL_TEXT },
                                              { "transfer", "transfer", CELL_TEXT },
                                              { "parker", "parker.uri", CELL_WHO },
                                              { "then", "then", CELL_TEXT },
                                              { "then after", "then_after", CELL_SECONDS },
                                              { 0 } };

static json_t *question(struct ctl *ctl)
{
    static const struct {
        enum ctl_option_id option;
        const char *field;
    } from[] = {
        { OPT_FROM, "from" },     { OPT_TO, "to" },           { OPT_REFERRED_BY, "referred_by" },
        { OPT_SOURCE, "source" }, { OPT_HISTORY, "history" }, { OPT_REPLACES, "replaces" },
        { OPT_ACTION, "action" }, { OPT_ORBIT, "orbit" },     { OPT_NAME, "from_name" },
    };
    json_t *body = json_object();

    for (size_t i = 0; body && i < sizeof(from) / sizeof(*from); i++) {
        const char *value = ctl_option(ctl, from[i].option);

        if (value && json_object_set_new(body, from[i].field, json_string(value))) {
            json_decref(body);
            body = NULL;
        }
    }
    return body;
}

/* "1. source: ..." */
static void print_questions(struct ctl *ctl, const json_t *questions)
{
    const json_t *line;
    size_t i;

    json_array_foreach(questions, i, line)
        fprintf(ctl->out, "%4zu. %-9s %s\n", i + 1, ctl_string(line, "question"),
                ctl_string(line, "found"));
}

static void print_then(struct ctl *ctl, const json_t *body)
{
    const json_t *after = json_object_get(body, "then_after");
    char span[32];

    if (!ctl_string(body, "then")[0])
        return;
    print_seconds(span, sizeof(span), json_integer_value(after));
    fprintf(ctl->out, "If nobody retrieves it, it %s%s%s.\n", ctl_string(body, "then"),
            json_is_integer(after) ? " after " : "", json_is_integer(after) ? span : "");
}

static void print_words(struct ctl *ctl, const json_t *body)
{
    const char *range = ctl_string(body, "range_name");
    const json_t *transfer = json_object_get(body, "transfer");

    fprintf(ctl->out, "%s%s%s\n", ctl_string(body, "summary"), range[0] ? " Range: " : "", range);
    fprintf(ctl->out, "Because: %s.\n", ctl_string(body, "reason"));
    if (json_is_true(transfer))
        fprintf(ctl->out, "It counts as transferred here: the caller hears music at once.\n");
    if (json_is_false(transfer))
        fprintf(ctl->out, "It counts as a consultation: who dialled is told the number.\n");
    if (json_is_true(json_object_get(body, "pin")))
        fprintf(ctl->out, "The range has a PIN: who dialled is answered and asked for it.\n");
    print_then(ctl, body);
    fprintf(ctl->out, "\nAsked on the way:\n");
    print_questions(ctl, json_object_get(body, "questions"));
}

int cmd_explain(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = NULL;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_option(ctl, OPT_FROM) || !ctl_option(ctl, OPT_TO))
        return ctl_fail(ctl, CTL_USAGE,
                        "who calls, and what is dialled? Say --from 105 --to 7001, for example");
    body = question(ctl);
    if (!body)
        return ctl_fail(ctl, CTL_USAGE, "that is no UTF-8 text");
    code = ctl_ask(
        ctl, &(struct ctl_request){ .method = "POST", .path = "/api/v1/explain", .body = body },
        &r);
    if (code)
        return code;
    if (ctl->style.format != PRINT_TABLE || ctl->style.fields)
        return ctl_show(ctl, &r, answer, "decision");
    print_words(ctl, r.json);
    return CTL_OK;
}
