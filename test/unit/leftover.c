/* See leftover.h. Memory is read through the kernel, as a sanitizer would not let us. The stack is
 * left out: there stand registers that the C library and the linker have saved. With a sanitizer
 * our own frames are elsewhere, and are looked at. */
#include "leftover.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define BLOCK 65536
#define LARGE (UINT64_C(1) << 30) /* a sanitizer's shadow is no memory of ours */

/* What is read stands here, which is the only shared mapping: looked at for itself it would find
 * what came before. */
static unsigned char *block;

static bool stands_at(const unsigned char *at, const unsigned char *masked, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((at[i] ^ LEFTOVER_MASK) != masked[i])
            return false;
    return true;
}

static unsigned count_in(int memory, uint64_t from, uint64_t to, const unsigned char *masked,
                         size_t size)
{
    unsigned found = 0;
    ssize_t n;

    for (uint64_t at = from; at < to; at += BLOCK - size + 1) {
        size_t most = to - at < BLOCK ? (size_t)(to - at) : BLOCK;

        n = pread(memory, block, most, (off_t)at);
        for (ssize_t i = 0; i + (ssize_t)size <= n; i++)
            found += stands_at(block + i, masked, size);
    }
    return found;
}

/* "7f00-7f10 rw-p ...": private and to be written, and not what is left out. */
static bool is_ours(const char *line, uint64_t *from, uint64_t *to)
{
    char *mode;

    *from = strtoull(line, &mode, 16);
    *to = strtoull(mode + 1, &mode, 16);
    return strncmp(mode, " rw", 3) == 0 && mode[4] == 'p' && *to - *from < LARGE &&
           !strstr(line, "[stack]");
}

unsigned leftover_count(const unsigned char *masked, size_t size)
{
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    uint64_t from, to;
    unsigned found = 0;
    char line[512];

    assert_true(memory >= 0 && maps);
    block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(block != MAP_FAILED);
    while (fgets(line, sizeof line, maps))
        if (is_ours(line, &from, &to))
            found += count_in(memory, from, to, masked, size);
    munmap(block, BLOCK);
    (void)fclose(maps);
    close(memory);
    return found;
}
