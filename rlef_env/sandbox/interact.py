"""Two programs that talk to each other: an interactive problem's, or a test and the function that it calls.

What one says, the other hears: the judge stands in between, reads from one pipe and writes into another. So neither
holds anything of the other's, not even a pipe; what was said is known, and bounded.
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
from rlef_env.sandbox.zygote.monitor import SAMPLE_SECONDS, ReplyArrived, Watched
from rlef_env.sandbox.zygote.streams import Streams

__all__ = ["Interaction", "interact"]

DYING_SECONDS = 0.05  # between a process's closing its output and its input, when it ends on a busy machine
CHUNK = 2**16  # bytes carried at a time: what a pipe holds
NOT_STARTED = Execution(Status.FAILED, message="the other side did not start, so this one did not either")


@dataclass(frozen=True, slots=True)
class Interaction:
    """What became of two programs that talked to each other.

    Attributes:
        first: what became of the first. ``stdout`` is what it said.
        second: likewise.
        first_left: whether the first ended, or closed its input, before the second did. What then befell the second
            (SIGPIPE, the end of its input) may be no fault of its own.
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

    Each is under its own limits. Idle is the time in which neither works: waiting for the other's work is not held
    against a program, and two that wait for each other end at the limit of the first that has one. A program hears
    the end of input when the other ends or closes its output, and gets SIGPIPE (Python: ``BrokenPipeError``) when
    nobody listens any more. Neither is a fault in itself: the executions say what happened, the judge who is to blame.

    Args:
        first: loaded in one sandbox.
        second: loaded in another.
        arguments: of each, as for ``LoadedProgram.run``.
        wall_seconds: after which both are ended; None for the longer one of their limits.

    A conversation that the machine starved is repeated, twice at most.

    Returns:
        What became of each. Saying more than ``Limits.output_bytes`` is ``OUTPUT_LIMIT``. Where one did not compile, or
        did not start, the other is ``FAILED``.

    Raises:
        UsageError: an argument is of the wrong kind.
    """

    def starved(talk: Interaction) -> Status | None:
        failure = first.compile_failure or second.compile_failure
        sides = (talk.first.status, talk.second.status)
        return Status.STARVED if Status.STARVED in sides and failure is None else None

    longest = max(TimeLimits.of(side.limits).wall for side in (first, second)) if wall_seconds is None else wall_seconds
    return repeated_if_starved(
        lambda: _converse(first, second, arguments, longest), starved, longest, lambda: first.lost or second.lost
    )


def _converse(
    first: LoadedProgram,
    second: LoadedProgram,
    arguments: tuple[Sequence[str | bytes], Sequence[str | bytes]],
    wall_seconds: float,
) -> Interaction:
    with contextlib.ExitStack() as stack:
        try:
            there, back = (
                stack.enter_context(_channel(speaker.streams, listener.streams, speaker.limits.output_bytes))
                for speaker, listener in ((first, second), (second, first))
            )
            talk = _Conversation()
            for loaded, mouth, ear, words in ((first, there, back, arguments[0]), (second, back, there, arguments[1])):
                for_errors, errors = stack.enter_context(loaded.streams.taken("stderr"))
                watched = stack.enter_context(loaded.started((ear.hearing, mouth.saying, for_errors), words))
                stack.callback(watched.close)
                talk.sides.append(_Side(loaded, watched, mouth, errors))
            there.handed_over()
            back.handed_over()
            talk.limit_wall(wall_seconds)
            talk.listen()
            one, other = talk.sides
            return Interaction(one.execution(), other.execution(), talk.left[0] is one)
        except NotRun as reason:
            if reason.loaded is first:
                return Interaction(reason.execution, NOT_STARTED)
            return Interaction(NOT_STARTED, reason.execution)
        except (OSError, SandboxFailure) as error:
            return Interaction(failed(error), failed(error))


class _Channel:
    """What one side says, on its way to the other."""

    def __init__(self, mouth: tuple[int, int], ear: tuple[int, int], max_bytes: int) -> None:
        self.source, self.saying = mouth
        self.hearing, self.sink = ear
        self.max_bytes, self.said, self.pending, self.deaf = max_bytes, bytearray(), b"", False
        for fd in (self.saying, self.hearing):
            os.set_blocking(fd, True)  # the programs' ends; ours do not wait

    def handed_over(self) -> None:
        """Leave the programs' ends to the programs."""
        for fd in (self.saying, self.hearing):
            os.close(fd)
        self.saying = self.hearing = -1

    def close(self) -> None:
        """The speaker is heard no more, the listener hears the end. Safe to call twice."""
        for fd in (self.source, self.sink):
            if fd >= 0:
                os.close(fd)
        self.source = self.sink = -1

    def carry(self) -> bool:
        """Carry on what there is, as far as it goes without waiting; False where the channel is at its end."""
        try:
            if not self.pending:
                self.pending = os.read(self.source, CHUNK)
                self.said += self.pending
                if not self.pending or self.too_much:
                    return False
            self.pending = self.pending[os.write(self.sink, self.pending) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.deaf = True
            return False
        return True

    def last_words(self) -> None:
        """Take down what was said and not yet carried, when nobody is there any more.

        Once what the pipe holds and no more: who speaks on would otherwise have said too much or not, as chance has it.
        """
        with contextlib.suppress(BlockingIOError):
            if self.source >= 0:
                self.said += os.read(self.source, CHUNK)

    @property
    def too_much(self) -> bool:
        """Whether the speaker has said more than it may."""
        return len(self.said) > self.max_bytes


@contextlib.contextmanager
def _channel(speaker: Streams, listener: Streams, max_bytes: int) -> Iterator[_Channel]:
    with speaker.pipe("said") as mouth, listener.pipe("heard") as ear:
        channel = _Channel(mouth, ear, max_bytes)
        try:
            yield channel
        finally:
            channel.close()
            if channel.saying >= 0:
                channel.handed_over()


class _Side:
    """One of the two, under way."""

    def __init__(self, loaded: LoadedProgram, watched: Watched, mouth: _Channel, errors: int) -> None:
        self.loaded, self.watched, self.mouth, self.errors = loaded, watched, mouth, errors
        self.ended, self.reply = False, b""

    def execution(self) -> Execution:
        """What became of it."""
        self.mouth.last_words()
        return self.loaded.execution(self.watched, self.reply, bytes(self.mouth.said), contents(self.errors))


class _Conversation:
    """Carries what is said, and ends who is over a limit."""

    def __init__(self) -> None:
        self.sides: list[_Side] = []
        self.left: list[_Side] = []
        self._poll = select.poll()
        self._own_start = own_work_seconds()

    def limit_wall(self, seconds: float) -> None:
        """One deadline for both."""
        for side in self.sides:
            side.watched.time_limits = replace(side.watched.time_limits, wall=seconds)

    def listen(self) -> None:
        """Return when both have ended."""
        by_number: dict[int, _Side] = {}
        for side in self.sides:
            for number in (side.watched.reply.fileno(), side.mouth.source, side.mouth.sink):
                by_number[number] = side
            self._poll.register(side.watched.reply.fileno(), select.POLLIN)
            self._register(side.mouth)
        due = time.monotonic() + SAMPLE_SECONDS
        while not all(side.ended for side in self.sides):
            for number, _ in self._poll.poll(max(0.0, due - time.monotonic()) * 1000):
                side = by_number[number]
                if number == side.watched.reply.fileno():
                    if not side.ended:
                        self._end(side, receive_within(side.watched.reply, 0))
                elif number in (side.mouth.source, side.mouth.sink):
                    self._carry(side, number)
            if time.monotonic() >= due:
                due = time.monotonic() + self._look()

    def _register(self, channel: _Channel) -> None:
        """Wait for what can go on: more to read, or room to write it; always for the listener's end."""
        if channel.pending:
            with contextlib.suppress(KeyError):
                self._poll.unregister(channel.source)  # or a speaker that has ended would wake us again and again
            self._poll.register(channel.sink, select.POLLOUT)
        else:
            self._poll.register(channel.source, select.POLLIN)
            self._poll.register(channel.sink, 0)

    def _carry(self, side: _Side, number: int) -> None:
        channel, blocked = side.mouth, bool(side.mouth.pending)
        if number == channel.sink and not blocked:
            channel.deaf = True  # the only thing to hear of it
        if not channel.deaf and channel.carry():
            if bool(channel.pending) != blocked:
                self._register(channel)
            return
        for fd in (channel.source, channel.sink):
            with contextlib.suppress(KeyError):
                self._poll.unregister(fd)
        if channel.deaf:
            channel.last_words()
        other = next(each for each in self.sides if each is not side)
        # Noted before the other can hear of it, so that no end that comes of it is taken for the earlier one.
        if channel.deaf:
            self._leave(other)
        elif channel.too_much or self._dying(side, other.mouth):
            self._leave(side)
        channel.close()
        if channel.too_much and not side.ended:
            self._watch(side, lambda: side.watched.stop(Status.OUTPUT_LIMIT))

    def _dying(self, side: _Side, ear: _Channel) -> bool:
        """Whether one whose output is closed is about to end: then its input is closed in the same moment."""
        poll = select.poll()
        poll.register(side.watched.reply.fileno(), select.POLLIN)
        if ear.sink >= 0:
            poll.register(ear.sink, 0)
        return side.ended or bool(poll.poll(DYING_SECONDS * 1000))

    def _look(self) -> float:
        """See what each has used; return how long until the next look."""
        running = [side for side in self.sides if not side.ended]
        for side in running:
            self._watch(side, side.watched.measure)
        asleep = bool(running) and all(side.watched.asleep for side in running)
        for side in self.sides:
            side.watched.tell(asleep)
        work = own_work_seconds() - self._own_start + sum(side.watched.work_seconds for side in self.sides)
        pause = SAMPLE_SECONDS
        for side in running:
            if not side.ended and not side.watched.overrun:
                others = any(other.watched.runnable for other in self.sides if other is not side and not other.ended)
                pause = min(pause, side.watched.enforce(work - side.watched.work_seconds, others))
        return pause

    def _watch(self, side: _Side, look: Callable[[], None]) -> None:
        """The side may have ended in the meantime."""
        try:
            look()
        except ReplyArrived as arrived:
            self._end(side, arrived.message)

    def _end(self, side: _Side, reply: bytes | None) -> None:
        self._poll.unregister(side.watched.reply.fileno())
        side.ended, side.reply = True, reply or b""
        side.watched.ended()
        self._leave(side)

    def _leave(self, side: _Side) -> None:
        if side not in self.left:
            self.left.append(side)
