/* What a fuzz target offers: one function, called with one input after the other. It returns 0 and
 * leaves nothing behind. */
#ifndef CALLPARK_FUZZ_FUZZ_H
#define CALLPARK_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
