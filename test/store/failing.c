/* A disk that fails: see failing.h. */
#include "failing.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

static atomic_int failing;
static sqlite3_vfs mine, *theirs;
static sqlite3_io_methods methods;

/* SQLite leaves room for it, and for the real file behind it. */
struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)(void *)f)->real;
}

void failing_set(enum failing how)
{
    atomic_store(&failing, (int)how);
}

static int close_file(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int read_file(sqlite3_file *f, void *to, int size, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), to, size, at);
}

static int io_error(int number)
{
    errno = number;
    return SQLITE_IOERR_WRITE;
}

static int write_file(sqlite3_file *f, const void *from, int size, sqlite3_int64 at)
{
    switch ((enum failing)atomic_load(&failing)) {
    case FAIL_FULL:
        return SQLITE_FULL;
    case FAIL_IO:
        return io_error(EIO);
    case FAIL_READ_ONLY:
        return io_error(EROFS);
    case FAIL_TORN:
        (void)real_of(f)->pMethods->xWrite(real_of(f), from, size / 2, at);
        return io_error(EIO);
    case FAIL_NOTHING:
    case FAIL_FLUSH:
    case FAIL_STUCK:
        break;
    }
    return real_of(f)->pMethods->xWrite(real_of(f), from, size, at);
}

static int truncate_file(sqlite3_file *f, sqlite3_int64 size)
{
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int sync_file(sqlite3_file *f, int flags)
{
    static const struct timespec pause = { .tv_nsec = 1000000 };

    while (atomic_load(&failing) == FAIL_STUCK)
        (void)nanosleep(&pause, NULL);
    if (atomic_load(&failing) == FAIL_FLUSH) {
        errno = EIO;
        return SQLITE_IOERR_FSYNC;
    }
    return real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int lock_file(sqlite3_file *f, int lock)
{
    return real_of(f)->pMethods->xLock(real_of(f), lock);
}

static int unlock_file(sqlite3_file *f, int lock)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), lock);
}

static int is_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int control(sqlite3_file *f, int what, void *argument)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), what, argument);
}

static int sector_size(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int characteristics(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int map_shared(sqlite3_file *f, int page, int size, int extend, void volatile **to)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, to);
}

static int lock_shared(sqlite3_file *f, int offset, int count, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, count, flags);
}

static void barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int unmap_shared(sqlite3_file *f, int gone)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), gone);
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct file *file = (struct file *)(void *)f;
    int result;

    (void)vfs;
    file->real = (sqlite3_file *)(void *)(file + 1);
    result = theirs->xOpen(theirs, name, file->real, flags, out);
    file->base.pMethods = file->real->pMethods ? &methods : NULL;
    return result;
}

void failing_install(void)
{
    if (theirs)
        return;
    theirs = sqlite3_vfs_find(NULL);
    mine = *theirs; /* its functions for names, time and the like serve both */
    mine.zName = "failing";
    mine.szOsFile = (int)sizeof(struct file) + theirs->szOsFile;
    mine.xOpen = open_file;
    methods = (sqlite3_io_methods){ .iVersion = 2,
                                    .xClose = close_file,
                                    .xRead = read_file,
                                    .xWrite = write_file,
                                    .xTruncate = truncate_file,
                                    .xSync = sync_file,
                                    .xFileSize = file_size,
                                    .xLock = lock_file,
                                    .xUnlock = unlock_file,
                                    .xCheckReservedLock = is_reserved,
                                    .xFileControl = control,
                                    .xSectorSize = sector_size,
                                    .xDeviceCharacteristics = characteristics,
                                    .xShmMap = map_shared,
                                    .xShmLock = lock_shared,
                                    .xShmBarrier = barrier,
                                    .xShmUnmap = unmap_shared };
    (void)sqlite3_vfs_register(&mine, 1);
}
