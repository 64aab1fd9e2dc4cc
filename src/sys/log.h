/* One line per fact, on stderr: `time level what key=value ...`, as text or as JSON lines, or with
 * the journal's priority prefix. Any thread. Secrets are never handed to it, and the numbers of
 * callers only through log_hidden(), which hides the middle unless the administrator asked for full
 * numbers. */
#ifndef CALLPARK_SYS_LOG_H
#define CALLPARK_SYS_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_form { LOG_FORM_TEXT, LOG_FORM_JSON, LOG_FORM_JOURNAL };

void log_setup(enum log_level level, enum log_form form, bool full_numbers);

/* `area` is the module's name ("sip", "store"); the sentence says what and, for errors, what to do.
 */
void log_line(enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(area, ...) log_line(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warning(area, ...) log_line(LOG_LEVEL_WARNING, area, __VA_ARGS__)
#define log_info(area, ...) log_line(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...) log_line(LOG_LEVEL_DEBUG, area, __VA_ARGS__)

/* The sentence with the middle of every telephone number left out, "+14255550100" as "+1425...00",
 * unless the administrator asked for full numbers. What does not fit in `to` is cut; returns `to`.
 */
const char *log_hidden(char *to, size_t size, const char *sentence);

#endif
