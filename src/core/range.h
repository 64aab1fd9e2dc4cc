/* Number ranges: the rules of one range, and the table of all ranges of the deployment in which no
 * number is in two ranges. Pure; the table lives in memory that the caller hands over zeroed. */
#ifndef CALLPARK_CORE_RANGE_H
#define CALLPARK_CORE_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/types.h"
#include "core/limits.h"
#include "core/number.h"

enum range_type { RANGE_CALL_PARK, RANGE_GROUP_PICKUP };
enum range_state { RANGE_ACTIVE, RANGE_DRAINING };

struct range {
    range_id id; /* given by the store's counter, never used again */
    char name[NAME_SIZE];
    number_key first, last;
    char destination[FQDN_SIZE]; /* lower case */
    enum range_type type;
    enum range_state state;
    char park_number[NUMBER_SIZE]; /* dialling it parks into this range; "" : none */
    uint32_t version;              /* rises by one with every change; starts at 1 */
};

/* What is wrong with a range, as the problem types of the API name it. */
enum range_fault {
    RANGE_FINE,
    RANGE_BAD_NAME,        /* empty, too long, control characters */
    RANGE_BAD_NUMBER,      /* not a number of ours */
    RANGE_LENGTH_MISMATCH, /* start and end differ in length or prefix, or start > end */
    RANGE_TOO_LARGE,       /* over RANGE_NUMBERS_MAX */
    RANGE_POOL_FULL,       /* over DESTINATION_NUMBERS_MAX for its destination */
    RANGE_NAME_TAKEN,
    RANGE_OVERLAP, /* a number of it is in another range, or is another range's park number */
    RANGE_NO_DESTINATION, /* unknown destination */
    RANGE_TABLE_FULL,     /* RANGES_MAX */
    RANGE_TYPE_IN_USE,    /* its type may not change while calls are parked in it */
    RANGE_BAD_PARK_NUMBER,
};

struct range_verdict {
    enum range_fault fault;
    const char *pointer;     /* the JSON pointer of the field at fault: "/name", "/end" ... or "" */
    range_id conflicts[8];   /* with RANGE_OVERLAP or RANGE_NAME_TAKEN: which ranges */
    unsigned conflict_count; /* how many of those; never more than 8 */
    /* With RANGE_OVERLAP: the nearest free block of that size and kind, 0: there is none. */
    number_key free_first, free_last;
    bool hint_large; /* fine, but more than RANGE_NUMBERS_HINT numbers */
};

/* What searches look at. It is small beside a range: all of them are read in the time that a few
 * ranges would take. */
struct range_mark {
    range_id id;
    number_key park_number;     /* 0: none */
    uint32_t name, destination; /* hashes: equal ones are compared as texts */
    uint32_t size;
};

/* To be read; changed by ranges_put(), ranges_remove() and ranges_copy() alone. */
struct ranges {
    struct range at[RANGES_MAX]; /* sorted by `first` */
    size_t count;
    struct range_mark mark[RANGES_MAX]; /* of at[i] */
    uint16_t by_id[RANGES_MAX];         /* places in `at`, by rising id */
};

uint32_t range_size(const struct range *r);
bool range_holds(const struct range *r, number_key number);

/* Which range of the deployment holds this number, has this id (O(log n) both) or this name; NULL:
 * none. */
const struct range *ranges_holding(const struct ranges *all, number_key number);
const struct range *ranges_by_id(const struct ranges *all, range_id id);
const struct range *ranges_by_name(const struct ranges *all, const char *name); /* no case */
/* The range whose park_number this is; NULL: none. */
const struct range *ranges_by_park_number(const struct ranges *all, number_key number);

/* Fill `first` and `last` from what was typed and check every rule that one range can break by
 * itself. The text of `err` says what to type instead. */
struct range_verdict range_read(struct range *r, const char *name, const char *start,
                                const char *end, struct err *err);

/* May `r` be in the table: alone in its numbers, its name and its park number, its destination not
 * over-full? A range with the id of one in the table is judged as its replacement. Of several
 * faults the first is told, in the order of the form: name, numbers, destination, park number.
 * Whether the destination exists is checked by deployment_check_range(), which calls this. */
struct range_verdict ranges_check(const struct ranges *all, const struct range *r, struct err *err);

/* Put (insert or replace by id) what ranges_check() found fine; remove by id. They keep the order.
 */
void ranges_put(struct ranges *all, const struct range *r);
bool ranges_remove(struct ranges *all, range_id id);
void ranges_copy(struct ranges *to, const struct ranges *from); /* only what is filled */

/* The free block of `size` numbers with this many digits and prefix that lies nearest to `near`;
 * false if there is none. */
bool ranges_free_block(const struct ranges *all, number_key near, uint32_t size, number_key *first,
                       number_key *last);

const char *range_type_name(enum range_type t);             /* "call_park", "group_pickup" */
const char *range_state_name(enum range_state s);           /* "active", "draining" */
bool range_type_read(const char *text, enum range_type *t); /* also CallPark, GroupPickup */

/* A name as it is kept: without spaces around it, 1 to 64 characters, none of them a control
 * character. -EINVAL with words, which begin with `what` ("Name", "Site name"). */
int range_read_name(char to[NAME_SIZE], const char *what, const char *text, struct err *err);

/* Text that a range is shown with: "4100-4149". `to` of 2 * NUMBER_SIZE bytes at least. */
void range_span_text(char to[2 * NUMBER_SIZE + 2], number_key first, number_key last);

#endif
