/* The words and options of a command line. Which command takes which is said by a table
 * (commands.h); parsing, help and completion all read that table and know no command themselves. */
#ifndef CALLPARK_CTL_ARGS_H
#define CALLPARK_CTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CTL_WORDS_MAX 64

enum ctl_option_id {
    OPT_HELP,
    OPT_SOCKET,
    OPT_URL,
    OPT_OUTPUT,
    OPT_FIELDS,
    OPT_QUIET,
    OPT_YES,
    OPT_NO_INPUT,
    OPT_DRY_RUN,
    OPT_NAME,
    OPT_START,
    OPT_END,
    OPT_DESTINATION,
    OPT_TYPE,
    OPT_PARK_NUMBER,
    OPT_ALLOCATION,
    OPT_DRAIN,
    OPT_FORCE,
    OPT_UPSERT,
    OPT_REPLACE,
    OPT_PARTIAL,
    OPT_TO,
    OPT_STATE,
    OPT_RANGE,
    OPT_SITE,
    OPT_SERVICE_ID,
    OPT_EFFECTIVE,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_OUTCOME,
    OPT_ORBIT,
    OPT_TOPICS,
    OPT_COUNT,
    OPT_WATCH,
    OPT_SIP,
    OPT_KEEP,
    OPT_CALLS,
    OPT_ROLE,
    OPT_USER,
    OPT_PHONE,
    OPT_PASSWORD_STDIN,
    OPT_REMOVE,
    OPT_PERMISSIONS,
    OPT_NETWORKS,
    OPT_EXPIRES,
    OPT_ACTOR,
    OPT_ACTION,
    OPT_FILE,
    OPT_PRUNE,
    OPT_CREATE_MISSING,
    OPT_SECRETS,
    OPT_WITH_MUSIC,
    OPT_WITH_PHONE,
    OPT_SECONDS,
    OPT_FROM,
    OPT_REFERRED_BY,
    OPT_SOURCE,
    OPT_HISTORY,
    OPT_REPLACES,
    OPT_CALL_ID,
    OPT_LOCAL_TAG,
    OPT_REMOTE_TAG,
    OPT_PARKER,
    CTL_OPTIONS
};

/* A set of options, as a command names them. */
typedef uint64_t ctl_options;
#define TAKES(id) (UINT64_C(1) << (id))

struct ctl_option {
    const char *name;  /* without its dashes */
    char letter;       /* 0: none */
    const char *value; /* what it is called in the help; NULL: a switch */
    const char *help;
};

struct ctl;

struct ctl_command {
    const char *path;      /* "range create" */
    const char *arguments; /* "NAME START END", "[NUMBER]", "KEY=VALUE..." */
    ctl_options options;   /* besides those that every command takes */
    const char *summary;
    const char *examples; /* lines; each is a whole command line without the program's name */
    int (*run)(struct ctl *ctl);
};

/* A command line, taken apart. Everything points into the argv that it was read from. */
struct ctl_args {
    const struct ctl_command *command; /* NULL: only options, or help for a group */
    const char *group;                 /* "range" when only that was said */
    const char *words[CTL_WORDS_MAX];  /* behind the command */
    size_t word_count;
    const char *value[CTL_OPTIONS]; /* NULL: not given; "" for a switch */
};

extern const struct ctl_option ctl_option_table[CTL_OPTIONS];

/* Options that every command takes. */
ctl_options args_common(void);

/* Take argv[1..] apart. `table` ends with a path of NULL. 0, or -EINVAL with a sentence that says
 * what to type instead. */
int args_parse(struct ctl_args *out, const struct ctl_command *table, int argc, char **argv,
               struct err *err);

bool args_given(const struct ctl_args *a, enum ctl_option_id id);

/* How many words a command needs at least and takes at most, from its `arguments`. */
void args_bounds(const char *arguments, size_t *least, size_t *most);

#endif
