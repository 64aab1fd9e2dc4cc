/* What the server gives up: rights of its user at the very start, system calls once it has started.
 * Sets of calls follow what the threads were seen to do in end-to-end tests, with what the C
 * library may use instead on another kernel. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* environ, CLONE_THREAD */
#endif
#include "sys/confine.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/confine_rule.h"

/* ---- at the very start ---- */

/* Ports below 1024, and media threads that come first on their core. An ordinary user has neither,
 * and needs neither. */
#define KEPT (1U << CAP_NET_BIND_SERVICE | 1U << CAP_SYS_NICE)

static int drop_capabilities(struct err *err)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct have[2] = { 0 }, want[2] = { 0 };

    if (syscall(SYS_capget, &head, have) != 0)
        return err_set(err, -errno, "capabilities cannot be read: %s", strerror(errno));
    want[0].permitted = want[0].effective = have[0].permitted & KEPT;
    for (unsigned long c = 0; c <= CAP_LAST_CAP; c++)
        if (c >= 32 || !(KEPT & 1U << c))
            (void)prctl(PR_CAPBSET_DROP, c, 0UL, 0UL, 0UL); /* who has none need not, and cannot */
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL); /* likewise */
    if (syscall(SYS_capset, &head, want) != 0)
        return err_set(err, -errno, "capabilities cannot be given up: %s", strerror(errno));
    return 0;
}

int confine_rights(bool debug, struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0)
        return err_set(err, -errno, "no_new_privs cannot be set: %s", strerror(errno));
    /* Neither core files nor /proc/PID/mem for others of the same user. LeakSanitizer attaches. */
    if (!debug && !CONFINE_SANITIZED && prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) != 0)
        return err_set(err, -errno, "core files cannot be forbidden: %s", strerror(errno));
    return drop_capabilities(err);
}

/* What /proc/PID/environ shows is where the variables lay when the program was started. */
void confine_environment(const char *prefix)
{
    for (char **at = environ; *at; at++) {
        char *copy = text_starts(*at, prefix) ? strdup(*at) : NULL;

        if (!copy)
            continue;
        explicit_bzero(*at, strlen(*at));
        *at = copy; /* for good: it is read again when the configuration is */
    }
}

/* ---- once started ---- */

static const int ordinary[] = {
    /* files */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(lseek),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(stat),
    SCMP_SYS(fstat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getcwd),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(fchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(umask),
    SCMP_SYS(utimensat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(fadvise64),
    SCMP_SYS(flock),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(getdents64),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(sendfile),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(memfd_create),
    /* waiting */
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(pause),
    SCMP_SYS(restart_syscall),
    /* sockets that are there */
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(shutdown),
    /* memory */
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(msync),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(mincore),
    /* threads */
    SCMP_SYS(futex),
    SCMP_SYS(futex_waitv),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rseq),
    SCMP_SYS(membarrier),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(getpriority),
    SCMP_SYS(setpriority),
    SCMP_SYS(prctl),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(tgkill),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    /* who and when */
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getgroups),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(getrlimit),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrandom),
    SCMP_SYS(getcpu),
};

/* Nobody but an attacker asks for these: what is in the store is worth more than going on. */
static const int deadly[] = { SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(process_vm_writev) };

/* LeakSanitizer looks at all threads from a process that it makes at the end. */
static const int sanitizers[] = { SCMP_SYS(ptrace),   SCMP_SYS(process_vm_readv),
                                  SCMP_SYS(wait4),    SCMP_SYS(clone),
                                  SCMP_SYS(mprotect), SCMP_SYS(personality),
                                  SCMP_SYS(getdents) };

static bool add(scmp_filter_ctx f, uint32_t action, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(f, action, calls[i], 0) != 0)
            return false;
    return true;
}

#define ADD(f, action, calls) add(f, action, calls, sizeof(calls) / sizeof(*(calls)))

/* With these arguments only. */
static bool allow_if(scmp_filter_ctx f, int call, struct scmp_arg_cmp is)
{
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1, is) == 0;
}

/* No raw packets, no kernel interfaces of other kinds: most of the holes in kernels were there. */
static bool allow_sockets(scmp_filter_ctx f)
{
    static const unsigned families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
    bool fine = true;

    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
        fine = allow_if(f, SCMP_SYS(socket), argument_is(0, families[i])) && fine;
    return fine && allow_if(f, SCMP_SYS(socketpair), argument_is(0, AF_UNIX));
}

static bool allow_ioctls(scmp_filter_ctx f)
{
    static const unsigned requests[] = { FIONREAD,    FIONBIO,      FIOCLEX,       TCGETS,
                                         TIOCOUTQ,    SIOCGIFCONF,  SIOCGIFFLAGS,  SIOCGIFADDR,
                                         SIOCGIFNAME, SIOCGIFINDEX, SIOCGIFNETMASK };
    bool fine = true;

    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
        fine = allow_if(f, SCMP_SYS(ioctl), argument_is(1, requests[i])) && fine;
    return fine;
}

/* Memory that was written to is never run; libraries may still be loaded. */
static bool allow_memory(scmp_filter_ctx f)
{
    const unsigned both = PROT_WRITE | PROT_EXEC;

    return allow_if(f, SCMP_SYS(mmap), argument_has(2, both, 0)) &&
           allow_if(f, SCMP_SYS(mmap), argument_has(2, both, PROT_WRITE)) &&
           allow_if(f, SCMP_SYS(mmap), argument_has(2, both, PROT_EXEC)) &&
           allow_if(f, SCMP_SYS(mprotect), argument_has(2, PROT_EXEC, 0));
}

/* Threads, and no processes. The arguments of clone3 are out of sight; the C library uses clone
 * when there is none. */
static bool allow_threads(scmp_filter_ctx f)
{
    return (CONFINE_SANITIZED ||
            allow_if(f, SCMP_SYS(clone), argument_has(0, CLONE_THREAD, CLONE_THREAD))) &&
           seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

/* A signal to ourselves alone: abort() sends one. */
static bool allow_signals(scmp_filter_ctx f)
{
    return allow_if(f, SCMP_SYS(kill), argument_is(0, (scmp_datum_t)getpid()));
}

static bool fill(scmp_filter_ctx f)
{
    return ADD(f, SCMP_ACT_ALLOW, ordinary) && ADD(f, SCMP_ACT_KILL_PROCESS, deadly) &&
           allow_sockets(f) && allow_ioctls(f) && allow_memory(f) && allow_threads(f) &&
           allow_signals(f) && (!CONFINE_SANITIZED || ADD(f, SCMP_ACT_ALLOW, sanitizers));
}

int confine_calls(struct err *err)
{
    /* Refused and not deadly: a library may ask for something new with its next version, and a
     * server that says "not possible" is better than one that is gone. The kernel notes it. */
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed;

    if (!f)
        return err_set(err, -ENOMEM, "out of memory for the filter of system calls");
    failed = !fill(f) || seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1) != 0 ||
                     seccomp_attr_set(f, SCMP_FLTATR_CTL_LOG, 1) != 0 ||
                     seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0
                 ? -EINVAL
                 : seccomp_load(f);
    seccomp_release(f);
    if (failed)
        return err_set(err, failed,
                       "system calls cannot be restricted (seccomp: %s); [node] confine = no goes "
                       "without",
                       strerror(-failed));
    return 0;
}
