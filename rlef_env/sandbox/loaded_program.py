"""A program that is loaded into a sandbox: run it on any number of inputs, each in a fresh process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rlef_env.errors import SandboxFailure, UsageError
from rlef_env.sandbox.execution import Execution, Limits, Status
from rlef_env.sandbox.machine.core_time import wait_for_a_quiet_machine
from rlef_env.sandbox.machine.out_of_memory import OUT_OF_MEMORY
from rlef_env.sandbox.time_used import MAX_STRETCH, TimeLimits
from rlef_env.sandbox.zygote.ipc import contents, hung_up, send
from rlef_env.sandbox.zygote.monitor import Monitor
from rlef_env.sandbox.zygote.protocol import FIRST_FILE, MAX_FILES, MAX_TEXT_BYTES, RUN, RUN_IN_PLACE
from rlef_env.sandbox.zygote.run_result import RunResult
from rlef_env.sandbox.zygote.scratch import Scratch
from rlef_env.sandbox.zygote.streams import Streams, reset

__all__ = [
    "InPlace",
    "LoadedProgram",
    "NotRun",
    "Started",
    "failed",
    "ignore_sleep",
    "repeated_if_starved",
    "starved_message",
]

LAUNCHER_SLACK = 2**20  # bytes by which the launcher's own peak may differ from one fork to the next
MAX_ARGUMENTS = 128
MAX_SPENT = 0.05  # CPU seconds of a process before its last run: a program that reads its CPU clock finds them there
RUNS = 3  # at most, of a program that the machine starved
QUIET_SECONDS = 2.0  # timeout for a quieter machine before the next run, times the number of runs so far


def ignore_sleep(sleeping: bool) -> None:
    """Do nothing: the ``on_sleep`` of a sandbox whose caller passes none."""


class NotRun(Exception):
    """A program cannot be run.

    Attributes:
        loaded: the program.
        execution: what to return instead of an execution of it.
    """

    def __init__(self, loaded: LoadedProgram, execution: Execution) -> None:
        super().__init__()
        self.loaded, self.execution = loaded, execution


@dataclass(frozen=True, slots=True)
class Started:
    """A program's process that was started.

    Attributes:
        control: socket to it; None if there is none.
        failure: why the program did not compile, or None.
        file: descriptor of the program's file.
        spent: CPU seconds that the process has used.
    """

    control: socket.socket | None
    failure: Execution | None = None
    file: int = -1
    spent: float = 0.0


@dataclass(frozen=True, slots=True)
class InPlace:
    """What is needed to run a program in the process that compiled it.

    Attributes:
        zygote: socket to the parent of that process.
        start: starts another such process.
    """

    zygote: socket.socket
    start: Callable[[], Started]


class LoadedProgram:
    """A compiled program in its own process, which forks once per run.

    Args:
        limits: of every run.
        started: the program's process.
        streams: the files and pipes that its runs get.
        scratch: the folder that its runs may write into, or None.
        baseline_bytes: memory of an empty program, or of the launcher.
        executed: whether a run executes a file, and so replaces the memory of the process that forked it.
        descendants: whether processes that a run starts count too.
        file: descriptor of the file through which a runtime reads the program, which all runs have open; -1 for none.
        on_sleep: as for ``Sandbox``.
        in_place: for a program whose process can become a run itself.

    Attributes:
        limits: of every run.
        compile_failure: why it did not compile (its ``stderr``), or None.
        streams: the files and pipes that its runs get.
        scratch: with ``Limits.scratch_bytes``, the path of the folder that a run may write files into, ending with a
            slash; else empty. The folder is empty at the start of each run.
    """

    def __init__(
        self,
        limits: Limits,
        started: Started,
        *,
        streams: Streams | None = None,
        scratch: Scratch | None = None,
        baseline_bytes: int = 0,
        executed: bool = False,
        descendants: bool = False,
        file: int = -1,
        on_sleep: Callable[[bool], object] = ignore_sleep,
        in_place: InPlace | None = None,
    ) -> None:
        self.limits, self.compile_failure, self.streams = limits, started.failure, streams or Streams()
        self.scratch = f"{scratch.folder}/" if scratch else ""
        self._scratch, self._file, self._on_sleep, self._in_place = scratch, file, on_sleep, in_place
        self._control: socket.socket | None
        self._use(started)
        self._executed, self._descendants, self._launcher_bytes = executed, descendants, baseline_bytes
        # An executed file replaces the launcher's memory; a Python program's memory comes on top of the zygote's.
        self._baseline_bytes = 0 if executed else baseline_bytes

    def _use(self, started: Started) -> None:
        self._control, self._spent, self._spent_in_runs, self._used_up = started.control, started.spent, 0.0, False

    def run(self, stdin: bytes, arguments: Sequence[str | bytes] = (), in_place: bool = False) -> Execution:
        """Run on one input. A program that did not compile returns its compile failure each time.

        A run that the machine starved is repeated in a fresh process, at most twice.

        Args:
            stdin: the whole of standard input.
            arguments: the command line after the program's name. A ``bytes`` is the content of a file that this run
                alone may read; the program gets the path of that file.
            in_place: if possible, run in the process that compiled the program, which saves a fork. For the last run:
                another one has to compile the program again. ``peak_bytes`` may be that of an earlier run, or of
                compiling, if those took more.

        Raises:
            UsageError: too many arguments, or one with a NUL in it.
        """
        if self.compile_failure is not None:
            return self.compile_failure
        places = iter([in_place and self._in_place is not None and self._spent <= MAX_SPENT])
        wall = TimeLimits.of(self.limits).wall

        def run() -> Execution:
            return self._run(stdin, arguments, in_place=next(places, False))

        def repeated() -> Execution:
            return repeated_if_starved(run, lambda execution: execution.status, wall, lambda: self.lost)

        execution = repeated()
        if execution.status is Status.MEMORY_LIMIT and self._used_up:
            return repeated()  # in a fork: it may have been the memory of an earlier run, or of compiling
        return execution

    @property
    def lost(self) -> bool:
        """Whether no run is possible any more, as when its sandbox is killed."""
        if self._used_up and self._in_place:
            return hung_up(self._in_place.zygote)
        return self._control is None or hung_up(self._control)

    def _run(self, stdin: bytes, arguments: Sequence[str | bytes], in_place: bool) -> Execution:
        try:
            with (
                self.streams.given("stdin", stdin) as given,
                self.streams.taken("stdout") as (out, output),
                self.streams.taken("stderr") as (err, errors),
                self.start((given, out, err), arguments, in_place) as monitor,
            ):
                return self.finish(monitor, monitor.wait(), contents(output), contents(errors))
        except NotRun as reason:
            return reason.execution
        except (OSError, SandboxFailure) as error:
            return failed(error)

    @contextlib.contextmanager
    def start(
        self, streams: Sequence[int], arguments: Sequence[str | bytes] = (), in_place: bool = False
    ) -> Iterator[Monitor]:
        """Start a run with these descriptors as standard input, output and errors; yield its monitor.

        Call ``finish`` inside the ``with`` block: the scratch folder is emptied after it.

        Raises:
            NotRun: the program did not compile, or its process is lost.
        """
        if self.compile_failure is not None:
            raise NotRun(self, self.compile_failure)
        if self._used_up and self._in_place:
            self._use(again := self._in_place.start())
            if again.failure is not None:
                raise NotRun(self, again.failure)
        if self._control is None:
            raise NotRun(self, Execution(Status.FAILED, message="the program's process was lost before"))
        with contextlib.ExitStack() as stack:
            words, files = _command_line(arguments)
            given = [
                stack.enter_context(self.streams.given(f"file {place}", content)) for place, content in enumerate(files)
            ]
            if self._scratch:
                stack.callback(self._scratch.empty)
            scratch_bytes = self._scratch.size if self._scratch else None
            if self._file >= 0:
                reset(self._file)
            # None until the reply is read, so that a late reply cannot be taken for the next run's.
            control, self._control = self._control, None
            parent = control
            if in_place and self._in_place:
                parent, self._used_up = self._in_place.zygote, True
            monitor = Monitor(
                parent,
                control,
                self.limits,
                self._baseline_bytes,
                scratch_bytes,
                self._on_sleep,
                self._descendants,
                self._launcher_bytes + LAUNCHER_SLACK if self._executed else 0,
                self._spent if self._used_up else 0.0,
            )
            send(control, b"\0".join([RUN_IN_PLACE if self._used_up else RUN, *words]), [*streams, *given])
            yield monitor

    def finish(self, monitor: Monitor, reply: bytes | None, stdout: bytes, stderr: bytes) -> Execution:
        """Return the execution of a run that ``start`` started and that has ended.

        Args:
            monitor: of the run.
            reply: what its process reported; None if the process is gone.
            stdout: what it wrote to standard output.
            stderr: what it wrote to standard error.
        """
        result = RunResult.of(reply or b"")
        if result is None:
            text = (reply or b"").decode("utf-8", "replace")
            return Execution(Status.FAILED, message=f"the program's process was lost {text}".strip())
        self.streams.run_ended()
        status, cpu, peak, wall = result.status, result.cpu_seconds, result.peak_bytes, result.ended - result.started
        if self._used_up:  # the process had compiled the program, and forked the earlier runs
            cpu, wall = max(0.0, cpu - self._spent - self._spent_in_runs), result.ended - monitor.started
        else:
            self._control, self._spent = monitor.reply, result.spent
            self._spent_in_runs += cpu
        if self._executed and peak <= self._launcher_bytes + LAUNCHER_SLACK:
            peak = 0  # the kernel's figure is the launcher's; the program's is smaller
        peak = max(0, peak - self._baseline_bytes)
        files: dict[str, bytes] = {}
        if self._scratch and monitor.overrun is not Status.OUTPUT_LIMIT:
            if self._scratch.size() > self.limits.scratch_bytes:
                monitor.overrun = monitor.overrun or Status.OUTPUT_LIMIT
            else:
                files = self._scratch.contents()
        ended_well = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        # A compiler's descendants do its work, and how one of them ended shows in the compiler's exit status alone.
        within = not monitor.overrun and peak <= self.limits.memory_bytes
        if within and (killed or (self._descendants and not ended_well)) and OUT_OF_MEMORY.happened():
            monitor.overrun = Status.STARVED
        return _execution(self.limits, monitor, (status, cpu, peak, wall), stdout, stderr, files)


Result = TypeVar("Result")


def repeated_if_starved(
    run: Callable[[], Result],
    status: Callable[[Result], Status | None],
    wall_seconds: float,
    lost: Callable[[], bool],
) -> Result:
    """Run, and run again on a quieter machine if the machine starved the run; return the last result.

    Args:
        run: makes a result.
        status: returns the status of a result; None if it need not be repeated.
        wall_seconds: the wall limit of a run. After ``MAX_STRETCH`` times this, nothing is repeated any more.
        lost: returns whether no run is possible any more. Then a quieter machine is not waited for.
    """
    deadline = time.monotonic() + MAX_STRETCH * wall_seconds
    for number in range(1, RUNS + 1):
        result = run()
        if status(result) is not Status.STARVED or number == RUNS or time.monotonic() > deadline:
            break
        wait_for_a_quiet_machine(number * QUIET_SECONDS, lost)
    return result


def failed(error: Exception) -> Execution:
    """Return the execution that stands for a failure of the sandbox itself."""
    return Execution(Status.FAILED, message=f"{type(error).__name__}: {error}")


def starved_message(monitor: Monitor) -> str:
    """Return what the machine gave a run and what it did not."""
    used = monitor.used
    return (
        f"the machine gave it too little time or memory: {used.wall:.1f} s passed, {used.cpu:.1f} s of CPU were "
        f"charged, {used.waited:.1f} s were spent waiting, {used.stolen:.1f} s were stolen from its cores"
    )


def _command_line(arguments: Sequence[str | bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the words of a command line, and the contents of the files among them."""
    files = [argument for argument in arguments if isinstance(argument, bytes)]
    numbers = iter(range(FIRST_FILE, FIRST_FILE + len(files)))
    words = [
        f"/proc/self/fd/{next(numbers)}".encode() if isinstance(argument, bytes) else os.fsencode(argument)
        for argument in arguments
    ]
    size = sum(map(len, words))
    if len(words) > MAX_ARGUMENTS or len(files) > MAX_FILES or size > MAX_TEXT_BYTES:
        raise UsageError(
            f"arguments: expected at most {MAX_ARGUMENTS}, {MAX_FILES} of them files, of {MAX_TEXT_BYTES} bytes "
            f"together, got {len(words)}, {len(files)} of them files, of {size} bytes"
        )
    if any(b"\0" in word for word in words):
        raise UsageError("arguments: expected words without a NUL in them, got one with; give it as a file (bytes)")
    return words, files


def _execution(
    limits: Limits,
    monitor: Monitor,
    result: tuple[int, float, int, float],
    stdout: bytes,
    stderr: bytes,
    files: dict[str, bytes],
) -> Execution:
    """Return the facts, from final totals. Precedence: security, time, memory, output, how it ended.

    A run that the machine starved says nothing about the program. Whatever is certain takes precedence over that.
    """
    wait_status, cpu, peak, wall = result
    ended = os.WIFSIGNALED(wait_status)
    number = os.WTERMSIG(wait_status) if ended else None
    if number == signal.SIGSYS:
        status = Status.SECURITY_VIOLATION
    elif (over_time := monitor.final_status(cpu, wall)) is Status.TIME_LIMIT:
        status = over_time
    elif monitor.overrun is Status.MEMORY_LIMIT or peak > limits.memory_bytes:
        status = Status.MEMORY_LIMIT
    elif monitor.overrun is Status.OUTPUT_LIMIT or max(len(stdout), len(stderr)) > limits.output_bytes:
        status = Status.OUTPUT_LIMIT
    elif over_time is not None:
        status = over_time
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
        message=starved_message(monitor) if status is Status.STARVED else "",
        files=files,
    )
