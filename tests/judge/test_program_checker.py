"""Checker programs: right answers of any form, and outputs made to break the checker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rlef_env.errors import UsageError
from rlef_env.judge import Judge, Verdict
from rlef_env.judge.checkers.program import ProgramChecker
from rlef_env.judge.checkers.protocols import CheckerError, CheckerResult, read_kattis, read_testlib
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Execution, Program, Sandbox, Status, installed_languages

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
def test_a_wrong_answer_is_rejected(answer: str, judge: Judge) -> None:
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
def test_a_checker_that_rejects_the_stored_answer_gives_no_verdict(source: str, judge: Judge) -> None:
    problem = Problem("broken", "", (Test("12\n", "2\n"),), checker=CheckerSpec("python", source=source))
    judgement = judge.judge(problem, Program("print(5)"))
    if "return False" in source:
        assert judgement.verdict is Verdict.WRONG_ANSWER  # the checker works, and rejects
    else:
        assert judgement.verdict is Verdict.NO_VERDICT
        said = "did not compile" if source == "def check(" else "failed on the stored answer"
        assert f"the checker {said}" in (judgement.category or "")


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


# --- programs by the Kattis and testlib protocols --------------------------------------------------------------------

# Each decides by the first word of the output, and shows that it got all inputs of its protocol.
KATTIS = """
import os, sys
given, answer, feedback, *flags = sys.argv[1:]
case = open(given).read(), open(answer).read(), flags
word, *rest = sys.stdin.read().split()
assert case == ("in\\n", "right\\n", ["case_sensitive", "x y"]), case
if rest:
    open(os.path.join(feedback, "score.txt"), "w").write(rest[0])
open(feedback + "judgemessage.txt", "w").write("saw " + word)
sys.exit({"right": 42, "good": 42, "wrong": 43}.get(word) or 1 // 0)
"""
TESTLIB = """
import sys
case = [open(path).read() for path in sys.argv[1:4]]
word, *rest = case[1].split() or ["eof"]
assert (case[0], case[2], sys.argv[4:]) == ("in\\n", "right\\n", ["case_sensitive", "x y"]), case
sys.stderr.write(" ".join(rest))
sys.exit({"right": 0, "good": 0, "wrong": 1, "pe": 2, "fail": 3, "dirt": 4, "points": 7, "eof": 8, "half": 66}[word])
"""
ASKED = {
    "kattis_program": KATTIS,
    "testlib": TESTLIB,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def ask(sandbox: Sandbox, name: str, output: str) -> CheckerResult:
    spec = CheckerSpec(name, ("case_sensitive", "x y"), ASKED[name])
    return ProgramChecker(sandbox, spec).check(b"in\n", output.encode(), b"right\n")


@pytest.mark.parametrize(
    ("name", "output", "checked"),
    [
        ("kattis_program", "right", CheckerResult(True, None, "saw right")),
        ("kattis_program", "good 12.5", CheckerResult(True, 12.5, "saw good")),
        ("kattis_program", "wrong", CheckerResult(False, None, "saw wrong")),
        ("testlib", "right ok fine", CheckerResult(True, None, "ok fine")),
        ("testlib", "wrong not 3", CheckerResult(False, None, "not 3")),
        ("testlib", "pe", CheckerResult(False)),
        ("testlib", "dirt", CheckerResult(False)),
        ("testlib", "", CheckerResult(False)),
        ("testlib", "points points 0.5 half", CheckerResult(False, 0.5, "points 0.5 half")),
        ("testlib", "half", CheckerResult(False, 50.0)),
        ("testlib", "right partially correct (0) none", CheckerResult(False, 0.0, "partially correct (0) none")),
    ],
)
def test_results_of_checker_programs(name: str, output: str, checked: CheckerResult, sandbox: Sandbox) -> None:
    assert ask(sandbox, name, output) == checked


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("kattis_program", "crash"),
        ("kattis_program", "good nan"),
        ("testlib", "crash"),
        ("testlib", "points no number"),
        ("testlib", "fail the jury's answer is worse"),
    ],
)
def test_an_output_that_breaks_a_checker_program_is_wrong(name: str, output: str, sandbox: Sandbox) -> None:
    checked = ask(sandbox, name, output)
    assert not checked.right
    assert "failed on this output" in checked.message


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (CheckerSpec("kattis_program", source="import sys\nsys.exit(0)"), "failed on the stored answer"),
        (CheckerSpec("kattis_program", source="import sys\nsys.exit(43)"), ""),
        (CheckerSpec("testlib", source="import sys\nsys.exit(9)"), "failed on the stored answer"),
        (CheckerSpec("testlib", source="import sys\nsys.exit(200)"), "failed on the stored answer"),
        (CheckerSpec("testlib", source="import sys\nsys.exit(1)"), ""),
        (
            CheckerSpec("testlib", source="import os, sys\nsys.stderr.write('jury is worse')\nsys.exit(3)"),
            "jury is worse",
        ),
        (CheckerSpec("testlib", source="import os\nos.abort()"), "failed on the stored answer"),
        (CheckerSpec("testlib", source="1 / 0"), "failed on the stored answer"),
        (CheckerSpec("testlib", source="1 +"), "did not compile"),
    ],
)
def test_a_checker_without_a_result_gives_no_verdict(spec: CheckerSpec, words: str, sandbox: Sandbox) -> None:
    checker = ProgramChecker(sandbox, spec)
    if words:
        with pytest.raises(CheckerError, match=words):
            checker(b"", b"1", b"1")
    else:
        assert checker(b"", b"1", b"1") is False  # exit statuses 43 and 1: the checker works, and rejects


def test_a_checker_that_crashes_and_rejects_the_stored_answer_gives_no_verdict(sandbox: Sandbox) -> None:
    source = "import sys\nsys.exit(43 if sys.stdin.read() == '1' else 1 // 0)"
    with pytest.raises(CheckerError, match="failed on the stored answer"):
        ProgramChecker(sandbox, CheckerSpec("kattis_program", source=source))(b"", b"2", b"1")


@pytest.mark.parametrize("code", range(256))
def test_only_the_accepting_exit_status_is_right(code: int) -> None:
    execution = Execution(Status.EXITED, exit_code=code)
    kattis = read_kattis(execution)
    assert kattis == ({42: CheckerResult(True), 43: CheckerResult(False)}.get(code))
    if code == 3:
        with pytest.raises(CheckerError):
            read_testlib(execution)
    else:
        testlib = read_testlib(execution)
        assert (testlib is not None and testlib.right) is (code == 0)
        assert (testlib is None) is not (code in (0, 1, 2, 4, 8) or 16 <= code < 128)


def test_a_checker_killed_by_a_signal_has_no_result() -> None:
    for status in set(Status) - {Status.EXITED}:
        assert read_kattis(Execution(status, exit_code=42)) is None
        assert read_testlib(Execution(status, exit_code=0)) is None


def test_a_program_checker_needs_a_source(sandbox: Sandbox) -> None:
    for spec in (CheckerSpec("tokens"), CheckerSpec("testlib"), CheckerSpec("tokens", source="x")):
        with pytest.raises(UsageError, match="python, kattis_program, testlib, each with a source"):
            ProgramChecker(sandbox, spec)


@pytest.mark.parametrize("name", ASKED)
def test_the_judge_uses_checker_programs(name: str, judge: Judge) -> None:
    problem = Problem(
        *("asked", "", (Test("in\n", "right\n"),)),
        checker=CheckerSpec(name, ("case_sensitive", "x y"), ASKED[name]),
    )
    verdicts = [judge.judge(problem, Program(f"print({word!r})")).verdict for word in ("good", "wrong", "crash")]
    assert verdicts == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.WRONG_ANSWER]


# A replacement with testlib's names; set RLEF_TESTLIB to test with the real one.
HEADER = """
#ifndef TESTLIB
#define TESTLIB
#include <cstdio>
#include <cstdlib>
#include <string>
static std::string read_word(const char *path) {
    char word[100] = "";
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "%99s", word) != 1) exit(2);
    return word;
}
#endif
"""
CPP_CHECKER = """#include "testlib.h"
  #  include "testlib.h"  // twice
int main(int, char **argv) { return read_word(argv[2]) == read_word(argv[3]) ? 0 : 1; }
"""


def test_a_checker_in_cpp_gets_testlib_from_the_user(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = CheckerSpec("testlib", source=CPP_CHECKER, language="cpp")
    monkeypatch.delenv("RLEF_TESTLIB", raising=False)
    with pytest.raises(UsageError, match=r"expected testlib\.h in the folder .* RLEF_TESTLIB"):
        ProgramChecker(sandbox, spec)
    monkeypatch.setenv("RLEF_TESTLIB", str(tmp_path))
    with pytest.raises(UsageError, match=r"expected testlib\.h in the folder .* RLEF_TESTLIB"):
        ProgramChecker(sandbox, spec)
    (tmp_path / "testlib.h").write_text(HEADER)
    checker = ProgramChecker(sandbox, spec)
    if "cpp" not in installed_languages():
        pytest.skip("needs g++")
    assert checker(b"", b"12 ", b"12") is True
    assert checker(b"", b"13", b"12") is False
    assert checker(b"", b"", b"12") is False
