/* Feeds every file of a corpus folder to a fuzz target, so that what fuzzing found stays found
 * without libFuzzer. One TAP line for the folder; which file was last is on stderr when one of them
 * crashes. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The input stands in a block of exactly its size, so that the sanitizer sees a read past its end.
 */
static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;

    if (file && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= 0) {
        rewind(file);
        data = malloc(size ? (size_t)size : 1);
    }
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(data);
        if (file)
            fclose(file);
        return -1;
    }
    fclose(file);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "";
    struct dirent **names = NULL;
    int found = scandir(folder, &names, NULL, alphasort);
    int inputs = 0;
    int unread = 0;

    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 0; i < found; i++) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);

        if (names[i]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof path) {
            unread += replay(path) != 0;
            inputs++;
        }
        free(names[i]);
    }
    free(names);
    printf("1..1\n%sok 1 - %d inputs of %s\n", unread ? "not " : "", inputs, folder);
    return unread ? EXIT_FAILURE : EXIT_SUCCESS;
}
