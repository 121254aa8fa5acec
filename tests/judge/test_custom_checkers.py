"""Custom checkers: they decide, and no program gains by breaking one."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs import CodeEnv, CodeVectorEnv
from rlef_env.errors import UsageError
from rlef_env.judge import CachedPool, Judge, JudgeJob, JudgePool, Verdict, VerdictCache
from rlef_env.judge.checkers import checker_for
from rlef_env.judge.checkers.protocols import CheckerError
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import CheckerSpec, Dataset, FunctionSpec, Problem, Test
from rlef_env.sandbox import Program

PROBLEM = Problem("own", "", (Test("1\n", "1\n"), Test("2\n", "2\n")), checker=CheckerSpec("mine"))
ECHO = Program("print(input())")


def parity(given: bytes, output: bytes, expected: bytes) -> bool:
    return int(output) % 2 == int(expected) % 2


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge(checkers={"mine": parity}) as judge:
        yield judge


def test_a_custom_checker_decides(judge: Judge) -> None:
    assert judge.judge(PROBLEM, Program("print(int(input()) + 2)")).verdict is Verdict.ACCEPTED
    assert judge.judge(PROBLEM, Program("print(int(input()) + 1)")).verdict is Verdict.WRONG_ANSWER


def test_for_functions_it_gets_the_text_of_the_value(judge: Judge) -> None:
    function = replace(PROBLEM, function=FunctionSpec("f"), public_tests=(Test("f(1)", "1"), Test("f(2)", "2")))
    assert judge.judge(function, Program("def f(n): return n + 2")).verdict is Verdict.ACCEPTED
    assert judge.judge(function, Program("def f(n): return n + 1")).verdict is Verdict.WRONG_ANSWER


def test_an_output_that_breaks_the_checker_is_wrong(judge: Judge) -> None:
    judgement = judge.judge(PROBLEM, Program("print('x' * 9)"))
    assert judgement.verdict is Verdict.WRONG_ANSWER


def test_an_output_that_makes_the_checker_exit_is_wrong() -> None:
    """Libraries for command lines call ``sys.exit``, which must not end the workers of a pool."""

    def leaving(_: bytes, output: bytes, expected: bytes) -> bool:
        if not output.strip().isdigit():
            sys.exit("not a number")
        return output == expected

    problem = replace(PROBLEM, checker=CheckerSpec("leaving"), public_tests=(Test("1\n", "1\n"),))
    with Judge(checkers={"leaving": leaving}) as judge, JudgePool(1, checkers={"leaving": leaving}) as pool:
        for judges in (judge, pool):
            assert judges.judge(problem, Program("print('x')")).verdict is Verdict.WRONG_ANSWER
            assert judges.judge(problem, ECHO).verdict is Verdict.ACCEPTED


@given(given=st.binary(), output=st.binary(), expected=st.binary())
def test_a_checker_returns_its_result_or_is_reported_as_broken(given: bytes, output: bytes, expected: bytes) -> None:
    problem = replace(PROBLEM, checker=CheckerSpec("mine"))
    checker = checker_for(problem, Sandboxes(), {"mine": parity})

    def number(text: bytes) -> int | None:
        try:
            return int(text)
        except ValueError:
            return None

    if number(expected) is None:
        with pytest.raises(CheckerError, match="'mine' failed"):
            checker(given, output, expected)
    else:
        right = number(output) is not None and parity(given, output, expected)
        assert checker(given, output, expected) is right


@pytest.mark.parametrize(
    ("said", "verdict"),
    [(np.True_, "accepted"), (np.False_, "wrong_answer"), (None, "no_verdict"), ("no", "no_verdict")],
)
def test_results_that_are_not_bool(said: Any, verdict: str) -> None:
    with Judge(checkers={"mine": lambda *_: said}) as judge:
        judgement = judge.judge(PROBLEM, ECHO)
    assert judgement.verdict.value == verdict
    assert (judgement.category is not None) == (verdict == "no_verdict")


@pytest.mark.parametrize(
    ("checkers", "words"),
    [
        ({"tokens": parity}, "names that no built-in checker has, got 'tokens'"),
        ({"mine": "parity"}, r"checkers\['mine'\]: expected a function"),
        ([parity], "expected a mapping"),
    ],
)
def test_an_invalid_checker_is_refused(checkers: Any, words: str) -> None:
    for kind in (Judge, JudgePool):
        with pytest.raises(UsageError, match=words):
            kind(checkers=checkers)


def test_a_checker_that_cannot_be_pickled_is_refused_at_once() -> None:
    drawn = (number % 2 == 0 for number in range(9))
    with pytest.raises(UsageError, match="can be sent to other processes"):
        JudgePool(checkers={"mine": lambda *_: next(drawn)})


def test_a_checker_that_workers_cannot_load_fails_each_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this process knows a module that was loaded by its path."""
    path = tmp_path / "known_here_only.py"
    path.write_text("def mine(given, output, expected): return True")
    spec = importlib.util.spec_from_file_location("known_here_only", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "known_here_only", module)
    spec.loader.exec_module(module)
    with JudgePool(1, checkers={"mine": module.mine}) as pool:
        for _ in range(2):
            with pytest.raises(UsageError, match=r"can load .*known_here_only"):
                pool.judge(PROBLEM, ECHO)


def test_a_missing_checker_is_an_error_not_a_verdict() -> None:
    with JudgePool(1) as pool, pytest.raises(UsageError, match=r"expected one of .*, got 'mine'"):
        pool.judge(PROBLEM, ECHO)


def test_verdicts_of_custom_checkers_are_not_cached() -> None:
    """It can decide differently the next time, and its name can mean another function then."""
    cache = VerdictCache()
    with CachedPool(JudgePool(1, checkers={"mine": parity}), cache) as pool:
        for problem in (PROBLEM, replace(PROBLEM, checker=CheckerSpec("tokens"))):
            for _ in range(2):
                assert pool.judge(problem, ECHO).verdict is Verdict.ACCEPTED
    assert (cache.hits, cache.misses) == (1, 1)


NOTEBOOK = """
import math
from rlef_env import CheckerSpec, JudgePool, Problem, Program, Test
TOLERANCE = 0.5
def distance(a, b):
    return math.fabs(float(a) - float(b))
class Near:
    def __init__(self, most):
        self.most = most
    def __call__(self, given, output, expected):
        return distance(output, expected) <= self.most
problem = Problem("near", "", (Test("1", "1"),), checker=CheckerSpec("near"))
for near in (Near(TOLERANCE), lambda given, output, expected: distance(output, expected) <= TOLERANCE):
    with JudgePool(1, checkers={"near": near}) as pool:
        print([pool.judge(problem, Program(f"print({number})")).verdict.value for number in (1.5, 1.6)])
"""


def test_a_checker_defined_in_a_notebook_works(root: Path) -> None:
    """Classes and functions there belong to no file, and use modules and constants of the notebook."""
    process = subprocess.run([sys.executable, "-c", NOTEBOOK], cwd=root, capture_output=True, text=True, timeout=250)
    assert process.stdout == "['accepted', 'wrong_answer']\n" * 2, process.stderr


def test_environments_use_custom_checkers() -> None:
    dataset = Dataset("own", "Own", (PROBLEM,))
    right = "```python\nprint(int(input()) + 2)\n```"
    with Judge(checkers={"mine": parity}) as judge, JudgePool(1, checkers={"mine": parity}) as pool:
        env, envs = CodeEnv(dataset, judge=judge), CodeVectorEnv(1, dataset=dataset, pool=pool)
        env.reset(seed=0)
        envs.reset(seed=0)
        assert env.step(right)[1] == 1.0
        assert envs.step([right])[1].tolist() == [1.0]


def test_a_checker_that_kills_its_process_costs_only_its_own_job_the_verdict() -> None:
    def fatal(given: bytes, output: bytes, expected: bytes) -> bool:
        import os

        os._exit(1)

    with JudgePool(1, checkers={"fatal": fatal}) as pool:
        lost = pool.submit(JudgeJob(replace(PROBLEM, checker=CheckerSpec("fatal")), ECHO))
        others = [pool.submit(JudgeJob(replace(PROBLEM, checker=CheckerSpec("tokens")), ECHO)) for _ in range(20)]
        assert lost.result(250).verdict is Verdict.NO_VERDICT
        assert {future.result(250).verdict for future in others} == {Verdict.ACCEPTED}
