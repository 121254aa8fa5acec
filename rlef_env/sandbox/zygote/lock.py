"""The lock: everything that keeps a run from doing more than compute. Part of the zygote's text; see `source.py`.

``Lock.apply`` locks the zygote, once, and ``Lock.apply_to_run`` adds the last layers in each run. The order of the
layers is the order in which they stand there: each one takes away rights that the ones before it still need.
"""

from __future__ import annotations

import ctypes
import functools
import os
import resource
import signal
import socket
import struct
from collections.abc import Callable
from typing import Any

from rlef_env.sandbox.zygote.kernel import *
from rlef_env.sandbox.zygote.private_root import enter_private_root, read_tree_into_cache
from rlef_env.sandbox.zygote.protocol import *


class Lock:
    """The layers, each tested by applying it. A layer that does not hold is reported, never silently skipped."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.forks: bool = config["forks"]
        self.launcher: int = config["launcher"]
        self.scratch: str = "" if self.forks else config["scratch"]
        if self.launcher >= 0:
            os.set_inheritable(self.launcher, False)
        self.layers: dict[str, tuple[bool, str]] = {}
        self.calls = CALLS.get(os.uname().machine, {})
        # Built here, once, so that a run only has to write its process id into the filter.
        self.run_filter, self.run_filter_header = filter_program(bytes.fromhex(config["run_filter"]))
        self.own_ids = [ctypes.c_uint32.from_buffer(self.run_filter, place) for place in config["pid_places"]]
        self.run_ruleset = self.last_pid = -1
        self.has_named_pipes = False

    def apply(self) -> dict[str, tuple[bool, str]]:
        """Lock this process; return layer -> (whether it holds, why not)."""
        self.attempt("oom_score", be_killed_first_for_memory)
        if self.config["locked"]:
            self.attempt("user_namespace", enter_user_namespace)
            self.attempt("network_namespace", functools.partial(unshare, CLONE_NEWNET))
            self.attempt("ipc_namespace", functools.partial(unshare, CLONE_NEWIPC))
            self.attempt("uts_namespace", enter_uts_namespace)
            self.attempt("pid_namespace", enter_pid_namespace)
            self.attempt("mount_namespace", self.enter_root)
        self.attempt("rlimits", functools.partial(set_base_limits, self.config["open_files"]))
        if self.config["locked"]:
            self.attempt("no_new_privs", self.drop_privileges)
            self.attempt("landlock", self.restrict_paths)
            self.attempt("seccomp", self.install_base_filter)
        self.config = {"pid_places": self.config["pid_places"]}  # a run can read this, so nothing else stays
        return self.layers

    def attempt(self, layer: str, apply: Callable[[], object]) -> None:
        try:
            apply()
        except OSError as error:
            self.layers[layer] = False, str(error)
        else:
            self.layers[layer] = True, ""

    def holds(self, layer: str) -> bool:
        return self.layers.get(layer, (False, ""))[0]

    def apply_to_run(self) -> None:
        """Apply the layers of one run. A failure ends it before its program starts: better no verdict than no lock."""
        if self.last_pid >= 0:
            os.close(self.last_pid)
            check(syscall(self.calls["capset"], CAPABILITIES_OF_SELF, bytes(24)), "capset")
        if self.holds("landlock"):
            check(syscall(LANDLOCK_RESTRICT_SELF, self.run_ruleset, 0), "landlock_restrict_self")
            os.close(self.run_ruleset)
        if self.holds("seccomp"):
            for own_id in self.own_ids:
                own_id.value = os.getpid()
            check(syscall(self.calls["seccomp"], SECCOMP_SET_MODE_FILTER, 0, self.run_filter_header), "seccomp")

    # --- namespaces ---

    def enter_root(self) -> None:
        def set_up_proc(proc: str) -> None:
            self.attempt("process_ids", functools.partial(self.open_last_pid, proc))

        enter_private_root(self.config, self.forks, self.calls["pivot_root"], set_up_proc)
        self.has_named_pipes = bool(self.config["pipes"])
        # One rule covers a whole bound directory, because an empty one hides what must not be seen.
        folders = [*self.config["directories"], *self.config["packages"]]
        self.config["readable"] = [*folders, *self.config["files"]]

    def open_last_pid(self, proc: str) -> None:
        """Open the file that holds the process id given out last: the next process gets the one after it."""
        if not self.holds("pid_namespace"):
            raise OSError("needs a pid namespace")
        self.last_pid = os.open(f"{proc}/sys/kernel/ns_last_pid", os.O_WRONLY | os.O_CLOEXEC)
        os.pwrite(self.last_pid, b"1", 0)

    def next_pid_follows(self, pid: int) -> None:
        """Give the next process the id after this one, and its threads the ids after that, whatever ran before."""
        if self.last_pid >= 0:
            os.pwrite(self.last_pid, b"%d" % pid, 0)

    def hand_over_scratch(self, judge: socket.socket) -> None:
        """Send the judge a descriptor of the scratch folder, to which the judge may have no path."""
        if self.scratch:
            fd = os.open(self.scratch, os.O_RDONLY | os.O_DIRECTORY)
            socket.send_fds(judge, [SCRATCH], [fd])
            os.close(fd)
            self.scratch = ""

    # --- privileges ---

    def drop_privileges(self) -> None:
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
        check(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE")
        kept = CAP_CHECKPOINT_RESTORE if self.last_pid >= 0 else -1
        for capability in range(64):
            if capability != kept and libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
                break  # past the last one; or this process may drop none, because it has none
        self.keep_capability(kept)

    def keep_capability(self, kept: int) -> None:
        """Drop all capabilities but one (-1: all): to set the next process id. The launcher inherits it."""
        sets = [1 << (kept - 32) if half and kept >= 0 else 0 for half in (0, 1) for _ in range(3)]
        check(syscall(self.calls["capset"], CAPABILITIES_OF_SELF, struct.pack("<6I", *sets)), "capset")
        if kept >= 0:
            check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept, 0, 0), "PR_CAP_AMBIENT")

    # --- Landlock ---

    def restrict_paths(self) -> None:
        abi = check(syscall(LANDLOCK_CREATE_RULESET, None, 0, 1), "Landlock")
        bits = 13 + (abi >= 2) + (abi >= 3) + (abi >= 5)
        files, network, scopes = (1 << bits) - 1, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0
        size = 8 + 8 * (abi >= 4) + 8 * (abi >= 6)
        attributes = struct.pack("<QQQ", files, network, scopes)[:size]
        ruleset = check(syscall(LANDLOCK_CREATE_RULESET, attributes, size, 0), "landlock_create_ruleset")
        if not self.forks and not self.holds("mount_namespace"):
            for path in [*self.config["readable"], *self.config["executable"]]:
                read_tree_into_cache(path)
        for path in self.config["readable"]:
            allow(ruleset, path, LANDLOCK_READ_FILE | LANDLOCK_READ_DIR)
        for path in self.config["executable"]:
            allow(ruleset, path, LANDLOCK_READ_FILE | LANDLOCK_READ_DIR | LANDLOCK_EXECUTE)
        if self.config["scratch"]:
            write = LANDLOCK_WRITE_FILE | LANDLOCK_MAKE_REG | LANDLOCK_TRUNCATE
            plain_files = (LANDLOCK_READ_FILE | LANDLOCK_READ_DIR | write) & files
            allow(ruleset, self.config["scratch"], files if self.forks else plain_files)
        if self.has_named_pipes:
            allow(ruleset, NAMED_PIPES, LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE)
        for path in self.config["devices"]:
            write = LANDLOCK_WRITE_FILE if path == "/dev/null" else 0  # /dev/zero, mapped, would be hidden memory
            allow(ruleset, path, LANDLOCK_READ_FILE | write)
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
        check(syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
        os.close(ruleset)
        # Each run adds a layer of its own: from inside, it can neither trace nor (from ABI 6) signal what is outside.
        attributes = struct.pack("<QQQ", LANDLOCK_MAKE_CHAR, 0, scopes)[:size]  # a ruleset must handle something
        self.run_ruleset = check(syscall(LANDLOCK_CREATE_RULESET, attributes, size, 0), "landlock_create_ruleset")

    # --- seccomp ---

    def install_base_filter(self) -> None:
        # Without named pipes, a runtime that needs pipes must be allowed to make its own.
        code = self.config["base_filter" if self.has_named_pipes else "base_filter_with_pipes"]
        _buffer, header = filter_program(bytes.fromhex(code))
        check(syscall(self.calls["seccomp"], SECCOMP_SET_MODE_FILTER, 0, header), "seccomp")


def allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        rights &= LANDLOCK_EXECUTE | LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE
    rule = struct.pack("<Qi", rights, fd)
    check(syscall(LANDLOCK_ADD_RULE, ruleset, 1, rule, 0), f"landlock_add_rule({path})")
    os.close(fd)


def filter_program(code: bytes) -> tuple[Any, bytes]:
    """Return a buffer with the instructions, and the struct sock_fprog that points to it."""
    buffer = ctypes.create_string_buffer(code, len(code))
    return buffer, struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))


def enter_user_namespace() -> None:
    user, group = os.getuid(), os.getgid()
    unshare(CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"65534 {user} 1"), ("gid_map", f"65534 {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def enter_uts_namespace() -> None:
    unshare(CLONE_NEWUTS)
    check(libc.sethostname(b"sandbox", 7), "sethostname")


def enter_pid_namespace() -> None:
    """Go on in a child, the first process of a pid namespace: when it dies, the kernel kills all others in it."""
    unshare(CLONE_NEWPID)
    parent = os.getpid()
    if pid := os.fork():
        os.closerange(0, 1024)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() not in (0, parent):
        os._exit(1)


def be_killed_first_for_memory() -> None:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def set_base_limits(open_files: int) -> None:
    # Not 0, which the kernel ignores where core_pattern is a pipe: a handler of the host would start at each crash.
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(RLIMIT_MSGQUEUE, (0, 0))
    resource.setrlimit(RLIMIT_SIGPENDING, (0, 0))  # else a run sees how many signals other runs of the user have queued
