"""HumanEval and MBPP: every reference is right, and programs that return nothing useful are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rlef_env.judge import Judge, Judgement, Verdict
from rlef_env.problems import Problem, load_dataset
from rlef_env.sandbox import Program

pytestmark = pytest.mark.shared
FILES = {
    "humaneval/HumanEval.jsonl.gz": 164,
    "humaneval/HumanEvalPlus-Mini.first10.jsonl": 10,
    "mbpp/sanitized-mbpp.not-test.json": 170,
    "mbpp/mbpp.sample4.jsonl": 4,
}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


@pytest.mark.parametrize("file", FILES)
def test_references_are_right_and_useless_programs_are_wrong(judge: Judge, shared_data: Path, file: str) -> None:
    problems = list(load_dataset(str(shared_data / file)))
    assert len(problems) == FILES[file]
    refused, accepted = [], []
    for problem in problems:
        judgement = judge.judge(problem, Program(problem.solutions[0].source))
        if judgement.verdict is not Verdict.ACCEPTED:
            refused.append((problem.id, judgement))
        accepted += [problem.id for source in USELESS if passes(judge, problem, source)]
    assert not refused
    assert not accepted


USELESS = ("def {name}(first=None, *others, **named): return first\n",)


def passes(judge: Judge, problem: Problem, source: str) -> bool:
    assert problem.function is not None
    judgement: Judgement = judge.judge(problem, Program(source.replace("{name}", problem.function.entry_point)))
    return judgement.verdict in (Verdict.ACCEPTED, Verdict.NO_VERDICT)
