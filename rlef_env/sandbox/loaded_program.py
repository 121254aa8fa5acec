"""A program that is loaded: run it on any number of inputs, each in a fresh process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rlef_env.errors import SandboxFailure, UsageError
from rlef_env.sandbox.execution import Execution, Limits, Status
from rlef_env.sandbox.machine.core_time import OUT_OF_MEMORY, wait_for_a_quiet_machine
from rlef_env.sandbox.time_used import MOST_STRETCH, TimeLimits
from rlef_env.sandbox.zygote.ipc import contents, hung_up, send
from rlef_env.sandbox.zygote.monitor import Watched
from rlef_env.sandbox.zygote.scratch import Scratch
from rlef_env.sandbox.zygote.streams import Streams, as_if_new

__all__ = ["LoadedProgram", "failed", "ignore_sleep", "repeated_if_starved", "starved_words"]

LAUNCHER_SLACK = 2**20  # bytes by which the launcher's own peak may differ from one fork to the next
MOST_ARGUMENTS, MOST_ARGUMENT_BYTES = 128, 60_000  # a message holds so many
MOST_FILES, FIRST_FILE = 16, 40  # these two and the next as in zygote.py
RESULT = struct.Struct("<idqd")
RUNS = 3  # of a program that the machine starved, the first one included
QUIET_SECONDS = 2.0  # to wait at most for a quieter machine before the next one, times the number of the run


def ignore_sleep(asleep: bool) -> None:
    """Do nothing: the ``on_sleep`` of a sandbox whose caller passes none."""


class LoadedProgram:
    """A compiled program in its own process, which forks once per run.

    Attributes:
        limits: of every run.
        compile_failure: why it did not compile (its ``stderr``), or None.
        streams: what its runs are given, and give.
        scratch: with ``Limits.scratch_bytes``, the path of the folder that a run may write files into, with a slash at
            its end; else empty. It is empty at the start of each run.
    """

    def __init__(
        self,
        limits: Limits,
        control: socket.socket | None = None,
        baseline_bytes: int = 0,
        executed: bool = False,
        failure: Execution | None = None,
        scratch: Scratch | None = None,
        descendants: bool = False,
        streams: Streams | None = None,
        file: int = -1,
        on_sleep: Callable[[bool], object] = ignore_sleep,
    ) -> None:
        self.limits, self._descendants = limits, descendants
        self.streams = streams or Streams()
        self._file = file  # that a runtime reads the program from: all its runs have it open
        self._control, self._launcher_bytes, self._executed, self._scratch = control, baseline_bytes, executed, scratch
        # What is executed replaces the memory of the process that launched it; a Python program lives on top of it.
        self._baseline_bytes = 0 if executed else baseline_bytes
        self.compile_failure = failure
        self.scratch = f"{scratch.folder}/" if scratch else ""
        self._on_sleep = on_sleep

    def run(self, stdin: bytes, arguments: Sequence[str | bytes] = ()) -> Execution:
        """Run on one input. A program that did not compile gives its compile failure each time.

        A run that the machine starved is repeated in a fresh process, twice at most.

        Args:
            stdin: the whole of standard input.
            arguments: the command line after the program's name. A ``bytes`` is the content of a file that the program
                may read, and no other run: what it is given is a path of that file.

        Raises:
            UsageError: too many arguments, or one with a NUL in it.
        """
        if self.compile_failure is not None:
            return self.compile_failure
        wall = TimeLimits.of(self.limits).wall
        return repeated_if_starved(
            lambda: self._run(stdin, arguments), lambda execution: execution.status, wall, lambda: self.lost
        )

    @property
    def lost(self) -> bool:
        """Whether its process has ended, as it does when its sandbox is killed."""
        return self._control is None or hung_up(self._control)

    def _run(self, stdin: bytes, arguments: Sequence[str | bytes]) -> Execution:
        with contextlib.ExitStack() as stack:
            try:
                given = stack.enter_context(self.streams.given("stdin", stdin))
                (out, said), (err, errors) = (
                    stack.enter_context(self.streams.taken(name)) for name in ("stdout", "stderr")
                )
                watched = stack.enter_context(self.started((given, out, err), arguments))
                return self.execution(watched, watched.wait(), contents(said), contents(errors))
            except NotRun as reason:
                return reason.execution
            except (OSError, SandboxFailure) as error:
                return failed(error)

    @contextlib.contextmanager
    def started(self, streams: Sequence[int], arguments: Sequence[str | bytes] = ()) -> Iterator[Watched]:
        """Start a run with these descriptors as input, output and errors; the scratch folder is emptied after it."""
        if self.compile_failure is not None:
            raise NotRun(self, self.compile_failure)
        if self._control is None:
            raise NotRun(self, Execution(Status.FAILED, message="the program's process was lost before"))
        with contextlib.ExitStack() as stack:
            words, files = _command_line(arguments)
            given = [
                stack.enter_context(self.streams.given(f"file {place}", content)) for place, content in enumerate(files)
            ]
            if self._scratch:
                stack.callback(self._scratch.empty)
            measure = self._scratch.size if self._scratch else None
            if self._file >= 0:
                as_if_new(self._file)
            control, self._control = self._control, None  # until its answer is in: a late one must not be the next's
            send(control, b"\0".join([b"run", *words]), [*streams, *given])
            yield Watched(
                control, control, self.limits, self._baseline_bytes, measure, self._on_sleep, self._descendants
            )

    def execution(self, watched: Watched, reply: bytes | None, stdout: bytes, stderr: bytes) -> Execution:
        """What became of a run that was started, from the reply to it. Made while its scratch folder is still there."""
        if reply is None or len(reply) != RESULT.size:
            return Execution(Status.FAILED, message=f"the program's process was lost {_text(reply)}".strip())
        self._control = watched.reply
        self.streams.run_ended()
        status, cpu, peak, wall = RESULT.unpack(reply)
        if self._executed and peak <= self._launcher_bytes + LAUNCHER_SLACK:
            peak = 0  # the kernel's figure is the launcher's, and the program's is smaller
        peak = max(0, peak - self._baseline_bytes)
        files: dict[str, bytes] = {}
        if self._scratch and watched.overrun is not Status.OUTPUT_LIMIT:
            if self._scratch.size() > self.limits.scratch_bytes:
                watched.overrun = watched.overrun or Status.OUTPUT_LIMIT
            else:
                files = self._scratch.contents()
        ended_well = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        # What is compiled is compiled by its descendants; how one of them ended shows in the exit status alone.
        within = not watched.overrun and peak <= self.limits.memory_bytes
        if within and (killed or (self._descendants and not ended_well)) and OUT_OF_MEMORY.happened():
            watched.overrun = Status.STARVED
        return _execution(self.limits, watched, (status, cpu, peak, wall), stdout, stderr, files)


class NotRun(Exception):
    """A program cannot be run; and what to answer."""

    def __init__(self, loaded: LoadedProgram, execution: Execution) -> None:
        super().__init__()
        self.loaded, self.execution = loaded, execution


Result = TypeVar("Result")


def repeated_if_starved(
    run: Callable[[], Result],
    status: Callable[[Result], Status | None],
    wall_seconds: float,
    lost: Callable[[], bool],
) -> Result:
    """Run, and if the machine starved it, run again when the machine is quieter; the last result is returned.

    Args:
        run: makes a result.
        status: of a result, or None where it needs no other.
        wall_seconds: the wall limit of a run: after so many times of it nothing is repeated any more.
        lost: whether nothing can be run any more: then a quieter machine is not waited for.
    """
    deadline = time.monotonic() + MOST_STRETCH * wall_seconds
    for number in range(1, RUNS + 1):
        result = run()
        if status(result) is not Status.STARVED or number == RUNS or time.monotonic() > deadline:
            break
        wait_for_a_quiet_machine(number * QUIET_SECONDS, lost)
    return result


def failed(error: Exception) -> Execution:
    """Return the execution that stands for a failure of the sandbox's own."""
    return Execution(Status.FAILED, message=f"{type(error).__name__}: {error}")


def _command_line(arguments: Sequence[str | bytes]) -> tuple[list[bytes], list[bytes]]:
    """The words of a command line, and the files that some of them name."""
    files = [argument for argument in arguments if isinstance(argument, bytes)]
    words = []
    place = FIRST_FILE
    for argument in arguments:
        if isinstance(argument, bytes):
            words.append(f"/proc/self/fd/{place}".encode())
            place += 1
        else:
            words.append(os.fsencode(argument))
    if len(words) > MOST_ARGUMENTS or len(files) > MOST_FILES or sum(map(len, words)) > MOST_ARGUMENT_BYTES:
        raise UsageError(
            f"arguments: expected at most {MOST_ARGUMENTS}, {MOST_FILES} of them files, of {MOST_ARGUMENT_BYTES} bytes "
            f"together, got {len(words)}, {len(files)} of them files, of {sum(map(len, words))} bytes"
        )
    if any(b"\0" in word for word in words):
        raise UsageError("arguments: expected words without a NUL in them, got one with; give it as a file (bytes)")
    return words, files


def _execution(
    limits: Limits,
    watched: Watched,
    result: tuple[int, float, int, float],
    stdout: bytes,
    stderr: bytes,
    files: dict[str, bytes],
) -> Execution:
    """The verdict-free facts, from final totals. Precedence: security, time, memory, output, how it ended.

    A run that the machine starved says nothing about the program; what is certain of it, comes before.
    """
    wait_status, cpu, peak, wall = result
    ended = os.WIFSIGNALED(wait_status)
    number = os.WTERMSIG(wait_status) if ended else None
    if number == signal.SIGSYS:
        status = Status.SECURITY_VIOLATION
    elif (over_time := watched.final_status(cpu, wall)) is Status.TIME_LIMIT:
        status = over_time
    elif watched.overrun is Status.MEMORY_LIMIT or peak > limits.memory_bytes:
        status = Status.MEMORY_LIMIT
    elif watched.overrun is Status.OUTPUT_LIMIT or max(len(stdout), len(stderr)) > limits.output_bytes:
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
        message=starved_words(watched) if status is Status.STARVED else "",
        files=files,
    )


def starved_words(watched: Watched) -> str:
    """Say what the machine gave a run and what it did not."""
    used = watched.used
    return (
        f"the machine gave it too little time or memory: {used.wall:.1f} s passed, {used.cpu:.1f} s of CPU were "
        f"charged, {used.waited:.1f} s were spent waiting, {used.stolen:.1f} s were stolen from its cores"
    )


def _text(reply: bytes | None) -> str:
    return (reply or b"").decode("utf-8", "replace")
