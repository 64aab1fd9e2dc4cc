/* One line per fact on stderr. A line is put together first and written with one call, so that
 * lines of several threads never mix, and nothing in it can begin a new line: a name from the
 * network cannot forge an entry. */
#include "sys/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/clock.h"

#define SENTENCE_SIZE 1024
#define NUMBER_LETTERS "+0123456789-"
#define SECRET_DIGITS 7
#define LINE_SIZE (SENTENCE_SIZE * 6 + 128) /* each byte may become \u00XX */

/* Atomic, because a reload changes them while workers log. */
static _Atomic enum log_level lowest = LOG_LEVEL_INFO;
static _Atomic enum log_form form = LOG_FORM_TEXT;
static atomic_bool full = false;

static const char *const level_names[] = { "error", "warning", "info", "debug" };
static const char *const journal_prefixes[] = { "<3>", "<4>", "<6>", "<7>" }; /* sd-daemon(3) */

void log_setup(enum log_level level, enum log_form new_form, bool full_numbers)
{
    lowest = level;
    form = new_form;
    full = full_numbers;
}

/* One character for the log: as it is, or, when it would spoil the line or is no UTF-8, as an
 * escape. Returns where the next one begins. */
static const char *append_character(char *to, size_t size, const char *text, bool json)
{
    uint32_t c = (unsigned char)*text;
    size_t length = text_character(text, &c);

    if (length == 0 && json)
        (void)text_append(to, size, "\\ufffd"); /* that much is kept free by the caller */
    else if (length == 0 || c < 0x20 || (c >= 0x7F && c <= 0x9F))
        (void)text_append(to, size, json ? "\\u%04x" : "\\x%02x", (unsigned)c);
    else
        (void)text_append(to, size, "%s%.*s", json && (c == '"' || c == '\\') ? "\\" : "",
                          (int)length, text);
    return text + (length ? length : 1);
}

static void append_escaped(char *to, size_t size, const char *sentence, bool json)
{
    char piece[8];

    while (*sentence) {
        piece[0] = '\0';
        sentence = append_character(piece, sizeof piece, sentence, json);
        (void)text_append(to, size, "%s", piece); /* the sentence is bounded, see LINE_SIZE */
    }
}

/* The end of a line is kept free: a line that is cut must still end. */
static void compose(char line[LINE_SIZE], enum log_level level, const char *area,
                    const char *sentence)
{
    const size_t size = LINE_SIZE - 4;
    enum log_form as = form;
    char when[32];

    clock_rfc3339(when, clock_wall());
    if (as == LOG_FORM_JSON)
        snprintf(line, size, "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"message\":\"",
                 when, level_names[level], area);
    else if (as == LOG_FORM_JOURNAL)
        snprintf(line, size, "%s%s: ", journal_prefixes[level], area);
    else
        snprintf(line, size, "%s %s %s: ", when, level_names[level], area);
    append_escaped(line, size, sentence, as == LOG_FORM_JSON);
    (void)text_append(line, LINE_SIZE, as == LOG_FORM_JSON ? "\"}\n" : "\n"); /* room was kept */
}

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, text, length);

        if (n < 0 && errno != EINTR)
            return; /* Nowhere is left to say that the log is gone. */
        if (n > 0) {
            text += n;
            length -= (size_t)n;
        }
    }
}

void log_line(enum log_level level, const char *area, const char *format, ...)
{
    char sentence[SENTENCE_SIZE], line[LINE_SIZE];
    va_list arguments;
    int saved = errno; /* whoever logs an error goes on to return it */

    if (level > lowest)
        return;
    va_start(arguments, format);
    if (vsnprintf(sentence, sizeof sentence, format, arguments) < 0)
        sentence[0] = '\0';
    va_end(arguments);
    compose(line, level, area, sentence);
    write_all(line, strlen(line));
    errno = saved;
}

/* How long the telephone number is that begins here; 0: none, or one that is nobody's secret, as
 * orbits and extensions are. */
static size_t number_length(const char *text)
{
    size_t length = strspn(text, NUMBER_LETTERS), digits = 0;

    for (size_t i = 0; i < length; i++)
        digits += text[i] >= '0' && text[i] <= '9';
    return digits >= SECRET_DIGITS ? length : 0;
}

static size_t other_length(const char *text)
{
    size_t length = strspn(text, NUMBER_LETTERS);

    return length ? length : strcspn(text, NUMBER_LETTERS);
}

const char *log_hidden(char *to, size_t size, const char *sentence)
{
    *to = '\0';
    while (*sentence) {
        size_t number = full ? 0 : number_length(sentence);
        size_t other = number ? 0 : other_length(sentence);

        if (number)
            (void)text_append(to, size, "%.*s...%.2s", number >= 10 ? 5 : 2, sentence,
                              sentence + number - 2);
        else
            (void)text_append(to, size, "%.*s", (int)other, sentence);
        sentence += number + other;
    }
    return to;
}
