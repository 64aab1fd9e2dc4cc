#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* clock_getcpuclockid */
#endif
#include "processor.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double processor_of(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) {
        (void)fprintf(stderr, "bench: process %d is gone\n", pid);
        exit(EXIT_FAILURE);
    }
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The first line of a thread's file, or "". */
static void read_line(pid_t pid, const char *thread, const char *file, char *to, int size)
{
    char path[384];
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%d/task/%s/%s", pid, thread, file);
    f = fopen(path, "re");
    *to = 0;
    if (!f)
        return;
    if (!fgets(to, size, f))
        *to = 0;
    (void)fclose(f);
}

double processor_of_threads(pid_t pid, const char *name)
{
    char path[64], line[128];
    unsigned long long sum = 0;
    struct dirent *entry;
    DIR *all;

    (void)snprintf(path, sizeof path, "/proc/%d/task", pid);
    all = opendir(path);
    while (all && (entry = readdir(all))) {
        read_line(pid, entry->d_name, "comm", line, sizeof line);
        if (strncmp(line, name, strlen(name)) != 0)
            continue;
        read_line(pid, entry->d_name, "schedstat", line, sizeof line);
        sum += strtoull(line, NULL, 10);
    }
    if (all)
        (void)closedir(all);
    return (double)sum / 1e9;
}
