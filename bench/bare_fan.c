#include "bare_fan.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

#define MOST 1024
#define TEXT_MAX 16384

static void stop(const char *why)
{
    (void)fprintf(stderr, "bench: %s\n", why);
    exit(EXIT_FAILURE);
}

static void take_one(int listening, int *to)
{
    static const char hello[] = "HTTP/1.0 200 OK\r\n\r\nretry: 2000\n\n";
    int one = 1;

    *to = accept(listening, NULL, NULL);
    if (*to < 0)
        _exit(EXIT_FAILURE);
    (void)setsockopt(*to, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)send(*to, hello, sizeof hello - 1, MSG_NOSIGNAL);
}

static size_t write_event(char *to, unsigned number, unsigned bytes)
{
    int head = snprintf(to, TEXT_MAX, "id: %u\nevent: call.parked\ndata: ", number);
    size_t used = (size_t)head, wanted = bytes > used + 2 ? bytes : used + 2;

    memset(to + used, 'x', wanted - 2 - used);
    memset(to + wanted - 2, '\n', 2);
    return wanted;
}

static void serve(int listening, int told, unsigned bytes)
{
    static char text[TEXT_MAX];
    int fds[MOST], count = 0;
    unsigned number = 0;

    for (;;) {
        struct pollfd wait[2] = { { told, POLLIN, 0 }, { listening, POLLIN, 0 } };
        char word;

        (void)poll(wait, 2, -1);
        if (wait[1].revents && count < MOST)
            take_one(listening, &fds[count++]);
        if (!wait[0].revents)
            continue;
        if (read(told, &word, 1) != 1)
            _exit(EXIT_SUCCESS);
        size_t length = write_event(text, ++number, bytes);

        for (int i = 0; i < count; i++)
            (void)send(fds[i], text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

void bare_fan_start(struct bare_fan *b, unsigned bytes)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof own;
    int fd = socket(AF_INET, SOCK_STREAM, 0), ends[2];

    if (fd < 0 || pipe(ends) != 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&own, &size) != 0)
        stop("no bare server");
    b->port = ntohs(own.sin_port);
    b->tell = ends[1];
    b->pid = fork();
    if (b->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[1]);
        server_pin(0);
        serve(fd, ends[0], bytes < TEXT_MAX ? bytes : TEXT_MAX);
    }
    close(fd);
    close(ends[0]);
    if (b->pid < 0)
        stop("fork failed");
}

void bare_fan_tell(const struct bare_fan *b)
{
    if (write(b->tell, "e", 1) != 1)
        stop("the bare server is gone");
}

void bare_fan_stop(const struct bare_fan *b)
{
    close(b->tell);
    (void)kill(b->pid, SIGKILL);
    (void)waitpid(b->pid, NULL, 0);
}
