/* What every command has at hand: the server, the answers' format, and the few ways in which a
 * command ends. Data goes to `out`, talk to `talk`. */
#ifndef CALLPARK_CTL_CTL_H
#define CALLPARK_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/print.h"

#define CLEANUP(function) __attribute__((cleanup(function)))
#define CTL_PATH_SIZE 2048

/* Exit codes of the program. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_ERROR = 1,
    CTL_USAGE = 2, /* or cancelled */
    CTL_NOT_FOUND = 3,
    CTL_NOT_PERMITTED = 4,
    CTL_CONFLICT = 5,
    CTL_UNREACHABLE = 6,
    CTL_INVALID = 7,
    CTL_PARTIAL = 8
};

struct ctl {
    struct ctl_args args;
    struct client *client;
    struct print_style style;
    bool json_errors; /* -o json: the problem document itself on stderr */
    bool quiet;
    bool may_ask; /* stdin is a terminal, and --no-input was not given */
    FILE *out, *talk;
};

/* An answer of the server with its body read; done with by ctl_reply_done(). */
struct ctl_reply {
    struct client_reply raw;
    json_t *json; /* NULL: the body is no JSON */
};

void ctl_reply_done(struct ctl_reply *r);
void ctl_json_done(json_t **value);

struct ctl_request {
    const char *method;
    const char *path;
    const json_t *body;   /* NULL: none */
    const char *bytes;    /* a file instead; NULL: none */
    size_t length;        /* of it */
    const char *if_match; /* NULL: none */
};

/* Ask the server. CTL_OK with an answer of 200 to 299 in `out` (which may be NULL), else what the
 * program should exit with; then what is wrong has been said. --dry-run is added to what writes. */
int ctl_ask(struct ctl *ctl, const struct ctl_request *rq, struct ctl_reply *out);
int ctl_get(struct ctl *ctl, const char *path, struct ctl_reply *out);

/* All items of a listing, page by page, as one body: {"items": [...], "total": n}. */
int ctl_list(struct ctl *ctl, const char *path, struct ctl_reply *out);

/* The same request without a word when it fails: the reply has the status. CTL_UNREACHABLE is still
 * said. */
int ctl_try(struct ctl *ctl, const struct ctl_request *rq, struct ctl_reply *out);

/* Put "?name=value" or "&name=value" behind a path; value escaped, and nothing done when it is
 * NULL. */
bool ctl_query(char *path, const char *name, const char *value);
/* "/api/v1/parked-calls/" and one escaped piece, and what follows it. */
bool ctl_path(char path[CTL_PATH_SIZE], const char *before, const char *piece, const char *after);

/* Show a listing or one object in the format asked for. */
int ctl_show_list(struct ctl *ctl, const struct ctl_reply *r, const struct print_column *columns,
                  const char *name);
int ctl_show(struct ctl *ctl, const struct ctl_reply *r, const struct print_column *columns,
             const char *name);

/* One sentence on stderr, and the exit code back. */
int ctl_fail(const struct ctl *ctl, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Talk that --quiet leaves out. */
void ctl_say(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* May this be done? Asks on a terminal; elsewhere --yes has to be there. CTL_OK or CTL_USAGE. */
int ctl_confirm(const struct ctl *ctl, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The exit code for a status of the server. */
int ctl_exit_of(unsigned status);
/* Say what a problem document says: its sentence, the fields, the ranges in the way, the free
 * block. */
void ctl_problem(const struct ctl *ctl, const struct ctl_reply *r);

const char *ctl_option(const struct ctl *ctl, enum ctl_option_id id); /* NULL: not given */
const char *ctl_string(const json_t *object, const char *field);      /* "" when it is not there */

/* A range by its id or name; `out` has the object and its ETag. */
int ctl_find_range(struct ctl *ctl, const char *range, struct ctl_reply *out);
/* A parked call by its id or the orbit it is in. */
int ctl_find_call(struct ctl *ctl, const char *call, struct ctl_reply *out);
/* The strong ETag of what was just read: the header, or else the field `version`. */
void ctl_version(char to[64], const struct ctl_reply *r);

#endif
