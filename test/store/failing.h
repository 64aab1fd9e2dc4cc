/* A disk that fails as it is told to: a layer between SQLite and the system's own files, which
 * passes on all but writes and flushes. For every database that is opened after failing_install().
 */
#ifndef CALLPARK_TEST_STORE_FAILING_H
#define CALLPARK_TEST_STORE_FAILING_H

enum failing {
    FAIL_NOTHING,
    FAIL_FULL,      /* ENOSPC */
    FAIL_IO,        /* EIO */
    FAIL_READ_ONLY, /* EROFS */
    FAIL_TORN,      /* half of what is to be written is, and then EIO */
    FAIL_FLUSH,     /* fsync says EIO */
    FAIL_STUCK      /* fsync does not come back until it is told something else */
};

void failing_install(void);
void failing_set(enum failing how);

#endif
