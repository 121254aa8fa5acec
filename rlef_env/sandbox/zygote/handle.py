"""One zygote, seen from the judge: started, locked, asked to load programs and run them, ended."""

from __future__ import annotations

import contextlib
import importlib.resources
import json
import os
import socket
import struct
import subprocess
import sys
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from rlef_env.errors import IsolationUnavailable, SandboxFailure
from rlef_env.sandbox.execution import Execution, Limits, PythonStart, Status
from rlef_env.sandbox.loaded_program import LoadedProgram, failed, ignore_sleep, repeated_if_starved, starved_words
from rlef_env.sandbox.machine.proc_usage import has_schedstat
from rlef_env.sandbox.policy.bpf import base_filter, run_filter
from rlef_env.sandbox.policy.filesystem_policy import reachable_paths
from rlef_env.sandbox.policy.layers import LAYERS, REQUIRED, Layer
from rlef_env.sandbox.time_used import TimeLimits
from rlef_env.sandbox.zygote.ipc import hung_up, memory_file, readable, receive_within, send
from rlef_env.sandbox.zygote.monitor import Watched
from rlef_env.sandbox.zygote.scratch import MOST_SCRATCH_BYTES, Scratch
from rlef_env.sandbox.zygote.streams import Streams
from rlef_env.sandbox.zygote.zygote_profile import PYTHON, Profile

__all__ = ["ZygoteProcess"]

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "TZ": "UTC"}
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # or numpy starts its own
BOOTSTRAP = "import sys;sys.path.remove('');exec(compile(open({source},'rb').read(),'zygote','exec'));main({control})"

PRELOADED = ("numpy", "numpy.libs")  # in the folder Profile.preload

START_SECONDS = 120.0  # for the zygote to start and lock itself
COMPILE_LIMITS = Limits(cpu_seconds=10.0, memory_bytes=2**30)
STACK_ALLOWANCE = 2**30  # address space beyond the memory limit: programs reserve 256 MB stacks they hardly touch
MOST_STACKS = 32  # the same for the threads of native programs: each has a stack as large as the main one may become
COMPILER_SCRATCH_BYTES = 2**29
UNLIMITED = -1
LOAD, RUN = b"L", struct.Struct("<qqqq")  # as in zygote.py
PLAIN_START = PythonStart()
DEEP_STACK = 120 * 2**20  # bytes, for Python; 50,000 calls through C code (lru_cache, sort) take 30 MB of it
PLAIN_RECURSION = 1000  # frames: Python's own limit


class ZygoteProcess:
    """Starts a zygote, locks it, and loads programs into it. Not for several threads at once.

    Args:
        isolation: ``"locked"`` or ``"none"``.
        require: the layers of a lock without which nothing is run; the others are used where they hold.
        profile: what its runs may do beyond computing.
        python: the interpreter; None for the one that runs this.

    Raises:
        IsolationUnavailable: a required layer of the lock is missing here; the message names it.
        SandboxFailure: the zygote did not start.
    """

    def __init__(
        self,
        isolation: str = "locked",
        require: Collection[str] = REQUIRED,
        profile: Profile = PYTHON,
        python: str | None = None,
    ) -> None:
        self.isolation, self.profile = isolation, profile
        self._scratch = Scratch() if profile.writes else None
        self._streams = Streams()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with (
            theirs,
            memory_file("zygote", _zygote_source()) as source,
            memory_file("launcher", profile.launcher) as launcher,
        ):
            self._process = subprocess.Popen(
                [
                    python or getattr(sys, "_base_executable", None) or sys.executable,
                    *("-S", "-s", "-B"),
                    *("-c", BOOTSTRAP.format(source=source, control=theirs.fileno())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(source, theirs.fileno(), *([launcher] if profile.launcher else [])),
                env=ENVIRONMENT | (ONE_THREAD if profile.preload else {}),
                cwd="/",
            )
        self._end = weakref.finalize(self, _end, self._control, self._process, self._scratch, self._streams)
        try:
            self.layers = self._lock(require, launcher if profile.launcher else -1)
            self._baseline_bytes, self._baseline_space = 0, self._address_space()
            with self.load(b"", Limits()) as empty:
                self._baseline_bytes = max(_expect_ok(empty.run(b"")).peak_bytes for _ in range(2))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the zygote and everything in it. Safe to call twice."""
        self._end()

    def kill(self) -> None:
        """End it at once, from any thread; whoever waits for it hears of a failure. ``close`` is still due."""
        self._process.kill()

    @property
    def pid(self) -> int:
        """The zygote's process id."""
        return self._process.pid

    @contextlib.contextmanager
    def load(
        self,
        program: bytes,
        limits: Limits,
        command: Sequence[str] = (),
        start: PythonStart = PLAIN_START,
        on_sleep: Callable[[bool], object] = ignore_sleep,
    ) -> Iterator[LoadedProgram]:
        """Give a program a process of its own, ready to run.

        Args:
            program: Python source, which is compiled; or what ``command`` executes.
            limits: of every run.
            command: the command line of a program that is not Python. ``{program}`` in it stands for a path of the
                program; alone in the first place, for the program itself.
            start: what a program in Python finds when it starts.
            on_sleep: as for ``Sandbox``.
        """
        stacks = MOST_STACKS * limits.memory_bytes if command else STACK_ALLOWANCE
        space = self._baseline_space + limits.memory_bytes + stacks
        message = LOAD + RUN.pack(
            # A backstop, far beyond the limit that is watched: the kernel counts stolen time, too.
            int(10 * limits.cpu_seconds) + 60,
            UNLIMITED if self.profile.reserves else space,
            limits.output_bytes + 1,
            limits.memory_bytes if command else DEEP_STACK,
        )
        executed = tuple(command) == ("{program}",)  # then nobody else may have the file open for writing
        message += json.dumps([command, start.imports, start.recursion_limit or PLAIN_RECURSION]).encode()
        with contextlib.ExitStack() as stack:
            ours, failure, file = repeated_if_starved(
                lambda: self._start(self._file(program, executed), message, stack),
                lambda started: started[1].status if started[1] else None,
                TimeLimits.of(COMPILE_LIMITS).wall,
                lambda: hung_up(self._control),
            )
            launcher_bytes = 0 if command and self.profile.launcher else self._baseline_bytes
            yield LoadedProgram(
                limits,
                ours,
                launcher_bytes,
                bool(command),
                failure,
                self._scratch,
                self.profile.compiles,
                self._streams,
                file if command and not executed else -1,
                on_sleep,
            )

    def _start(
        self, program: AbstractContextManager[int], message: bytes, stack: contextlib.ExitStack
    ) -> tuple[socket.socket, Execution | None, int]:
        """Start a program's process: the socket to it, why it did not compile, if so, and its file."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.enter_context(ours)
        file = stack.enter_context(program)
        try:
            with theirs:
                send(self._control, message, [file, theirs.fileno()])
            watched = Watched(self._control, ours, COMPILE_LIMITS, 0)
            return ours, _compile_failure(watched.wait(), watched), file
        except (OSError, SandboxFailure) as error:
            return ours, failed(error), file

    def _file(self, program: bytes, executed: bool) -> AbstractContextManager[int]:
        return memory_file("program", program) if executed else self._streams.given("program", program)

    def _lock(self, require: Collection[str], launcher: int) -> dict[str, Layer]:
        """Tell the zygote what to allow, and hear which layers hold."""
        if not (hello := receive_within(self._control, START_SECONDS)):
            raise SandboxFailure(f"the zygote did not start (exit status {self._process.poll()}); try `rlef doctor`")
        facts = json.loads(hello)
        locked = self.isolation == "locked"
        config: dict[str, Any] = {"locked": locked, "run_filter": "", "pid_places": ()}
        config |= {"scratch": self._scratch.folder if self._scratch else self.profile.scratch}
        config |= {"scratch_bytes": MOST_SCRATCH_BYTES if self._scratch else COMPILER_SCRATCH_BYTES}
        config |= {"preload": self.profile.preload, "launcher": launcher, "pipes": self.profile.pipes.hex()}
        config |= {"open_files": self.profile.open_files, "forks": self.profile.compiles}
        if locked:
            run, places = run_filter(self.profile)
            config |= {"run_filter": run.hex(), "pid_places": places}
            config |= {"base_filter": base_filter(self.profile).hex()}
            config |= {"base_filter_with_pipes": base_filter(self.profile, pipes=True).hex()}
            packages = [f"{self.profile.preload}/{name}" for name in PRELOADED] if self.profile.preload else []
            if self.profile.native and not self.profile.compiles:
                facts |= {"path": [], "objects": []}  # a run is no Python
            whole = self.profile.compiles
            config |= reachable_paths(facts["path"], facts["objects"], self.profile.executables, packages, whole)
        send(self._control, json.dumps(config).encode(), [])
        if not (reply := receive_within(self._control, START_SECONDS)):
            raise SandboxFailure("the zygote died while locking itself; try `rlef doctor`")
        if self._scratch:
            self._scratch.seen_through(_descriptor(self._control))
        layers = {name: Layer(*layer) for name, layer in json.loads(reply).items()}
        if self._scratch and locked and layers["mount_namespace"].available:
            self._scratch.leave_disk()
        layers["schedstat"] = Layer(has_schedstat(), "" if has_schedstat() else "no /proc/self/schedstat")
        if locked:
            for name in require:
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


def _compile_failure(reply: bytes | None, watched: Watched) -> Execution | None:
    if reply == b"C":
        return None
    if reply is not None and reply[:1] == b"E":
        return Execution(Status.COMPILE_ERROR, exit_code=1, stderr=reply[1:])
    if watched.overrun is Status.STARVED:
        return Execution(Status.STARVED, message=f"compiling it: {starved_words(watched)}")
    if watched.overrun:
        reason, timed_out = b"compiling it took too much time or memory\n", watched.overrun is Status.TIME_LIMIT
        return Execution(Status.COMPILE_ERROR, stderr=reason, compile_timed_out=timed_out)
    return Execution(Status.FAILED, message="the process that compiled the program was lost")


def _descriptor(control: socket.socket) -> int:
    """The descriptor that comes next on a socket."""
    if readable((control,), START_SECONDS):
        _, fds, _, _ = socket.recv_fds(control, 1, 1)
        if fds:
            return fds[0]
    raise SandboxFailure("the zygote handed over no scratch folder; try `rlef doctor`")


def _expect_ok(execution: Execution) -> Execution:
    if execution.status is not Status.EXITED or execution.exit_code != 0:
        raise SandboxFailure(f"an empty program did not run in the sandbox: {execution}; try `rlef doctor`")
    return execution


def _end(control: socket.socket, process: subprocess.Popen[bytes], scratch: Scratch | None, streams: Streams) -> None:
    control.close()  # the zygote leaves when its judge hangs up
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if scratch:
        scratch.close()
    streams.close()


def _zygote_source() -> bytes:
    return importlib.resources.files("rlef_env.sandbox.zygote").joinpath("main.py").read_bytes()
