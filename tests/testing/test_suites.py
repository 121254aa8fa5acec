"""The conformance suites accept what is right, and find a fault that was planted in each kind of implementation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from rlef_env.envs import CodeEnv
from rlef_env.judge.checkers import make_checker
from rlef_env.problems import CheckerSpec, Test
from rlef_env.sandbox import Execution, Limits, Program, Sandbox, Status
from rlef_env.testing import check_checker, check_environment, check_sandbox, sandbox_suite


def test_our_sandbox_passes() -> None:
    check_sandbox(Sandbox)


PLENTY = sandbox_suite.LIMITS


class NaiveSandbox:
    """Runs programs as most first attempts do: ``subprocess.run`` with a time limit."""

    def __enter__(self) -> NaiveSandbox:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @contextmanager
    def load(self, program: Program, limits: Limits) -> Iterator[NaiveProgram]:
        yield NaiveProgram(program.source, limits)


class NaiveProgram:
    def __init__(self, source: str, limits: Limits) -> None:
        self.source, self.limits = source, limits

    def run(self, stdin: bytes) -> Execution:
        limited = f"import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n{self.source}"
        # Output without end must not fill the memory of this process.
        command = ["sh", "-c", '"$@" 2>&1 | head -c 2000000', "sh", sys.executable, "-c", limited]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        try:
            # Programs that must end by themselves get time enough on any machine.
            stdout, _ = child.communicate(stdin, timeout=120 if self.limits == PLENTY else 1)
        except subprocess.TimeoutExpired:
            return Execution(Status.TIME_LIMIT)
        finally:  # a better sandbox than most: nothing is left of the programs of this test
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        return Execution(Status.EXITED, child.returncode, stdout=stdout)


def test_a_naive_sandbox_is_found_out() -> None:
    with pytest.raises(AssertionError) as caught:
        check_sandbox(NaiveSandbox)
    found = str(caught.value)
    for name in ("exit status: expected exit 7, got exit 0", "network", "files of the host", "environment variables"):
        assert name in found, found
    assert "- output:" not in found, found


def test_our_environment_passes() -> None:
    check_environment(CodeEnv)


class Forgiving(CodeEnv):
    """Counts the judge's failure as a wrong answer: the fault that most adapters have."""

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, -1.0 if truncated else reward, terminated, truncated, info


class Leaking(CodeEnv):
    """Shows the problem, hidden tests included, in the info."""

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        *rest, info = super().step(action)
        return (*rest, {**info, "problem": self.problem})  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("env", "finding"),
    [
        (Forgiving, "no verdict: expected no reward without a verdict, got -1.0"),
        (Leaking, "hidden tests: expected hidden"),
    ],
)
def test_a_planted_fault_of_an_environment_is_found(env: type[CodeEnv], finding: str) -> None:
    with pytest.raises(AssertionError, match=finding) as caught:
        check_environment(env)
    assert "1 findings" in str(caught.value)


@pytest.mark.parametrize("name", ["codecontests", "tokens", "lines", "exact"])
def test_our_checkers_pass(name: str) -> None:
    tests = [Test("3\n", "1 2 3\n"), Test("", "YES\n")]
    check_checker(lambda: make_checker(CheckerSpec(name)), tests, [(tests[0], "1 2 4\n"), (tests[1], "NO\n")])


@pytest.mark.parametrize(
    ("checker", "finding"),
    [
        (lambda given, output, expected: output in expected, "empty output: expected False"),
        (
            lambda given, output, expected: output.decode() == expected.decode(),
            "expected no exception, got UnicodeDecodeError",
        ),
        (lambda given, output, expected: output == expected or None, "expected True or False, got None"),
        (lambda given, output, expected: True, "wrong output 'NO"),
    ],
)
def test_a_planted_fault_of_a_checker_is_found(checker: Any, finding: str) -> None:
    tests = [Test("", "YES\n")]
    with pytest.raises(AssertionError, match=finding):
        check_checker(lambda: checker, tests, [(tests[0], "NO\n")])
