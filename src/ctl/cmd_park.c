/* callparkctl call park: have a call fetched and parked. */
#include "ctl/commands.h"

static const struct print_column columns[] = { { "call", "id", CELL_TEXT },
                                               { "orbit", "orbit", CELL_TEXT },
                                               { "state", "state", CELL_TEXT },
                                               { "caller's address", "caller.uri", CELL_TEXT },
                                               { "parked by", "parker.uri", CELL_TEXT },
                                               { "why", "reason", CELL_TEXT },
                                               { 0 } };

static void put(json_t *body, const char *name, const char *value)
{
    if (value)
        (void)json_object_set_new(body, name,
                                  json_string(value)); /* the API says what is missing */
}

/* A dialog is named by three words; without them the address is just called. */
static int make_body(struct ctl *ctl, json_t *body)
{
    const char *call = ctl_option(ctl, OPT_CALL_ID);
    const char *local = ctl_option(ctl, OPT_LOCAL_TAG);
    const char *remote = ctl_option(ctl, OPT_REMOTE_TAG);

    if ((call || local || remote) && !(call && local && remote))
        return ctl_fail(ctl, CTL_USAGE,
                        "a dialog is named by --call-id, --local-tag and --remote-tag together");
    put(body, call ? "target" : "uri", ctl->args.words[0]);
    put(body, "call_id", call);
    put(body, "local_tag", local);
    put(body, "remote_tag", remote);
    put(body, "orbit", ctl_option(ctl, OPT_ORBIT));
    put(body, "range", ctl_option(ctl, OPT_RANGE));
    put(body, "parker", ctl_option(ctl, OPT_PARKER));
    return CTL_OK;
}

int cmd_call_park(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_object();
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = make_body(ctl, body);

    if (!code)
        code = ctl_ask(
            ctl,
            &(struct ctl_request){ .method = "POST", .path = "/api/v1/parked-calls", .body = body },
            &r);
    if (!code && ctl_option(ctl, OPT_DRY_RUN))
        ctl_say(ctl, "nothing is wrong with it");
    else if (!code)
        code = ctl_show(ctl, &r, columns, "id");
    return code;
}
