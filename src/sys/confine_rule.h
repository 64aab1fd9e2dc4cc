/* How the filters of confine.c and confine_server.c say what an argument of a system call must be.
 * Internal to these. */
#ifndef CALLPARK_SYS_CONFINE_RULE_H
#define CALLPARK_SYS_CONFINE_RULE_H

#include <seccomp.h>

static inline struct scmp_arg_cmp argument_is(unsigned number, scmp_datum_t value)
{
    return (
        struct scmp_arg_cmp){ .arg = number, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0 };
}

static inline struct scmp_arg_cmp argument_has(unsigned number, scmp_datum_t mask,
                                               scmp_datum_t value)
{
    return (struct scmp_arg_cmp){
        .arg = number, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value
    };
}

#endif
