/* What went wrong, in words. Whoever knows the cause writes the sentence once; the log, the API and
 * the command line all show that same sentence. */
#ifndef CALLPARK_BASE_ERR_H
#define CALLPARK_BASE_ERR_H

#define ERR_TEXT_SIZE 320

struct err {
    int code; /* negative errno */
    char text[ERR_TEXT_SIZE];
};

/* Write the sentence and return `code`, so that a function can end with `return err_set(...)`.
 * `err` may be NULL: then only the code is passed on. Text too long for the buffer is cut. */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put words in front of a sentence that a lower layer wrote ("callpark.conf:12: ..."). */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
