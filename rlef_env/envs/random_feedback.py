"""Feedback that has nothing to do with the response: the paper's ablation (RLEF, random feedback).

A random stored wrong solution of another problem is run on that problem's public tests, and its failures are shown.
If it passes them all, the trace of ``raise NotImplementedError()`` is shown instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlef_env.envs.scoring import SupportsJudge
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems import Problem
from rlef_env.sandbox import Program

__all__ = ["random_judgement", "random_sources"]


def random_sources(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems that random feedback can come from: with public tests and a wrong Python solution."""
    return [problem for problem in problems if problem.public_tests and _wrong_programs(problem)]


def random_judgement(
    judge: SupportsJudge, sources: Sequence[Problem], problem: Problem, rng: np.random.Generator
) -> tuple[Problem, Judgement]:
    """Return another problem and the judgement of a wrong program on its public tests.

    Args:
        judge: who judges.
        sources: where to draw from, as ``random_sources`` gives them, with at least one other than ``problem``.
        problem: the problem that was really asked.
        rng: decides what is drawn.
    """
    others = [source for source in sources if source.id != problem.id]
    other = others[int(rng.integers(len(others)))]
    programs = _wrong_programs(other)
    program = Program(programs[int(rng.integers(len(programs)))])
    judgement = judge.judge(other, program, roles=("public",), stop_early=False)
    if judgement.verdict is Verdict.ACCEPTED:
        program = Program("raise NotImplementedError()")
        judgement = judge.judge(other, program, roles=("public",), stop_early=False)
    return other, judgement


def _wrong_programs(problem: Problem) -> list[str]:
    return [solution.source for solution in problem.incorrect_solutions if solution.language == "python"]
