"""The owner's end of a pool's processes: the server, and each worker with what it knows and does."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import dill
from multiprocess.connection import Connection

from rlef_env.errors import UsageError
from rlef_env.judge.job import JudgeJob, needed_to_judge
from rlef_env.judge.pool.packing import PackedJudgement, pack_job
from rlef_env.judge.pool.sharded_job import Shard
from rlef_env.judge.pool.workers.wire import Channel, Words, words
from rlef_env.problems import Problem

__all__ = ["Answer", "Server", "WorkerHandle", "pickle_arguments"]

MOST_KEPT: Final = 64_000_000  # characters of tests that a worker keeps
MOST_PARCELS: Final = 32_000_000  # bytes of problems that are kept as they are sent: many workers want the same one
MOST_UNREAD: Final = 64_000  # bytes that a socket surely takes while nobody reads them
END_SECONDS: Final = 10.0
START: Final = """\
import sys
sys.path[:] = sys.argv[4:]
from rlef_env.judge.pool.workers.worker_main import serve
serve(*map(int, sys.argv[1:4]))
"""


def pickle_arguments(arguments: Mapping[str, Any]) -> bytes:
    """The arguments of a ``Judge`` as they are sent, with the functions among them and all that these refer to.

    Raises:
        UsageError: there is something that cannot be sent.
    """
    try:
        packed: bytes = dill.dumps(dict(arguments), recurse=True)
    except Exception as error:  # noqa: BLE001 - whatever is in a closure
        raise UsageError(
            f"checkers: expected functions that can be sent to other processes ({type(error).__name__}: {error}); open "
            "files, locks and the like inside of the function"
        ) from None
    return packed


class Server:
    """The process that forks workers.

    Args:
        pickle_arguments: what ``pickle_arguments`` made of the arguments of each worker's ``Judge``.
        bell: an eventfd that workers ring.
    """

    def __init__(self, pickle_arguments: bytes, bell: int) -> None:
        self._control, theirs = socket.socketpair()
        owner = os.pidfd_open(os.getpid())
        try:
            # The package may have been imported from a place that only this process knows.
            descriptors = (theirs.fileno(), owner, bell)
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    *(["-B"] * sys.dont_write_bytecode),
                    "-c",
                    START,
                    *map(str, descriptors),
                    *filter(None, sys.path),
                ],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the owner's business
            )
        finally:
            theirs.close()
            os.close(owner)
        connection = Connection(os.dup(self._control.fileno()))
        connection.send_bytes(pickle_arguments)
        connection.close()
        self._parcels = PickledProblems()

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def worker(self) -> WorkerHandle:
        """Have a worker forked. It starts while the caller goes on."""
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._control, [b"w"], [theirs.fileno()])
        finally:
            theirs.close()
        return WorkerHandle(Channel(ours.detach()), self._parcels)

    def close(self) -> None:
        """End it and all of its workers, and wait for that."""
        self._control.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def forget(self) -> None:
        """Close this end only."""
        self._control.close()


class PickledProblem(NamedTuple):
    """What gives a worker a problem, and how many characters of tests are in it."""

    told: Words
    weight: int


class PickledProblems:
    """Problems as they are sent to workers, those asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, PickledProblem] = OrderedDict()

    def of(self, key: int, problem: Problem) -> PickledProblem:
        """The parcel of a problem under a key, which stands for this problem only."""
        parcel = self._kept.pop(key, None)
        if parcel is None:
            weight = sum(len(test.input) + len(test.output) for _, _, test in problem.tests())
            parcel = PickledProblem(words("problem", key, needed_to_judge(problem)), weight)
        self._kept[key] = parcel
        while len(self._kept) > 1 and sum(size_of(each.told) for each in self._kept.values()) > MOST_PARCELS:
            self._kept.popitem(last=False)
        return parcel


class Answer(NamedTuple):
    """What a worker says of a task that it was given.

    Attributes:
        task: None where it was cancelled meanwhile.
        judgement: packed; None where the judge raised an error.
        error: that, if so.
        seconds: how long it took.
    """

    task: Shard | None
    judgement: PackedJudgement | None
    error: BaseException | None
    seconds: float


@dataclass(slots=True)
class Given:
    """What a worker was given and has not answered; no task where that was cancelled."""

    ticket: int
    task: Shard | None
    size: int


class WorkerHandle:
    """A worker: where to reach it, what it does, and which problems it holds.

    Attributes:
        channel: to it.
        pid: its process; 0 until it is ready.
        began: whether it has ever said anything: before that, it has judged nothing.
        sleeping: whether the program that it runs sleeps.
    """

    def __init__(self, channel: Channel, parcels: PickledProblems) -> None:
        self.channel = channel
        self._parcels = parcels
        self.pid = 0
        self.began = False
        self.sleeping = False
        self._given: deque[Given] = deque()  # it answers in this order
        self._unread = 0  # bytes of that, at most: it reads when it has nothing to do, and between tests
        self._since = time.monotonic()  # its last answer, or what it was given when it had nothing to do
        self._kept: OrderedDict[int, int] = OrderedDict()

    @property
    def load(self) -> int:
        """How many tasks it has not answered, also those that were cancelled."""
        return len(self._given)

    def runs(self) -> Shard | None:
        """The task that it is at, as far as is known; None where that was cancelled or it has none."""
        return self._given[0].task if self._given else None

    def tasks(self) -> list[Shard]:
        """What it was given and is still wanted, in its order."""
        return [given.task for given in self._given if given.task is not None]

    def quiet_for(self, seconds: float) -> bool:
        """Whether so long ago nothing came from it, or it had nothing to do for so long."""
        return time.monotonic() - self._since > seconds

    def goes_on(self, seconds: float) -> bool:
        """Whether it may be expected to come to what it has ahead: neither asleep nor quiet for so long."""
        return not self.sleeping and not self.quiet_for(seconds)

    def order(self, ticket: int, job: JudgeJob, key: int, problem: Problem) -> Words:
        """What tells it of a job, and of the problem if it does not hold that.

        Args:
            ticket: higher than all before.
            job: what to judge.
            key: stands for the problem.
            problem: that of the job.

        Raises:
            Exception: the job cannot be sent.
        """
        asked = words("judge", ticket, pack_job(job, key))
        return asked if key in self._kept else [*self._parcels.of(key, problem).told, *asked]

    def has_room(self, told: Words) -> bool:
        """Whether this can be sent while it is busy: what it does not read yet must not block this end."""
        return self._unread + size_of(told) <= MOST_UNREAD

    def give(self, ticket: int, task: Shard, key: int, told: Words) -> None:
        """Have a task sent by the next ``flush``, with the ticket, the key and the words of its order."""
        if not self._given:
            self._since = time.monotonic()
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._kept[key] = self._parcels.of(key, task.job.problem).weight
            while len(self._kept) > 1 and sum(self._kept.values()) > MOST_KEPT:
                self.channel.say(words("forget", self._kept.popitem(last=False)[0]))
        size = size_of(told)
        self._given.append(Given(ticket, task, size))
        self._unread += size
        self.channel.say(told)

    def cancel(self, tasks: Collection[Shard]) -> None:
        """Tell it that these are not wanted any more, those that it has; it answers them nevertheless."""
        cancelled = [given for given in self._given if given.task is not None and given.task in tasks]
        for given in cancelled:
            given.task = None
        if cancelled:
            self.channel.say(words("cancel", [given.ticket for given in cancelled]))
            with contextlib.suppress(OSError):  # its end is noticed elsewhere
                self.channel.flush()

    def hear(self) -> Iterator[Answer]:
        """Take what it has said, waiting for the end of what has begun to come, and yield the answers in it.

        Raises:
            OSError: the worker is gone, or makes no sense.
            EOFError: it is gone.
        """
        kind = "long"
        while kind == "long":  # it waits until what comes next is read
            for kind, *content in self.channel.hear():
                self.began = True
                if kind == "ready":
                    self.pid = content[0]
                elif kind in ("waiting", "resumed"):
                    self.sleeping = kind == "waiting"
                elif kind == "answer":
                    yield self._answered(*content)

    def _answered(
        self, ticket: int, judgement: PackedJudgement | None, error: BaseException | None, seconds: float
    ) -> Answer:
        if not self._given or ticket != self._given[0].ticket:
            raise OSError(f"a worker answered {ticket} out of turn")
        given = self._given.popleft()
        self._unread -= given.size
        self.sleeping, self._since = False, time.monotonic()
        return Answer(given.task, judgement, error, seconds)


def size_of(told: Words) -> int:
    """Bytes."""
    return sum(map(len, told))
