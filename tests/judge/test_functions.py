"""Function problems in real sandboxes: the outcome of each test, separate processes, and attacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from rlef_env.errors import DataError, UsageError
from rlef_env.judge import Judge
from rlef_env.judge.functions.value_codec import decode
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.base import RunOutcome
from rlef_env.judge.runners.function import function_runner
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Test
from rlef_env.sandbox import Limits, Program

LIMITS = Limits(cpu_seconds=60, memory_bytes=128 * 2**20, output_bytes=2**20)
BY_VALUE = CheckerSpec("value")
Run = Callable[..., "list[RunOutcome]"]


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Sandboxes]:
    sandboxes = Sandboxes()
    yield sandboxes
    sandboxes.close()


@pytest.fixture
def run(sandboxes: Sandboxes) -> Run:
    """Return the outcomes of a program on tests of a function ``f``, the first ``public`` of them public."""

    def run(
        source: str,
        *tests: Test | str,
        checker: CheckerSpec = BY_VALUE,
        preamble: str = "",
        public: int = 0,
        gate: int = 0,
        language: str = "python",
        seconds: float = LIMITS.cpu_seconds,
    ) -> list[RunOutcome]:
        given = [test if isinstance(test, Test) else Test(test, "") for test in tests]
        problem = Problem(
            "p", "", tuple(given[:public]), tuple(given[public:]), checker=checker, function=FunctionSpec("f", preamble)
        )
        limits = replace(LIMITS, cpu_seconds=seconds)
        with function_runner(sandboxes, problem, Program(source, language), limits, given, gate) as runner:
            return [runner(test) for test in given]

    return run


def verdicts(outcomes: Sequence[RunOutcome]) -> list[str]:
    return [outcome.verdict.value for outcome in outcomes]


RIGHT = ["accepted"]
WRONG = ["wrong_answer"]
ADD = "def f(n):\n    return n + 1\n"
CALLS = (Test("f(1)", "2"), Test("f(2)", "3"), Test("f(3)", "4"))


# --- tests that are calls --------------------------------------------------------------------------------------------


def test_right_and_wrong_values(run: Run) -> None:
    outcomes = run("def f(n):\n    return (n, [n]) if n else 1.0\n", Test("f(0)", "1"), Test("f(1)", "(1, 1)"))
    assert verdicts(outcomes) == ["accepted", "wrong_answer"]
    assert outcomes[1].stdout == b"(1, [1])"


@pytest.mark.parametrize(
    "comment", ["# Run-length encoding: collapse runs", "# -*- coding: latin-1 -*-", "\ufeff# BOM"]
)
def test_no_comment_names_the_encoding_of_a_text(comment: str, run: Run) -> None:
    test = Test("f('\u00e9')", "2")
    assert (
        verdicts(run(f"{comment}\ndef f(s): return len(s + '\u00e9')", test, "assert f('\u00e9') == 2"))
        == ["accepted"] * 2
    )


def test_an_exception_fails_only_its_test(run: Run) -> None:
    outcomes = run("def f(n):\n    return 1 // n\n", Test("f(1)", "1"), Test("f(0)", "1"), Test("f(-1)", "-1"))
    assert verdicts(outcomes) == ["accepted", "runtime_error", "accepted"]
    assert outcomes[1].category == "ZeroDivisionError"
    assert b'"solution.py", line 2, in f' in outcomes[1].stderr


def test_a_slow_call_fails_alone(run: Run) -> None:
    source = "def f(n):\n    while n == 2: pass\n    return n + 1\n"
    assert verdicts(run(source, *CALLS, seconds=0.5)) == ["accepted", "time_limit", "accepted"]


def test_the_time_limit_holds_for_each_call(run: Run) -> None:
    source = "import time\ndef f(n):\n    end = time.process_time() + 0.8\n    while time.process_time() < end: pass\n"
    assert verdicts(run(f"{source}    return n + 1\n", *CALLS, seconds=2)) == RIGHT * 3


@pytest.mark.parametrize(
    ("statement", "verdict", "category"),
    [
        ("os._exit(0)", "runtime_error", "exit status 0"),
        ("os.abort()", "runtime_error", "SIGABRT"),
        ("exit()", "runtime_error", "SystemExit"),
        ("raise MemoryError", "memory_limit", "MemoryError"),
        ("bytearray(10**9)", "memory_limit", None),
        ("kept.append(bytearray(60 * 2**20))", "memory_limit", None),
        ("os.write(2, b'x' * 2**21)", "runtime_error", "OSError"),
        ("return 'x' * 2**21", "output_limit", None),
    ],
)
def test_a_call_that_does_not_return_fails_alone(run: Run, statement: str, verdict: str, category: str | None) -> None:
    source = (
        f"import os\nkept = []\ndef f(n):\n    if n == 2:\n        for _ in range(9): {statement}\n    return n + 1\n"
    )
    outcomes = run(source, *CALLS)
    assert verdicts(outcomes) == ["accepted", verdict, "accepted"]
    assert category in (outcomes[1].category, None)


def test_state_is_kept_from_call_to_call_of_one_process(run: Run) -> None:
    source = "seen = []\ndef f():\n    seen.append(1)\n    return len(seen)\n"
    calls = [Test("f()", str(n)) for n in (1, 2, 3)]
    assert verdicts(run(source, *calls)) == RIGHT * 3


def test_public_calls_run_in_another_process_than_hidden_ones(run: Run) -> None:
    source = (
        "import gc, sys\nseen = []\ndef f(word):\n    seen.append(word)\n    frame = sys._getframe()\n    found = ''\n"
        "    while frame:\n        found += repr(frame.f_locals)\n        frame = frame.f_back\n"
        "    return len(seen), 'hid' + 'den' in found + repr([o for o in gc.get_objects() if type(o) is list])\n"
    )
    tests = [Test("f('public')", "(1, False)"), Test("f('other')", "(2, False)"), Test("f('hidden')", "(1, True)")]
    assert verdicts(run(source, *tests, public=2)) == RIGHT * 3
    assert verdicts(run(source, *tests, gate=2)) == RIGHT * 3, "whatever is shown, be it public or not"


@pytest.mark.parametrize(
    ("source", "verdict", "category"),
    [
        ("def f(n:", "compile_error", "SyntaxError"),
        ("def g(n): return n + 1", "runtime_error", "NameError"),
        ("raise KeyError('at start')", "runtime_error", "KeyError"),
        ("import os\nos._exit(0)", "runtime_error", "exit status 0"),
        ("while True: pass", "time_limit", None),
        ("f = 5", "runtime_error", "TypeError"),
    ],
)
def test_a_program_without_the_function_fails_every_test(run: Run, source: str, verdict: str, category: str) -> None:
    seconds = 0.5 if verdict == "time_limit" else LIMITS.cpu_seconds
    outcomes = run(source, CALLS[0], "assert f(1) == 2.0 - 0", CALLS[1], seconds=seconds)
    assert verdicts(outcomes) == [verdict] * 3
    assert {outcome.category for outcome in outcomes} == {category}


def test_a_method_of_class_solution_is_called(run: Run) -> None:
    source = (
        "class Solution:\n    def __init__(self):\n        self.seen = 0\n    def f(self, n):\n        self.seen += 1\n"
    )
    source += "        return n + self.seen\n"
    assert verdicts(run(source, *CALLS, "assert f(5) == 6", "assert Solution().f(5) == 6")) == RIGHT * 5


def test_the_preamble_runs_before_the_program_and_before_the_test(run: Run) -> None:
    preamble = "from typing import List\ndef twice(n):\n    return 2 * n\n"
    source = "def f(n: List) -> int:\n    return twice(n)\n"
    assert verdicts(run(source, Test("f(2)", "4"), "assert f(2) == twice(2)", preamble=preamble)) == RIGHT * 2
    spoilt = "def f(n):\n    return 7\ndef twice(n):\n    return 7\n"
    assert verdicts(run(spoilt, "assert f(2) == twice(2)", preamble=preamble)) == WRONG


def test_flags_of_the_checker_count(run: Run) -> None:
    source = "def f(n):\n    return (n + 1e-9, 2)\n"
    json = CheckerSpec("value", ("json", "float_tolerance", "1e-6"))
    assert verdicts(run(source, Test("f(1)", "[1.0, 2]"), checker=json)) == RIGHT
    assert verdicts(run(source, Test("f(1)", "[1.0, 2]"))) == WRONG


CHECK = """
def check(input, output, expected):
    assert input == "f(1)" and expected == "[1]"
    return output == "{1, 2}" or output == expected
"""


def test_a_checker_that_is_a_program_gets_values_as_text(run: Run) -> None:
    checker = CheckerSpec("python", source=CHECK)
    assert verdicts(run("def f(n):\n    return {1, 2}\n", Test("f(1)", "[1]"), checker=checker)) == RIGHT
    outcomes = run("def f(n):\n    return {1, 3}\n", Test("f(1)", "[1]"), "assert f(1) == {1, 3}", checker=checker)
    assert verdicts(outcomes) == WRONG + RIGHT
    assert outcomes[0].stdout == b"{1, 3}"


def test_problems_that_cannot_be_judged_raise_errors(run: Run) -> None:
    with pytest.raises(UsageError, match="expected one in Python"):
        run("int main() {}", *CALLS, language="cpp")
    with pytest.raises(UsageError, match="CheckerSpec"):
        run(ADD, *CALLS, checker=CheckerSpec("tokens"))
    with pytest.raises(DataError, match="a call with plain values"):
        run(ADD, Test("f(x)", "1"))
    with pytest.raises(DataError, match="expected a plain value"):
        run(ADD, Test("f(1)", "x"))


# --- programs that would rather not be judged ------------------------------------------------------------------------

ATTACKS = {
    "equal to everything": """
class Any(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __hash__(self): return 1
    def __bool__(self): return True
    def __sub__(self, other): return 0.0
    def __abs__(self): return 0.0
    def __getattr__(self, name): return Any()
def f(*args): return Any()
""",
    "equal to everything, and of no plain type": """
class Any:
    def __eq__(self, other): return True
    def __iter__(self): return iter([self])
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = __round__ = __getitem__ = lambda self, *_: self
    def __lt__(self, other): return True
    def __hash__(self): return 1
def f(*args): return Any()
""",
    "exits early": "import os\nos._exit(0)",
    "exits as a test passes": "import os, sys\ndef f(*args): os._exit(40)",
    "asks to exit": "def f(*args): raise SystemExit(0)",
    "patches unittest, builtins and itself": """
import builtins, sys, unittest
unittest.TestCase.assertEqual = lambda *_: None
builtins.abs = builtins.round = builtins.sorted = lambda *_: 0
builtins.AssertionError = type("Never", (Exception,), {})
sys.modules["unittest"] = None
def f(*args): return None
""",
    "forges frames": """
import os, struct
HEAD = struct.Struct("<cIQ")
def f(*args):
    for content in (b"T", b"N", b"i\\x01\\x00\\x00\\x00\\x09"):
        for descriptor in range(1, 64):
            for number in range(9):
                try: os.write(descriptor, HEAD.pack(b"V", number, len(content)) + content)
                except OSError: pass
    os._exit(40)
""",
    "answers with huge frames": """
import os, struct
def f(*args):
    for descriptor in range(1, 64):
        try: os.write(descriptor, struct.pack("<cIQ", b"V", 0, 2**62) + b"x" * 1000)
        except OSError: pass
""",
    "says that it passed": """
import os
def f(*args):
    for descriptor in range(1, 64):
        try: os.write(descriptor, b"passed accepted 40\\n" * 100)
        except OSError: pass
    os._exit(40)
""",
    "walks the frames": """
import gc, sys
def f(*args):
    frame, found = sys._getframe(), []
    while frame:
        found += [*frame.f_locals.values(), *frame.f_globals.values()]
        frame = frame.f_back
    for thing in [*found, *gc.get_objects()]:
        for name in ("expected", "output", "_exp", "test"):
            try:
                return thing[name]
            except Exception:
                pass
""",
    "raises as the test does": "def f(*args): raise AssertionError",
    "claims that its test is not plain": "def f(*args): return lambda: 1",
    "returns what breaks the test": "def f(*args): return [[]] * 10**4",
}
HIDDEN = "52763"  # no program finds it by accident
TESTS = (
    Test("f(1, 2)", HIDDEN),
    f"assert f(1, 2) == {HIDDEN}.0 - 0\n",
    f"assert abs(f(1, 2) - {HIDDEN}) < 1e-6\n",
    f"assert f(1, 2) is {HIDDEN} or f(1, 2) == {HIDDEN}\n",
    f"assert sorted([f(1, 2)]) == [{HIDDEN}]\n",
    f"import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(1, 2), {HIDDEN})\n"
    "unittest.main()\n",
    f"try:\n    assert f(1, 2) == {HIDDEN}\nexcept ValueError:\n    pass\n",
)


def test_the_tests_of_the_attacks_can_be_passed(run: Run) -> None:
    assert verdicts(run(f"def f(*args): return {HIDDEN}\n", *TESTS)) == RIGHT * len(TESTS)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_passes_any_test_or_has_no_verdict(run: Run, attack: str) -> None:
    outcomes = run(ATTACKS[attack], *TESTS)
    assert not {Verdict.ACCEPTED, Verdict.NO_VERDICT} & {outcome.verdict for outcome in outcomes}, outcomes


FORGE = """
import os, struct
def text(s):
    return b"s" + struct.pack("<I", len(s)) + s
def send(kind, number, content):
    frame = struct.pack("<cIQ", kind, number, len(content)) + content
    for channel in range(3, 64):
        try:
            while frame:
                frame = frame[os.write(channel, frame) :]
        except OSError:
            pass
    os._exit(0)
def raised(name):
    send(b"E", 0, b"t" + struct.pack("<I", 2) + text(name) + text(b""))
def f(n):
    return n
"""


@pytest.mark.parametrize("name", ["b'A' * 10**6", r"b'\x1b[31m\n accepted'", r"b'\xed\xb2\x80'"])
def test_a_forged_exception_name_is_bounded_and_printable(name: str) -> None:
    problem = Problem("p", "", (Test("f(1)", "2"),), checker=BY_VALUE, function=FunctionSpec("f"))
    with Judge() as judge:
        judgement = judge.judge(problem, Program(f"{FORGE}raised({name})"))
    assert judgement.verdict is Verdict.RUNTIME_ERROR
    category = judgement.results[0].category or ""
    assert category.isprintable()
    assert len(category) <= 300
    assert judgement.category == category


def test_values_are_decoded_one_at_a_time(sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """All values of a process together could take far more memory than their bytes."""
    decoded = 0

    def counted(data: bytes, check_keys: Callable[[list[object], bool], None]) -> object:
        nonlocal decoded
        decoded += 1
        return decode(data, check_keys)

    monkeypatch.setattr("rlef_env.judge.functions.calls.decode", counted)
    problem = Problem("p", "", (), CALLS, checker=BY_VALUE, function=FunctionSpec("f"))
    with function_runner(sandboxes, problem, Program(ADD), LIMITS, CALLS) as runner:
        for number, test in enumerate(CALLS, start=1):
            assert runner(test).verdict is Verdict.ACCEPTED
            assert decoded == number


def test_a_checker_program_accepts_any_text_of_a_test(run: Run) -> None:
    checker = CheckerSpec("python", (), "def check(input, output, expected):\n    return output == '7'\n")
    assert verdicts(run("def f(n):\n    return 7", Test("f(1)", "'\ud800'"), checker=checker)) == RIGHT
