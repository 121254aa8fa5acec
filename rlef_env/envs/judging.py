"""How the rules of an episode ask for judgements without knowing who judges, or when.

A ``Judging`` is a generator that yields jobs, one at a time, is sent the judgement of each, and returns its result. One
environment runs it with a judge that it waits for; many run side by side, each with a job under way in a pool.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, TypeAlias, TypeVar

from rlef_env.judge import JudgeJob, Judgement

__all__ = ["Judging", "SupportsJudge", "judged_by"]

Result = TypeVar("Result")
Judging: TypeAlias = Generator[JudgeJob, Judgement, Result]


class SupportsJudge(Protocol):
    """What is needed of a judge; ``rlef_env.judge.Judge`` is one."""

    def judge(self, job: JudgeJob, /) -> Judgement:
        """Judge a program on a problem's tests."""


def judged_by(judge: SupportsJudge, judging: Judging[Result]) -> Result:
    """Run it to its end with a judge, and return its result."""
    try:
        job = next(judging)
        while True:
            judgement = judge.judge(job)
            job = judging.send(judgement)
    except StopIteration as end:
        result: Result = end.value
        return result
