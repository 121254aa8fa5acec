"""A job in a pool: whole or split into parts, and what has come of them."""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Final

from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judge import kind_of
from rlef_env.judge.judgement import UNDECIDED, Judgement, Measured, Verdict, judgement_of

__all__ = ["Shard", "ShardedJob"]

LEFT: Final = Judgement(Verdict.NO_VERDICT, category="left")  # stands for a part that decides nothing
LEAST_SHARE: Final = 8  # tests of one program that are worth another worker's time to compile it


@dataclass(eq=False, slots=True)
class ShardedJob:
    """A job, split into parts or whole, and what has come of them.

    Attributes:
        job: what was submitted.
        key: in the cache of verdicts; empty where it is not to be kept.
        future: what was returned for it.
        parts: the judgement of each part, in order; None where it is due.
        tasks: the parts that are due.
        held: those of them that are to wait until all tests before the gate have passed.
        started: whether the future is known to run, so that it cannot be cancelled any more.
        finished: whether the future has, or is about to have, its result.
    """

    job: JudgeJob
    key: bytes = b""
    future: Future[Judgement] = field(default_factory=Future)
    parts: list[Judgement | None] = field(default_factory=lambda: [None])
    tasks: list[Shard] = field(init=False)
    held: list[Shard] = field(default_factory=list)
    started: bool = False
    finished: bool = False

    def __post_init__(self) -> None:
        self.tasks = [Shard(self, 0, self.job)]

    def start(self) -> bool:
        """Whether the job is still wanted; if so, from now on it cannot be cancelled."""
        if not self.started and not self.finished:
            self.started = self.future.set_running_or_notify_cancel()
            self.finished = not self.started
        return not self.finished

    def split(self, workers: int) -> list[Shard]:
        """Spread the tests over so many workers, if that is worth their while; return what may begin beside the first.

        Tests behind a gate are held: what they are given is nobody's business, and a program that runs on one of them
        must not be there to tell it to one that runs on a test that is shown.
        """
        tests = len(self.job.tests()) if kind_of(self.job.problem) == "stdio" else 0
        gate = self.job.gate if self.job.gate < tests else 0
        parts = min(workers, (tests - gate) // LEAST_SHARE)
        if parts < 2:
            return []
        bounds = [gate + (tests - gate) * part // parts for part in range(parts + 1)]
        jobs = [self._job_of(low, high) for low, high in itertools.pairwise([0, *bounds] if gate else bounds)]
        self.parts = [None] * len(jobs)
        self.tasks[0].job = jobs[0]
        later = [Shard(self, part, job) for part, job in enumerate(jobs[1:], start=1)]
        self.tasks += later
        if gate:
            self.held, later = later, []
        return later

    def release(self) -> list[Shard]:
        """Return the parts that were held and are due, now that the tests before them have passed."""
        held, self.held = self.held, []
        return [task for task in held if self.parts[task.part] is None]

    def _job_of(self, low: int, high: int) -> JudgeJob:
        """The job that is these of its tests."""
        gate = min(max(self.job.gate - low, 0), high - low)
        return replace(self.job, offset=self.job.offset + low, limit=high - low, gate=gate)

    def put(self, part: int, judgement: Judgement) -> list[Shard]:
        """Note the judgement of a part; return the parts that nobody needs any more."""
        self.parts[part] = judgement
        start = self.tasks[part].job.offset - self.job.offset
        failed = [start + at for at, each in enumerate(judgement.results) if each.verdict not in UNDECIDED]
        if not failed or not (self.job.stop_early or failed[0] < self.job.gate):
            return []
        end = max(failed[0] + 1, self.job.gate)  # of what one judge would run
        return self.leave([task for task in self.tasks if task.job.offset - self.job.offset >= end])

    def leave(self, tasks: list[Shard]) -> list[Shard]:
        """Do without these parts; return those of them that are due."""
        due = [task for task in tasks if self.parts[task.part] is None]
        for task in due:
            self.parts[task.part] = LEFT
        return due

    def judgement(self) -> Judgement | None:
        """The judgement, if the parts that are there decide it."""
        if len(self.parts) == 1:
            return self.parts[0]
        measured: list[Measured] = []
        isolation, failed, undone = "locked", False, None
        for part in self.parts:
            if self.job.ends(len(measured), failed):
                break
            if part is None:
                return None
            isolation = part.isolation
            for each in part.measured():  # it knows of no failure in another part, and so may have run too many
                if self.job.ends(len(measured), failed):
                    break
                measured.append(each)
                failed = failed or each.result.verdict not in UNDECIDED
            else:
                if len(part.results) < part.total:  # it was left before its end
                    undone = part
                    break
        whole = judgement_of(self.job.problem, measured, len(self.job.tests()), isolation)
        if undone is None or undone.verdict is not Verdict.NO_VERDICT:
            return whole
        return replace(whole, verdict=undone.verdict, category=undone.category)


@dataclass(eq=False, slots=True)
class Shard:
    """A part of a job for one worker: ``job`` says which tests, ``attempts`` how many workers were lost with it."""

    work: ShardedJob
    part: int
    job: JudgeJob
    attempts: int = 0
