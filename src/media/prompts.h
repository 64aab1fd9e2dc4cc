/* What is spoken: numbers digit by digit, and three sentences, in several languages. */
#ifndef CALLPARK_MEDIA_PROMPTS_H
#define CALLPARK_MEDIA_PROMPTS_H

#include "core/park.h"
#include "media/sound.h"

struct prompts;

/* The built-in languages; those of `directory` (if not "") replace them or come in addition. It
 * holds a folder for each language, named as in the settings ("en", "pt-BR"), with digit-0.wav to
 * digit-9.wav, star.wav, hash.wav, parked-at.wav, full.wav and regret.wav. A folder that lacks one
 * is an error. */
int prompts_load(struct prompts **out, const char *directory, struct err *err);
void prompts_free(struct prompts *p);

/* Which language is spoken for this tag: the same, else the same without its region, else English.
 */
unsigned prompts_language(const struct prompts *p, const char *tag);

/* The piece number `index` of what is to be said; NULL behind the last. */
const struct sound *prompts_piece(const struct prompts *p, unsigned language, enum say what,
                                  const char *number, unsigned index);

#endif
