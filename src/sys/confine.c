/* Filters of system calls and bounds of resources for processes that handle what others made. */
#include "sys/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/confine_rule.h"

bool confine_bounds(size_t memory, unsigned seconds)
{
    const struct {
        __rlimit_resource_t what;
        rlim_t most;
    } limits[] = { { RLIMIT_AS, CONFINE_SANITIZED ? RLIM_INFINITY : memory },
                   { RLIMIT_CPU, seconds },
                   { RLIMIT_FSIZE, 0 },
                   { RLIMIT_CORE, 0 },
                   { RLIMIT_NOFILE, 32 } };
    bool fine = true;

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        struct rlimit l = { limits[i].most, limits[i].most };

        /* What is bounded more tightly already stays so. */
        fine = setrlimit(limits[i].what, &l) == 0 && fine;
    }
    (void)setpriority(PRIO_PROCESS, 0, 10); /* music goes first */
    return fine;
}

static bool allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
    bool fine = true;

    for (size_t i = 0; i < count; i++)
        fine = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0 && fine;
    return fine;
}

/* Executable memory is what an attacker would want first. */
static bool allow_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp not_executable = argument_has(2, PROT_EXEC, 0);

    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable) == 0;
}

/* Told that there is no such file. libsndfile looks for a companion of a file that it does not
 * recognise ("..namedfork/rsrc"), which is no attack. */
static bool hide_files(scmp_filter_ctx filter)
{
    static const int calls[] = { SCMP_SYS(open),       SCMP_SYS(openat), SCMP_SYS(stat),
                                 SCMP_SYS(newfstatat), SCMP_SYS(access), SCMP_SYS(faccessat) };
    bool fine = true;

    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
        fine = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOENT), calls[i], 0) == 0 && fine;
    return fine;
}

/* sysinfo is asked by the C library's qsort(), sigaltstack by AddressSanitizer. */
bool confine_to_computing(void)
{
    static const int calls[] = { SCMP_SYS(exit),          SCMP_SYS(exit_group),
                                 SCMP_SYS(munmap),        SCMP_SYS(mremap),
                                 SCMP_SYS(brk),           SCMP_SYS(madvise),
                                 SCMP_SYS(futex),         SCMP_SYS(sched_yield),
                                 SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigreturn),
                                 SCMP_SYS(getrandom),     SCMP_SYS(sysinfo),
                                 SCMP_SYS(sigaltstack),   SCMP_SYS(restart_syscall) };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool fine;

    if (!filter)
        return false;
    fine = allow(filter, calls, sizeof(calls) / sizeof(*calls)) && allow_memory(filter) &&
           hide_files(filter) &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                            argument_is(0, STDOUT_FILENO)) == 0 &&
           seccomp_load(filter) == 0; /* sets no_new_privs as well */
    seccomp_release(filter);
    return fine;
}

bool confine_foreign(void)
{
    static const int calls[] = {
        SCMP_SYS(socket),
        SCMP_SYS(socketpair),
        SCMP_SYS(connect),
        SCMP_SYS(bind),
        SCMP_SYS(listen),
        SCMP_SYS(accept),
        SCMP_SYS(accept4),
        SCMP_SYS(sendto),
        SCMP_SYS(sendmsg),
        SCMP_SYS(ptrace),
        SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(unshare),
        SCMP_SYS(setns),
        SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),
        SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(keyctl),
        SCMP_SYS(add_key),
        SCMP_SYS(request_key),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(init_module),
        SCMP_SYS(finit_module),
        SCMP_SYS(delete_module),
        SCMP_SYS(kexec_load),
        SCMP_SYS(unlink),
        SCMP_SYS(unlinkat),
        SCMP_SYS(rename),
        SCMP_SYS(renameat),
        SCMP_SYS(renameat2),
        SCMP_SYS(truncate),
        SCMP_SYS(symlink),
        SCMP_SYS(symlinkat),
        SCMP_SYS(link),
        SCMP_SYS(linkat),
        SCMP_SYS(chmod),
        SCMP_SYS(fchmod),
        SCMP_SYS(fchmodat),
        SCMP_SYS(chown),
        SCMP_SYS(fchown),
        SCMP_SYS(fchownat),
        SCMP_SYS(mknod),
        SCMP_SYS(mknodat),
        SCMP_SYS(mkdir),
        SCMP_SYS(mkdirat),
        SCMP_SYS(rmdir),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool fine = filter != NULL;

    for (size_t i = 0; fine && i < sizeof(calls) / sizeof(*calls); i++)
        fine = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0) == 0;
    fine = fine && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return fine;
}
