"""Every system call that a judged program may make: one table, read top to bottom. `guarantees.py` says why.

The base filter is an allow-list: a system call that is in none of the groups below does not exist (ENOSYS).
``CONDITIONS`` narrow an allowed call to some arguments. `bpf.py` turns the table into seccomp programs; Landlock
(`zygote/lock.py`) enforces the same for paths and signals.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

__all__ = [
    "ALLOWED",
    "COMPILED_THREADS",
    "COMPILER_CONDITIONS",
    "COMPILER_GROUPS",
    "CONDITIONS",
    "EXECUTE",
    "KILLED",
    "OWN_PROCESS",
    "REFUSED",
    "REFUSED_IN_RUN",
    "RUN_CONDITIONS",
    "THREAD_JOIN",
    "Argument",
    "Condition",
]

ALLOWED: dict[str, str] = {
    "memory": "brk mmap mprotect mremap munmap madvise membarrier",
    "threads": "futex set_robust_list set_tid_address rseq arch_prctl gettid "
    "sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min",
    "files already open": "read write readv writev pread64 pwrite64 preadv pwritev lseek close dup dup2 dup3 fcntl "
    "ioctl ftruncate sendfile copy_file_range close_range",
    "reading files (Landlock says which)": "open openat stat lstat fstat newfstatat statx access faccessat faccessat2 "
    "getdents getdents64 getcwd chdir fchdir umask",
    "waiting": "poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 "
    "eventfd eventfd2 pause nanosleep clock_nanosleep restart_syscall",
    "clocks and timers": "time gettimeofday clock_gettime clock_getres times alarm getitimer setitimer "
    "timerfd_create timerfd_settime timerfd_gettime",
    "its own signals": "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait "
    "sigaltstack",
    "asking about itself": "getpid getppid getpgrp getpgid getsid getuid geteuid getgid getegid getresuid getresgid "
    "getgroups uname getrandom getcpu",
    "ending": "exit exit_group wait4 waitid",
    # The zygote needs the following; REFUSED_IN_RUN and RUN_CONDITIONS take them away from the program.
    "starting and locking a run": "landlock_restrict_self seccomp capset prctl pidfd_open clone kill tgkill prlimit64",
    "talking to the judge": "sendto recvfrom sendmsg recvmsg getsockopt getsockname getpeername",
}
"""Purpose -> calls that are allowed."""

REFUSED: dict[str, tuple[int, str]] = {
    "effects that other runs could notice": (errno.EPERM, "flock fadvise64 mincore sysinfo"),
    "facts about the machine or another process": (
        errno.EPERM,
        "statfs fstatfs getrusage getpriority capget get_robust_list",
    ),
    "counters and stores of the whole machine": (
        errno.EPERM,
        "pipe pipe2 socketpair timer_create timer_settime timer_gettime timer_delete timer_getoverrun",
    ),
    "the same answer for every path: not a link": (errno.EINVAL, "readlink readlinkat"),
    "success without doing anything": (0, "fsync fdatasync msync"),
    "network": (
        errno.EACCES,
        "socket connect bind listen accept accept4 sendmmsg recvmmsg setsockopt shutdown",
    ),
    "new processes": (errno.EPERM, "fork vfork execve execveat"),
    "changing files": (
        errno.EACCES,
        "creat truncate mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat "
        "mknod mknodat",
    ),
    "changing attributes of files": (
        errno.EPERM,
        "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat setxattr "
        "lsetxattr fsetxattr removexattr lremovexattr fremovexattr",
    ),
    "a session of its own": (errno.EPERM, "setsid setpgid"),
    "other processes, priorities, limits": (
        errno.EPERM,
        "tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal setrlimit setpriority sched_setaffinity "
        "sched_setparam sched_setscheduler sched_setattr ioprio_set setuid setgid setreuid setregid "
        "setresuid setresgid setgroups setfsuid setfsgid mlock mlock2 mlockall memfd_create",
    ),
}
"""Purpose -> (errno, calls): they raise the usual OSError, judged like any exception; 0 is success."""

KILLED = (
    "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp bpf perf_event_open userfaultfd "
    "mount umount2 pivot_root chroot unshare setns fsopen fsconfig fsmount fspick move_mount open_tree mount_setattr "
    "open_by_handle_at name_to_handle_at io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key "
    "kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct iopl ioperm "
    "settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname syslog quotactl vhangup"
)
"""Calls that no honest program makes: SECURITY_VIOLATION."""

REFUSED_IN_RUN = "sendmsg recvmsg execve seccomp capset landlock_restrict_self pidfd_open"
"""Allowed or refused in the zygote, refused (EPERM) once the program runs."""

REFUSED_IN_PYTHON = "times"
"""Refused once a Python program runs: the last run may be the parent of the earlier ones, and would read their time."""

EXECUTE = "execve execveat"
"""Allowed where a run executes a compiled program. Landlock says which files: the program and its runtime."""

COMPILER_GROUPS = (
    "new processes",
    "changing files",
    "changing attributes of files",
    "a session of its own",
    "facts about the machine or another process",
    "counters and stores of the whole machine",
    "the same answer for every path: not a link",
    "success without doing anything",
)
"""Groups of REFUSED that are allowed to a compiler; it may write in its scratch folder only."""

COMPILER_CONDITIONS = ("clone", "prlimit64", "sendto")
"""The calls of CONDITIONS whose conditions hold for a compiler too."""

OWN_PROCESS = -1
"""As a value of an argument: the process id of the run itself."""


@dataclass(frozen=True, slots=True)
class Argument:
    """Values of an argument with which a call is allowed.

    Attributes:
        place: the argument's number, from 0.
        values: allowed values, after masking.
        mask: the bits that are compared.
        wide: compare all 64 bits (a pointer), not the low 32.
        only_with: a condition on another argument that must hold as well.
    """

    place: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    wide: bool = False
    only_with: Argument | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A call that is allowed only if at least one of ``arguments`` holds.

    Attributes:
        call: name of the system call.
        arguments: the alternatives.
        refusal: errno if none holds.
        why: what is allowed, and why nothing else.
    """

    call: str
    arguments: tuple[Argument, ...]
    refusal: int
    why: str


THREAD_CLOCK = 0x80000006  # clock id of a thread, masked: the kernel accepts threads of the caller's process only
OWN_CLOCK = 0xFFFFFFFA  # clock_getcpuclockid(0)
NO_QUEUED_SIGNALS = "1 to 31: higher ones are queued, and the kernel counts queued signals of all runs together"
NOT_DIRECT = "without O_DIRECT: a run that bypasses the page cache could wait for the disk, which no limit counts"

CONDITIONS: tuple[Condition, ...] = (
    Condition("open", (Argument(1, (0,), mask=os.O_DIRECT),), errno.EINVAL, NOT_DIRECT),
    Condition("openat", (Argument(2, (0,), mask=os.O_DIRECT),), errno.EINVAL, NOT_DIRECT),
    Condition("clone", (Argument(0, (0,), mask=0x7E020000),), errno.EPERM, "no new namespaces"),
    Condition("prlimit64", (Argument(0, (0,)),), errno.EPERM, "the caller's own limits only"),
    Condition(
        "fcntl",
        (
            Argument(1, (0, 1, 2, 3, 1030, 1034)),
            Argument(1, (4,), only_with=Argument(2, (0,), mask=os.O_DIRECT)),
        ),
        errno.EPERM,
        "duplicate, close-on-exec, status flags (not O_DIRECT), seals; a lock, lease, owner or hint on a file would "
        "reach other runs",
    ),
    Condition(
        "ioctl",
        (Argument(1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),),
        errno.ENOTTY,
        "queries of terminals and pipes; others change attributes of a file, or send signals",
    ),
    Condition("sendto", (Argument(4, (0,), wide=True),), errno.EACCES, "to the other end of the socket only"),
    Condition(
        "mmap",
        (Argument(3, (0, 0x01, 0x20), mask=0x40021),),
        errno.EPERM,
        "no shared anonymous memory, which no limit counts; no huge pages (MAP_HUGETLB): all runs share them",
    ),
    Condition(
        "madvise",
        (Argument(2, (0, 1, 2, 4, 8, 10, 11, 14, 15, 16, 17, 18, 19, 22, 23)),),
        errno.EPERM,
        "advice on its own memory; none that fetches, evicts, merges or collapses pages that others read too",
    ),
    Condition(
        "futex",
        (Argument(1, (0x80,), mask=0x80),),
        errno.EAGAIN,
        "FUTEX_PRIVATE_FLAG: in its own memory, not on a page of a file that another run has mapped too",
    ),
    Condition(
        "membarrier",
        (Argument(0, (0, 8, 16, 32, 64)),),
        errno.EPERM,
        "its own threads; the duration of a barrier for all processes would show how busy they are",
    ),
    *(
        Condition(
            call,
            (
                Argument(0, (0,), mask=0x80000000),
                Argument(0, (THREAD_CLOCK,), mask=0x80000007),
                Argument(0, (OWN_CLOCK,)),
            ),
            errno.EINVAL,
            "the machine's clocks, its own and its threads'; not those of another process",
        )
        for call in ("clock_gettime", "clock_getres", "clock_nanosleep")
    ),
    *(
        Condition(call, (Argument(0, (0,)),), errno.ENOSYS, "its own; with other ids it would show which threads exist")
        for call in ("getpgid", "getsid", "sched_getaffinity", "sched_getparam", "sched_getscheduler")
    ),
    Condition("kill", (Argument(1, (0,), mask=0xFFFFFFE0),), errno.EPERM, NO_QUEUED_SIGNALS),
    Condition("tgkill", (Argument(2, (0,), mask=0xFFFFFFE0),), errno.EPERM, NO_QUEUED_SIGNALS),
)
"""Conditions for zygote and program alike. They are in the base filter, so they cost a run nothing."""

THREAD_JOIN = Condition(
    "futex",
    (Argument(1, (0x80,), mask=0x80), Argument(1, (0, 9, 0x109))),
    errno.EAGAIN,
    "also FUTEX_WAIT without the flag, with which the C library waits for the end of a thread",
)
"""Replaces the condition for runtimes of other languages than Python, whose threads do not wait this way."""

COMPILED_THREADS = Condition(
    "futex",
    (Argument(1, (0x80,), mask=0x80), Argument(1, (0, 1, 9, 0x109))),
    errno.EAGAIN,
    "also FUTEX_WAIT and FUTEX_WAKE without the flag: C++ notifies a std::promise, latch or atomic this way",
)
"""The same for a compiled program, which has no file mapped that another run has."""

CLONE_PIDFD = 0x1000
THREAD_FLAGS = 0x00050F00  # CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: what every thread library sets
CLONE_VFORK = 0x4000  # the caller waits for the end of the thread, uninterruptibly

RUN_CONDITIONS: tuple[Condition, ...] = (
    Condition(
        "clone",
        (Argument(0, (THREAD_FLAGS,), mask=THREAD_FLAGS | CLONE_PIDFD | CLONE_VFORK),),
        errno.EPERM,
        "threads, no processes; no pidfd of a thread, whose number (st_ino) counts all threads of the machine; no "
        "uninterruptible wait for a thread, which would look like waiting for a disk and not count as sleep",
    ),
    Condition(
        "prlimit64",
        (Argument(2, (0,), wide=True), Argument(1, (3,))),
        errno.EPERM,
        "read its limits; set the stack's (RLIMIT_STACK), as deeply recursive programs do",
    ),
    Condition(
        "prctl",
        (Argument(0, (15, 16, 0x53564D41)),),
        errno.EPERM,
        "names of threads and memory (PR_SET_NAME, PR_GET_NAME, PR_SET_VMA); not its parent death signal",
    ),
    Condition("kill", (Argument(0, (OWN_PROCESS,)),), errno.EPERM, "signals to itself only"),
    Condition("tgkill", (Argument(0, (OWN_PROCESS,)),), errno.EPERM, "signals to its own threads only"),
)
"""Conditions once the program runs. They are in the small filter that each run installs."""
