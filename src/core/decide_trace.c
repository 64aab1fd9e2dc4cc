/* The trace of a decision: which questions it came by, and what was found. Not for the decision
 * itself, which is made whether anybody wants to know or not. */
#include <stddef.h>

#include "core/decide.h"

const char *asked_name(enum asked asked)
{
    static const char *const names[ASKED_KINDS] = {
        [ASKED_SOURCE] = "source",     [ASKED_LOOP] = "loop",       [ASKED_REPLACES] = "replaces",
        [ASKED_COMMAND] = "command",   [ASKED_DIALLED] = "dialled", [ASKED_ORBIT] = "orbit",
        [ASKED_EVIDENCE] = "evidence", [ASKED_RIGHT] = "right",     [ASKED_RULE] = "rule",
        [ASKED_DRAINING] = "draining", [ASKED_AUDIO] = "audio",     [ASKED_MEDIA] = "media",
        [ASKED_ROOM] = "room",
    };

    return asked < ASKED_KINDS ? names[asked] : "";
}

struct trace_line *trace_next(struct trace *trace, enum asked asked)
{
    struct trace_line *line;

    if (!trace || trace->count == TRACE_MAX)
        return NULL;
    line = &trace->at[trace->count++];
    line->asked = asked;
    line->found[0] = '\0';
    return line;
}
