"""Real problem packages: accepted programs are right, partially accepted ones earn some points."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rlef_env.judge import Judge, Verdict
from rlef_env.problems import Problem, Solution
from rlef_env.problems.packages import read_package
from rlef_env.sandbox import Program

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


def earned(judge: Judge, problem: Problem, solution: Solution) -> tuple[Verdict, list[float]]:
    judgement = judge.judge(problem, Program(solution.source, solution.language), stop_early=False)
    return judgement.verdict, [group.earned for group in judgement.groups]


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("hello", []),
        ("hundraelva", [20, 40, 40]),
        ("oddecho", [50, 50]),
        ("virus3", [20, 20, 20, 40]),
        pytest.param("pickleclicker", [20, 20, 20, 40], marks=pytest.mark.slow),
    ],
)
def test_accepted_programs(shared_data: Path, judge: Judge, name: str, points: list[float]) -> None:
    problem = read_package(shared_data / "packages" / name)
    assert problem.solutions
    for solution in problem.solutions:
        assert earned(judge, problem, solution) == (Verdict.ACCEPTED, points)


@pytest.mark.parametrize(
    ("name", "program", "points"),
    [
        ("oddecho", "partially_accepted/sol.py", [50, 0]),
        pytest.param("virus3", "partially_accepted/theodor.py", [0, 20, 20, 0], marks=pytest.mark.slow),
        pytest.param("virus3", "wrong_answer/theodor_wrong_input.py", [0, 0, 0, 0], marks=pytest.mark.slow),
        pytest.param("pickleclicker", "partially_accepted/binarysearch.py", [20, 0, 0, 0], marks=pytest.mark.slow),
    ],
)
def test_wrong_programs(shared_data: Path, judge: Judge, name: str, program: str, points: list[float]) -> None:
    problem = read_package(shared_data / "packages" / name)
    index = problem.extra["submissions"]["incorrect_solutions"].index(f"submissions/{program}")
    assert earned(judge, problem, problem.incorrect_solutions[index]) == (Verdict.WRONG_ANSWER, points)


def test_equal_tests_are_judged_once(shared_data: Path) -> None:
    problem = read_package(shared_data / "packages" / "virus3")
    assert len(set(problem.private_tests)) == len(problem.private_tests) < sum(len(g.tests) for g in problem.groups)
