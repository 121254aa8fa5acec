"""Real problems: every stored solution gets the verdict of its label (docs/data-quality.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rlef_env.judge import JudgeJob, JudgePool, Verdict
from rlef_env.problems import Problem, read_jsonl
from rlef_env.problems.checker_sidecar import read_checkers
from rlef_env.sandbox import Program

pytestmark = pytest.mark.shared


def problems(shared_data: Path, name: str) -> list[Problem]:
    checkers = read_checkers(shared_data / "meta.jsonl")
    return [replace(problem, checker=checkers[problem.id]) for problem in read_jsonl(shared_data / name)]


def misjudged(chosen: list[Problem]) -> Iterator[str]:
    jobs = [
        (f"{problem.id} {kind} {index}", kind == "correct", JudgeJob(problem, Program(solution.source)))
        for problem in chosen
        for kind, stored in (("correct", problem.solutions), ("incorrect", problem.incorrect_solutions))
        for index, solution in enumerate(stored)
        if solution.language == "python"
    ]
    assert jobs
    with JudgePool(2) as pool:
        judgements = pool.judge_all(job for _, _, job in jobs)
        for (name, correct, _), judgement in zip(jobs, judgements, strict=True):
            if (judgement.verdict is Verdict.ACCEPTED) is not correct or judgement.verdict is Verdict.NO_VERDICT:
                yield f"{name}: {judgement.verdict.value} {judgement.category}"


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_codecontests_sample(step: int, shared_data: Path) -> None:
    """Every fourth problem, and all of them."""
    assert list(misjudged(problems(shared_data, "codecontests.jsonl")[::step])) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kattis_sample(shared_data: Path) -> None:
    assert list(misjudged(problems(shared_data, "kattis.jsonl"))) == []
