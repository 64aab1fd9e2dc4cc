#include "bare_http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

#define THREADS 2 /* as src/http/server.c has them */

static enum MHD_Result answer(void *response, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **seen)
{
    static int first;

    (void)url;
    (void)method;
    (void)version;
    (void)data;
    if (!*seen) {
        *seen = &first;
        return MHD_YES;
    }
    if (*size > 0) {
        *size = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

static void serve(int fd, void *body, size_t length)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(length, body, MHD_RESPMEM_PERSISTENT);
    struct MHD_Daemon *d;

    if (!r || MHD_add_response_header(r, "Content-Type", "application/json") != MHD_YES)
        _exit(EXIT_FAILURE);
    d = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, r,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
                         (unsigned)THREADS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 << 10,
                         MHD_OPTION_END);
    while (d)
        (void)pause();
    _exit(EXIT_FAILURE);
}

void bare_http_start(struct bare_http *b, const char *body, size_t length)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof own;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char *copy = malloc(length + 1);

    if (fd < 0 || !copy || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&own, &size) != 0) {
        (void)fprintf(stderr, "bench: no bare server\n");
        exit(EXIT_FAILURE);
    }
    memcpy(copy, body, length);
    b->port = ntohs(own.sin_port);
    b->pid = fork();
    if (b->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        server_pin(0);
        serve(fd, copy, length);
    }
    free(copy);
    close(fd);
    if (b->pid < 0) {
        (void)fprintf(stderr, "bench: fork failed\n");
        exit(EXIT_FAILURE);
    }
}

void bare_http_stop(const struct bare_http *b)
{
    (void)kill(b->pid, SIGKILL);
    (void)waitpid(b->pid, NULL, 0);
}
