/* Time: two clocks of the kernel, and the text form that people and files see. */
#include "sys/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t clock_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for a clock that exists */
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t clock_used_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

msec clock_now(void)
{
    return clock_now_ns() / 1000000;
}

wall_msec clock_wall(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void clock_boot(char to[40])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

    *to = '\0';
    if (f && !fgets(to, 40, f))
        *to = '\0';
    to[strcspn(to, "\n")] = '\0';
    if (f)
        (void)fclose(f); /* it was only read */
}

uint64_t clock_offset(void)
{
    return clock_wall() - clock_now();
}

/* 9999-12-31T23:59:59.999Z: RFC 3339 has four digits for the year. */
#define LAST_WALL UINT64_C(253402300799999)

void clock_rfc3339(char to[32], wall_msec when)
{
    time_t seconds;
    struct tm t;

    if (when > LAST_WALL)
        when = LAST_WALL;
    seconds = (time_t)(when / 1000);
    gmtime_r(&seconds, &t);
    /* The masks change nothing; they let the compiler see that all of it fits. */
    snprintf(to, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(t.tm_year + 1900) & 0x3FFF,
             (unsigned)(t.tm_mon + 1) & 15, (unsigned)t.tm_mday & 31, (unsigned)t.tm_hour & 31,
             (unsigned)t.tm_min & 63, (unsigned)t.tm_sec & 63, (unsigned)(when % 1000) & 1023);
}

/* Exactly `digits` digits from *p on. */
static bool take_digits(const char **p, int digits, int *number)
{
    int value = 0;

    for (; digits > 0; digits--, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        value = value * 10 + (**p - '0');
    }
    *number = value;
    return true;
}

static bool take_char(const char **p, char either, char or)
{
    if (**p != either && **p != or)
        return false;
    (*p)++;
    return true;
}

static bool take_date(const char **p, struct tm *t)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year, month, day, leap;

    if (!take_digits(p, 4, &year) || !take_char(p, '-', '-') || !take_digits(p, 2, &month) ||
        !take_char(p, '-', '-') || !take_digits(p, 2, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12)
        return false;
    leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    t->tm_year = year - 1900;
    t->tm_mon = month - 1;
    t->tm_mday = day;
    return day >= 1 && day <= days[month - 1] + leap;
}

/* "14:03:05"; a leap second, 60, is the next minute's first. */
static bool take_time(const char **p, struct tm *t)
{
    return take_digits(p, 2, &t->tm_hour) && t->tm_hour < 24 && take_char(p, ':', ':') &&
           take_digits(p, 2, &t->tm_min) && t->tm_min < 60 && take_char(p, ':', ':') &&
           take_digits(p, 2, &t->tm_sec) && t->tm_sec <= 60;
}

/* Nothing, or a dot and any number of digits, of which three count. */
static bool take_fraction(const char **p, int *milliseconds)
{
    int digits = 0, value = 0;

    if (**p == '.') {
        for ((*p)++; **p >= '0' && **p <= '9'; (*p)++, digits++)
            if (digits < 3)
                value = value * 10 + (**p - '0');
        if (digits == 0)
            return false;
        for (; digits < 3; digits++)
            value *= 10;
    }
    *milliseconds = value;
    return true;
}

/* "Z" or "+01:30", in minutes. */
static bool take_offset(const char **p, int *minutes)
{
    int hours, rest, sign = **p == '-' ? -1 : 1;

    *minutes = 0;
    if (take_char(p, 'Z', 'z'))
        return true;
    if (!take_char(p, '+', '-') || !take_digits(p, 2, &hours) || !take_char(p, ':', ':') ||
        !take_digits(p, 2, &rest) || hours > 23 || rest > 59)
        return false;
    *minutes = sign * (hours * 60 + rest);
    return true;
}

bool clock_rfc3339_read(const char *text, wall_msec *when)
{
    struct tm t = { 0 };
    int milliseconds, offset;
    int64_t seconds;

    if (!text || !take_date(&text, &t))
        return false;
    if (!take_char(&text, 'T', 't') && !take_char(&text, ' ', ' '))
        return false;
    if (!take_time(&text, &t) || !take_fraction(&text, &milliseconds) ||
        !take_offset(&text, &offset) || *text)
        return false;
    seconds = (int64_t)timegm(&t) - (int64_t)offset * 60;
    if (seconds < 0)
        return false;
    *when = (uint64_t)seconds * 1000 + (uint64_t)milliseconds;
    return true;
}
