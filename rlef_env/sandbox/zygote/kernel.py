"""Constants and calls of the Linux kernel that Python does not provide. Part of the zygote's text; see `source.py`."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 1 << 12
MS_MOVE, MS_REC, MS_PRIVATE = 1 << 13, 1 << 14, 1 << 18
MNT_DETACH = 2
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHECKPOINT_RESTORE = 47, 2, 40
CAPABILITIES_OF_SELF = struct.pack("<Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3

SECCOMP_SET_MODE_FILTER = 1
RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, O_PATH = 11, 12, 0o10000000  # not every interpreter defines them

LANDLOCK_EXECUTE, LANDLOCK_WRITE_FILE, LANDLOCK_READ_FILE, LANDLOCK_READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
LANDLOCK_MAKE_CHAR, LANDLOCK_MAKE_REG, LANDLOCK_TRUNCATE = 1 << 6, 1 << 8, 1 << 14
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE = 444, 445  # on every processor

CALLS = {
    "x86_64": {"seccomp": 317, "pivot_root": 155, "capset": 126},
    "aarch64": {"seccomp": 277, "pivot_root": 41, "capset": 91},
}

libc = ctypes.CDLL(None, use_errno=True)
setrlimit = libc.setrlimit
syscall = libc.syscall
syscall.restype = ctypes.c_long


def check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def fork() -> int:
    """Fork this process, which has one thread: like ``os.fork``, without what that does for other threads' locks.

    In CPython those handlers write to 170 pages of memory, and the kernel copies each of them in the child. One of them
    also gives ``random`` a new start, which `python_main.py` does in each run.
    """
    return os.fork() if _fork is None else check(_fork(), "fork")


_fork = ctypes.PyDLL(None, use_errno=True).fork if sys.implementation.name == "cpython" else None


def unshare(flag: int) -> None:
    check(libc.unshare(flag), "unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    def text(value: str | None) -> bytes | None:
        return None if value is None else os.fsencode(value)

    result = libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data))
    check(result, f"mount({target})")


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends."""
    libc.prctl(PR_SET_PDEATHSIG, 9)  # SIGKILL
    if os.getppid() != parent:
        os._exit(0)
