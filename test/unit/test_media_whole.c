/* The engine as a whole: how much fits into it, who is refused, what comes back, what its workers
 * are to the system. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "media_engine.h"

/* Of eight one is kept for who comes for a parked call; legs are spread over the workers, but who
 * is to talk to somebody is where he is. */
static void some_room_is_kept_and_workers_share(void **state)
{
    struct session_offer offer = { .present = false };
    struct session_local local;
    struct media_counts n;
    struct engine e;
    struct err err;

    (void)state;
    engine_start_workers(&e, 8, 2);
    assert_int_equal(media_room(e.media), 7);
    for (leg_id leg = 1; leg <= 6; leg++)
        assert_int_equal(media_open(e.media, leg, &offer, "127.0.0.1", 0, &local, &err), 0);
    media_count(e.media, &n);
    assert_int_equal(n.workers, 2);
    assert_int_equal(n.worker[0].streams, 3);
    assert_int_equal(n.worker[1].streams, 3);
    assert_int_equal(n.room, 1);
    assert_int_equal(media_open(e.media, 7, &offer, "127.0.0.1", 1, &local, &err), 0);
    assert_int_equal(media_room(e.media), 0);
    assert_int_equal(media_open(e.media, 8, &offer, "127.0.0.1", 1, &local, &err), 0);
    assert_int_equal(media_bridge(e.media, 1, 7), 0);
    assert_int_equal(media_bridge(e.media, 1, 8), 0);
    for (leg_id leg = 1; leg <= 8; leg++)
        engine_close(&e, leg);
    while (media_room(e.media) < 7) /* a number comes back after the report */
        usleep(1000);
    engine_stop(&e);
}

static void refusals_have_their_numbers(void **state)
{
    struct session_local local;
    struct session_offer offer;
    struct session session;
    struct engine e;
    struct err err;
    struct phone p;

    (void)state;
    engine_start(&e, 2);
    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    phone_offer(&p, &offer);
    phone_session(&p, &session);
    assert_int_equal(media_agree(e.media, 1, &session), -ENOENT);
    assert_int_equal(media_music(e.media, 1, true), -ENOENT);
    assert_int_equal(media_bridge(e.media, 1, 2), -ENOENT);
    assert_int_equal(media_local(e.media, 1, &local), -ENOENT);
    assert_int_equal(media_open(e.media, 1, &offer, "127.0.0.1", 0, &local, &err), 0);
    assert_int_equal(media_open(e.media, 1, &offer, "127.0.0.1", 0, &local, &err), -EEXIST);
    assert_int_equal(media_bridge(e.media, 1, 1), -EINVAL);
    snprintf(session.rtp.host, sizeof session.rtp.host, "::1");
    assert_int_equal(media_agree(e.media, 1, &session), -EAFNOSUPPORT);
    offer.present = false;
    assert_int_equal(media_open(e.media, 2, &offer, "phone.example", 0, &local, &err), 0);
    assert_string_equal(local.rtp.host, "127.0.0.1"); /* of nobody known: our own family */
    assert_int_equal(media_open(e.media, 3, &offer, "127.0.0.1", 0, &local, &err), -ENOSPC);
    phone_close(&p);
    engine_stop(&e);
}

static void numbers_and_ports_come_back(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct session_offer offer = { .present = false };
    struct media_counts before, after;
    struct err err;

    media_count(e->media, &before);
    for (leg_id leg = 100; leg < 400; leg++) {
        assert_int_equal(media_open(e->media, leg, &offer, "127.0.0.1", 0, &local, &err), 0);
        assert_int_equal(media_close(e->media, leg), 0);
        engine_wait(e, MEDIA_CLOSED, leg);
    }
    /* The worker reports before it gives the number back; opening one more collects the rest. */
    do {
        assert_int_equal(media_open(e->media, 400, &offer, "127.0.0.1", 0, &local, &err), 0);
        media_close(e->media, 400);
        engine_wait(e, MEDIA_CLOSED, 400);
        media_music(e->media, 400, true);
        media_count(e->media, &after);
    } while (after.streams > 0);
    assert_int_equal(after.ports_used, 2);
}

static void a_bad_configuration_is_told_in_words(void **state)
{
    static const struct {
        struct media_config config;
        const char *word;
    } rows[] = {
        { { .port_first = 20000, .port_last = 20099, .bind4 = "127.0.0.1", .streams_max = 9 },
          "workers" },
        { { .port_first = 20000, .port_last = 20099, .workers = 1, .streams_max = 9 }, "address" },
        { { .port_first = 20000,
            .port_last = 19000,
            .workers = 1,
            .streams_max = 9,
            .bind4 = "127.0.0.1" },
          "rtp-ports" },
        { { .port_first = 20000, .port_last = 20099, .workers = 1, .bind4 = "127.0.0.1" },
          "streams-max" },
        { { .port_first = 20000,
            .port_last = 20099,
            .workers = 1,
            .streams_max = 9,
            .bind4 = "127.0.0.1",
            .advertise4 = "0.0.0.0" },
          "0.0.0.0" },
        { { .port_first = 20000,
            .port_last = 20099,
            .workers = 1,
            .streams_max = 9,
            .bind4 = "127.0.0.1",
            .music = "/nowhere/hold.wav" },
          "/nowhere/hold.wav" },
        { { .port_first = 20000,
            .port_last = 20099,
            .workers = 1,
            .streams_max = 9,
            .bind4 = "127.0.0.1",
            .prompts = "/nowhere" },
          "/nowhere" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct media *m = NULL;
        struct err err = { 0 };

        assert_true(media_start(&m, &rows[i].config, NULL, NULL, &err) < 0);
        assert_null(m);
        if (!strstr(err.text, rows[i].word))
            fail_msg("'%s' does not name %s", err.text, rows[i].word);
    }
}

/* Of a thread of this process, by its name; 100: there is none. */
static int nice_of(const char *name)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *d;
    int nice = 100;

    assert_non_null(tasks);
    while ((d = readdir(tasks)) != NULL) {
        char path[300], line[32] = "";
        FILE *f;

        snprintf(path, sizeof path, "/proc/self/task/%s/comm", d->d_name);
        f = fopen(path, "r");
        if (f && fgets(line, sizeof line, f) && !strncmp(line, name, strlen(name)))
            nice = getpriority(PRIO_PROCESS, (id_t)strtol(d->d_name, NULL, 10));
        if (f)
            fclose(f);
    }
    closedir(tasks);
    return nice;
}

static void *may_raise(void *may)
{
    *(bool *)may = setpriority(PRIO_PROCESS, 0, MEDIA_NICE) == 0;
    return NULL;
}

/* A worker comes before the other threads where the system lets it, and they stay as they were. */
static void a_worker_comes_first(void **state)
{
    bool may = false;
    pthread_t other;
    int nice = 0;

    (void)state;
    assert_int_equal(pthread_create(&other, NULL, may_raise, &may), 0);
    pthread_join(other, NULL);
    for (int i = 0; i < 2000 && nice != (may ? MEDIA_NICE : 0);
         i++) { /* it has just been started */
        usleep(10000);
        nice = nice_of("media-0");
    }
    assert_int_equal(nice, may ? MEDIA_NICE : 0);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_ports_come_back),
        cmocka_unit_test(a_worker_comes_first),
        cmocka_unit_test(some_room_is_kept_and_workers_share),
        cmocka_unit_test(refusals_have_their_numbers),
        cmocka_unit_test(a_bad_configuration_is_told_in_words),
    };

    return cmocka_run_group_tests(tests, engine_begin, engine_end);
}
