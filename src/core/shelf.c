/* See shelf.h. */
#include "core/shelf.h"

#include <assert.h>
#include <string.h>

static uint32_t take_cell(struct shelf *s)
{
    uint32_t number = s->free;

    assert(s->full < s->most);
    s->full++;
    if (!number)
        return ++s->touched;
    s->free = s->cell[number].next;
    return number;
}

uint32_t shelf_put(struct shelf *s, const uint8_t *bytes, size_t length)
{
    uint32_t first = 0, *next = &first;

    while (length) {
        size_t part = length < SHELF_CELL_BYTES ? length : SHELF_CELL_BYTES;
        uint32_t number = take_cell(s);

        memcpy(s->cell[number].bytes, bytes, part);
        bytes += part;
        length -= part;
        *next = number;
        next = &s->cell[number].next;
    }
    *next = 0;
    return first;
}

void shelf_read(const struct shelf *s, uint32_t at, uint8_t *to, size_t length)
{
    for (; length; at = s->cell[at].next) {
        size_t part = length < SHELF_CELL_BYTES ? length : SHELF_CELL_BYTES;

        assert(at);
        memcpy(to, s->cell[at].bytes, part);
        to += part;
        length -= part;
    }
}

void shelf_clear(struct shelf *s, uint32_t at)
{
    while (at) {
        uint32_t next = s->cell[at].next;

        s->cell[at].next = s->free;
        s->free = at;
        s->full--;
        at = next;
    }
}
