/* Bytes of any length kept in cells of equal size, so that what is put away and taken out again for
 * ever leaves no gaps. Pure; the cells are handed over zeroed, and those that were never needed are
 * never touched. */
#ifndef CALLPARK_CORE_SHELF_H
#define CALLPARK_CORE_SHELF_H

#include <stddef.h>
#include <stdint.h>

#define SHELF_CELL_BYTES 60u
#define SHELF_CELLS(length) (((length) + SHELF_CELL_BYTES - 1) / SHELF_CELL_BYTES)

struct shelf_cell {
    uint32_t next; /* of the same bytes, or of the free ones; 0: the last */
    uint8_t bytes[SHELF_CELL_BYTES];
};

struct shelf {
    struct shelf_cell *cell; /* number 0 is none: one more than may be full */
    uint32_t most;           /* that may be full */
    uint32_t full;
    uint32_t touched; /* the highest number that was ever full */
    uint32_t free;    /* the last that was given back; 0: none */
};

/* Returns where they are; 0 if there are none. There must be room: whoever owns the shelf has
 * counted. */
uint32_t shelf_put(struct shelf *s, const uint8_t *bytes, size_t length);
/* The same length as was put there. */
void shelf_read(const struct shelf *s, uint32_t at, uint8_t *to, size_t length);
void shelf_clear(struct shelf *s, uint32_t at);

#endif
