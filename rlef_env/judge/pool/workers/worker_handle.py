"""The pool's end of one worker: the channel to it, the shards that it was assigned, and the problems that it holds."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from rlef_env.judge.job import needed_to_judge
from rlef_env.judge.pool.sharded_job import Shard
from rlef_env.judge.pool.workers.wire import (
    SOCKET_BYTES,
    Channel,
    Frames,
    JudgementTuple,
    frames,
    job_to_tuple,
    num_bytes,
)
from rlef_env.problems import Problem

__all__ = ["Answer", "PickledProblems", "Request", "WorkerHandle"]

MAX_CHARACTERS: Final = 64_000_000  # of tests that a worker keeps
MAX_BYTES: Final = 32_000_000  # of pickled problems


class Answer(NamedTuple):
    """A worker's answer to a shard that it was assigned.

    Attributes:
        shard: None if it was cancelled meanwhile.
        judgement: as plain values; None if the judge raised an error.
        error: what the judge raised.
        seconds: time that the worker took.
    """

    shard: Shard | None
    judgement: JudgementTuple | None
    error: BaseException | None
    seconds: float


class Request(NamedTuple):
    """A request to judge a shard.

    Attributes:
        ticket: identifies the answer; higher than those of earlier requests.
        shard: what to judge.
        key: stands for the problem.
        frames: the messages to the worker.
    """

    ticket: int
    shard: Shard
    key: int
    frames: Frames


@dataclass(slots=True)
class _Assigned:
    """A request that the worker has not answered. ``shard`` is None if it was cancelled. ``size`` is in bytes."""

    ticket: int
    shard: Shard | None
    size: int


class PickledProblems:
    """A cache of problems as they are sent: many workers need the same one. Those used least recently are dropped."""

    def __init__(self) -> None:
        self._entries: OrderedDict[int, tuple[Frames, int]] = OrderedDict()

    def get(self, key: int, problem: Problem) -> tuple[Frames, int]:
        """Return the message with a problem, and the number of characters in its tests. Keys are unique."""
        entry = self._entries.pop(key, None)
        if entry is None:
            characters = sum(len(test.input) + len(test.output) for _, _, test in problem.tests())
            entry = (frames("problem", key, needed_to_judge(problem)), characters)
        self._entries[key] = entry
        while len(self._entries) > 1 and sum(num_bytes(sent) for sent, _ in self._entries.values()) > MAX_BYTES:
            self._entries.popitem(last=False)
        return entry


class WorkerHandle:
    """A worker, as the pool sees it.

    Args:
        channel: to the worker.
        problems: pickled problems, shared by all workers.

    Attributes:
        channel: to the worker.
        pid: process id; 0 until the worker is ready.
        began: whether the worker has ever sent a message. Before that, it has judged nothing.
        sleeping: whether the program that it judges sleeps.
    """

    def __init__(self, channel: Channel, problems: PickledProblems) -> None:
        self.channel = channel
        self._problems = problems
        self.pid = 0
        self.began = False
        self.sleeping = False
        self._assigned: deque[_Assigned] = deque()  # in the order in which the worker answers
        # Upper bound of the bytes that the worker has not read: it reads when it is idle, and between tests.
        self._unread = 0
        self._since = time.monotonic()  # its last answer, or its first assignment after it was idle
        self._held: OrderedDict[int, int] = OrderedDict()  # key of a problem that it keeps -> characters

    @property
    def load(self) -> int:
        """Number of shards that it has not answered, cancelled ones included."""
        return len(self._assigned)

    def running(self) -> Shard | None:
        """Return the shard that it judges, as far as is known; None if that was cancelled or the worker is idle."""
        return self._assigned[0].shard if self._assigned else None

    def shards(self) -> list[Shard]:
        """Return the shards that it was assigned and that are not cancelled, in the order of their assignment."""
        return [assigned.shard for assigned in self._assigned if assigned.shard is not None]

    def quiet_for(self, seconds: float) -> bool:
        """Return whether for this long it has not answered, or has been idle."""
        return time.monotonic() - self._since > seconds

    def request(self, ticket: int, shard: Shard, key: int) -> Request:
        """Return a request to judge a shard, which includes the problem unless the worker holds it.

        Raises:
            Exception: the job cannot be pickled.
        """
        sent = frames("judge", ticket, job_to_tuple(shard.job, key))
        if key not in self._held:
            sent = [*self._problems.get(key, shard.job.problem)[0], *sent]
        return Request(ticket, shard, key, sent)

    def has_space(self, request: Request) -> bool:
        """Return whether a request can be sent to a busy worker: what it has not read must not block the pool."""
        return self._unread + num_bytes(request.frames) <= SOCKET_BYTES

    def assign(self, request: Request) -> None:
        """Assign the shard of a request. The next ``flush`` sends the request."""
        if not self._assigned:
            self._since = time.monotonic()
        if request.key in self._held:
            self._held.move_to_end(request.key)
        else:
            _, self._held[request.key] = self._problems.get(request.key, request.shard.job.problem)
            while len(self._held) > 1 and sum(self._held.values()) > MAX_CHARACTERS:
                self.channel.write(frames("forget", self._held.popitem(last=False)[0]))
        size = num_bytes(request.frames)
        self._assigned.append(_Assigned(request.ticket, request.shard, size))
        self._unread += size
        self.channel.write(request.frames)

    def cancel(self, shards: Collection[Shard]) -> None:
        """Tell the worker to skip those of the shards that it was assigned. It answers them nevertheless."""
        cancelled = [each for each in self._assigned if each.shard is not None and each.shard in shards]
        for each in cancelled:
            each.shard = None
        if cancelled:
            self.channel.write(frames("cancel", [each.ticket for each in cancelled]))
            self.flush()

    def flush(self) -> None:
        """Send what was written. If that fails, the pool finds the worker lost when it has read all of its answers."""
        try:
            self.channel.flush()
        except OSError:
            self.channel.shut_down()

    def receive(self) -> Iterator[Answer]:
        """Read what the worker has sent, and yield the answers in it.

        Raises:
            OSError: the worker is lost, or sent something invalid.
            EOFError: the worker is lost.
        """
        kind = "long"
        while kind == "long":  # the worker waits until the long answer that follows is read
            for kind, *content in self.channel.read():
                self.began = True
                if kind == "ready":
                    self.pid = content[0]
                elif kind == "sleeping":
                    self.sleeping = content[0]
                elif kind == "answer":
                    yield self._answered(*content)

    def _answered(
        self, ticket: int, judgement: JudgementTuple | None, error: BaseException | None, seconds: float
    ) -> Answer:
        if not self._assigned or ticket != self._assigned[0].ticket:
            raise OSError(f"worker: expected an answer to its oldest request, got one to request {ticket}")
        assigned = self._assigned.popleft()
        self._unread -= assigned.size
        self.sleeping, self._since = False, time.monotonic()
        return Answer(assigned.shard, judgement, error, seconds)
