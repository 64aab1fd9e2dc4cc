#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_setaffinity */
#endif
#include "server.h"
#include "processor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANY_CORE UINT_MAX
#define START_TRIES 300 /* of 100 ms */

static void stop(const char *why)
{
    (void)fprintf(stderr, "bench: %s\n", why);
    exit(EXIT_FAILURE);
}

static uint16_t free_port(int type)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof own;
    int fd = socket(AF_INET, type, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &length) != 0)
        stop("no free port");
    close(fd);
    return ntohs(own.sin_port);
}

void server_pin(unsigned core)
{
    cpu_set_t set;

    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        return;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

/* Its parent keeps away from the first core. */
static void pin_nowhere(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    for (unsigned i = 0; i < CPU_SETSIZE; i++)
        CPU_SET(i, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

void server_keep_away(void)
{
    server_pin(1);
}

/* On core `core`; what it says goes to `log`, or nowhere. */
static pid_t run(char *const *words, unsigned core, const char *log)
{
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open(log ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0600);
        int nothing = open("/dev/null", O_RDONLY);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (core != ANY_CORE)
            server_pin(core);
        else
            pin_nowhere();
        if (fd < 0 || nothing < 0 || dup2(nothing, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
            _exit(127);
        execvp(words[0], words);
        _exit(127);
    }
    if (pid < 0)
        stop("fork failed");
    return pid;
}

static int run_and_wait(char *const *words)
{
    int status = -1;
    pid_t pid = run(words, 1, NULL);

    return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* Of its own for each server of this program: 2,500 pairs. */
static unsigned next_audio_port(void)
{
    static unsigned servers;

    return 12000 + 5000 * (servers++ % 4);
}

static void write_config(const struct server *s, const char *path)
{
    unsigned audio = next_audio_port();
    FILE *f = fopen(path, "we");

    if (!f)
        stop("the configuration cannot be written");
    (void)fprintf(f,
                  "[node]\ndestination = pool1.example.com\n"
                  "[sip]\nlisten = udp:127.0.0.1:%u\n"
                  "[web]\nlisten = 127.0.0.1:%u\nadmin-socket = %s/sock\n"
                  "[store]\nurl = sqlite:%s/db\n[log]\nlevel = warning\n"
                  "[media]\nrtp-ports = %u-%u\nworkers = %u\n",
                  s->port, s->web, s->folder, s->folder, audio, audio + 4999, s->workers);
    if (fclose(f) != 0)
        stop("the configuration cannot be written");
}

/* A range has at most 10,000 numbers. */
static void make_ranges(const struct server *s, char *ctl)
{
    char sock[96], name[16], first[16], last[16];
    char *range[] = { ctl,  "--socket", sock, "range",         "create",
                      name, first,      last, "--destination", "pool1.example.com",
                      NULL };
    char *rule[] = { ctl,           "--socket",          sock, "settings", "set",
                     "cool_down=0", "pickup_timeout=1h", NULL };

    (void)snprintf(sock, sizeof sock, "%s/sock", s->folder);
    for (unsigned i = 0, tries = 0; i < 4; tries++) {
        (void)snprintf(name, sizeof name, "Bench %u", i);
        (void)snprintf(first, sizeof first, "%u", ORBIT_FIRST + 10000 * i);
        (void)snprintf(last, sizeof last, "%u", ORBIT_FIRST + 10000 * i + 9999);
        if (run_and_wait(range) == 0) {
            i++;
            continue;
        }
        if (tries == START_TRIES || waitpid(s->pid, NULL, WNOHANG) != 0)
            stop("callparkd does not start");
        (void)poll(NULL, 0, 100);
    }
    if (run_and_wait(rule) != 0)
        stop("callparkd takes no settings");
}

/* What it does at its start is no part of what is measured. */
static void settle(const struct server *s)
{
    double before = processor_of(s->pid), after;

    for (unsigned i = 0; i < 50; i++, before = after) {
        (void)poll(NULL, 0, 200);
        after = processor_of(s->pid);
        if (after - before < 0.02)
            return;
    }
}

/* The program of this name in the folder above that of `program`. */
static void find_program(char to[PATH_MAX + 16], const char *program, const char *name)
{
    char own[PATH_MAX];

    if (!realpath(program, own))
        stop("where am I?");
    (void)snprintf(to, PATH_MAX + 16, "%s/%s", dirname(dirname(own)), name);
}

void server_launch(struct server *s, const char *program)
{
    char daemon[PATH_MAX + 16], conf[96], log[96];
    char *words[] = { daemon, "-c", conf, NULL };

    find_program(daemon, program, "callparkd");
    (void)snprintf(conf, sizeof conf, "%s/conf", s->folder);
    (void)snprintf(log, sizeof log, "%s/log", s->folder);
    s->pid = run(words, s->workers > 1 ? ANY_CORE : 0, log);
}

bool server_is_ready(const struct server *s)
{
    static const char question[] = "GET /readyz HTTP/1.0\r\n\r\n";
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(s->web),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char answer[16] = "";

    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
        write(fd, question, sizeof question - 1) == (ssize_t)(sizeof question - 1))
        (void)!recv(fd, answer, sizeof answer - 1, MSG_WAITALL);
    if (fd >= 0)
        (void)close(fd);
    return strncmp(answer, "HTTP/1.", 7) == 0 && strncmp(answer + 8, " 200", 4) == 0;
}

double server_version(const char *program)
{
    char daemon[PATH_MAX + 16];
    char *words[] = { daemon, "--version", NULL };
    struct timespec from, to;

    find_program(daemon, program, "callparkd");
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    if (waitpid(run(words, 0, NULL), NULL, 0) < 0)
        stop("callparkd does not start");
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

void server_end(struct server *s)
{
    (void)kill(s->pid, SIGTERM);
    (void)waitpid(s->pid, NULL, 0);
}

void server_start(struct server *s, const char *program)
{
    server_start_workers(s, program, 1);
}

void server_start_workers(struct server *s, const char *program, unsigned workers)
{
    char ctl[PATH_MAX + 16], conf[96];

    find_program(ctl, program, "callparkctl");
    (void)snprintf(s->folder, sizeof s->folder, "/var/tmp/bench-server.XXXXXX");
    if (!mkdtemp(s->folder))
        stop("no folder for the server");
    (void)snprintf(conf, sizeof conf, "%s/conf", s->folder);
    s->workers = workers;
    s->port = free_port(SOCK_DGRAM);
    s->web = free_port(SOCK_STREAM);
    write_config(s, conf);
    server_launch(s, program);
    make_ranges(s, ctl);
    settle(s);
}

bool server_start_sipp(struct server *s)
{
    char port[16];
    char *words[] = { "sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", port, "-nostdin", NULL };

    *s = (struct server){ .port = free_port(SOCK_DGRAM) };
    (void)snprintf(port, sizeof port, "%u", s->port);
    s->pid = run(words, 0, NULL);
    (void)poll(NULL, 0, 500);
    return waitpid(s->pid, NULL, WNOHANG) == 0;
}

void server_token(const struct server *s, char to[SERVER_TOKEN_SIZE])
{
    char path[96];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/db.token", s->folder);
    f = fopen(path, "re");
    if (!f || !fgets(to, SERVER_TOKEN_SIZE, f))
        stop("the server has no token");
    (void)fclose(f);
    to[strcspn(to, "\r\n")] = '\0';
}

void server_stop(struct server *s)
{
    char *words[] = { "rm", "-rf", s->folder, NULL };

    (void)kill(s->pid, *s->folder ? SIGTERM : SIGKILL);
    (void)kill(s->pid, SIGCONT);
    (void)waitpid(s->pid, NULL, 0);
    if (*s->folder)
        (void)run_and_wait(words);
}

void server_pause(const struct server *s, bool pause)
{
    (void)kill(s->pid, pause ? SIGSTOP : SIGCONT);
}

double server_memory(const struct server *s)
{
    char path[64], line[128] = "";
    const char *resident;
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%d/statm", s->pid);
    f = fopen(path, "re");
    if (!f || !fgets(line, sizeof line, f))
        stop("the server is gone");
    (void)fclose(f);
    resident = strchr(line, ' '); /* behind its whole size; both in pages */
    return (double)strtoul(resident ? resident : "", NULL, 10) * (double)sysconf(_SC_PAGESIZE) /
           (1 << 20);
}
