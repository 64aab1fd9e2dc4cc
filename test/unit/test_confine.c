/* What a server may still do once it is confined, and what not any more: each in a process of its
 * own, with a thread that was there before. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/confine.h"

typedef bool deed(void);

/* ---- what is still possible ---- */

static bool files(void)
{
    char name[] = "/tmp/callpark-confine-XXXXXX";
    int fd = mkstemp(name);
    bool fine = fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && ftruncate(fd, 0) == 0;

    (void)close(fd);
    return unlink(name) == 0 && fine;
}

static bool sockets(void)
{
    int inet = socket(AF_INET, SOCK_DGRAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];

    return inet >= 0 && local >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}

static bool names(void)
{
    struct addrinfo *found = NULL;

    return getaddrinfo("localhost", "5060", NULL, &found) == 0 && found;
}

static void *nothing(void *argument)
{
    return argument;
}

static bool a_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool memory(void)
{
    void *p = malloc(64 << 20);

    if (!p)
        return false;
    memset(p, 1, 64 << 20);
    free(p);
    return true;
}

/* ---- what is refused ---- */

static bool refused(long result)
{
    return result < 0 && errno == EPERM;
}

static bool raw_packets(void)
{
    return refused(socket(AF_PACKET, SOCK_RAW, 0));
}

static bool other_families(void)
{
    return refused(socket(AF_VSOCK, SOCK_STREAM, 0)) && refused(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

static bool code_in_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return refused(mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                           MAP_FAILED
                       ? -1
                       : 0) &&
           (CONFINE_SANITIZED || refused(mprotect(p, 4096, PROT_READ | PROT_EXEC)));
}

static bool a_process(void)
{
    return CONFINE_SANITIZED || refused(fork());
}

static bool somebody_elses_process(void)
{
    return refused(kill(getppid(), 0)) && (CONFINE_SANITIZED || refused(ptrace(PTRACE_TRACEME)));
}

static bool the_kernel(void)
{
    return refused(syscall(SYS_bpf, 0, NULL, 0)) && refused(syscall(SYS_unshare, 0)) &&
           refused(syscall(SYS_mount, "", "/", "", 0, NULL)) &&
           refused(syscall(SYS_io_uring_setup, 1, NULL)) && refused(syscall(SYS_setuid, 0)) &&
           refused(syscall(SYS_keyctl, 0));
}

static bool a_terminal_of_somebody(void)
{
    return refused(ioctl(0, 0x5412 /* TIOCSTI */, "x"));
}

static bool a_program(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
    return false; /* never comes here, whichever way */
}

/* ---- in which state ---- */

/* A line of /proc/self/status. */
static bool status_says(const char *line)
{
    char text[8192];
    FILE *file = fopen("/proc/self/status", "r");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;

    text[size] = '\0';
    return strstr(text, line) != NULL;
}

static bool no_rights(void)
{
    return status_says("NoNewPrivs:\t1\n") && status_says("Seccomp:\t2\n") &&
           status_says("CapInh:\t0000000000000000\n") &&
           (status_says("CapEff:\t0000000000800400\n") || /* as root: NET_BIND_SERVICE, SYS_NICE */
            status_says("CapEff:\t0000000000000000\n")) &&
           (CONFINE_SANITIZED || prctl(PR_GET_DUMPABLE) == 0);
}

static int go[2], done[2];
static deed *of_the_thread;

/* It was there before, and does its deed afterwards. */
static void *wait_and_do(void *argument)
{
    char byte;
    bool fine = read(go[0], &byte, 1) == 1 && of_the_thread();

    (void)!write(done[1], fine ? "y" : "n", 1);
    return argument;
}

static void as_confined(deed *what, bool in_thread)
{
    struct err err = { 0 };
    pthread_t thread;
    char byte = 'n';
    bool fine;

    (void)alarm(100);
    of_the_thread = what;
    fine = confine_rights(false, &err) == 0 && pipe(go) == 0 && pipe(done) == 0 &&
           pthread_create(&thread, NULL, wait_and_do, NULL) == 0 && confine_calls(&err) == 0;
    if (!fine) {
        (void)dprintf(2, "not confined: %s\n", err.text);
        _exit(3);
    }
    if (in_thread)
        fine = write(go[1], "x", 1) == 1 && read(done[0], &byte, 1) == 1 && byte == 'y';
    else
        fine = what();
    _exit(!fine);
}

static int status_of(deed *what, bool in_thread)
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        as_confined(what, in_thread);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void the_server_may_do_its_work_and_nothing_else(void **state)
{
    static const struct {
        const char *name;
        deed *what;
    } rows[] = {
        { "files", files },
        { "sockets", sockets },
        { "names", names },
        { "a thread", a_thread },
        { "memory", memory },
        { "raw packets", raw_packets },
        { "other families", other_families },
        { "code in memory", code_in_memory },
        { "a process", a_process },
        { "somebody else's process", somebody_elses_process },
        { "the kernel", the_kernel },
        { "a terminal", a_terminal_of_somebody },
        { "its state", no_rights },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int in_thread = 0; in_thread < 2; in_thread++) {
            int status = status_of(rows[i].what, in_thread != 0);

            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                fail_msg("%s%s: status %d", rows[i].name, in_thread ? ", in a thread" : "", status);
        }
}

static void who_starts_a_program_ends(void **state)
{
    (void)state;
    for (int in_thread = 0; in_thread < 2; in_thread++) {
        int status = status_of(a_program, in_thread != 0);

        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

/* ---- the environment ---- */

static size_t environ_of_proc(char *text, size_t size)
{
    FILE *file = fopen("/proc/self/environ", "r");
    size_t length = file ? fread(text, 1, size, file) : 0;

    if (file)
        (void)fclose(file);
    return length;
}

static bool holds(const char *text, size_t length, const char *word)
{
    return memmem(text, length, word, strlen(word)) != NULL;
}

/* Started again with variables, as only those of a start are in /proc. */
static int look_at_environment(void)
{
    char text[65536];
    size_t length = environ_of_proc(text, sizeof text);

    if (!holds(text, length, "CALLPARK_SECRET=opensesame") || !holds(text, length, "OTHER=seen"))
        return 2;
    confine_environment("CALLPARK_");
    length = environ_of_proc(text, sizeof text);
    if (holds(text, length, "opensesame") || !holds(text, length, "OTHER=seen"))
        return 3;
    return !text_is(getenv("CALLPARK_SECRET"), "opensesame");
}

static void variables_are_kept_and_not_shown(void **state)
{
    char *const argv[] = { "test_confine", "environment", NULL };
    char *const variables[] = { "OTHER=seen", "CALLPARK_SECRET=opensesame",
                                "ASAN_OPTIONS=detect_leaks=0", NULL };
    int status = 0;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        (void)execve("/proc/self/exe", argv, variables);
        _exit(4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_may_do_its_work_and_nothing_else),
        cmocka_unit_test(who_starts_a_program_ends),
        cmocka_unit_test(variables_are_kept_and_not_shown),
    };

    if (argc == 2 && text_is(argv[1], "environment"))
        return look_at_environment();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
