"""Feedback that has nothing to do with the response: the paper's ablation (RLEF, random feedback).

A random stored wrong solution of another problem is run on that problem's public tests, and its failures are shown.
If it passes them all, the trace of ``raise NotImplementedError()`` is shown instead.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from rlef_env.envs.judging import Judging
from rlef_env.judge import JudgeJob, Judgement, Verdict
from rlef_env.problems import Dataset, Problem
from rlef_env.sandbox import Program

__all__ = ["random_judging"]


def random_judging(
    dataset: Dataset, sources: Sequence[int], problem: Problem, rng: np.random.Generator
) -> Judging[tuple[Problem, Judgement]]:
    """Have a wrong program judged; return another problem and the judgement of the program on its public tests.

    Args:
        dataset: where the problems are.
        sources: where to draw from, as ``Dataset.wrongly_solved`` gives them, with at least one other than ``problem``.
        problem: the problem that was really asked.
        rng: decides what is drawn.
    """
    other = dataset[_other(sources, dataset.place(problem.id), rng)]
    programs = _wrong_programs(other)
    program = Program(programs[int(rng.integers(len(programs)))])
    judgement = yield JudgeJob(other, program, roles=("public",), stop_early=False)
    if judgement.verdict is Verdict.ACCEPTED:
        program = Program("raise NotImplementedError()")
        judgement = yield JudgeJob(other, program, roles=("public",), stop_early=False)
    return other, judgement


def _other(sources: Sequence[int], own: int, rng: np.random.Generator) -> int:
    """One of the places but a problem's own."""
    before = bisect_left(sources, own)
    among = before < len(sources) and sources[before] == own
    drawn = int(rng.integers(len(sources) - among))
    return sources[drawn + (among and drawn >= before)]


def _wrong_programs(problem: Problem) -> list[str]:
    return [solution.source for solution in problem.incorrect_solutions if solution.language == "python"]
