/* Who is at the other end of a connection over loopback: this very process, or somebody else. */
#include "sip/front_conn.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_family == AF_INET && b->sin_family == AF_INET && a->sin_port == b->sin_port &&
           a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static bool ends_of(int fd, struct sockaddr_in *here, struct sockaddr_in *there)
{
    socklen_t size = sizeof *here, far_size = sizeof *there;

    memset(here, 0, sizeof *here);
    memset(there, 0, sizeof *there);
    return getsockname(fd, (struct sockaddr *)here, &size) == 0 &&
           getpeername(fd, (struct sockaddr *)there, &far_size) == 0;
}

/* An address proves nothing, as whoever is on this machine may take any of loopback's; the
 * descriptor of the other end does. They are looked through once for each connection, and those are
 * kept. */
bool front_is_own(int fd)
{
    struct sockaddr_in here, there, mine, far;
    DIR *all = opendir("/proc/self/fd");
    const struct dirent *one;
    bool found = false;

    if (!all)
        return false;
    if (ends_of(fd, &here, &there))
        while (!found && (one = readdir(all))) {
            int other =
                (int)strtol(one->d_name, NULL, 10); /* "." is 0, and that is no such socket */

            found = other != fd && ends_of(other, &mine, &far) && same(&mine, &there) &&
                    same(&far, &here);
        }
    closedir(all);
    return found;
}
