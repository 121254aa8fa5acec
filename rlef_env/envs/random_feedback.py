"""Feedback that is unrelated to the response: the paper's ablation (RLEF, random feedback).

A random stored wrong solution of another problem runs on that problem's public tests, and its failures are shown. If it
passes all of them, the trace of ``raise NotImplementedError()`` is shown instead.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np

from rlef_env.judge import JudgeJob, Judgement, TestResult, Verdict
from rlef_env.problems import Dataset, Problem
from rlef_env.sandbox import Program

__all__ = ["random_job", "random_judgement"]

_TRACE: Final = (
    'Traceback (most recent call last):\n  File "solution.py", line 1, in <module>\n'
    "    raise NotImplementedError()\nNotImplementedError\n"
)


def random_job(dataset: Dataset, problem: Problem, seed: int, turn: int) -> JudgeJob:
    """Draw a wrong program for another problem, to be judged on that problem's public tests.

    Args:
        dataset: problems to draw from, of which ``wrongly_solved`` names two or more.
        problem: the problem of the episode, which is not drawn.
        seed: the episode's feedback seed.
        turn: number of turns before this one. Equal seeds and turns draw the same program.
    """
    rng = np.random.default_rng((seed, turn))
    other = dataset[_other_place(dataset.wrongly_solved, dataset.place(problem.id), rng)]
    programs = [solution.source for solution in other.incorrect_solutions if solution.language == "python"]
    program = Program(programs[int(rng.integers(len(programs)))])
    return JudgeJob(other, program, roles=("public",), stop_early=False)


def random_judgement(problem: Problem, judged: Judgement) -> Judgement:
    """Return the judgement to show.

    What the judge finds for ``raise NotImplementedError()`` is known, so it needs no job of its own.

    Args:
        problem: the problem that ``random_job`` drew.
        judged: the judgement of that job.
    """
    if judged.verdict is not Verdict.ACCEPTED:
        return judged
    failed = Verdict.RUNTIME_ERROR, "NotImplementedError", "", _TRACE
    results = tuple(TestResult("public", index, *failed) for index in range(len(problem.public_tests)))
    return Judgement(Verdict.RUNTIME_ERROR, results, len(results), "NotImplementedError", judged.isolation)


def _other_place(places: Sequence[int], own: int, rng: np.random.Generator) -> int:
    """Draw one of the sorted places other than ``own``."""
    before = bisect_left(places, own)
    included = before < len(places) and places[before] == own
    drawn = int(rng.integers(len(places) - included))
    return places[drawn + (included and drawn >= before)]
