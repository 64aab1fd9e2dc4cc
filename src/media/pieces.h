/* The loop's table of pieces of music: which there are, which worker knows which, and when one may
 * be forgotten. A piece has a number from 1; 0 is the configured one, which is not in here. */
#ifndef CALLPARK_MEDIA_PIECES_H
#define CALLPARK_MEDIA_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#include "media/media.h"
#include "media/sound.h"

#define PIECE_NAME_SIZE 65
#define PIECES_KEPT (MEDIA_PIECES_MAX - 4) /* the rest is for those that are on their way out */

struct piece {
    struct sound sound;
};

struct piece_slot {
    struct piece *piece; /* NULL: free */
    char name[PIECE_NAME_SIZE];
    uint64_t used;    /* larger: tuned to later */
    uint16_t known;   /* bit of each worker that has it */
    uint16_t to_tell; /* of these, those that are still to be told to drop it */
    uint8_t waiting;  /* how many have not said yet that they did */
    bool leaving;
};

struct pieces {
    struct piece_slot slot[MEDIA_PIECES_MAX];
    uint64_t used;
    uint32_t leaving; /* how many */
};

void pieces_done(struct pieces *p);
unsigned pieces_find(const struct pieces *p, const char *name); /* its number; 0: none */
void pieces_dropped(struct pieces *p, unsigned number);         /* by one worker */

/* Of struct media; see media.h. */
int media_piece_put(struct media *m, const char *name, struct piece *piece);
int media_piece_publish(struct media *m, unsigned number, unsigned worker);
void media_ask_to_drop(struct media *m);

#endif
