/* A struct as text for the store and back: a line for each field that is not empty, "name=value",
 * so that a later version finds what it knows and passes over what it does not. Pure; internal to
 * src/sip. */
#ifndef CALLPARK_SIP_ROW_TEXT_H
#define CALLPARK_SIP_ROW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* BODY: text with line breaks, which nothing that becomes a header of ours may have in it. */
enum field_kind { FIELD_BOOL, FIELD_U32, FIELD_U64, FIELD_TEXT, FIELD_BODY, FIELD_ADDRESS };

struct field {
    const char *name;
    enum field_kind kind;
    size_t at, size;
};

#define ROW_PLACE(type, what) offsetof(type, what), sizeof(((type *)0)->what)

/* False: `size` is too little. */
bool row_text_write(char *to, size_t size, const struct field *fields, size_t count,
                    const void *from);
/* Into a struct that is all zero; lines that are not known are passed over. False: one cannot be
 * read, `unread` names it. */
bool row_text_read(void *to, const struct field *fields, size_t count, const char *text,
                   char unread[64]);

#endif
