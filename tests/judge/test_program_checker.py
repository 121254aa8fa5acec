"""Checkers that are programs: right answers of any form, and outputs made to break the checker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rlef_env.judge import Judge, Verdict
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Program

DIVISOR = """
def check(input, output, expected):
    n = int(input)
    d = int(output)
    if d > 10**6: return sum(range(10**12)) > 0
    return 1 < d < n and n % d == 0
"""
PROBLEM = Problem(
    id="divisor",
    statement="Print any proper divisor of n other than 1.",
    public_tests=(Test("12\n", "2\n"),),
    checker=CheckerSpec("python", source=DIVISOR),
)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


@pytest.mark.parametrize("answer", ["2", "3", "4", "6", " 6 "])
def test_every_right_answer_is_accepted(answer: str, judge: Judge) -> None:
    assert judge.judge(PROBLEM, Program(f"print({answer!r})")).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("answer", ["1", "5", "12", "0"])
def test_a_wrong_answer_is_refused(answer: str, judge: Judge) -> None:
    assert judge.judge(PROBLEM, Program(f"print({answer!r})")).verdict is Verdict.WRONG_ANSWER


@pytest.mark.parametrize("answer", ["", "x", "9" * 5000, "\udcff", "6\n6", "\0"])
def test_an_output_that_breaks_the_checker_is_wrong_not_unjudged(answer: str, judge: Judge) -> None:
    source = f"import sys\nsys.stdout.buffer.write({answer.encode('utf-8', 'surrogateescape')!r})"
    assert judge.judge(PROBLEM, Program(source)).verdict is Verdict.WRONG_ANSWER


@pytest.mark.slow
def test_an_output_that_makes_the_checker_slow_is_wrong(judge: Judge) -> None:
    assert judge.judge(PROBLEM, Program("print(10**7)")).verdict is Verdict.WRONG_ANSWER


@pytest.mark.parametrize(
    "source", ["def check(", "", "def check(input, output, expected): return False", "import nope"]
)
def test_a_checker_that_refuses_the_stored_answer_gives_no_verdict(source: str, judge: Judge) -> None:
    problem = Problem("broken", "", (Test("12\n", "2\n"),), checker=CheckerSpec("python", source=source))
    judgement = judge.judge(problem, Program("print(5)"))
    if "return False" in source:
        assert judgement.verdict is Verdict.WRONG_ANSWER  # it works, and says no
    else:
        assert judgement.verdict is Verdict.NO_VERDICT
        assert "checker failed on the stored answer" in (judgement.category or "")


def test_the_checker_is_locked_too(judge: Judge) -> None:
    source = "def check(input, output, expected):\n    import socket\n    socket.socket()\n    return True"
    problem = Problem("network", "", (Test("", ""),), checker=CheckerSpec("python", source=source))
    assert judge.judge(problem, Program("")).verdict is Verdict.NO_VERDICT


def test_the_judged_program_never_meets_the_checker(judge: Judge) -> None:
    spy = "import gc\nprint(any('DIVISOR-CHECKER' in x for x in gc.get_objects() if isinstance(x, str)))"
    source = "# DIVISOR-CHECKER\n" + DIVISOR
    problem = Problem("spied", "", (Test("12\n", "2\n"),) * 2, checker=CheckerSpec("python", source=source))
    judgement = judge.judge(problem, Program(spy), stop_early=False)
    assert [result.stdout for result in judgement.results] == ["False\n"] * 2
