"""The judge's end of one zygote: starts and locks it, loads programs into it, ends it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from rlef_env.errors import IsolationUnavailable, SandboxFailure
from rlef_env.sandbox.execution import Execution, Limits, PythonStart, Status
from rlef_env.sandbox.loaded_program import (
    InPlace,
    LoadedProgram,
    Started,
    failed,
    ignore_sleep,
    repeated_if_starved,
    starved_message,
)
from rlef_env.sandbox.machine.proc_usage import has_schedstat
from rlef_env.sandbox.policy.bpf import base_filter, run_filter
from rlef_env.sandbox.policy.filesystem_policy import reachable_paths
from rlef_env.sandbox.policy.layers import LAYERS, REQUIRED, Layer
from rlef_env.sandbox.time_used import TimeLimits
from rlef_env.sandbox.zygote.ipc import hung_up, memory_file, readable, receive_within, send
from rlef_env.sandbox.zygote.kept_launcher import KeptLauncher
from rlef_env.sandbox.zygote.monitor import Monitor
from rlef_env.sandbox.zygote.protocol import COMPILE_ERROR, COMPILED, LIMITS, LOAD
from rlef_env.sandbox.zygote.scratch import MAX_SCRATCH_BYTES, Scratch
from rlef_env.sandbox.zygote.source import zygote_source
from rlef_env.sandbox.zygote.streams import Streams
from rlef_env.sandbox.zygote.zygote_profile import PYTHON, Profile

__all__ = ["ZygoteProcess"]

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "ONLINE_JUDGE": "true", "PYTHONHASHSEED": "0", "TZ": "UTC"}
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # or numpy starts its own
ASK_PERSONALITY, ADDR_NO_RANDOMIZE = 0xFFFFFFFF, 0x0040000
BOOTSTRAP = "import sys;sys.path.remove('');exec(compile(open({source},'rb').read(),'zygote','exec'));main({control})"

PRELOADED = ("numpy", "numpy.libs")  # in the folder Profile.preload

START_SECONDS = 120.0  # for the zygote to start and lock itself
COMPILE_LIMITS = Limits(cpu_seconds=10.0, memory_bytes=2**30)
STACK_ALLOWANCE = (
    2**30
)  # address space beyond the memory limit: programs reserve 256 MB stacks and touch little of them
MAX_STACKS = 32  # the same for threads of native programs: each reserves a stack as large as the main one may become
COMPILER_SCRATCH_BYTES = 2**29
UNLIMITED = -1
PLAIN_START = PythonStart()
DEEP_STACK = 120 * 2**20  # bytes, for Python; 50,000 calls through C code (lru_cache, sort) take 30 MB of it
PLAIN_RECURSION = 1000  # frames: Python's own limit


class ZygoteProcess:
    """Starts a zygote, locks it, and loads programs into it. Not thread-safe.

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
        self._streams, self._launcher = Streams(), KeptLauncher()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with (
            theirs,
            memory_file("zygote", zygote_source()) as source,
            memory_file("launcher", profile.launcher) as launcher,
            fixed_addresses(),
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
        self._end = weakref.finalize(
            self, _end, self._control, self._process, self._scratch, self._streams, self._launcher
        )
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
        """Kill the zygote at once, from any thread. A run in progress fails. ``close`` must still be called."""
        self._process.kill()

    @property
    def pid(self) -> int:
        """Process id of the zygote."""
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
                program; ``{program}`` alone means to execute the program itself.
            start: what a program in Python finds when it starts.
            on_sleep: as for ``Sandbox``.
        """
        stacks = MAX_STACKS * limits.memory_bytes if command else STACK_ALLOWANCE
        space = self._baseline_space + limits.memory_bytes + stacks
        message = LOAD + LIMITS.pack(
            # A backstop, far beyond the limits that the monitor enforces: the kernel counts stolen time too.
            int(10 * (COMPILE_LIMITS.cpu_seconds + limits.cpu_seconds)) + 60,
            UNLIMITED if self.profile.reserves else space,
            limits.output_bytes + 1,
            limits.memory_bytes if command else DEEP_STACK,
        )
        executed = tuple(command) == ("{program}",)  # then no other process may have the file open for writing
        message += json.dumps([command, start.imports, start.recursion_limit or PLAIN_RECURSION]).encode()
        kept = self._launcher if executed and self.profile.launcher else None
        with contextlib.ExitStack() as stack:

            def start_process() -> Started:
                return repeated_if_starved(
                    lambda: self._start(stack.enter_context(self._file(program, executed)), message, sockets),
                    lambda started: started.failure.status if started.failure else None,
                    TimeLimits.of(COMPILE_LIMITS).wall,
                    lambda: hung_up(self._control),
                )

            sockets = kept.sockets if kept else stack
            control = kept.next_program(stack.enter_context(self._file(program, executed)), message) if kept else None
            started = Started(control) if control else start_process()
            loaded = LoadedProgram(
                limits,
                started,
                streams=self._streams,
                scratch=self._scratch,
                baseline_bytes=0 if command and self.profile.launcher else self._baseline_bytes,
                executed=bool(command),
                descendants=self.profile.compiles,
                file=started.file if command and not executed else -1,
                on_sleep=on_sleep,
                in_place=None if command else InPlace(self._control, start_process),
            )
            try:
                yield loaded
            finally:
                if kept:
                    kept.keep(None if loaded.lost else started.control, message)

    def _start(self, file: int, message: bytes, sockets: contextlib.ExitStack) -> Started:
        """Start a program's process; the socket to it is entered into ``sockets``."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sockets.enter_context(ours)
        try:
            with theirs:
                send(self._control, message, [file, theirs.fileno()])
            monitor = Monitor(self._control, ours, COMPILE_LIMITS, 0)
            reply = monitor.wait() or b""
        except (OSError, SandboxFailure) as error:
            return Started(ours, failed(error), file)
        if reply[:1] == COMPILED:
            return Started(ours, None, file, int(reply[len(COMPILED) :]) / 1e9)
        return Started(ours, _compile_failure(reply, monitor), file)

    def _file(self, program: bytes, executed: bool) -> AbstractContextManager[int]:
        return memory_file("program", program) if executed else self._streams.given("program", program)

    def _lock(self, require: Collection[str], launcher: int) -> dict[str, Layer]:
        """Send the zygote its configuration; return which layers hold."""
        if not (hello := receive_within(self._control, START_SECONDS)):
            raise SandboxFailure(f"the zygote did not start (exit status {self._process.poll()}); try `rlef doctor`")
        send(self._control, json.dumps(self._config(json.loads(hello), launcher)).encode(), [])
        if not (reply := receive_within(self._control, START_SECONDS)):
            raise SandboxFailure("the zygote died while locking itself; try `rlef doctor`")
        if self._scratch:
            self._scratch.open_through(_receive_descriptor(self._control))
        layers = {name: Layer(*layer) for name, layer in json.loads(reply).items()}
        if self._scratch and self.isolation == "locked" and layers["mount_namespace"].available:
            self._scratch.leave_disk()
        layers["schedstat"] = Layer(has_schedstat(), "" if has_schedstat() else "no /proc/self/schedstat")
        if self.isolation == "locked":
            for name in require:
                if not layers[name].available:
                    raise IsolationUnavailable(
                        f"{name} ({LAYERS[name]}) is missing here: {layers[name].reason}. Programs written by a model "
                        'must not run without it; use a newer kernel or container, or ask for isolation="none" by name'
                    )
        return layers

    def _config(self, facts: dict[str, Any], launcher: int) -> dict[str, Any]:
        """Return the configuration of the lock, as `lock.py` and `private_root.py` read it.

        Args:
            facts: what the zygote's interpreter reports about itself.
            launcher: descriptor of the launcher in the zygote, -1 for none.
        """
        profile, locked = self.profile, self.isolation == "locked"
        config: dict[str, Any] = {
            "locked": locked,
            "run_filter": "",
            "pid_places": (),
            "scratch": self._scratch.folder if self._scratch else profile.scratch,
            "scratch_bytes": MAX_SCRATCH_BYTES if self._scratch else COMPILER_SCRATCH_BYTES,
            "preload": profile.preload,
            "launcher": launcher,
            "pipes": profile.pipes.hex(),
            "open_files": profile.open_files,
            "forks": profile.compiles,
            # A compiled program is linked with no other locale, and can read none.
            "locale": "C.UTF-8" if profile.executables else "C",
        }
        if not locked:
            return config
        run, places = run_filter(profile)
        config |= {
            "run_filter": run.hex(),
            "pid_places": places,
            "base_filter": base_filter(profile).hex(),
            "base_filter_with_pipes": base_filter(profile, pipes=True).hex(),
        }
        python = profile.compiles or not profile.native  # else a run needs nothing of the interpreter
        path, objects = (facts["path"], facts["objects"]) if python else ([], [])
        packages = [f"{profile.preload}/{name}" for name in PRELOADED] if profile.preload else []
        return config | reachable_paths(path, objects, profile.executables, packages, whole=profile.compiles)

    def _address_space(self) -> int:
        """Return the bytes of address space that the zygote has, which its children start with."""
        with open(f"/proc/{self._process.pid}/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def fixed_addresses() -> Iterator[None]:
    """Give programs that this thread starts in the block, and what they start, the same addresses each time.

    Addresses are in what programs print and sort by, and in messages of compilers that crash. Objects of Python may
    still lie elsewhere, by what the zygote allocated before. Some containers refuse this: then addresses are random.
    """
    personality = ctypes.CDLL(None).personality
    before = personality(ctypes.c_ulong(ASK_PERSONALITY))
    personality(ctypes.c_ulong(before | ADDR_NO_RANDOMIZE))
    try:
        yield
    finally:
        personality(ctypes.c_ulong(before))


def _compile_failure(reply: bytes, monitor: Monitor) -> Execution:
    if reply[:1] == COMPILE_ERROR:
        return Execution(Status.COMPILE_ERROR, exit_code=1, stderr=reply[1:])
    if monitor.overrun is Status.STARVED:
        return Execution(Status.STARVED, message=f"compiling it: {starved_message(monitor)}")
    if monitor.overrun:
        reason = b"compiling it took too much time or memory\n"
        return Execution(Status.COMPILE_ERROR, stderr=reason, compile_over_limit=True)
    return Execution(Status.FAILED, message="the process that compiled the program was lost")


def _receive_descriptor(control: socket.socket) -> int:
    if readable((control,), START_SECONDS):
        _, fds, _, _ = socket.recv_fds(control, 1, 1)
        if fds:
            return fds[0]
    raise SandboxFailure("the zygote sent no descriptor of its scratch folder; try `rlef doctor`")


def _expect_ok(execution: Execution) -> Execution:
    if execution.status is not Status.EXITED or execution.exit_code != 0:
        raise SandboxFailure(f"an empty program did not run in the sandbox: {execution}; try `rlef doctor`")
    return execution


def _end(
    control: socket.socket,
    process: subprocess.Popen[bytes],
    scratch: Scratch | None,
    streams: Streams,
    launcher: KeptLauncher,
) -> None:
    launcher.close()
    control.close()  # the zygote exits when the judge hangs up
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if scratch:
        scratch.close()
    streams.close()
