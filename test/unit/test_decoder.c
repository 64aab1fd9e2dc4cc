/* The process that reads sound files, taken over: whatever it does or says, the server goes on and
 * has a sentence. The works here stand for what an attacker would have it do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "media/decoder.h"
#include "media_wav.h"
#include "sys/confine.h"
#include "sys/helper.h"

#define SECONDS 2
#define MEMORY ((size_t)256 << 20)

static volatile unsigned turns;

/* ---- what it may do and what not: after these it is as confined as the real one ---- */

static void confine(void)
{
    if (!confine_bounds(MEMORY, 2) || !confine_to_computing())
        _exit(99);
}

static int say_that(bool true_for)
{
    return write(1, true_for ? "y" : "n", 1) != 1;
}

static int opens(const char *argument)
{
    (void)argument;
    confine();
    return say_that(open("/etc/passwd", O_RDONLY) < 0 && errno == ENOENT);
}

static int connects(const char *argument)
{
    (void)argument;
    confine();
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int executes(const char *argument)
{
    (void)argument;
    confine();
    return execl("/bin/true", "true", (char *)NULL);
}

static int forks(const char *argument)
{
    (void)argument;
    confine();
    return fork() < 0;
}

static int reads(const char *argument)
{
    char text[8];

    (void)argument;
    confine();
    return read(0, text, sizeof text) < 0;
}

static int writes_elsewhere(const char *argument)
{
    (void)argument;
    confine();
    return write(2, "x", 1) < 0;
}

static int signals(const char *argument)
{
    (void)argument;
    confine();
    return kill(1, 0);
}

static int makes_code(const char *argument)
{
    (void)argument;
    confine();
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) == MAP_FAILED;
}

/* ---- how it may end ---- */

static int crashes(const char *argument)
{
    (void)argument;
    confine();
    __builtin_trap();
    return 0;
}

static int loops(const char *argument)
{
    confine();
    while (argument)
        turns++;
    return 0;
}

static int ends_at_once(const char *argument)
{
    (void)argument;
    return 0;
}

static int cannot_be_confined(const char *argument)
{
    (void)argument;
    return 3;
}

/* ---- what it may say ---- */

struct said {
    int32_t code;
    uint32_t count;
    uint8_t cut, torn;
    char type[32];
    char text[ERR_TEXT_SIZE];
};

static int say(const struct said *s, size_t samples, float value)
{
    (void)!write(1, s, sizeof *s);
    for (size_t i = 0; i < samples; i++)
        (void)!write(1, &value, sizeof value);
    return 0;
}

static int says_nonsense(const char *argument)
{
    char noise[4096];

    (void)argument;
    memset(noise, 0xAA, sizeof noise);
    (void)!write(1, noise, sizeof noise);
    return 0;
}

static int says_too_much(const char *argument)
{
    (void)argument;
    return say(&(struct said){ .count = 0xFFFFFFFF, .type = "audio/wav" }, 0, 0);
}

static int says_too_little(const char *argument)
{
    (void)argument;
    return say(&(struct said){ .count = 1000, .type = "audio/wav" }, 10, 0);
}

static int says_no_end_of_text(const char *argument)
{
    struct said s = { .code = -EINVAL };

    (void)argument;
    memset(s.text, 'x', sizeof s.text);
    return say(&s, 0, 0);
}

static int says_odd_code(const char *argument)
{
    (void)argument;
    return say(&(struct said){ .code = 7, .text = ": odd" }, 0, 0);
}

static int says_what_is_no_number(const char *argument)
{
    struct said s = { .count = 10, .cut = 77, .torn = 3 };

    (void)argument;
    memset(s.type, 'x', sizeof s.type);
    return say(&s, 10, NAN);
}

static int says_words_with_lines(const char *argument)
{
    (void)argument;
    return say(&(struct said){ .code = -EINVAL, .text = ": a\r\nb" }, 0, 0);
}

/* ---- the tests ---- */

static struct audio a;

/* Ask for `size` bytes of `data` to be read by this work; the code of the refusal. */
static int ask(helper_work *work, const void *data, size_t size, struct err *err)
{
    helper_work *const works[] = { [WORK_DECODE] = work };
    bool cut = false;
    int failed;

    assert_int_equal(helper_start(NULL, works, 1, NULL), 0);
    *err = (struct err){ 0 };
    failed = decoder_read_memory(&a, "hold.mp3", data, size, SECONDS, &cut, err);
    helper_stop();
    return failed;
}

static void refuse(helper_work *work, int code, const char *words)
{
    struct err err;

    assert_int_equal(ask(work, "x", 1, &err), code);
    if (!strstr(err.text, words) || !strstr(err.text, "hold.mp3") || !text_is_plain(err.text))
        fail_msg("'%s' does not say '%s'", err.text, words);
    assert_null(a.samples);
}

static void what_it_must_not_do_ends_it(void **state)
{
    static helper_work *const rows[] = { connects,         executes, forks,     reads,
                                         writes_elsewhere, signals,  makes_code };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuse(rows[i], -EFAULT, "ask for what is forbidden (signal 31)");
}

static void there_is_no_file_for_it(void **state)
{
    helper_work *const works[] = { opens };
    int ends[2], order;
    char said = '?';

    (void)state;
    assert_int_equal(helper_start(NULL, works, 1, NULL), 0);
    assert_int_equal(pipe(ends), 0);
    order = helper_begin(0, "", -1, ends[1], 0, NULL);
    assert_true(order >= 0);
    assert_int_equal(helper_look(order, 60000).how, HELPER_EXITED);
    assert_int_equal(read(ends[0], &said, 1), 1);
    assert_int_equal(said, 'y');
    helper_close(order);
    helper_stop();
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_crash_a_loop_an_early_end_are_told_apart(void **state)
{
    (void)state;
    refuse(crashes, -EFAULT, "crash (signal");
    refuse(ends_at_once, -EFAULT, "end too early");
    refuse(cannot_be_confined, -EIO, "cannot be confined");
    refuse(loops, -ETIME, "too much of the processor");
    decoder_set_deadline(300);
    refuse(loops, -ETIME, "more than a minute");
    decoder_set_deadline(60000);
}

static void nothing_that_it_says_is_believed(void **state)
{
    struct err err;

    (void)state;
    refuse(says_nonsense, -EFAULT, "end too early");
    refuse(says_too_much, -EFAULT, "end too early");
    refuse(says_too_little, -EFAULT, "end too early");
    refuse(says_no_end_of_text, -EFAULT, "end too early");
    refuse(says_odd_code, -EFAULT, "end too early");
    refuse(says_words_with_lines, -EINVAL, ": a??b");
    assert_int_equal(ask(says_what_is_no_number, "x", 1, &err), 0);
    assert_int_equal(a.count, 10);
    assert_string_equal(a.type, "application/octet-stream");
    for (size_t i = 0; i < a.count; i++)
        assert_true(a.samples[i] == 0);
    audio_done(&a);
}

/* The real one, with a file that wants more memory than there is for it. */
static int little_memory(const char *argument)
{
    (void)argument;
    if (!confine_bounds(MEMORY, 10) || !confine_to_computing())
        return 99;
    for (size_t got = 0; got < 2 * MEMORY; got += 1 << 20) {
        char *p = malloc(1 << 20);

        if (!p)
            return say(&(struct said){ .code = -ENOMEM, .text = ": no memory" }, 0, 0);
        memset(p, 1, 1 << 20);
    }
    return 0;
}

static void memory_has_a_bound(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip(); /* its own address space is larger than any bound */
#endif
    refuse(little_memory, -ENOMEM, "no memory");
}

static void the_real_one_reads_music_and_refuses_the_rest(void **state)
{
    static const char text[] = "I am no sound, and long enough to be looked at as one.";
    struct err err;
    size_t size;
    uint8_t *tone = wav_tone(500, 3, &size);

    (void)state;
    if (ask(decoder_work, tone, size, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(a.count, SECONDS * AUDIO_RATE); /* it was cut */
    assert_string_equal(a.type, "audio/wav");
    assert_true(audio_peak(&a) > 0.1F);
    audio_done(&a);
    assert_int_equal(ask(decoder_work, text, sizeof text, &err), -ENOTSUP);
    assert_int_equal(ask(decoder_work, "", 0, &err), -ENOTSUP);
    free(tone);
}

static void a_path_that_is_no_file_is_refused(void **state)
{
    static const struct {
        const char *path, *words;
    } rows[] = { { "/nowhere/x.wav", "No such file" },
                 { "/dev/zero", "is no file" },
                 { "/", "is no file" },
                 { "/etc/passwd", "WAV, FLAC, OGG or MP3" } };
    helper_work *const works[] = { decoder_work };

    (void)state;
    assert_int_equal(helper_start(NULL, works, 1, NULL), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = { 0 };
        bool cut;

        assert_true(decoder_read_file(&a, rows[i].path, SECONDS, &cut, &err) < 0);
        if (!strstr(err.text, rows[i].words) || !strstr(err.text, rows[i].path))
            fail_msg("'%s' does not say '%s'", err.text, rows[i].words);
    }
    helper_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_one_reads_music_and_refuses_the_rest),
        cmocka_unit_test(a_path_that_is_no_file_is_refused),
        cmocka_unit_test(what_it_must_not_do_ends_it),
        cmocka_unit_test(there_is_no_file_for_it),
        cmocka_unit_test(a_crash_a_loop_an_early_end_are_told_apart),
        cmocka_unit_test(nothing_that_it_says_is_believed),
        cmocka_unit_test(memory_has_a_bound),
    };

    (void)alarm(170);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
