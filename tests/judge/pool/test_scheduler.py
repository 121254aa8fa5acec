"""The scheduler and its messages: the test plays the workers, at the other end of real sockets."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rlef_env.judge import JudgeJob, Judgement, Verdict
from rlef_env.judge.pool.scheduler import Scheduler
from rlef_env.judge.pool.workers.wire import Channel, frames, judgement_to_tuple
from rlef_env.judge.pool.workers.worker_handle import WorkerHandle
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),))
ACCEPTED = Judgement(Verdict.ACCEPTED, total=1)
SECONDS = 250  # to wait for what comes, however slow the machine
ARGUMENTS = {"isolation": "locked", "time_factor": 1.0, "numpy": False, "checkers": {}}


class PlayedWorker:
    """A worker's end: the test decides when it reads and what it answers."""

    def __init__(self, channel: Channel, wakeup: int) -> None:
        self._channel, self._wakeup = channel, wakeup
        self.tickets: list[int] = []  # of the jobs that it has not answered
        self.cancelled: list[int] = []

    def read_until(self, count: int) -> None:
        """Read until there are so many jobs that it has not answered."""
        while len(self.tickets) < count:
            self.read()

    def readable(self, seconds: float) -> bool:
        """Return whether something arrives within so many seconds."""
        return bool(select.select([self._channel], [], [], seconds)[0])

    def answer_if_asked(self) -> None:
        """Answer the next job, if one comes: the last results reach their futures a moment after the last answers."""
        if self.tickets or self.readable(0.2):
            self.read_until(1)
            self.answer()

    def read(self) -> None:
        assert self.readable(SECONDS), "nothing arrives"
        for kind, *content in self._channel.read():
            if kind == "judge":
                self.tickets.append(content[0])
            elif kind == "cancel":
                self.cancelled += content[0]

    def answer(self, notify: bool = True) -> None:
        """Answer the next job, as if judged within a millisecond."""
        self.send("answer", self.tickets.pop(0), judgement_to_tuple(ACCEPTED), None, 0.001, notify=notify)

    def send(self, *message: Any, notify: bool = True) -> None:
        self._channel.write(frames(*message))
        self._channel.flush()
        if notify:
            os.eventfd_write(self._wakeup, 1)

    def stop_reading(self) -> None:
        self._channel._socket.shutdown(socket.SHUT_RD)

    def die(self) -> None:
        self._channel.close()


class PlayedForkServer:
    """Takes the place of the fork server; its workers are played by the test."""

    def __init__(self, wakeup: int) -> None:
        self._wakeup = wakeup
        self.workers: list[PlayedWorker] = []

    def fork(self) -> Channel:
        ours, theirs = socket.socketpair()
        self.workers.append(PlayedWorker(Channel(theirs.detach()), self._wakeup))
        return Channel(ours.detach())

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        for worker in self.workers:
            worker.die()


@contextlib.contextmanager
def played(num_workers: int) -> Iterator[tuple[Scheduler, list[PlayedWorker]]]:
    """A scheduler, and the list of the workers that it has started so far. A test that is slow makes no worker slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorkerHandle, "quiet_for", lambda *_: False)
        scheduler = Scheduler(num_workers, num_workers, 1000, ARGUMENTS)
        server = PlayedForkServer(scheduler._workers._wakeup)
        scheduler._workers._fork_server = server  # type: ignore[assignment]
        yield scheduler, server.workers
        server.close()
        scheduler.close()


@pytest.fixture
def one() -> Iterator[tuple[Scheduler, list[PlayedWorker]]]:
    with played(1) as both:
        yield both


@pytest.fixture
def scheduler(one: tuple[Scheduler, list[PlayedWorker]]) -> Scheduler:
    return one[0]


@pytest.fixture
def workers(one: tuple[Scheduler, list[PlayedWorker]]) -> list[PlayedWorker]:
    return one[1]


def submitted(scheduler: Scheduler, count: int, source: str = "") -> list[Any]:
    return [scheduler.submit(JudgeJob(ONCE, Program(f"{source}{number}")), 0, None) for number in range(count)]


def make_fast(worker: PlayedWorker, ahead: int = 3) -> None:
    """Answer until the scheduler knows that the worker is fast and assigns it this many jobs ahead."""
    worker.send("ready", 1)
    while len(worker.tickets) <= ahead:
        worker.read_until(1)
        worker.answer()
        while worker.readable(0.05):
            worker.read()


def test_a_worker_lost_at_its_start_costs_no_attempt(scheduler: Scheduler, workers: list[PlayedWorker]) -> None:
    """As when the fork server is killed. But not for ever, or a pool that cannot start workers would hang."""
    (future,) = submitted(scheduler, 1)
    for lost in range(10):
        workers[lost].die()
        while len(workers) == lost + 1:
            time.sleep(0)
    workers[-1].read_until(1)
    workers[-1].answer()
    assert future.result(SECONDS) == ACCEPTED
    workers[-1].die()
    (future,) = submitted(scheduler, 1)
    lost = len(workers) - 1
    while not future.done():
        if len(workers) > lost:
            workers[lost].die()
            lost += 1
    assert future.result().verdict is Verdict.NO_VERDICT
    assert 30 < len(workers) < 50  # the ten losses before do not count any more


def test_a_worker_that_cannot_be_sent_to_is_replaced(scheduler: Scheduler, workers: list[PlayedWorker]) -> None:
    """Although it still runs, so that its end of the connection stays open."""
    (first,) = submitted(scheduler, 1)
    workers[0].read_until(1)
    workers[0].answer()
    assert first.result(SECONDS) == ACCEPTED
    workers[0].stop_reading()
    (second,) = submitted(scheduler, 1)
    while len(workers) == 1:
        time.sleep(0)
    workers[1].read_until(1)
    workers[1].answer()
    assert second.result(SECONDS) == ACCEPTED


def test_only_the_running_job_of_a_lost_worker_is_tried(scheduler: Scheduler, workers: list[PlayedWorker]) -> None:
    futures = submitted(scheduler, 300)
    make_fast(workers[0])
    for loss in range(5):
        worker = workers[loss]
        worker.read_until(2)
        worker.answer(notify=False)
        worker.die()
        while len(workers) == loss + 1:
            time.sleep(0)
    last = workers[-1]
    while not all(future.done() for future in futures):
        last.answer_if_asked()
    assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * 300


def test_jobs_ahead_of_a_sleeping_worker_are_taken_back(scheduler: Scheduler, workers: list[PlayedWorker]) -> None:
    futures = submitted(scheduler, 300)
    sleeper = workers[0]
    make_fast(sleeper)
    sleeper.send("sleeping", True)
    while not sleeper.cancelled:
        sleeper.read()
    assert sleeper.cancelled == sleeper.tickets[1:]
    while len(workers) == 1:
        time.sleep(0)
    other = workers[1]
    while sum(future.done() for future in futures) < 299:
        other.answer_if_asked()
    (slept,) = (future for future in futures if not future.done())
    while sleeper.tickets:  # the job that slept, then the cancelled ones, which a worker skips and answers
        sleeper.answer()
    assert slept.result(SECONDS) == ACCEPTED


def test_a_worker_that_does_not_read_blocks_nobody(scheduler: Scheduler, workers: list[PlayedWorker]) -> None:
    futures = submitted(scheduler, 300, "x" * 20_000)
    worker = workers[0]
    make_fast(worker, ahead=2)
    for _ in range(40):  # the worker is fast
        worker.read_until(1)
        worker.answer()
    while worker.tickets:
        worker.answer()
    done = [future.result(SECONDS) for future in futures[:40]]
    assert done == [ACCEPTED] * 40
    assert next(iter(scheduler._workers)).load * 20_000 < 100_000


def test_a_worker_that_is_lost_while_it_gets_jobs_ahead_loses_none(
    scheduler: Scheduler, workers: list[PlayedWorker]
) -> None:
    futures = submitted(scheduler, 300)
    first = workers[0]
    make_fast(first)
    with scheduler._jobs.lock:
        while len(first.tickets) > 1:
            first.answer(notify=False)
        assign_ahead = scheduler._assigner.assign_ahead

        def assign_ahead_when_lost(mean_seconds: float) -> None:
            first.die()
            assign_ahead(mean_seconds)

        scheduler._assigner.assign_ahead = assign_ahead_when_lost  # type: ignore[method-assign]
        scheduler._workers.notify()
    while len(workers) == 1:
        time.sleep(0)
    last = workers[-1]
    while not all(future.done() for future in futures):
        last.answer_if_asked()
    assert [future.result() for future in futures] == [ACCEPTED] * 300


def test_each_worker_gets_all_warm_up_jobs_one_at_a_time() -> None:
    jobs = [JudgeJob(ONCE, Program(f"warm {number}")) for number in range(3)]
    with played(2) as (scheduler, workers):
        futures = scheduler.warm(jobs)
        assert len(workers) == 2
        other = scheduler.submit(JudgeJob(ONCE, Program("another job")), 0, None)
        for done in range(3):
            for number, worker in enumerate(workers):
                worker.read_until(1)
                assert len(worker.tickets) == 1, "a job that takes long must not delay the jobs behind it"
                assert [each.done() for each in futures[number]] == [index < done for index in range(3)]
                worker.answer()
                futures[number][done].result(SECONDS)
        assert not other.done()
        first = next(worker for worker in workers if worker.readable(SECONDS))
        first.read_until(1)
        first.answer()
        assert other.result(SECONDS).verdict is Verdict.ACCEPTED
        assert len(workers) == 2


def test_warm_up_jobs_of_a_lost_worker_are_judged_by_another(scheduler: Scheduler, workers: list[PlayedWorker]) -> None:
    (futures,) = scheduler.warm([JudgeJob(ONCE, Program(f"warm {number}")) for number in range(3)])
    workers[0].read_until(1)
    workers[0].die()
    while len(workers) < 2:
        time.sleep(0.01)
    for _ in range(3):
        workers[1].read_until(1)
        workers[1].answer()
    assert {future.result(SECONDS).verdict for future in futures} == {Verdict.ACCEPTED}
