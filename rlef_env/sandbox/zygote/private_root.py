"""The private root: a file tree in which a run sees the interpreter's library, shared objects, a few devices, no more.

Part of the zygote's text; see `source.py`. It is laid out in a mount namespace of the zygote's own.
"""

from __future__ import annotations

import contextlib
import functools
import os
import struct
from collections.abc import Callable
from typing import Any

from rlef_env.sandbox.zygote.kernel import *
from rlef_env.sandbox.zygote.protocol import *

STAGING = ("/sys", "/mnt", "/srv", "/media", "/tmp")  # one of them is covered in the zygote's view to build the root in
NOT_LOADED = (".opt-1.pyc", ".opt-2.pyc", "src.zip", "jmods", ".a")  # parts of libraries that no run needs
READAHEAD_BYTES = 2**17  # that the kernel reads of a file at a time, unless somebody configured more


def enter_private_root(
    config: dict[str, Any], forks: bool, pivot_root: int, set_up_proc: Callable[[str], None]
) -> None:
    """Enter a mount namespace whose root shows what the configuration lists, and nothing else.

    Args:
        config: the zygote's configuration.
        forks: whether runs may start processes, as compilers do; then whole folders are shown, /proc too.
        pivot_root: the number of this system call.
        set_up_proc: called with the path of /proc in the new root, before that is hidden.
    """
    unshare(CLONE_NEWNS)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    folders, files = [*config["directories"], *config["packages"]], config["files"]
    root = next(
        folder
        for folder in STAGING
        if os.path.isdir(folder) and not any(inside(path, folder) for path in (*folders, *files))
    )
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,nr_inodes=60000,mode=755")
    for link, target in config["links"]:
        os.symlink(target, root + link)
    for path in folders:
        if forks:
            os.makedirs(root + path, exist_ok=True)
            bind(path, root + path)
        else:
            show_folder(path, root, {*config["hidden"]} - {*config["packages"]})
    if forks:
        for path in filter(os.path.isdir, config["hidden"]):
            mount("tmpfs", root + path, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k,nr_inodes=9,mode=755")
    for path in files:
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        show_file(path, root)
    scratch, scratch_bytes = config["scratch"], config["scratch_bytes"]
    if scratch:
        os.makedirs(root + scratch, exist_ok=True)
    os.mkdir(root + "/proc")
    try:
        mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:  # refused where the container's own /proc is partly covered
        bind("/proc", root + "/proc")
    if not forks:
        set_up_proc(root + "/proc")
        in_child(functools.partial(hide_proc, root))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")
    os.symlink("/proc/self/fd", root + "/dev/fd")
    if config["pipes"]:
        make_pipes(root, bytes.fromhex(config["pipes"]))
    if not forks:
        make_read_only(root)
    if scratch:
        flags = MS_NOSUID | MS_NODEV | (0 if forks else MS_NOEXEC)
        options = f"size={scratch_bytes},nr_inodes={scratch_bytes // 4096},mode=700"
        mount("tmpfs", root + scratch, "tmpfs", flags, options)
    os.chdir(root)
    check(syscall(pivot_root, b".", b"."), "pivot_root")
    check(libc.umount2(b".", MNT_DETACH), "umount2")
    mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.chdir("/")


def show_folder(folder: str, root: str, hidden: set[str]) -> None:
    """Show the contents of a folder file by file, in folders that belong to the private root.

    So a run looks up no name in a folder where other runs look up names too. The kernel remembers every name that was
    looked up, also names of files that do not exist, and the second lookup is faster.
    """
    os.makedirs(root + folder, exist_ok=True)
    for entry in os.scandir(folder):
        if entry.path in hidden or entry.name.endswith(NOT_LOADED):
            continue
        if entry.is_dir(follow_symlinks=False):
            show_folder(entry.path, root, hidden)
        elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
            show_file(entry.path, root)
    times = os.stat(folder)
    os.utime(root + folder, ns=(times.st_atime_ns, times.st_mtime_ns))  # importlib's cache compares the time


def show_file(path: str, root: str) -> None:
    if os.path.islink(path):
        if not os.path.lexists(root + path):
            os.symlink(os.path.realpath(path), root + path)
        return
    try:
        os.close(os.open(root + path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC))
    except FileExistsError:
        return
    mount(path, root + path, None, MS_BIND)
    read_into_cache(path)


def read_into_cache(path: str) -> None:
    """Have the kernel read a whole file: else the time that reading takes shows a run what another run has read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        for start in range(0, os.fstat(fd).st_size, READAHEAD_BYTES):
            os.posix_fadvise(fd, start, READAHEAD_BYTES, os.POSIX_FADV_WILLNEED)
    except OSError:
        pass  # a device
    finally:
        os.close(fd)


def read_tree_into_cache(path: str) -> None:
    if not os.path.isdir(path):
        read_into_cache(path)
    for folder, _folders, names in os.walk(path):
        for name in names:
            read_into_cache(f"{folder}/{name}")


def make_pipes(root: str, shared_object: bytes) -> None:
    """Make the named pipes that pipes.c opens, and the shared object that pipes.c was compiled to."""
    os.mkdir(root + NAMED_PIPES)
    for number in range(PIPES):
        os.mkfifo(f"{root}{NAMED_PIPES}/{number}", 0o600)
    with open(f"{root}{NAMED_PIPES}/pipes.so", "wb") as file:
        file.write(shared_object)


def make_read_only(root: str) -> None:
    """Make all mounts read-only, so that reading a file does not change its access time."""
    attributes = struct.pack("<QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0)
    syscall(MOUNT_SETATTR, AT_FDCWD, os.fsencode(root), AT_RECURSIVE, attributes, len(attributes))


def hide_proc(root: str) -> None:
    """Move /proc to a secret path, and put links to a run's own descriptors, nothing else, in its place.

    The names and link counts of files in /proc show how many processes the whole machine has, and no permission keeps
    a program from asking for them. A run can read no link, so it does not learn the secret path.
    """
    hidden = f"/{os.urandom(16).hex()}"
    os.mkdir(root + hidden)
    mount(root + "/proc", root + hidden, None, MS_MOVE)
    os.makedirs(root + "/proc/self/fd")
    for fd in (*range(STREAMS), ARTIFACT, *range(FIRST_FILE, FIRST_FILE + MAX_FILES)):
        os.symlink(f"{hidden}/self/fd/{fd}", f"{root}/proc/self/fd/{fd}")


def in_child(action: Callable[[], object]) -> None:
    """Do something in a child process, so that no secret that it uses is in the memory of this one."""
    if (pid := os.fork()) == 0:
        try:
            action()
        except OSError as error:
            os._exit(error.errno or 1)
        except BaseException:
            os._exit(1)
        os._exit(0)
    if code := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise OSError(abs(code), os.strerror(abs(code)))


def inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def bind(source: str, target: str) -> None:
    mount(source, target, None, MS_BIND | MS_REC)
    kept = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)  # a user namespace may not remove these
    with contextlib.suppress(OSError):  # Landlock and seccomp refuse writing as well
        mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | kept)
