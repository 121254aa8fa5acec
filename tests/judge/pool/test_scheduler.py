"""What a pool says to its workers, and does at what they say: the test is the worker, at the end of a real socket."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rlef_env.judge import JudgeJob, Judgement, Verdict
from rlef_env.judge.pool.packing import pack
from rlef_env.judge.pool.scheduler import Scheduler
from rlef_env.judge.pool.workers.wire import Channel, words
from rlef_env.judge.pool.workers.worker_handle import PickledProblems, WorkerHandle
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),))
ACCEPTED = Judgement(Verdict.ACCEPTED, total=1)
ARGUMENTS = {"isolation": "locked", "time_factor": 1.0, "numpy": False, "checkers": {}}


class Played:
    """A worker's end: what it was asked is read where that is needed, and answered as the test says."""

    def __init__(self, channel: Channel, bell: int) -> None:
        self._channel, self._bell = channel, bell
        self.asked: list[int] = []
        self.cancelled: list[int] = []

    def until_asked(self, count: int) -> None:
        """Read until there are so many jobs that were not answered."""
        while len(self.asked) < count:
            self.read()

    def is_asked(self, seconds: float) -> bool:
        """Whether something comes within so many seconds."""
        return bool(select.select([self._channel], [], [], seconds)[0])

    def answer_if_asked(self) -> None:
        """The last answers are told to their callers a moment after they are heard, and then nothing more is asked."""
        if self.asked or self.is_asked(0.2):
            self.until_asked(1)
            self.answer()

    def read(self) -> None:
        assert self.is_asked(10), "nothing comes"
        for kind, *content in self._channel.hear():
            if kind == "judge":
                self.asked.append(content[0])
            elif kind == "cancel":
                self.cancelled += content[0]

    def answer(self, ring: bool = True) -> None:
        """Have judged the next of them, within a millisecond."""
        self.say("answer", self.asked.pop(0), pack(ACCEPTED), None, 0.001, ring=ring)

    def say(self, *message: Any, ring: bool = True) -> None:
        self._channel.say(words(*message))
        self._channel.flush()
        if ring:
            os.eventfd_write(self._bell, 1)

    def die(self) -> None:
        self._channel.close()


class Players:
    """In the place of the server: hires the test."""

    def __init__(self) -> None:
        self.bell = -1
        self.hired: list[Played] = []

    def worker(self) -> WorkerHandle:
        ours, theirs = socket.socketpair()
        self.hired.append(Played(Channel(theirs.detach()), self.bell))
        return WorkerHandle(Channel(ours.detach()), PickledProblems())

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        for worker in self.hired:
            worker.die()


@pytest.fixture
def players() -> Players:
    return Players()


@pytest.fixture
def dispatcher(players: Players) -> Iterator[Scheduler]:
    dispatcher = Scheduler(1, 1, 1000, ARGUMENTS, None)
    players.bell = dispatcher._worker_set._bell
    dispatcher._worker_set._server = players  # type: ignore[assignment]
    yield dispatcher
    players.close()
    dispatcher.close()


def submitted(dispatcher: Scheduler, count: int, source: str = "") -> list[Any]:
    return [dispatcher.submit(JudgeJob(ONCE, Program(f"{source}{number}")), 0, None) for number in range(count)]


def quickened(worker: Played, ahead: int = 3) -> None:
    """Answer until it is known as quick, and has some ahead."""
    worker.say("ready", 1)
    while len(worker.asked) <= ahead:
        worker.until_asked(1)
        worker.answer()
        while worker.is_asked(0.05):
            worker.read()


def test_a_worker_that_was_never_there_is_no_attempt(dispatcher: Scheduler, players: Players) -> None:
    """As when its server is killed just then; but not for ever, or a pool that cannot start would never say so."""
    (future,) = submitted(dispatcher, 1)
    for lost in range(10):
        players.hired[lost].die()
        while len(players.hired) == lost + 1:
            pass
    players.hired[-1].until_asked(1)
    players.hired[-1].answer()
    assert future.result(10) == ACCEPTED
    players.hired[-1].die()
    (future,) = submitted(dispatcher, 1)
    lost = len(players.hired) - 1
    while not future.done():
        if len(players.hired) > lost:
            players.hired[lost].die()
            lost += 1
    assert future.result().verdict is Verdict.NO_VERDICT
    assert 30 < len(players.hired) < 50  # the ten before have been forgiven


def test_of_what_a_lost_worker_had_only_what_ran_was_tried(dispatcher: Scheduler, players: Players) -> None:
    futures = submitted(dispatcher, 100)
    quickened(players.hired[0])
    for loss in range(5):
        worker = players.hired[loss]
        worker.until_asked(2)
        worker.answer(ring=False)
        worker.die()
        while len(players.hired) == loss + 1:
            pass
    last = players.hired[-1]
    while not all(future.done() for future in futures):
        last.answer_if_asked()
    assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * 100


def test_what_a_sleeper_has_ahead_is_taken_back(dispatcher: Scheduler, players: Players) -> None:
    futures = submitted(dispatcher, 100)
    sleeper = players.hired[0]
    quickened(sleeper)
    sleeper.say("waiting", sleeper.asked[0])
    while not sleeper.cancelled:
        sleeper.read()
    assert sleeper.cancelled == sleeper.asked[1:]
    while len(players.hired) == 1:
        pass
    other = players.hired[1]
    while sum(future.done() for future in futures) < 99:
        other.answer_if_asked()
    (slept,) = (future for future in futures if not future.done())
    while sleeper.asked:  # what it slept in; then what was cancelled, of which it begins none, and says so
        sleeper.answer()
    assert slept.result(timeout=10) == ACCEPTED


def test_it_is_not_held_up_by_a_worker_that_does_not_read(dispatcher: Scheduler, players: Players) -> None:
    futures = submitted(dispatcher, 300, "x" * 20_000)
    worker = players.hired[0]
    quickened(worker, ahead=2)
    for _ in range(40):  # as quick as any
        worker.until_asked(1)
        worker.answer()
    while worker.asked:
        worker.answer()
    done = [future.result(timeout=10) for future in futures[:40]]
    assert done == [ACCEPTED] * 40
    assert dispatcher._worker_set[0].load * 20_000 < 100_000


def test_a_worker_that_is_gone_when_it_is_given_some_ahead_takes_none_along(
    dispatcher: Scheduler, players: Players
) -> None:
    futures = submitted(dispatcher, 100)
    first = players.hired[0]
    quickened(first)
    with dispatcher._lock:
        while len(first.asked) > 1:
            first.answer(ring=False)
        give_ahead = dispatcher._dispatch_ahead

        def gone_by_then() -> None:
            first.die()
            give_ahead()

        dispatcher._dispatch_ahead = gone_by_then  # type: ignore[method-assign]
        dispatcher._worker_set.ring()
    while len(players.hired) == 1:
        pass
    last = players.hired[-1]
    while not all(future.done() for future in futures):
        last.answer_if_asked()
    assert [future.result() for future in futures] == [ACCEPTED] * 100


def test_each_worker_is_given_all_that_warms_it_one_job_at_a_time(players: Players) -> None:
    dispatcher = Scheduler(2, 2, 1000, ARGUMENTS, None)
    players.bell = dispatcher._worker_set._bell
    dispatcher._worker_set._server = players  # type: ignore[assignment]
    jobs = [JudgeJob(ONCE, Program(f"warm {number}")) for number in range(3)]
    warming = dispatcher.warm(jobs)
    assert len(players.hired) == 2
    other = dispatcher.submit(JudgeJob(ONCE, Program("a real one")), 0, None)
    for done in range(3):
        for number, worker in enumerate(players.hired):
            worker.until_asked(1)
            assert len(worker.asked) == 1, "what takes long must not hold up what is behind it"
            assert [each.done() for each in warming[number]] == [place < done for place in range(3)]
            worker.answer()
            warming[number][done].result(10)
    assert not other.done()
    first = next(worker for worker in players.hired if worker.is_asked(10))
    first.until_asked(1)
    first.answer()
    assert other.result(10).verdict is Verdict.ACCEPTED
    assert len(players.hired) == 2
    players.close()
    dispatcher.close()


def test_what_was_to_warm_a_lost_worker_is_judged_elsewhere(dispatcher: Scheduler, players: Players) -> None:
    (warming,) = dispatcher.warm([JudgeJob(ONCE, Program(f"warm {number}")) for number in range(3)])
    players.hired[0].until_asked(1)
    players.hired[0].die()
    while len(players.hired) < 2:
        threading.Event().wait(0.01)
    for _ in range(3):
        players.hired[1].until_asked(1)
        players.hired[1].answer()
    assert {future.result(10).verdict for future in warming} == {Verdict.ACCEPTED}
