"""Every system call that a judged program may make: one table, read top to bottom. What it is for is in `policy.py`.

The base filter is an allow-list: a system call that is in none of the groups below does not exist (ENOSYS).
``RULES`` narrow an allowed call to some arguments. `filters.py` turns the table into seccomp programs; Landlock
(`zygote/main.py`) enforces the same for paths and signals.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

__all__ = [
    "ALLOWED",
    "COMPILER_GROUPS",
    "COMPILER_RULES",
    "EXECUTE",
    "JOINS",
    "KILLED",
    "OWN_PROCESS",
    "REFUSED",
    "REFUSED_IN_RUN",
    "RULES",
    "RUN_RULES",
    "Argument",
    "Rule",
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
    # What follows is for the zygote; REFUSED_IN_RUN and RUN_RULES take it from the program.
    "starting and locking a run": "landlock_restrict_self seccomp capset prctl pidfd_open clone kill tgkill prlimit64",
    "talking to the judge": "sendto recvfrom sendmsg recvmsg getsockopt getsockname getpeername",
}
"""Purpose -> calls that are allowed."""

REFUSED: dict[str, tuple[int, str]] = {
    "what other runs could notice": (errno.EPERM, "flock fadvise64 mincore sysinfo"),
    "what tells of the machine or of another process": (
        errno.EPERM,
        "statfs fstatfs getrusage getpriority capget get_robust_list",
    ),
    "what draws on a counter or a store of the whole machine": (
        errno.EPERM,
        "pipe pipe2 socketpair timer_create timer_settime timer_gettime timer_delete timer_getoverrun",
    ),
    "answered alike for every path, as for what is no link": (errno.EINVAL, "readlink readlinkat"),
    "answered with success, and not done": (0, "fsync fdatasync msync"),
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
    "changing what is known about files": (
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
"""Purpose -> (errno, calls): they give the usual OSError, judged like any exception; 0 is success."""

KILLED = (
    "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp bpf perf_event_open userfaultfd "
    "mount umount2 pivot_root chroot unshare setns fsopen fsconfig fsmount fspick move_mount open_tree mount_setattr "
    "open_by_handle_at name_to_handle_at io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key "
    "kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct iopl ioperm "
    "settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname syslog quotactl vhangup"
)
"""Calls no honest program makes: SECURITY_VIOLATION."""

REFUSED_IN_RUN = "sendmsg recvmsg execve seccomp capset landlock_restrict_self pidfd_open"
"""Allowed or refused in the zygote, refused (EPERM) once the program runs."""

EXECUTE = "execve execveat"
"""Allowed where a run executes a compiled program; Landlock says which files: its own, and those of its runtime."""

COMPILER_GROUPS = (
    "new processes",
    "changing files",
    "changing what is known about files",
    "a session of its own",
    "what tells of the machine or of another process",
    "what draws on a counter or a store of the whole machine",
    "answered alike for every path, as for what is no link",
    "answered with success, and not done",
)
COMPILER_RULES = ("clone", "prlimit64", "sendto")
"""What of REFUSED a compiler may do, in its scratch folder, and which of RULES hold for it all the same."""

OWN_PROCESS = -1
"""In an argument rule: the process id of the run itself."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What an argument of a call may be, for the call to be let through.

    Attributes:
        place: which argument, from 0.
        values: what it may be, once masked.
        mask: the bits that count.
        wide: compare all 64 bits (a pointer), not the low 32.
        only_with: what another argument must be as well.
    """

    place: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    wide: bool = False
    only_with: Argument | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A call that is allowed with some arguments only: with those that satisfy any of ``arguments``."""

    call: str
    arguments: tuple[Argument, ...]
    refusal: int
    why: str


THREAD_CLOCK = 0x80000006  # the clock id of a thread, as far as it is masked: the kernel knows those of its own process
OWN_CLOCK = 0xFFFFFFFA  # clock_getcpuclockid(0)
WHY_NO_QUEUED_SIGNALS = "1 to 31: those above are queued, and how many may be is counted for all runs together"

NOT_DIRECT = "without O_DIRECT: a run that reads past the page cache can wait for the disk, uncounted, as it pleases"

RULES: tuple[Rule, ...] = (
    Rule("open", (Argument(1, (0,), mask=os.O_DIRECT),), errno.EINVAL, NOT_DIRECT),
    Rule("openat", (Argument(2, (0,), mask=os.O_DIRECT),), errno.EINVAL, NOT_DIRECT),
    Rule("clone", (Argument(0, (0,), mask=0x7E020000),), errno.EPERM, "no new namespaces"),
    Rule("prlimit64", (Argument(0, (0,)),), errno.EPERM, "nobody's limits but the caller's own"),
    Rule(
        "fcntl",
        (
            Argument(1, (0, 1, 2, 3, 1030, 1034)),
            Argument(1, (4,), only_with=Argument(2, (0,), mask=os.O_DIRECT)),
        ),
        errno.EPERM,
        "duplicate, close-on-exec, status flags (not O_DIRECT), seals; a lock, lease, owner or hint on a file reaches "
        "other runs",
    ),
    Rule(
        "ioctl",
        (Argument(1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),),
        errno.ENOTTY,
        "terminal and pipe questions; others change what is known about a file, or send signals",
    ),
    Rule("sendto", (Argument(4, (0,), wide=True),), errno.EACCES, "to nobody but the other end"),
    Rule(
        "mmap",
        (Argument(3, (0, 0x01, 0x20), mask=0x40021),),
        errno.EPERM,
        "shared anonymous memory counts nowhere, and huge pages (MAP_HUGETLB) come out of one store for all",
    ),
    Rule(
        "madvise",
        (Argument(2, (0, 1, 2, 4, 8, 10, 11, 14, 15, 16, 17, 18, 19, 22, 23)),),
        errno.EPERM,
        "advice on its own memory; none that fetches, evicts, merges or collapses pages that others read, too",
    ),
    Rule(
        "futex",
        (Argument(1, (0x80,), mask=0x80),),
        errno.EAGAIN,
        "FUTEX_PRIVATE_FLAG: in its own memory, not on a page of a file that another run has mapped as well",
    ),
    Rule(
        "membarrier",
        (Argument(0, (0, 8, 16, 32, 64)),),
        errno.EPERM,
        "its own threads; a barrier for all processes tells how busy they are",
    ),
    *(
        Rule(
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
        Rule(call, (Argument(0, (0,)),), errno.ENOSYS, "its own; with another id it tells which threads there are")
        for call in ("getpgid", "getsid", "sched_getaffinity", "sched_getparam", "sched_getscheduler")
    ),
    Rule("kill", (Argument(1, (0,), mask=0xFFFFFFE0),), errno.EPERM, WHY_NO_QUEUED_SIGNALS),
    Rule("tgkill", (Argument(2, (0,), mask=0xFFFFFFE0),), errno.EPERM, WHY_NO_QUEUED_SIGNALS),
)
"""What holds for zygote and program alike: it is in the base filter, so it costs a run nothing."""

JOINS = Rule(
    "futex",
    (Argument(1, (0x80,), mask=0x80), Argument(1, (0, 9, 0x109))),
    errno.EAGAIN,
    "also FUTEX_WAIT without the flag, by which the C library waits for the end of a thread",
)
"""In place of the rule for Python, whose threads do not wait so. A native program can read no file of others."""

CLONE_PIDFD = 0x1000
THREAD_FLAGS = 0x00050F00  # CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: what every thread library sets
CLONE_VFORK = 0x4000  # the caller waits, uninterruptibly, for the end of the thread

RUN_RULES: tuple[Rule, ...] = (
    Rule(
        "clone",
        (Argument(0, (THREAD_FLAGS,), mask=THREAD_FLAGS | CLONE_PIDFD | CLONE_VFORK),),
        errno.EPERM,
        "threads, no processes; no handle of one either, whose number (st_ino) counts all threads of the machine; no "
        "waiting for one in a way that looks like waiting for a disk, which is no sleep",
    ),
    Rule(
        "prlimit64",
        (Argument(2, (0,), wide=True), Argument(1, (3,))),
        errno.EPERM,
        "read its limits; set the stack's (RLIMIT_STACK), as programs that recurse deeply do",
    ),
    Rule(
        "prctl",
        (Argument(0, (15, 16, 0x53564D41)),),
        errno.EPERM,
        "names of threads and memory (PR_SET_NAME, PR_GET_NAME, PR_SET_VMA); not its parent death signal",
    ),
    Rule("kill", (Argument(0, (OWN_PROCESS,)),), errno.EPERM, "signals to itself only"),
    Rule("tgkill", (Argument(0, (OWN_PROCESS,)),), errno.EPERM, "signals to its own threads only"),
)
"""What holds once the program runs; in the small filter that each run installs."""
