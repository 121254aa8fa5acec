"""The sandbox: one zygote, watched from outside. Load a program once, run it on any number of inputs."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.resources
import itertools
import json
import os
import platform
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import weakref
from collections.abc import Collection, Iterator
from typing import Any

from rlef_env.errors import IsolationUnavailable, SandboxFailure, UsageError
from rlef_env.sandbox.execution import Execution, Limits, Program, Status
from rlef_env.sandbox.filters import base_filter, run_filter
from rlef_env.sandbox.layers import LAYERS, REQUIRED, Layer
from rlef_env.sandbox.reachable import reachable_paths
from rlef_env.sandbox.watch import Usage, has_schedstat, process_id, usage, waited

__all__ = ["ISOLATIONS", "LoadedProgram", "Sandbox"]

ISOLATIONS = ("locked", "none")
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "TZ": "UTC"}
BOOTSTRAP = "import sys;sys.path.remove('');exec(compile(open({source},'rb').read(),'zygote','exec'));main({control})"

START_SECONDS = 30.0  # for the zygote to start and lock itself
COMPILE_LIMITS = Limits(cpu_seconds=10.0, memory_bytes=2**30)
STACK_ALLOWANCE = 2**30  # address space beyond the memory limit: programs reserve 256 MB stacks they hardly touch
MOST_THREADS = 512  # more count as too much memory: what the kernel keeps for each is in no other account
SAMPLE_SECONDS = 0.02  # between two looks at a running program
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
RUN = struct.Struct("<qqq")  # these two as in zygote.py
RESULT = struct.Struct("<idqd")


class Sandbox:
    """Runs programs in locked processes. Not for several threads at once: each thread has its own.

    Args:
        isolation: ``"locked"``, or ``"none"`` for no lock at all (your own programs, or a machine that cannot lock).
        require: the layers of a lock without which nothing is run; the others are used where they hold.

    Raises:
        IsolationUnavailable: a required layer of the lock is missing here; the message names it.
        SandboxFailure: the zygote did not start.
        UsageError: ``isolation`` is neither of the two.
    """

    def __init__(self, isolation: str = "locked", require: Collection[str] = REQUIRED) -> None:
        if isolation not in ISOLATIONS:
            raise UsageError(f"isolation: expected one of {list(ISOLATIONS)}, got {isolation!r}")
        if not sys.platform.startswith("linux"):
            raise IsolationUnavailable(
                f"the sandbox needs Linux 5.13 or newer (seccomp, Landlock, memory files), got {platform.platform()}; "
                "run in a Linux machine or container"
            )
        self.isolation, self._require = isolation, require
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, _memory_file("zygote", _zygote_source()) as source:
            self._process = subprocess.Popen(
                [
                    getattr(sys, "_base_executable", None) or sys.executable,
                    *("-S", "-s", "-B"),
                    *("-c", BOOTSTRAP.format(source=source, control=theirs.fileno())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(source, theirs.fileno()),
                env=ENVIRONMENT,
                cwd="/",
            )
        self._end = weakref.finalize(self, _end, self._control, self._process)
        try:
            self.layers = self._lock()
            self._baseline_bytes, self._baseline_space = 0, self._address_space()
            with self.load(Program("")) as empty:
                self._baseline_bytes = max(_expect_ok(empty.run(b"")).peak_bytes for _ in range(2))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and everything in it. Safe to call twice."""
        self._end()

    @property
    def pid(self) -> int:
        """The zygote's process id."""
        return self._process.pid

    @contextlib.contextmanager
    def load(self, program: Program, limits: Limits | None = None) -> Iterator[LoadedProgram]:
        """Compile a program in a process of its own, ready to run.

        Raises:
            UsageError: the language is not ``"python"``.
        """
        if program.language != "python":
            raise UsageError(f"language: expected 'python', got {program.language!r}")
        limits = limits or Limits()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            message = RUN.pack(
                max(1, -int(-limits.cpu_seconds // 1)) + 1,
                self._baseline_space + limits.memory_bytes + STACK_ALLOWANCE,
                limits.output_bytes + 1,
            )
            try:
                with theirs, _memory_file("source", program.source.encode("utf-8", "surrogatepass")) as source:
                    _send(self._control, message, [source, theirs.fileno()])
                watched = Watched(self._control, ours, COMPILE_LIMITS, 0)
                failure = _compile_failure(watched.wait(), watched)
            except (OSError, SandboxFailure) as error:
                failure = _failed(error)
            yield LoadedProgram(ours, limits, self._baseline_bytes, failure)

    def _lock(self) -> dict[str, Layer]:
        """Tell the zygote what to allow, and hear which layers hold."""
        if not (hello := _receive_within(self._control, START_SECONDS)):
            raise SandboxFailure(f"the zygote did not start (exit status {self._process.poll()}); try `rlef doctor`")
        facts = json.loads(hello)
        config: dict[str, Any] = {"locked": self.isolation == "locked", "run_filter": "", "pid_places": ()}
        if config["locked"]:
            run, places = run_filter()
            config |= {"base_filter": base_filter().hex(), "run_filter": run.hex(), "pid_places": places}
            config |= reachable_paths(facts["path"], facts["objects"])
        _send(self._control, json.dumps(config).encode(), [])
        if not (reply := _receive_within(self._control, START_SECONDS)):
            raise SandboxFailure("the zygote died while locking itself; try `rlef doctor`")
        layers = {name: Layer(*layer) for name, layer in json.loads(reply).items()}
        layers["schedstat"] = Layer(has_schedstat(), "" if has_schedstat() else "no /proc/self/schedstat")
        if config["locked"]:
            for name in self._require:
                if not layers[name].available:
                    raise IsolationUnavailable(
                        f"{name} ({LAYERS[name]}) is missing here: {layers[name].reason}. Programs written by a model "
                        'must not run without it; use a newer kernel or container, or ask for isolation="none" by name'
                    )
        return layers

    def _address_space(self) -> int:
        """Bytes of address space that the zygote has, which its children start with."""
        with open(f"/proc/{self._process.pid}/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


class LoadedProgram:
    """A compiled program in its own process, which forks once per run."""

    def __init__(
        self, control: socket.socket, limits: Limits, baseline_bytes: int, compile_failure: Execution | None
    ) -> None:
        self._control, self._limits, self._baseline_bytes = control, limits, baseline_bytes
        self.compile_failure = compile_failure
        """Why it did not compile (its ``stderr``), or None."""

    def run(self, stdin: bytes) -> Execution:
        """Run on one input. A program that did not compile gives its compile failure each time.

        Never raises for anything a program does; ``Status.FAILED`` is the sandbox's own failure.
        """
        if self.compile_failure is not None:
            return self.compile_failure
        try:
            with _memory_file("stdin", stdin) as given, _memory_file("stdout") as out, _memory_file("stderr") as err:
                _send(self._control, b"run", [given, out, err])
                watched = Watched(self._control, self._control, self._limits, self._baseline_bytes)
                reply = watched.wait()
                if reply is None or len(reply) != RESULT.size:
                    return Execution(Status.FAILED, message=f"the program's process was lost ({reply or b''!r})")
                stdout, stderr = _contents(out), _contents(err)
        except (OSError, SandboxFailure) as error:
            return _failed(error)
        return _execution(self._limits, watched, RESULT.unpack(reply), self._baseline_bytes, stdout, stderr)


class Watched:
    """A child of the process at the other end of a socket: waits for word of it, and kills it at its limits."""

    def __init__(self, parent: socket.socket, reply: socket.socket, limits: Limits, baseline_bytes: int) -> None:
        self.limits, self.baseline_bytes = limits, baseline_bytes
        self.overrun: Status | None = None
        """The limit that was measured to be exceeded, where one was."""
        self.max_idle = limits.cpu_seconds if limits.idle_seconds is None else limits.idle_seconds
        self.max_wall = 10 * limits.cpu_seconds + 10 if limits.wall_seconds is None else limits.wall_seconds
        self._parent, self._reply = parent, reply
        self._started = time.monotonic()
        self._last = Usage(0.0, {}, 0, 0)
        self._last_wall, self._queued = 0.0, 0.0

    def wait(self) -> bytes | None:
        """Return the reply, or None where the other side is gone."""
        pause, handle = SAMPLE_SECONDS, -1
        try:
            while True:
                if (message := _receive_within(self._reply, pause)) is not None:
                    return message or None
                if handle < 0:
                    handle = self._ask_for_handle()
                    if handle < 0:
                        return None
                pause = self._look(handle)
        except ReplyArrived as arrived:
            return arrived.message
        finally:
            if handle >= 0:
                os.close(handle)

    def _ask_for_handle(self) -> int:
        """A pidfd of the child, or -1 where its parent is gone. Answers to earlier enquiries are thrown away."""
        enquiry = b"?" + next(ENQUIRIES).to_bytes(8, "little")
        try:
            _send(self._parent, enquiry, [])
            while ready := _readable((self._parent, self._reply), START_SECONDS):
                if self._reply in ready and self._reply is not self._parent:
                    raise ReplyArrived(self._reply.recv(1 << 16) or None)
                message, fds, _, _ = socket.recv_fds(self._parent, 1 << 16, 1)
                if message[:1] != b"?":
                    raise ReplyArrived(message or None)
                if message == enquiry and fds:
                    return fds[0]
                for fd in fds:
                    os.close(fd)
                if message == enquiry:
                    _send(self._parent, enquiry, [])
        except (OSError, SandboxFailure):
            pass
        return -1

    def _look(self, handle: int) -> float:
        """Kill the child if it is over a limit; return how long to wait before the next look."""
        pid = process_id(handle)
        used = usage(pid, MOST_THREADS) if pid > 0 else None
        if used is None:
            return SAMPLE_SECONDS
        wall = time.monotonic() - self._started
        off_core = max(0.0, (wall - self._last_wall) - (used.cpu_seconds - self._last.cpu_seconds))
        self._queued += min(waited(self._last.queued_seconds, used.queued_seconds), off_core)
        self._last, self._last_wall = used, wall
        cpu_left, idle_left, wall_left = self._left(used.cpu_seconds, wall)
        if min(cpu_left, idle_left, wall_left) < 0:
            self.overrun = Status.TIME_LIMIT
        elif used.resident_bytes - self.baseline_bytes > self.limits.memory_bytes or used.threads > MOST_THREADS:
            self.overrun = Status.MEMORY_LIMIT
        if self.overrun:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            return START_SECONDS
        return min(SAMPLE_SECONDS, min(cpu_left, idle_left, wall_left) + 0.001)

    def _left(self, cpu: float, wall: float) -> tuple[float, float, float]:
        idle = wall - cpu - self._queued
        return self.limits.cpu_seconds - cpu, self.max_idle - idle, self.max_wall - wall

    def over_time(self, cpu: float, wall: float) -> bool:
        """Whether these final totals are over the limit."""
        return min(self._left(cpu, wall)) < 0


ENQUIRIES = itertools.count()


class ReplyArrived(Exception):
    """The reply came while a handle was being asked for."""

    def __init__(self, message: bytes | None) -> None:
        super().__init__()
        self.message = message


def _execution(
    limits: Limits, watched: Watched, result: tuple[Any, ...], baseline_bytes: int, stdout: bytes, stderr: bytes
) -> Execution:
    """The verdict-free facts, from final totals. Precedence: security, time, memory, output, how it ended."""
    wait_status, cpu, peak, wall = result
    ended = os.WIFSIGNALED(wait_status)
    number = os.WTERMSIG(wait_status) if ended else None
    peak = max(0, peak - baseline_bytes)
    if number == signal.SIGSYS:
        status = Status.SECURITY_VIOLATION
    elif watched.overrun is Status.TIME_LIMIT or watched.over_time(cpu, wall):
        status = Status.TIME_LIMIT
    elif watched.overrun is Status.MEMORY_LIMIT or peak > limits.memory_bytes:
        status = Status.MEMORY_LIMIT
    elif max(len(stdout), len(stderr)) > limits.output_bytes:
        status = Status.OUTPUT_LIMIT
    else:
        status = Status.SIGNALED if ended else Status.EXITED
    return Execution(
        status=status,
        exit_code=None if ended else os.WEXITSTATUS(wait_status),
        signal=number,
        stdout=stdout[: limits.output_bytes],
        stderr=stderr[: limits.output_bytes],
        cpu_seconds=cpu,
        wall_seconds=wall,
        peak_bytes=peak,
    )


def _compile_failure(reply: bytes | None, watched: Watched) -> Execution | None:
    if reply == b"C":
        return None
    if reply is not None and reply[:1] == b"E":
        return Execution(Status.COMPILE_ERROR, exit_code=1, stderr=reply[1:])
    if watched.overrun:
        return Execution(Status.COMPILE_ERROR, stderr=b"compiling it took too much time or memory\n")
    return Execution(Status.FAILED, message="the process that compiled the program was lost")


def _failed(error: Exception) -> Execution:
    return Execution(Status.FAILED, message=f"{type(error).__name__}: {error}")


def _expect_ok(execution: Execution) -> Execution:
    if execution.status is not Status.EXITED or execution.exit_code != 0:
        raise SandboxFailure(f"an empty program did not run in the sandbox: {execution}; try `rlef doctor`")
    return execution


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    control.close()  # the zygote leaves when its judge hangs up
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _zygote_source() -> bytes:
    return importlib.resources.files("rlef_env.sandbox").joinpath("zygote.py").read_bytes()


@contextlib.contextmanager
def _memory_file(name: str, content: bytes | None = None) -> Iterator[int]:
    """A file that lives in memory: sealed with this content, or empty and open for writing."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        if content is not None:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
            os.lseek(fd, 0, os.SEEK_SET)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        yield fd
    finally:
        os.close(fd)


def _contents(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)


def _send(sock: socket.socket, message: bytes, fds: list[int]) -> None:
    try:
        if fds:
            socket.send_fds(sock, [message], fds)
        else:
            sock.sendall(message)
    except OSError as error:
        raise SandboxFailure(f"the zygote is gone ({error})") from error


def _readable(socks: tuple[socket.socket, ...], seconds: float) -> list[socket.socket]:
    poll = select.poll()
    by_number = {sock.fileno(): sock for sock in socks}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(seconds * 1000)]


def _receive_within(sock: socket.socket, seconds: float) -> bytes | None:
    """A message, b"" where the other side hung up, None where the time is over."""
    if not _readable((sock,), seconds):
        return None
    try:
        return sock.recv(1 << 18)
    except ConnectionError:
        return b""
