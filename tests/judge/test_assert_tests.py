"""Tests that are code: they use a function in another process, and the program cannot tamper with them."""
# ruff: noqa: E501  # tables of short programs

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from rlef_env.judge.functions.calls import CallRunner, Target
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.assert_tests import AssertTests
from rlef_env.judge.runners.base import RunOutcome
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import Test
from rlef_env.problems.schemas.parts.asserts import check_to_tests
from rlef_env.sandbox import Limits, Program
from rlef_env.sandbox.execution import PythonStart

LIMITS = Limits(cpu_seconds=60, memory_bytes=128 * 2**20, output_bytes=2**20)
Run = Callable[..., RunOutcome]


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Sandboxes]:
    sandboxes = Sandboxes()
    yield sandboxes
    sandboxes.close()


@pytest.fixture
def run(sandboxes: Sandboxes) -> Run:
    """Return the outcome of a test for a program that defines ``f``."""

    def run(source: str, test: str, preamble: str = "", seconds: float = LIMITS.cpu_seconds) -> RunOutcome:
        target = Target("f", preamble)
        with (
            CallRunner(sandboxes.program, replace(LIMITS, cpu_seconds=seconds)) as runner,
            AssertTests(sandboxes, runner.loaded, Program(source), target, PythonStart()) as tests,
        ):
            return tests.run(Test(test, ""))

    return run


SAME = "def f(*args, **kwargs): return (*args, kwargs)\n"


def returns(made: str) -> str:
    return f"import collections, itertools, re\ndef f(*args):\n    return {made}\n"


# --- what a test can do ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "test"),
    [
        (SAME, "assert f(1, [2], x={'\\ud800': {3}}) == (1, [2], {'x': {'\\ud800': {3}}})"),
        (SAME, "assert f(float('inf'), 10**5000, b'x', 1j, None, frozenset()) == (float('inf'), 10**5000, b'x', 1j, None, frozenset(), {})"),
        (SAME, "given = [1]\nassert all(f(n) == (n, {}) for n in range(200))"),
        (SAME, "import solution\nassert solution.f is f and f.__name__ == 'f'\nf()"),
        (returns("(n for n in 'ab')"), "assert list(f()) == ['a', 'b'] and set(f()) == set('ab')"),
        (returns("range(3)"), "assert sorted(f()) == [0, 1, 2]\nassert f() != [0, 1, 2]"),
        (returns("collections.deque([[1], 2])"), "first, second = f()\nassert first == [1] and second == 2"),
        (returns("collections.Counter('aab')"), "assert f() == {'a': 2, 'b': 1}"),
        (returns("re.search('a', 'ba')"), "assert f() and f() is not None and f() != f()"),
        (returns("re.search('a', 'b')"), "assert not f() and f() is None"),
        (returns("collections.deque()"), "assert not f()"),
        (returns("[lambda: 1, 2]"), "assert f()[1] == 2 and f()[0] != f()[0]"),
        (returns("args[0].append(2)"), "given = [1]\nassert f(given) is None and given == [1]"),
        ("print('at start')\ndef f():\n    print('x' * 10**5)\n    return input", "try: f()\nexcept Exception: pass"),
        ("def f(): return input()", "try:\n    f()\nexcept EOFError:\n    pass\nelse:\n    assert 0"),
        ("def f(): raise ValueError('no', 3)", "try:\n    f()\nexcept ValueError as e:\n    assert e.args == ('no', 3)"),
        ("class Mine(UnicodeDecodeError):\n    def __init__(self): pass\ndef f(): raise Mine", "try:\n    f()\nexcept UnicodeDecodeError as e:\n    pass"),
        ("def f(): raise OSError(2, 'gone')", "try:\n    f()\nexcept FileNotFoundError as e:\n    assert e.errno == 2"),
        ("class Mine(KeyError): pass\ndef f(): raise Mine(Mine)", "try:\n    f()\nexcept LookupError as e:\n    assert e.args == ()"),
        ("class Mine(Exception): pass\ndef f(): raise Mine", "try:\n    f()\nexcept Exception as e:\n    assert type(e).__name__ == 'Mine'"),
        ("def f(): b'\\xff'.decode()", "try:\n    f()\nexcept UnicodeDecodeError as e:\n    assert e.args[0] == 'utf-8'"),
        ("def f(): exit(3)", "try:\n    f()\nexcept SystemExit as e:\n    assert e.code == 3\nelse:\n    assert 0"),
        (SAME, "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(1), (1, {}))\nunittest.main()"),
        (SAME, "import random\nassert random.Random(0).random() == random.random() and f()"),
        (SAME, "print('said')\nimport sys\nassert f() == ({},) and sys.stdin.read() == '' and not sys.argv[1:]"),
        (SAME, "if __name__ == '__main__':\n    f()\nelse:\n    assert 0"),
    ],
)  # fmt: skip
def test_a_test_uses_returned_values(run: Run, source: str, test: str) -> None:
    outcome = run(source, test)
    assert outcome.verdict is Verdict.ACCEPTED, outcome


@pytest.mark.parametrize(
    ("source", "test", "verdict", "category", "words"),
    [
        (SAME, "assert f(7) == 8, 'so it is'", "wrong_answer", None, b"AssertionError: so it is"),
        (SAME, "f(1) + 1", "wrong_answer", "TypeError", b"f(1) + 1"),
        (returns("re.search('a', 'a')"), "assert f().start() == 0", "wrong_answer", "AttributeError", b"start"),
        ("def f(n): return 1 // n", "assert f(0) == 1", "runtime_error", "ZeroDivisionError", b'"solution.py", line 1'),
        ("def f(n): assert n", "f(0)", "runtime_error", "AssertionError", b"solution.py"),
        ("def f(): exit()", "try:\n    f()\nexcept Exception:\n    pass", "runtime_error", "SystemExit", b""),
        ("def f(): exit(0)", "f()", "runtime_error", "SystemExit", b"solution.py"),
        ("def f(): raise KeyboardInterrupt", "f()", "runtime_error", "KeyboardInterrupt", b"solution.py"),
        ("def f(: pass", "f()", "compile_error", "SyntaxError", b"def f(: pass"),
        ("import os\ndef f(): os._exit(3)", "try:\n    f()\nexcept BaseException:\n    pass", "runtime_error",
         "exit status 3", b""),
        (SAME, "pass", "wrong_answer", "test: the function was not called", b""),
        (SAME, "import sys\nf()\nsys.exit(3)", "wrong_answer", "SystemExit", b""),
        (SAME, "import os\nf()\nos._exit(0)", "wrong_answer", "", b""),
    ],
)  # fmt: skip
def test_verdict_category_and_message_of_a_failure(
    run: Run, source: str, test: str, verdict: str, category: str, words: bytes
) -> None:
    outcome = run(source, test)
    assert (outcome.verdict.value, outcome.category) == (verdict, category), outcome
    assert words in outcome.stderr


def test_a_failure_shows_the_last_returned_value(run: Run) -> None:
    assert run(returns("[args[0], '\\ud800']"), "f(1)\nassert f(2) == 3").stdout == b"[2, '\\ud800']"
    assert len(run(returns("'x' * 10**5"), "assert f() == 3").stdout) < 5000
    assert b"too long an integer" in run(returns("10**5000"), "assert f() == 3").stdout


@pytest.mark.parametrize("test", ["f(lambda: 1)", "f(key=[object()])", "class Node: pass\nf({1: Node()})"])
@pytest.mark.parametrize("source", [SAME, "while True: pass", "def f(*args): raise KeyError"])
def test_an_argument_that_is_not_plain_gives_no_verdict(run: Run, source: str, test: str) -> None:
    outcome = run(source, test, seconds=0.5 if source.startswith("while") else LIMITS.cpu_seconds)
    assert outcome.verdict is Verdict.NO_VERDICT
    assert "not plain" in (outcome.category or "")


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("import no_such_module\nassert f()", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("assert f(Pair(5, 24)) == 3", "NameError: name 'Pair' is not defined"),  # only the reference defines it
        ("assert 1 == 2 and f()", "AssertionError: "),
        ("f(1", "SyntaxError: '(' was never closed (test.py, line 1)"),
    ],
)
def test_a_test_that_fails_before_it_calls_the_function_has_no_verdict(run: Run, test: str, reason: str) -> None:
    outcome = run("class Pair: pass\n" + SAME, test)
    assert outcome.verdict is Verdict.NO_VERDICT
    assert outcome.category == f"the test fails before it calls the function: {reason}"


def test_a_test_that_fails_after_a_call_is_a_wrong_answer(run: Run) -> None:
    late = "f()\nimport no_such_module"
    assert run(SAME, late).verdict is Verdict.WRONG_ANSWER  # a value of the program may have caused this
    assert run("def f(): import no_such_module", "f()").verdict is Verdict.RUNTIME_ERROR


# --- what the program cannot do --------------------------------------------------------------------------------------


def test_a_program_cannot_force_no_verdict_by_returning_a_value_that_is_not_plain(run: Run) -> None:
    assert run(returns("lambda: 1"), "assert f(f()) == 1").verdict is Verdict.WRONG_ANSWER
    assert (
        run(returns("['x' * 5 * 10**5] * 2"), "given = [f()] * 50\nassert f(given) == 1").verdict
        is Verdict.WRONG_ANSWER
    )


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("import time\ndef f(): time.sleep(900)", "time_limit"),
        ("def f():\n    while True: pass", "time_limit"),
        ("def f(): return bytearray(10**9)", "memory_limit"),
        ("import os\ndef f():\n    while True: os.write(1, b'x' * 2**16)", "output_limit"),
        ("def f(): return 'x' * 2**21", "output_limit"),
        ("import ctypes\ndef f(): ctypes.CDLL(None).ptrace(0, 0, 0, 0)", "security_violation"),
        ("import os\ndef f(): os.abort()", "runtime_error"),
        ("import os\nos.close(0)\nos.close(1)\nfor n in range(3, 99):\n    try: os.close(n)\n    except OSError: pass\ndef f(): return 1",
         "runtime_error"),
    ],
)  # fmt: skip
def test_a_program_that_does_not_answer_has_failed(run: Run, source: str, verdict: str) -> None:
    seconds = 0.5 if verdict == "time_limit" else LIMITS.cpu_seconds
    outcome = run(source, "try:\n    f()\nexcept BaseException:\n    pass\n", seconds=seconds)
    assert outcome.verdict.value in (verdict, "runtime_error"), outcome
    if verdict not in ("output_limit", "memory_limit"):
        assert outcome.verdict.value == verdict


def test_neither_process_contains_data_of_the_other(run: Run) -> None:
    find = (
        "import gc, sys\ndef f(word):\n    frame, found = sys._getframe(), ''\n    while frame:\n"
        "        found += repr(frame.f_locals) + repr(sys.argv)\n        frame = frame.f_back\n"
        "    for d in range(64):\n        try: found += open(f'/proc/self/fd/{d}', errors='replace').read(9999) if d > 39 else ''\n"
        "        except OSError: pass\n"
        "    return 'sec' + 'ret' in found, 'sol' + 'ution' in found\n"
    )
    assert run(find, "secret = 1\nassert f('x') == (False, True)").verdict is Verdict.ACCEPTED


HUB = """
import numpy as np
def is_floats(x) -> bool:
    if isinstance(x, float): return True
    if isinstance(x, (list, tuple)): return all(isinstance(i, float) for i in x)
    if isinstance(x, np.ndarray): return x.dtype == np.float64 or x.dtype == np.float32
    return False
def assertion(out, exp, atol):
    exact_match = out == exp
    if atol == 0 and is_floats(exp): atol = 1e-6
    if not exact_match and atol != 0: np.testing.assert_allclose(out, exp, atol=atol)
    else: assert exact_match
def ref_func(x): return [x / 3, 1.0]
def check(candidate):
    inputs = [[1], [10**6]]
    for i, inp in enumerate(inputs):
        assertion(candidate(*inp), ref_func(*inp), 0)
"""


@pytest.mark.parametrize(
    ("made", "right"),
    [("[args[0] / 3, 1.0]", True), ("(args[0] / 3 + 1e-9, 1)", True), ("[args[0] / 3 + 1e-3, 1.0]", False),
     ("[args[0] / 3]", False), ("None", False)],
)  # fmt: skip
def test_evalplus_checks_run_without_numpy(run: Run, made: str, right: bool) -> None:
    (test,) = check_to_tests(HUB, "f")
    outcome = run(returns(made), test.input)
    assert (outcome.verdict is Verdict.ACCEPTED) is right
    assert outcome.verdict in (Verdict.ACCEPTED, Verdict.WRONG_ANSWER)


@pytest.mark.parametrize(
    ("source", "test"),
    [
        ("def f(n): raise StopIteration", "assert all(map(lambda n: f(n) == n, [1, 2]))"),
        ("def f(n): raise StopIteration", "assert not any(f(n) != n for n in [1, 2])"),
        (
            "def f(n):\n    raise SystemExit(0) if n == 1 else ValueError",
            "try:\n    assert f(1) == 1\nfinally:\n    try:\n        f(2)\n    except ValueError:\n        pass",
        ),
        ("def f(n): raise SystemExit", "f(1)"),
        (
            "import sys\ndef f(n): sys.exit(0)",
            "class C:\n    def __enter__(self): f(1)\n    def __exit__(self, *_): pass\nwith C(): pass",
        ),
    ],
)
def test_no_exception_of_the_program_passes_a_test(run: Run, source: str, test: str) -> None:
    assert run(source, test).verdict in (Verdict.RUNTIME_ERROR, Verdict.WRONG_ANSWER)


def test_a_test_can_expect_system_exit_and_stop_iteration(run: Run) -> None:
    for name in ("StopIteration", "SystemExit"):
        test = f"try:\n    f()\nexcept {name}:\n    raise SystemExit(0)\nassert False"
        assert run(f"def f(): raise {name}", test).verdict is Verdict.ACCEPTED
