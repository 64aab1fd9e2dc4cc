/* Ranges by name or id, calls by orbit or id: people type what they see. */
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"

#define RANGES "/api/v1/number-ranges"
#define CALLS "/api/v1/parked-calls"

/* The range in a listing that has this name; names differ in more than ASCII case. */
static const json_t *range_named(const json_t *list, const char *name)
{
    const json_t *range;
    size_t i;

    json_array_foreach(json_object_get(list, "items"), i,
                       range) if (text_is_nocase(ctl_string(range, "name"), name)) return range;
    return NULL;
}

int ctl_find_range(struct ctl *ctl, const char *range, struct ctl_reply *out)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply list CLEANUP(ctl_reply_done) = { 0 };
    const json_t *found;
    int code;

    if (text_starts(range, "rng_") && ctl_path(path, RANGES "/", range, ""))
        return ctl_get(ctl, path, out);
    code = ctl_list(ctl, RANGES, &list);
    if (code)
        return code;
    found = range_named(list.json, range);
    if (!found)
        return ctl_fail(ctl, CTL_NOT_FOUND,
                        "there is no range '%.64s'; see 'callparkctl range list'", range);
    /* Once more by its id: the version that a change is bound to must be of this moment. */
    if (!ctl_path(path, RANGES "/", ctl_string(found, "id"), ""))
        return ctl_fail(ctl, CTL_ERROR, "the id of the range is too long");
    return ctl_get(ctl, path, out);
}

static bool is_number(const char *text)
{
    size_t prefix = *text == '*' || *text == '#';
    size_t digits = strspn(text + prefix, "0123456789");

    return digits > 0 && prefix + digits <= 9 && text[prefix + digits] == '\0';
}

int ctl_find_call(struct ctl *ctl, const char *call, struct ctl_reply *out)
{
    char path[CTL_PATH_SIZE] = CALLS;
    struct ctl_reply list CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (is_number(call)) {
        (void)ctl_query(path, "orbit", call); /* nine characters fit */
        code = ctl_get(ctl, path, &list);
        if (code)
            return code;
        if (json_array_size(json_object_get(list.json, "items")) == 0)
            return ctl_fail(ctl, CTL_NOT_FOUND,
                            "no call is parked at %s; see 'callparkctl call list'", call);
        call = ctl_string(json_array_get(json_object_get(list.json, "items"), 0), "id");
    }
    if (!ctl_path(path, CALLS "/", call, ""))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for the id of a call", call);
    return ctl_get(ctl, path, out);
}
