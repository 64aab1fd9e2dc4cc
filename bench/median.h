/* The middle of some figures: what one bad round does not move. */
#ifndef CALLPARK_BENCH_MEDIAN_H
#define CALLPARK_BENCH_MEDIAN_H

#define MEDIAN_MOST 16 /* figures */

double median(const double *of, unsigned count);
double median_ratio(const double *of, const double *to, unsigned count); /* of each pair's ratio */

#endif
