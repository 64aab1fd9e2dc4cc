/* Sentences about what went wrong. Not for deciding what to do about it: that is the caller's. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int err_set(struct err *err, int code, const char *format, ...)
{
    if (err) {
        /* Through a buffer, because a sentence may quote the one that stood there before. */
        char text[ERR_TEXT_SIZE];
        va_list arguments;

        va_start(arguments, format);
        if (vsnprintf(text, sizeof text, format, arguments) < 0)
            text[0] = '\0';
        va_end(arguments);
        err->code = code;
        (void)text_copy(err->text, sizeof err->text, text); /* too long is cut, as promised */
    }
    return code;
}

int err_prefix(struct err *err, const char *format, ...)
{
    char text[ERR_TEXT_SIZE];
    va_list arguments;

    if (!err)
        return 0;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    (void)text_append(text, sizeof text, "%s", err->text); /* too long is cut, as promised */
    memcpy(err->text, text, sizeof err->text);
    return err->code;
}
