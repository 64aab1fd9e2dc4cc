#include "median.h"

#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double median(const double *of, unsigned count)
{
    double sorted[MEDIAN_MOST];

    memcpy(sorted, of, count * sizeof *of);
    qsort(sorted, count, sizeof *sorted, by_size);
    return sorted[count / 2];
}

double median_ratio(const double *of, const double *to, unsigned count)
{
    double ratio[MEDIAN_MOST];

    for (unsigned i = 0; i < count; i++)
        ratio[i] = of[i] / to[i];
    return median(ratio, count);
}
