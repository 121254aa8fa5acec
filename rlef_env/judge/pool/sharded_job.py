"""A job in a pool: whole, or split into shards for several workers; and the judgement that its shards make."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Final

from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judgement import UNDECIDED, Judgement, Measured, Verdict, judgement_of
from rlef_env.judge.runners.base import problem_kind

__all__ = ["Shard", "ShardedJob"]

SKIPPED: Final = Judgement(Verdict.NO_VERDICT, category="skipped")  # of a shard that does not affect the judgement
MIN_TESTS: Final = 8  # with fewer tests, a shard is not worth the time in which another worker compiles the program


@dataclass(eq=False, slots=True)
class ShardedJob:
    """A job, its shards and their judgements.

    Attributes:
        job: what was submitted.
        future: what ``submit`` returned.
        shards: the parts of the job, in the order of its tests; one unless it was split.
        judgements: of each shard; None while it is due.
        held: shards that may start only when all tests before the gate have passed.
        started: whether the future runs, so that it cannot be cancelled any more.
        finished: whether the future has its result, or is about to have it.
    """

    job: JudgeJob
    future: Future[Judgement] = field(default_factory=Future)
    shards: list[Shard] = field(init=False)
    judgements: list[Judgement | None] = field(default_factory=lambda: [None])
    held: list[Shard] = field(default_factory=list)
    started: bool = False
    finished: bool = False

    def __post_init__(self) -> None:
        self.shards = [Shard(self, 0, self.job)]

    def start(self) -> bool:
        """Return whether the job is still wanted. If it is, its future cannot be cancelled from now on."""
        if not self.started and not self.finished:
            self.started = self.future.set_running_or_notify_cancel()
            self.finished = not self.started
        return not self.finished

    def split(self, workers: int) -> list[Shard]:
        """Split the tests into shards for this many workers, if that is worth it.

        Tests behind the gate are held: their inputs are secret, and a program that runs on one of them must not be
        able to pass its input on to a program that runs on a public test at the same time.

        Returns:
            The shards that may start together with the first one.
        """
        tests = len(self.job.tests()) if problem_kind(self.job.problem) == "stdio" else 0
        gate = self.job.gate if self.job.gate < tests else 0
        count = min(workers, (tests - gate) // MIN_TESTS)
        if count < 2:
            return []
        bounds = [gate + (tests - gate) * number // count for number in range(count + 1)]
        jobs = [self._part(start, end) for start, end in itertools.pairwise([0, *bounds] if gate else bounds)]
        self.judgements = [None] * len(jobs)
        self.shards[0].job = jobs[0]
        others = [Shard(self, index, job) for index, job in enumerate(jobs[1:], start=1)]
        self.shards += others
        if gate:
            self.held, others = others, []
        return others

    def _part(self, start: int, end: int) -> JudgeJob:
        """Return the job for the tests from ``start`` to ``end``."""
        gate = min(max(self.job.gate - start, 0), end - start)
        return replace(self.job, offset=self.job.offset + start, limit=end - start, gate=gate)

    def release(self) -> list[Shard]:
        """Return the held shards that are due. Call it when the tests before the gate have passed."""
        held, self.held = self.held, []
        return [shard for shard in held if self.judgements[shard.index] is None]

    def put(self, shard: Shard, judgement: Judgement) -> list[Shard]:
        """Store the judgement of a shard; return the shards that are no longer needed."""
        self.judgements[shard.index] = judgement
        start = shard.job.offset - self.job.offset
        failed = [start + at for at, each in enumerate(judgement.results) if each.verdict not in UNDECIDED]
        if not failed or not (self.job.stop_early or failed[0] < self.job.gate):
            return []
        end = max(failed[0] + 1, self.job.gate)  # number of tests that a single judge would run
        return self.skip([other for other in self.shards if other.job.offset - self.job.offset >= end])

    def skip(self, shards: Sequence[Shard]) -> list[Shard]:
        """Do not wait for these shards; return those that were due."""
        due = [shard for shard in shards if self.judgements[shard.index] is None]
        for shard in due:
            self.judgements[shard.index] = SKIPPED
        return due

    def judgement(self) -> Judgement | None:
        """Return the judgement of the job; None while it depends on a shard that is due."""
        if len(self.judgements) == 1:
            return self.judgements[0]
        measured: list[Measured] = []
        isolation, failed, incomplete = "locked", False, None
        for part in self.judgements:
            if self.job.ends(len(measured), failed):
                break
            if part is None:
                return None
            isolation = part.isolation
            for each in part.measured():  # may be too many: this shard did not know of failures in earlier ones
                if self.job.ends(len(measured), failed):
                    break
                measured.append(each)
                failed = failed or each.result.verdict not in UNDECIDED
            else:
                if part.judge_failed or len(part.results) < part.total:
                    incomplete = part
                    break
        whole = judgement_of(self.job.problem, measured, len(self.job.tests()), isolation)
        if incomplete is None or incomplete.verdict is not Verdict.NO_VERDICT:
            return whole
        return replace(whole, verdict=incomplete.verdict, category=incomplete.category)


@dataclass(eq=False, slots=True)
class Shard:
    """A part of a job for one worker.

    Attributes:
        parent: the whole job.
        index: of the shard in its parent.
        job: the tests of this shard.
        attempts: number of workers that were lost while they judged it.
    """

    parent: ShardedJob
    index: int
    job: JudgeJob
    attempts: int = 0
