"""Runs two programs that talk to each other: an interactive problem's, or a test and the function that it calls.

The judge stands between them: it reads each program's output from one pipe and writes it into another. So neither
program has access to anything of the other, not even a pipe, and everything that passes is recorded and bounded.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rlef_env.errors import SandboxFailure
from rlef_env.sandbox.execution import Execution, Status
from rlef_env.sandbox.loaded_program import LoadedProgram, NotRun, failed, repeated_if_starved
from rlef_env.sandbox.machine.proc_usage import own_work_seconds
from rlef_env.sandbox.time_used import TimeLimits
from rlef_env.sandbox.zygote.ipc import contents, receive_within
from rlef_env.sandbox.zygote.monitor import SAMPLE_SECONDS, Monitor, ReplyArrived
from rlef_env.sandbox.zygote.streams import Streams

__all__ = ["Interaction", "interact"]

EXIT_SECONDS = 0.05  # timeout, on a busy machine, between a process's closing its output and its input when it ends
CHUNK = 2**16  # bytes carried at a time: what a pipe holds
NOT_STARTED = Execution(Status.FAILED, message="the other side did not start, so this one did not either")


@dataclass(frozen=True, slots=True)
class Interaction:
    """The executions of two programs that talked to each other.

    Attributes:
        first: of the first program. ``stdout`` is what it sent.
        second: of the second program, likewise.
        first_left: whether the first ended, or closed its input, before the second did. What happened to the second
            afterwards (SIGPIPE, the end of its input) may not be its own fault.
    """

    first: Execution
    second: Execution
    first_left: bool = False


def interact(
    first: LoadedProgram,
    second: LoadedProgram,
    arguments: tuple[Sequence[str | bytes], Sequence[str | bytes]] = ((), ()),
    wall_seconds: float | None = None,
) -> Interaction:
    """Run two programs, each with the other's standard output as its standard input, until both have ended.

    Each is under its own limits. Only time in which neither works is idle time: a program is not charged for waiting
    while the other works, and two that wait for each other end at the lower idle limit. A program reads the end of
    input when the other ends or closes its output. It gets SIGPIPE (Python: ``BrokenPipeError``) when it writes and
    the other has ended or closed its input. Neither is a fault in itself: the executions state what happened, and the
    judge decides who is to blame. If the machine starved one of them, both are run again, at most twice.

    Args:
        first: loaded in one sandbox.
        second: loaded in another.
        arguments: of each, as for ``LoadedProgram.run``.
        wall_seconds: wall limit of both; None for the larger one of their limits.

    Returns:
        Both executions. A program that sends more than ``Limits.output_bytes`` is ``OUTPUT_LIMIT``. If one did not
        compile or did not start, the other is ``FAILED``.

    Raises:
        UsageError: an argument is invalid.
    """

    def starved(interaction: Interaction) -> Status | None:
        failure = first.compile_failure or second.compile_failure
        sides = (interaction.first.status, interaction.second.status)
        return Status.STARVED if Status.STARVED in sides and failure is None else None

    wall = max(TimeLimits.of(side.limits).wall for side in (first, second)) if wall_seconds is None else wall_seconds
    return repeated_if_starved(
        lambda: _interact_once(first, second, arguments, wall), starved, wall, lambda: first.lost or second.lost
    )


def _interact_once(
    first: LoadedProgram,
    second: LoadedProgram,
    arguments: tuple[Sequence[str | bytes], Sequence[str | bytes]],
    wall_seconds: float,
) -> Interaction:
    with contextlib.ExitStack() as stack:
        try:
            from_first, from_second = (
                stack.enter_context(_channel(sender.streams, receiver.streams, sender.limits.output_bytes))
                for sender, receiver in ((first, second), (second, first))
            )
            relay = _Relay()
            for loaded, outgoing, incoming, words in (
                (first, from_first, from_second, arguments[0]),
                (second, from_second, from_first, arguments[1]),
            ):
                for_errors, errors = stack.enter_context(loaded.streams.taken("stderr"))
                streams = (incoming.receiver_end, outgoing.sender_end, for_errors)
                monitor = stack.enter_context(loaded.start(streams, words))
                stack.callback(monitor.close)
                relay.sides.append(_Side(loaded, monitor, outgoing, errors))
            from_first.close_program_ends()
            from_second.close_program_ends()
            relay.limit_wall(wall_seconds)
            relay.run()
            one, other = relay.sides
            return Interaction(one.execution(), other.execution(), relay.left[0] is one)
        except NotRun as reason:
            if reason.loaded is first:
                return Interaction(reason.execution, NOT_STARTED)
            return Interaction(NOT_STARTED, reason.execution)
        except (OSError, SandboxFailure) as error:
            return Interaction(failed(error), failed(error))


class _Channel:
    """Carries one program's output to the other's input: two pipes with the judge in between.

    Attributes:
        source: our end of the sender's pipe.
        sink: our end of the receiver's pipe.
        sender_end: the sender's standard output.
        receiver_end: the receiver's standard input.
        sent: all bytes read from the sender.
        pending: bytes that are read and not yet written.
        closed: whether the receiver has ended or closed its input.
    """

    def __init__(self, outgoing: tuple[int, int], incoming: tuple[int, int], max_bytes: int) -> None:
        self.source, self.sender_end = outgoing
        self.receiver_end, self.sink = incoming
        self.max_bytes, self.sent, self.pending, self.closed = max_bytes, bytearray(), b"", False
        for fd in (self.sender_end, self.receiver_end):
            os.set_blocking(fd, True)  # the programs' ends; ours stay non-blocking

    def close_program_ends(self) -> None:
        """Close our copies of the ends that the programs have."""
        for fd in (self.sender_end, self.receiver_end):
            os.close(fd)
        self.sender_end = self.receiver_end = -1

    def close(self) -> None:
        """Close our ends: the receiver reads the end of its input. Safe to call twice."""
        for fd in (self.source, self.sink):
            if fd >= 0:
                os.close(fd)
        self.source = self.sink = -1

    def carry(self) -> bool:
        """Carry as much as possible without blocking; return False if the channel is at its end."""
        try:
            if not self.pending:
                self.pending = os.read(self.source, CHUNK)
                self.sent += self.pending
                if not self.pending or self.over_limit:
                    return False
            self.pending = self.pending[os.write(self.sink, self.pending) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.closed = True
            return False
        return True

    def drain(self) -> None:
        """Record what was sent and not yet carried, when no receiver is left.

        It reads once, what the pipe holds. Otherwise it would depend on timing whether a program that continues to
        write exceeds its output limit.
        """
        with contextlib.suppress(BlockingIOError):
            if self.source >= 0:
                self.sent += os.read(self.source, CHUNK)

    @property
    def over_limit(self) -> bool:
        """Whether the sender has sent more than it may."""
        return len(self.sent) > self.max_bytes


@contextlib.contextmanager
def _channel(sender: Streams, receiver: Streams, max_bytes: int) -> Iterator[_Channel]:
    with sender.pipe("outgoing") as outgoing, receiver.pipe("incoming") as incoming:
        channel = _Channel(outgoing, incoming, max_bytes)
        try:
            yield channel
        finally:
            channel.close()
            if channel.sender_end >= 0:
                channel.close_program_ends()


class _Side:
    """One of the two programs, while it runs."""

    def __init__(self, loaded: LoadedProgram, monitor: Monitor, outgoing: _Channel, errors: int) -> None:
        self.loaded, self.monitor, self.outgoing, self.errors = loaded, monitor, outgoing, errors
        self.ended, self.reply = False, b""

    def execution(self) -> Execution:
        """Return what happened to it."""
        self.outgoing.drain()
        return self.loaded.finish(self.monitor, self.reply, bytes(self.outgoing.sent), contents(self.errors))


class _Relay:
    """Carries data between the two programs, and kills a program that is over a limit.

    Attributes:
        sides: the two programs.
        left: those that have ended, closed their input or sent too much, in this order.
    """

    def __init__(self) -> None:
        self.sides: list[_Side] = []
        self.left: list[_Side] = []
        self._poll = select.poll()
        self._own_start = own_work_seconds()

    def limit_wall(self, seconds: float) -> None:
        """Set one wall limit for both."""
        for side in self.sides:
            side.monitor.time_limits = replace(side.monitor.time_limits, wall=seconds)

    def run(self) -> None:
        """Return when both have ended."""
        by_number: dict[int, _Side] = {}
        for side in self.sides:
            for number in (side.monitor.reply.fileno(), side.outgoing.source, side.outgoing.sink):
                by_number[number] = side
            self._poll.register(side.monitor.reply.fileno(), select.POLLIN)
            self._register(side.outgoing)
        due = time.monotonic() + SAMPLE_SECONDS
        while not all(side.ended for side in self.sides):
            for number, _ in self._poll.poll(max(0.0, due - time.monotonic()) * 1000):
                side = by_number[number]
                if number == side.monitor.reply.fileno():
                    if not side.ended:
                        self._end(side, receive_within(side.monitor.reply, 0))
                elif number in (side.outgoing.source, side.outgoing.sink):
                    self._carry(side, number)
            if time.monotonic() >= due:
                due = time.monotonic() + self._sample()

    def _register(self, channel: _Channel) -> None:
        """Poll for what can continue, reading or writing; and always for the end of the receiver."""
        if channel.pending:
            with contextlib.suppress(KeyError):
                self._poll.unregister(channel.source)  # a sender that has ended would wake us up again and again
            self._poll.register(channel.sink, select.POLLOUT)
        else:
            self._poll.register(channel.source, select.POLLIN)
            self._poll.register(channel.sink, 0)

    def _carry(self, side: _Side, number: int) -> None:
        channel, was_pending = side.outgoing, bool(side.outgoing.pending)
        if number == channel.sink and not was_pending:
            channel.closed = True  # polled for nothing else
        if not channel.closed and channel.carry():
            if bool(channel.pending) != was_pending:
                self._register(channel)
            return
        for fd in (channel.source, channel.sink):
            with contextlib.suppress(KeyError):
                self._poll.unregister(fd)
        if channel.closed:
            channel.drain()
        other = next(each for each in self.sides if each is not side)
        # Noted before the other program can notice, so that an end which follows from this one is not taken for the
        # earlier one.
        if channel.closed:
            self._leave(other)
        elif channel.over_limit or self._is_exiting(side, other.outgoing):
            self._leave(side)
        channel.close()
        if channel.over_limit and not side.ended:
            self._unless_ended(side, lambda: side.monitor.kill(Status.OUTPUT_LIMIT))

    def _is_exiting(self, side: _Side, incoming: _Channel) -> bool:
        """Return whether a program whose output is closed is about to end: then its input closes at the same time."""
        poll = select.poll()
        poll.register(side.monitor.reply.fileno(), select.POLLIN)
        if incoming.sink >= 0:
            poll.register(incoming.sink, 0)
        return side.ended or bool(poll.poll(EXIT_SECONDS * 1000))

    def _sample(self) -> float:
        """Sample what each program has used; return the seconds until the next sample."""
        running = [side for side in self.sides if not side.ended]
        for side in running:
            self._unless_ended(side, side.monitor.sample)
        sleeping = bool(running) and all(side.monitor.sleeping for side in running)
        for side in self.sides:
            side.monitor.notify_sleep(sleeping)
        work = own_work_seconds() - self._own_start + sum(side.monitor.work_seconds for side in self.sides)
        pause = SAMPLE_SECONDS
        for side in running:
            if not side.ended and not side.monitor.overrun:
                others = any(other.monitor.runnable for other in self.sides if other is not side and not other.ended)
                pause = min(pause, side.monitor.enforce(work - side.monitor.work_seconds, others))
        return pause

    def _unless_ended(self, side: _Side, action: Callable[[], None]) -> None:
        """Do something with a program that may have ended in the meantime."""
        try:
            action()
        except ReplyArrived as arrived:
            self._end(side, arrived.message)

    def _end(self, side: _Side, reply: bytes | None) -> None:
        self._poll.unregister(side.monitor.reply.fileno())
        side.ended, side.reply = True, reply or b""
        side.monitor.note_end()
        self._leave(side)

    def _leave(self, side: _Side) -> None:
        if side not in self.left:
            self.left.append(side)
