"""The zygote: a small locked interpreter that forks once per program and once more per run.

This file needs only the standard library and is sent, as text, to whatever interpreter is to judge. It imports
nothing of this package, holds no program, no input and no expected output.

    zygote (locks itself once) --fork--> program (compiles, never runs it) --fork--> run (locks itself further, runs)

The program's process learns from the judge over a control socket: one message a run with its arguments, carrying its
standard input, output and errors (memory files, or the ends of pipes) and any files that it may read, as memory
files. It answers with what `wait4` said. A run has no channel of its own: what it can
influence is bytes in its output files and its wait status.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import errno
import fcntl
import gc
import importlib
import io
import json
import linecache
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
import time
import tokenize
import traceback
import types
from collections.abc import Callable
from typing import Any, NamedTuple

# What contest programs import, loaded here once so that no run pays for it.
# ruff: noqa: E401, F401, I001
import _sitebuiltins
import atexit, bisect, cmath, collections, copy, datetime, decimal, enum, fractions, functools, heapq, itertools, math
import operator, queue, random, re, string, typing

FILE = "solution.py"
ARTIFACT = 3  # the descriptor by which a runtime opens what it is to run
STREAMS, MOST_FILES, FIRST_FILE = 3, 16, 40  # input, output, errors; then files, from this descriptor on
NAMED_PIPES, PIPES = "/dev/pipes", 256  # as in pipes.c
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "UV_USE_IO_URING": "0"}  # of programs that are not Python

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 1 << 12
MS_MOVE, MS_REC, MS_PRIVATE = 1 << 13, 1 << 14, 1 << 18
MNT_DETACH = 2
FETCHED = 2**17  # bytes of a file that the kernel fetches at a time, where nobody has told it to fetch more
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
NOT_LOADED = (".opt-1.pyc", ".opt-2.pyc", "src.zip", "jmods", ".a")  # in libraries, and no run's business
STAGING = ("/sys", "/mnt", "/srv", "/media", "/tmp")  # covered, in the zygote's own view, while its root is laid out
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHECKPOINT_RESTORE = 47, 2, 40
CAPABILITIES_OF_SELF = struct.pack("<Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
SECCOMP_SET_MODE_FILTER = 1
RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, O_PATH = 11, 12, 0o10000000  # which not every interpreter names
LANDLOCK_EXECUTE, LANDLOCK_WRITE_FILE, LANDLOCK_READ_FILE, LANDLOCK_READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
LANDLOCK_MAKE_CHAR, LANDLOCK_MAKE_REG, LANDLOCK_TRUNCATE = 1 << 6, 1 << 8, 1 << 14
PIDFD_OPEN, LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 434, 444, 445, 446  # everywhere
CALLS = {"x86_64": {"seccomp": 317, "pivot_root": 155, "capset": 126}}
CALLS["aarch64"] = {"seccomp": 277, "pivot_root": 41, "capset": 91}

MOST_FRAMES = 2000  # of a traceback; a million of them take seconds and a gigabyte to print
COMPILE_CPU_SECONDS = 150  # a backstop: the judge ends a compilation earlier, by what it really used
ENQUIRY = 9  # bytes: "?" and a number
LOAD = b"L"  # before what is to be loaded: no enquiry begins with it
RUN = struct.Struct("<qqqq")  # CPU seconds (whole); bytes of address space, of a file, of the stack (-1: as it is)
RESULT = struct.Struct("<idqd")  # wait status, CPU seconds, peak resident bytes, wall seconds

libc = ctypes.CDLL(None, use_errno=True)
syscall = libc.syscall
syscall.restype = ctypes.c_long


def check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


# --- the zygote -------------------------------------------------------------------------------------------------


def main(control: int) -> None:
    """Lock this process, say which layers hold, then fork a process per program until the judge hangs up."""
    judge = socket.socket(fileno=control)
    judge.sendall(json.dumps({"path": sys.path, "objects": shared_objects(), "version": sys.version}).encode())
    config = json.loads(judge.recv(1 << 18))
    preload(config["preload"])
    lock = Lock(config)
    del config
    judge.sendall(json.dumps(lock.apply()).encode())
    lock.hand_over_scratch(judge)
    if lock.holds("seccomp"):
        do_without_refused_calls()
    become_plain_python()
    while True:
        try:
            message, (source, programs_control) = receive(judge, 2, 2)
        except EOFError:
            os._exit(0)
        command, imports, recursion_limit = json.loads(message[len(LOAD) + RUN.size :])
        names = imported(imports)  # once for all programs that start with them
        parent = os.getpid()
        lock.next_pid_follows(parent)
        if (pid := os.fork()) == 0:
            judge.close()
            try:
                die_with(parent)
                limits, start = RUN.unpack_from(message, len(LOAD)), Start(names, recursion_limit)
                program(socket.socket(fileno=programs_control), source, limits, command, start, lock)
            finally:
                os._exit(0)
        os.close(source)
        os.close(programs_control)
        attend(judge, pid)
        reap_orphans()


class Start(NamedTuple):
    """What a program in Python finds when it starts: names beside the builtins, and how deep it may recurse."""

    names: dict[str, Any]
    recursion_limit: int


@functools.cache
def imported(imports: str) -> dict[str, Any]:
    """The names that import statements bind; a module that is not there binds none."""
    if not imports:
        return {}
    import ast  # here, as each page of the zygote's memory makes every fork dearer

    names: dict[str, Any] = {}
    for statement in ast.parse(imports).body:
        with contextlib.suppress(ImportError):
            exec(compile(ast.Module([statement], []), "imports", "exec", dont_inherit=True), names)
    names.pop("__builtins__", None)
    return names


def preload(folder: str) -> None:
    """Load numpy from where it is installed, without making what lies beside it importable."""
    if folder:
        sys.path.append(folder)
        for name in ("numpy", "numpy.linalg", "numpy.random", "numpy.fft", "numpy.polynomial"):
            importlib.import_module(name)
        sys.path.remove(folder)


def shared_objects() -> list[str]:
    with open("/proc/self/maps") as file:
        return sorted({line.split(None, 5)[5].strip() for line in file if ".so" in line})


def become_plain_python() -> None:
    """What a program sees of the interpreter is what ``python solution.py`` shows."""
    sys.argv[:], sys.executable = [FILE], ""
    sys.path[:] = [entry for entry in sys.path if entry]
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)  # programs may be older than the limit; CPU time bounds them
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()
    gc.collect()
    gc.disable()
    if hasattr(gc, "freeze"):
        gc.freeze()


def do_without_refused_calls() -> None:
    """Give honest programs another way to two things that they expect to work; who calls the kernel is refused."""
    resource.getrusage = own_times
    if hasattr(os, "eventfd"):
        socket.socketpair = waking_pair  # type: ignore[assignment]


def own_times(who: int) -> resource.struct_rusage:
    """As ``resource.getrusage``, but the times only: page faults and lost cores tell of what other runs do."""
    clocks = {resource.RUSAGE_SELF: time.process_time, resource.RUSAGE_THREAD: time.thread_time}
    if who not in (*clocks, resource.RUSAGE_CHILDREN):
        raise ValueError("invalid who parameter")
    used = clocks[who]() if who in clocks else 0.0
    system = min(used, os.times().system) if used else 0.0
    return resource.struct_rusage((used - system, system, *[0] * 14))


def waking_pair(*kind: object) -> tuple[Waker, Waker]:
    """What asyncio asks ``socket.socketpair`` for, to wake its loop by: here without a socket."""
    if kind:
        raise PermissionError(errno.EPERM, "a program has no sockets")
    fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    return Waker(fd), Waker(os.dup(fd))


class Waker:
    """Says NUL bytes, of which the number is kept, to the other one of the pair: asyncio says no others."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def setblocking(self, flag: bool) -> None:
        os.set_blocking(self._fd, flag)

    def send(self, data: bytes) -> int:
        if data.strip(b"\0"):
            raise PermissionError(errno.EPERM, "a program has no sockets")
        if data:
            os.eventfd_write(self._fd, len(data))
        return len(data)

    def recv(self, size: int) -> bytes:
        return bytes(os.eventfd_read(self._fd))[:size]

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


def die_with(parent: int) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def reap_orphans() -> None:
    """As the init of its namespace the zygote inherits what a killed program leaves behind."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def attend(judge: socket.socket, pid: int) -> tuple[int, resource.struct_rusage]:
    """Wait for a child; meanwhile hand the judge a handle of it when asked, and kill it if the judge is gone."""
    handle = check(syscall(PIDFD_OPEN, pid, 0), "pidfd_open")
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(judge.fileno(), select.POLLIN)
    try:
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if handle in ready:
                _, status, usage = os.wait4(pid, 0)
                return status, usage
            message = judge.recv(ENQUIRY, socket.MSG_PEEK)
            if message[:1] == b"?":
                hand_over(judge, judge.recv(ENQUIRY), handle)
            elif message:
                poll.unregister(judge.fileno())  # the next program, for when this one has ended
            else:
                os.kill(pid, signal.SIGKILL)
                os._exit(0)
    finally:
        os.close(handle)


def hand_over(judge: socket.socket, enquiry: bytes, handle: int) -> None:
    """Answer an enquiry, in its own words so that a late answer is known for one, with a handle of the child."""
    try:
        socket.send_fds(judge, [enquiry], [handle])
    except OSError:
        judge.sendall(enquiry)  # the kernel takes no descriptor just now; the judge will ask again


def receive(sock: socket.socket, least: int, most: int) -> tuple[bytes, list[int]]:
    """One message with so many descriptors; EOFError when the other side has hung up."""
    while True:
        message, fds, _, _ = socket.recv_fds(sock, 1 << 16, most)
        for fd in fds:
            os.set_inheritable(fd, False)  # none of these is for what a run may execute
        if not message:
            raise EOFError
        if len(fds) >= least:
            return message, fds
        for fd in fds:  # an enquiry ("?") that crossed the end of a child
            os.close(fd)


# --- one program ------------------------------------------------------------------------------------------------


def program(
    judge: socket.socket, source: int, limits: tuple[int, ...], command: list[str], start: Start, lock: Lock
) -> None:
    """Compile the source, report, then fork a run for every input. Never runs the program itself."""
    cpu, space, size, stack = limits
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    if stack >= 0:
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        soft = stack if hard == resource.RLIM_INFINITY else min(stack, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    code = None if command else compiled(judge, source)
    vars(builtins).update(start.names)  # not the program's own names: those that it defines come first
    judge.sendall(b"C")
    if command and lock.launcher >= 0:
        become_launcher(judge.fileno(), source, cpu, command, lock)
    while True:
        try:
            message, files = receive(judge, STREAMS, STREAMS + MOST_FILES)
        except EOFError:
            os._exit(0)
        started, parent = time.monotonic(), os.getpid()
        lock.next_pid_follows(parent)
        if (pid := os.fork()) == 0:
            try:
                die_with(parent)
                prepare(files, cpu, lock)
                arguments = [os.fsdecode(word) for word in message.split(b"\0")[1:]]
                if command:
                    become(command, source, arguments)
            except BaseException as error:
                judge.sendall(b"F" + repr(error).encode())
                os._exit(1)
            judge.close()
            run(code, arguments, start)
        for fd in files:
            os.close(fd)
        status, usage = attend(judge, pid)
        if lock.forks:
            kill_group(pid)
        cpu_seconds = usage.ru_utime + usage.ru_stime
        judge.sendall(RESULT.pack(status, cpu_seconds, usage.ru_maxrss * 1024, time.monotonic() - started))


def compiled(judge: socket.socket, source: int) -> types.CodeType:
    """Compile the source, or tell the judge why it does not and end."""
    resource.setrlimit(resource.RLIMIT_CPU, (COMPILE_CPU_SECONDS, resource.RLIM_INFINITY))
    with open(source, "rb") as file:
        text = file.read()
    try:
        code = compile(text, FILE, "exec", dont_inherit=True)
    except BaseException as error:
        judge.sendall(b"E" + compiler_words(error, text).encode("utf-8", "replace")[:60_000])
        os._exit(0)
    linecache.cache[FILE] = (len(text), None, source_lines(text), FILE)
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return code


def become(command: list[str], artifact: int, arguments: list[str]) -> None:
    """Execute what was compiled: the artifact itself, or a runtime that is given its path."""
    default_signals()
    words, environment = runtime_command(command)
    if words:
        os.dup2(artifact, ARTIFACT)
        os.execve(words[0], [*words, *arguments], environment)
    os.execve(artifact, [FILE, *arguments], environment)


def become_launcher(control: int, artifact: int, cpu: int, command: list[str], lock: Lock) -> None:
    """Leave the rest to launcher.c, which forks much faster than an interpreter."""
    default_signals()
    ruleset = lock.run_ruleset if lock.holds("landlock") else -1
    code = bytes(lock.run_filter).hex() if lock.holds("seccomp") else ""
    places = ",".join(map(str, lock.config["pid_places"]))
    words, environment = runtime_command(command)
    for fd in (control, artifact, ruleset, lock.last_pid):
        if fd >= 0:
            fcntl.fcntl(fd, fcntl.F_SETFD, 0)
    arguments = ["launcher", str(control), str(artifact), str(ruleset), str(lock.last_pid), str(cpu), code, places]
    arguments += [words[0], *words] if words else ["", FILE]
    os.execve(lock.launcher, arguments, environment)  # which is what the runs get


def runtime_command(command: list[str]) -> tuple[list[str], dict[str, str]]:
    """The command line of a runtime, empty where the artifact itself is executed; and the environment of either."""
    if command == ["{program}"]:
        return [], ENVIRONMENT
    words = [word.replace("{program}", f"/proc/self/fd/{ARTIFACT}") for word in command]
    first = next(place for place, word in enumerate(words) if word.startswith("/"))
    return words[first:], ENVIRONMENT | dict(word.split("=", 1) for word in words[:first])


def default_signals() -> None:
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and what is executed would inherit that
        signal.signal(number, signal.SIG_DFL)


def kill_group(pid: int) -> None:
    """End what a compiler started and did not wait for."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def source_lines(text: bytes) -> list[str]:
    """As ``linecache`` would read them from a file."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(text).readline)[0]
        lines = io.TextIOWrapper(io.BytesIO(text), encoding, errors="replace").readlines()
    except (SyntaxError, UnicodeError, LookupError):
        lines = io.TextIOWrapper(io.BytesIO(text), "utf-8", errors="replace").readlines()
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def compiler_words(error: BaseException, text: bytes) -> str:
    """What the interpreter prints of a program that does not compile."""
    if isinstance(error, SyntaxError) and error.text is None and error.lineno:
        lines = source_lines(text)  # the compiler looked for them on disk
        error.text = lines[error.lineno - 1] if error.lineno <= len(lines) else None
    sys.stderr = words = io.StringIO()
    sys.__excepthook__(type(error), error.with_traceback(None), None)
    return words.getvalue()


# --- one run ----------------------------------------------------------------------------------------------------


def prepare(files: list[int], cpu: int, lock: Lock) -> None:
    """Give up what is left. What goes wrong here is the sandbox's fault and is told to the judge."""
    for place, fd in enumerate(files):
        os.dup2(fd, place if place < STREAMS else FIRST_FILE + place - STREAMS)
        os.close(fd)
    if lock.forks:
        os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    lock.apply_to_run()


def run(code: types.CodeType | None, arguments: list[str], start: Start) -> None:
    """Become ``python solution.py``; never return."""
    assert code is not None
    sys.argv[1:] = arguments
    main_module = type(sys)("__main__")
    namespace = main_module.__dict__
    namespace.update(__file__=FILE, __builtins__=builtins, __cached__=None, __annotations__={})
    sys.modules["__main__"] = main_module
    del main_module
    threading.excepthook = show_in_thread
    sys.setrecursionlimit(start.recursion_limit + depth())
    gc.enable()
    os._exit(execute(code, namespace))


def execute(code: types.CodeType, namespace: dict[str, Any]) -> int:
    """Run the program and end as CPython does; return the exit status."""
    status = 0
    try:
        exec(code, namespace)
    except BaseException as error:
        error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next  # without this frame
        status = report(error)
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are no daemons
    except BaseException as error:
        report(error)
    atexit._run_exitfuncs()
    flushed = flush()
    sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__
    for key in [key for key in namespace if key[:1] == "_" and key[1:2] != "_"]:
        namespace[key] = None
    for key in [key for key in namespace if key != "__builtins__"]:
        namespace[key] = None  # as the interpreter does: files are flushed and closed, __del__ runs
    gc.collect()
    flush()
    return status if flushed else 120


def report(error: BaseException) -> int:
    """Do what the interpreter does with an uncaught exception; return the exit status."""
    if isinstance(error, SystemExit):
        return exit_status(error.code)
    try:
        flush_one(sys.stdout)
        if sys.excepthook is sys.__excepthook__:
            show(type(error), error, error.__traceback__)
        else:
            sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit as exit_error:
        return exit_status(exit_error.code)
    except BaseException:
        pass
    if isinstance(error, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1


def exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    try:
        print(code, file=sys.stderr, flush=True)
    except BaseException:
        pass
    return 1


def show(kind: type[BaseException], error: BaseException | None, trace: types.TracebackType | None) -> None:
    """Print an exception. The C printer would look for solution.py on disk; this one finds its lines in linecache."""
    if sys.stderr is not None:
        traceback.print_exception(kind, error, trace, limit=-MOST_FRAMES, file=sys.stderr)
        sys.stderr.flush()


def show_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit or sys.stderr is None:
        return
    name = args.thread.name if args.thread is not None else threading.get_ident()
    print(f"Exception in thread {name}:", file=sys.stderr, flush=True)
    show(args.exc_type, args.exc_value, args.exc_traceback)


def flush() -> bool:
    return flush_one(sys.stdout) & flush_one(sys.stderr)


def flush_one(stream: Any) -> bool:
    try:
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()
    except BaseException:
        return False
    return True


def depth() -> int:
    """Frames below the program's own, so that it has the recursion depth it would have alone."""
    frame: types.FrameType | None = sys._getframe(1)
    count = 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count + (2 if sys.version_info < (3, 12) else 1)  # ... and what the interpreter counts for exec


# --- the lock ---------------------------------------------------------------------------------------------------


class Lock:
    """The layers, each probed by applying it. A layer that is missing is reported, never skipped in silence."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.forks: bool = config["forks"]
        self.launcher: int = config["launcher"]
        self.scratch: str = "" if self.forks else config["scratch"]
        if self.launcher >= 0:
            os.set_inheritable(self.launcher, False)
        self.layers: dict[str, tuple[bool, str]] = {}
        self.calls = CALLS.get(os.uname().machine, {})
        # Put together here, so that a run need only write its process id into it.
        self.run_filter, self.run_filter_header = filter_program(bytes.fromhex(config["run_filter"]))
        self.run_ruleset = self.last_pid = -1

    def apply(self) -> dict[str, tuple[bool, str]]:
        self.layers["oom_score"] = self.attempt(volunteer_for_oom)
        if self.config["locked"]:
            self.layers["user_namespace"] = self.attempt(self.enter_user_namespace)
            for name, flag in (
                ("network_namespace", CLONE_NEWNET),
                ("ipc_namespace", CLONE_NEWIPC),
            ):
                self.layers[name] = self.attempt(functools.partial(unshare, flag))
            self.layers["uts_namespace"] = self.attempt(enter_uts_namespace)
            self.layers["pid_namespace"] = self.attempt(self.enter_pid_namespace)
            self.layers["mount_namespace"] = self.attempt(self.enter_private_root)
        self.layers["rlimits"] = self.attempt(functools.partial(set_base_limits, self.config["open_files"]))
        if self.config["locked"]:
            self.layers["no_new_privs"] = self.attempt(self.give_up_privileges)
            self.layers["landlock"] = self.attempt(self.restrict_paths)
            named = "LD_PRELOAD" in ENVIRONMENT  # else a runtime that needs pipes makes its own
            code = self.config["base_filter" if named else "base_filter_with_pipes"]
            self.layers["seccomp"] = self.attempt(functools.partial(self.install, code))
        self.config = {"pid_places": self.config["pid_places"]}  # a run can read this, so nothing else stays
        return self.layers

    @staticmethod
    def attempt(layer: Callable[[], object]) -> tuple[bool, str]:
        try:
            layer()
        except OSError as error:
            return False, str(error)
        return True, ""

    def enter_user_namespace(self) -> None:
        user, group = os.getuid(), os.getgid()
        unshare(CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"65534 {user} 1"), ("gid_map", f"65534 {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)

    def enter_pid_namespace(self) -> None:
        """The first process born in the namespace is its init: when it dies, the kernel kills everything in it."""
        unshare(CLONE_NEWPID)
        parent = os.getpid()
        if pid := os.fork():
            os.closerange(0, 1024)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() not in (0, parent):
            os._exit(1)

    def enter_private_root(self) -> None:
        """See only the interpreter's library, shared objects and a few devices; see no other process."""
        unshare(CLONE_NEWNS)
        mount(None, "/", None, MS_REC | MS_PRIVATE)
        shown = [*self.config["directories"], *self.config["packages"], *self.config["files"]]
        root = next(
            folder for folder in STAGING if os.path.isdir(folder) and not any(inside(path, folder) for path in shown)
        )
        mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,nr_inodes=60000,mode=755")
        for link, target in self.config["links"]:
            os.symlink(target, root + link)
        for path in [*self.config["directories"], *self.config["packages"]]:
            if self.forks:
                os.makedirs(root + path, exist_ok=True)
                bind(path, root + path)
            else:
                show_folder(path, root, {*self.config["hidden"]} - {*self.config["packages"]})
        if self.forks:
            for path in filter(os.path.isdir, self.config["hidden"]):
                mount("tmpfs", root + path, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k,nr_inodes=9,mode=755")
        for path in self.config["files"]:
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            show_file(path, root)
        if scratch := self.config["scratch"]:
            os.makedirs(root + scratch, exist_ok=True)
        os.mkdir(root + "/proc")
        try:
            mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        except OSError:  # refused where parts of the container's own are covered
            bind("/proc", root + "/proc")
        if not self.forks:
            self.layers["process_ids"] = self.attempt(functools.partial(self.open_last_pid, root + "/proc"))
            in_child(functools.partial(hide_proc, root))
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")
        os.symlink("/proc/self/fd", root + "/dev/fd")
        if self.config["pipes"]:
            make_pipes(root, bytes.fromhex(self.config["pipes"]))
        if not self.forks:
            make_read_only(root)
        if scratch:
            flags = MS_NOSUID | MS_NODEV | (0 if self.forks else MS_NOEXEC)
            options = f"size={self.config['scratch_bytes']},nr_inodes={self.config['scratch_bytes'] // 4096},mode=700"
            mount("tmpfs", root + scratch, "tmpfs", flags, options)
        os.chdir(root)
        check(syscall(self.calls["pivot_root"], b".", b"."), "pivot_root")
        check(libc.umount2(b".", MNT_DETACH), "umount2")
        mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
        os.chdir("/")
        # One rule covers a whole bound directory, because what must stay unseen is hidden under an empty one.
        folders = [*self.config["directories"], *self.config["packages"]]
        self.config["readable"] = [*folders, *self.config["files"]]

    def open_last_pid(self, proc: str) -> None:
        """Take hold of the file that says which process id was the last: the next one to be born gets one more."""
        if not self.holds("pid_namespace"):
            raise OSError("needs a pid namespace")
        self.last_pid = os.open(f"{proc}/sys/kernel/ns_last_pid", os.O_WRONLY | os.O_CLOEXEC)
        os.pwrite(self.last_pid, b"1", 0)

    def next_pid_follows(self, pid: int) -> None:
        """Give the next process the id after this one, and its threads those that follow, whatever there was before."""
        if self.last_pid >= 0:
            os.pwrite(self.last_pid, b"%d" % pid, 0)

    def give_up_privileges(self) -> None:
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
        check(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE")
        kept = CAP_CHECKPOINT_RESTORE if self.last_pid >= 0 else -1
        for capability in range(64):
            if capability != kept and libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
                break  # past the last one, or no capability to drop any: then there are none
        self.keep_capability(kept)

    def keep_capability(self, kept: int) -> None:
        """Give up all but one (-1: all), which is for naming process ids, and which the launcher inherits."""
        sets = [1 << (kept - 32) if half and kept >= 0 else 0 for half in (0, 1) for _ in range(3)]
        check(syscall(self.calls["capset"], CAPABILITIES_OF_SELF, struct.pack("<6I", *sets)), "capset")
        if kept >= 0:
            check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept, 0, 0), "PR_CAP_AMBIENT")

    def restrict_paths(self) -> None:
        abi = check(syscall(LANDLOCK_CREATE_RULESET, None, 0, 1), "Landlock")
        bits = 13 + (abi >= 2) + (abi >= 3) + (abi >= 5)
        files, network, scopes = (1 << bits) - 1, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0
        size = 8 + 8 * (abi >= 4) + 8 * (abi >= 6)
        attributes = struct.pack("<QQQ", files, network, scopes)[:size]
        ruleset = check(syscall(LANDLOCK_CREATE_RULESET, attributes, size, 0), "landlock_create_ruleset")
        if not self.forks and not self.holds("mount_namespace"):
            for path in [*self.config["readable"], *self.config["executable"]]:
                fetch_below(path)
        for path in self.config["readable"]:
            self.allow(ruleset, path, LANDLOCK_READ_FILE | LANDLOCK_READ_DIR)
        for path in self.config["executable"]:
            self.allow(ruleset, path, LANDLOCK_READ_FILE | LANDLOCK_READ_DIR | LANDLOCK_EXECUTE)
        if self.config["scratch"]:
            written = (
                LANDLOCK_READ_FILE | LANDLOCK_READ_DIR | LANDLOCK_WRITE_FILE | LANDLOCK_MAKE_REG | LANDLOCK_TRUNCATE
            )
            self.allow(ruleset, self.config["scratch"], files if self.forks else written & files)
        if "LD_PRELOAD" in ENVIRONMENT:
            self.allow(ruleset, NAMED_PIPES, LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE)
        for path in self.config["devices"]:
            written = LANDLOCK_WRITE_FILE if path == "/dev/null" else 0  # /dev/zero, mapped, would be hidden memory
            self.allow(ruleset, path, LANDLOCK_READ_FILE | written)
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
        check(syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
        os.close(ruleset)
        # A layer of its own for each run: from inside one can neither trace nor (from ABI 6) signal what is outside.
        attributes = struct.pack("<QQQ", LANDLOCK_MAKE_CHAR, 0, scopes)[:size]  # it must rule something
        self.run_ruleset = check(syscall(LANDLOCK_CREATE_RULESET, attributes, size, 0), "landlock_create_ruleset")

    def allow(self, ruleset: int, path: str, rights: int) -> None:
        try:
            fd = os.open(path, O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        if not os.path.isdir(path):
            rights &= LANDLOCK_EXECUTE | LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE
        rule = struct.pack("<Qi", rights, fd)
        check(syscall(LANDLOCK_ADD_RULE, ruleset, 1, rule, 0), f"landlock_add_rule({path})")
        os.close(fd)

    def install(self, code: str) -> None:
        _buffer, header = filter_program(bytes.fromhex(code))
        check(syscall(self.calls["seccomp"], SECCOMP_SET_MODE_FILTER, 0, header), "seccomp")

    def apply_to_run(self) -> None:
        """The layers of one run. A failure ends it here, before the program starts: better no verdict than no lock."""
        if self.last_pid >= 0:
            os.close(self.last_pid)
            check(syscall(self.calls["capset"], CAPABILITIES_OF_SELF, bytes(24)), "capset")
        if self.holds("landlock"):
            check(syscall(LANDLOCK_RESTRICT_SELF, self.run_ruleset, 0), "landlock_restrict_self")
            os.close(self.run_ruleset)
        if self.holds("seccomp"):
            for place in self.config["pid_places"]:
                struct.pack_into("<I", self.run_filter, place, os.getpid())
            check(syscall(self.calls["seccomp"], SECCOMP_SET_MODE_FILTER, 0, self.run_filter_header), "seccomp")

    def hand_over_scratch(self, judge: socket.socket) -> None:
        """Let the judge see the folder that runs write into, which may be on no path of its own."""
        if self.scratch:
            fd = os.open(self.scratch, os.O_RDONLY | os.O_DIRECTORY)
            socket.send_fds(judge, [b"S"], [fd])
            os.close(fd)
            self.scratch = ""

    def holds(self, layer: str) -> bool:
        return self.layers.get(layer, (False, ""))[0]


def in_child(action: Callable[[], object]) -> None:
    """Do something in a process of its own, so that what it knows is nowhere in the memory of this one."""
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


def show_folder(folder: str, root: str, hidden: set[str]) -> None:
    """Show what is in a folder file by file, in folders of the private root's own.

    So no name is looked up in a folder that other runs look into, too: the kernel remembers which names were asked
    for, those of files that there are not as well, and is faster when one is asked for again.
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
    os.utime(root + folder, ns=(times.st_atime_ns, times.st_mtime_ns))  # by which importlib knows that it knows it


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
    fetch(path)


def fetch(path: str) -> None:
    """Have a file in memory, whole: else a run could see which parts another has read, by how long it takes."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        for start in range(0, os.fstat(fd).st_size, FETCHED):
            os.posix_fadvise(fd, start, FETCHED, os.POSIX_FADV_WILLNEED)
    except OSError:
        pass  # a device
    finally:
        os.close(fd)


def fetch_below(path: str) -> None:
    if not os.path.isdir(path):
        fetch(path)
    for folder, _below, names in os.walk(path):
        for name in names:
            fetch(f"{folder}/{name}")


def make_pipes(root: str, shared_object: bytes) -> None:
    """The named pipes that pipes.c opens, and what it was compiled to, for the runs to load."""
    os.mkdir(root + NAMED_PIPES)
    for number in range(PIPES):
        os.mkfifo(f"{root}{NAMED_PIPES}/{number}", 0o600)
    with open(f"{root}{NAMED_PIPES}/pipes.so", "wb") as file:
        file.write(shared_object)
    ENVIRONMENT["LD_PRELOAD"] = f"{NAMED_PIPES}/pipes.so"


def make_read_only(root: str) -> None:
    """All that is mounted there, so that no read changes the time of the last one."""
    attributes = struct.pack("<QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0)
    syscall(MOUNT_SETATTR, AT_FDCWD, os.fsencode(root), AT_RECURSIVE, attributes, len(attributes))


def hide_proc(root: str) -> None:
    """Move /proc to where nobody finds it, and leave in its place links to a run's descriptors and nothing else.

    What any file in /proc is called and how many links it has tells how many processes there are, on the whole
    machine; and no permission keeps a program from asking. It can read no link, so it does not learn the name.
    """
    hidden = f"/{os.urandom(16).hex()}"
    os.mkdir(root + hidden)
    mount(root + "/proc", root + hidden, None, MS_MOVE)
    os.makedirs(root + "/proc/self/fd")
    for fd in (*range(STREAMS), ARTIFACT, *range(FIRST_FILE, FIRST_FILE + MOST_FILES)):
        os.symlink(f"{hidden}/self/fd/{fd}", f"{root}/proc/self/fd/{fd}")


def filter_program(code: bytes) -> tuple[Any, bytes]:
    """A buffer that holds the instructions, and the struct sock_fprog that points to it."""
    buffer = ctypes.create_string_buffer(code, len(code))
    return buffer, struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))


def unshare(flag: int) -> None:
    check(libc.unshare(flag), "unshare")


def enter_uts_namespace() -> None:
    unshare(CLONE_NEWUTS)
    check(libc.sethostname(b"sandbox", 7), "sethostname")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    def text(value: str | None) -> bytes | None:
        return None if value is None else os.fsencode(value)

    result = libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data))
    check(result, f"mount({target})")


def inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def bind(source: str, target: str) -> None:
    mount(source, target, None, MS_BIND | MS_REC)
    kept = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)  # a user namespace may not take these away
    try:
        mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | kept)
    except OSError:
        pass  # Landlock and seccomp refuse writing as well


def volunteer_for_oom() -> None:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def set_base_limits(open_files: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(RLIMIT_MSGQUEUE, (0, 0))
    resource.setrlimit(RLIMIT_SIGPENDING, (0, 0))  # or how many a user's other runs have shows
