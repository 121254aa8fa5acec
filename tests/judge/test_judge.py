"""The judge: verdicts, categories, precedence; expected outputs never enter the judged process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.errors import UsageError
from rlef_env.judge import Judge, Judgement, Verdict
from rlef_env.judge.judge import ATTEMPTS
from rlef_env.judge.runners.stdio import verdict_from_execution
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Test
from rlef_env.sandbox import Execution, Program, Sandbox, Status, installed_languages
from tests.stopping import STOP, resume, stopped, wait_until

ADD = Problem(
    id="add",
    statement="Add two numbers.",
    public_tests=(Test("1 2\n", "3\n"), Test("2 2\n", "4\n")),
    private_tests=(Test("10 20\n", "30\n"),),
    generated_tests=(Test("-1 1\n", "0\n"), Test("5 5\n", "10\n")),
    time_limit=60.0,
    memory_limit=100_000_000,
)
QUICK = replace(ADD, time_limit=0.5)
LONG_NAME = (Verdict.RUNTIME_ERROR, "A" * 100)
RIGHT = Program("print(sum(map(int, input().split())))")


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


def verdict(judge: Judge, source: str, problem: Problem = ADD) -> tuple[Verdict, str | None]:
    judgement = judge.judge(problem, Program(source))
    return judgement.verdict, judgement.category


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (RIGHT.source, (Verdict.ACCEPTED, None)),
        ("print(3)", (Verdict.WRONG_ANSWER, None)),
        ("", (Verdict.WRONG_ANSWER, None)),
        ("print(1 / 0)", (Verdict.RUNTIME_ERROR, "ZeroDivisionError")),
        ("import json\njson.loads('x')", (Verdict.RUNTIME_ERROR, "json.decoder.JSONDecodeError")),
        ("class Oops(Exception): pass\nraise Oops", (Verdict.RUNTIME_ERROR, "Oops")),
        ("raise KeyError('a: b')", (Verdict.RUNTIME_ERROR, "KeyError")),
        ("raise ValueError('two\\nlines')", (Verdict.RUNTIME_ERROR, "ValueError")),
        ("import sys\nsys.exit(4)", (Verdict.RUNTIME_ERROR, "exit status 4")),
        (RIGHT.source + "\nexit(1)", (Verdict.RUNTIME_ERROR, "exit status 1")),
        ("exit('Error: own words')", (Verdict.RUNTIME_ERROR, "exit status 1")),
        ("import os\nos.abort()", (Verdict.RUNTIME_ERROR, "SIGABRT")),
        ("import os\nos.kill(os.getpid(), 9)", (Verdict.RUNTIME_ERROR, "SIGKILL")),
        ("import sys\nsys.exit('Traceback (most recent call last):\\n' + 'A' * 10**6 + ': x')", LONG_NAME),
        ("if x", (Verdict.COMPILE_ERROR, "SyntaxError")),
        ("while True: pass", (Verdict.TIME_LIMIT, None)),
        ("import time\ntime.sleep(900)", (Verdict.TIME_LIMIT, None)),
        ("data = bytearray(150 * 10**6)", (Verdict.MEMORY_LIMIT, None)),
        ("data = [0] * 10**12", (Verdict.MEMORY_LIMIT, "MemoryError")),
        ("import sys\nwhile True: sys.stdout.write('x' * 10**6)", (Verdict.OUTPUT_LIMIT, None)),
        ("import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)", (Verdict.SECURITY_VIOLATION, None)),
        (RIGHT.source + "\nimport ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)", (Verdict.SECURITY_VIOLATION, None)),
    ],
)
def test_verdicts(source: str, expected: tuple[Verdict, str | None], judge: Judge) -> None:
    assert verdict(judge, source, QUICK if expected[0] is Verdict.TIME_LIMIT else ADD) == expected


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("int main(void) { return x; }", "error: "),
        ("int f(int);\nint main(void) { return f(3); }", "undefined reference"),
        ('#include "/dev/zero"\nint main(void) { return 0; }', "took too much"),
    ],
)
def test_a_compile_error_of_c_has_no_category(source: str, words: str, judge: Judge) -> None:
    """Its messages begin with names of files and tools, which are no types of exceptions."""
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    judgement = judge.judge(ADD, Program(source, "c"))
    assert (judgement.verdict, judgement.category) == (Verdict.COMPILE_ERROR, None)
    assert words in judgement.results[0].stderr


JAVA = "import java.util.*;\npublic class Main {{ public static void main(String[] a) {{\n{}\n}} }}"
GARBAGE = "for (int i = 0; i < 200000; i++) { long[] x = new long[1000]; x[5] = i; }"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "List<long[]> kept = new ArrayList<>(); for (int i = 0; i < 7000; i++) kept.add(new long[1000]);\n"
            f'{GARBAGE} System.out.println(kept.size() == 7000 ? "3" : "");',
            (Verdict.ACCEPTED, None),
        ),
        ("int[] x = new int[100000000]; System.out.println(x[5]);", (Verdict.MEMORY_LIMIT, "OutOfMemoryError")),
        ("throw new IllegalStateException();", (Verdict.RUNTIME_ERROR, "exit status 1")),
    ],
    ids=["within", "beyond", "exception"],
)
def test_the_memory_limit_of_java_is_that_of_its_heap(
    body: str, expected: tuple[Verdict, str | None], judge: Judge
) -> None:
    """56 MB live and much garbage are within 128 MiB, although the runtime takes 40 MB itself."""
    if "java" not in installed_languages():
        pytest.skip("java is not installed here")
    problem = Problem("x", "", (Test("1 2\n", "3\n"),), time_limit=60.0, memory_limit=128 * 2**20)
    judgement = judge.judge(problem, Program(JAVA.format(body), "java"))
    assert (judgement.verdict, judgement.category) == expected


def test_the_memory_limit_of_javascript_is_that_of_its_heap(judge: Judge) -> None:
    if "javascript" not in installed_languages():
        pytest.skip("javascript is not installed here")
    problem = Problem("x", "", (Test("1 2\n", "3\n"),), time_limit=60.0, memory_limit=256 * 2**20)
    program = Program("const kept = []; for (;;) kept.push(`${kept.length}`.repeat(9).split(''));", "javascript")
    judgement = judge.judge(problem, program)
    # The runtime's own memory may be used up first.
    assert judgement.verdict is Verdict.MEMORY_LIMIT
    assert judgement.category in (None, "heap out of memory")
    told = b"\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack\n"
    ended = Execution(Status.SIGNALED, signal=signal.SIGABRT, stderr=told)
    assert verdict_from_execution(ended) == (Verdict.MEMORY_LIMIT, "heap out of memory")


def test_a_language_that_cannot_be_compiled_here_is_no_fault_of_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    program = Program('#include <stdio.h>\nint main(void) { puts("3"); }', "c")
    with monkeypatch.context() as patch, Judge() as fresh:
        patch.setattr("rlef_env.sandbox.compiler.DRIVER", b"import os\nos._exit(70)")
        judgement = fresh.judge(ADD, program)
    assert judgement.verdict is Verdict.NO_VERDICT
    assert "driver of the compiler" in str(judgement.category)


def test_early_stop_runs_nothing_after_the_first_failure(judge: Judge) -> None:
    judgement = judge.judge(ADD, Program("print(3)"))
    assert [(r.role, r.index, r.verdict.value) for r in judgement.results] == [
        ("public", 0, "accepted"),
        ("public", 1, "wrong_answer"),
    ]
    assert (judgement.passed, judgement.total) == (1, 5)


def test_without_early_stop_all_tests_run_and_the_first_failure_decides(judge: Judge) -> None:
    source = "a, b = map(int, input().split())\nif a == 2: raise ValueError\nprint(3 if a == 1 else a + b + (a == 10))"
    judgement = judge.judge(ADD, Program(source), stop_early=False)
    assert [(r.role, r.index, r.verdict.value) for r in judgement.results] == [
        ("public", 0, "accepted"),
        ("public", 1, "runtime_error"),
        ("private", 0, "wrong_answer"),
        ("generated", 0, "accepted"),
        ("generated", 1, "accepted"),
    ]
    assert (judgement.verdict, judgement.category) == (Verdict.RUNTIME_ERROR, "ValueError")
    assert (judgement.passed, judgement.total) == (3, 5)


TWELVE = Problem("twelve", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(12)))
"""Twelve tests that echo a number: a program chooses which of them fail."""


@settings(max_examples=20)
@given(
    wrong=st.sets(st.integers(0, 11)),
    stop_early=st.booleans(),
    offset=st.integers(0, 3),
    gate=st.integers(0, 14),
)
def test_tests_before_the_gate_are_all_run_and_open_it_if_all_pass(
    judge: Judge, wrong: set[int], stop_early: bool, offset: int, gate: int
) -> None:
    program = Program(f"n = int(input())\nprint('no' if n in {sorted(wrong)} else n)")
    judgement = judge.judge(TWELVE, program, stop_early=stop_early, offset=offset, gate=gate)
    numbers = list(range(offset, 12))
    before, behind = numbers[:gate], numbers[gate:]
    if not wrong.isdisjoint(before):
        expected = before
    elif stop_early and not wrong.isdisjoint(behind):
        expected = [number for number in numbers if number <= min(wrong.intersection(behind))]
    else:
        expected = numbers
    assert [result.index for result in judgement.results] == expected
    assert judgement.total == len(numbers)


def test_roles_and_limit_choose_the_tests(judge: Judge) -> None:
    assert judge.judge(ADD, RIGHT, roles=("private",)).total == 1
    assert [r.role for r in judge.judge(ADD, RIGHT, roles=("generated", "public"), limit=3).results] == [
        "generated",
        "generated",
        "public",
    ]


def test_a_problem_without_tests_is_never_accepted(judge: Judge) -> None:
    judgement = judge.judge(replace(ADD, public_tests=()), RIGHT, roles=("public",))
    assert (judgement.verdict, judgement.category, judgement.total) == (Verdict.NO_VERDICT, "no tests", 0)


def test_failing_results_keep_output_and_errors(judge: Judge) -> None:
    judgement = judge.judge(ADD, Program("print('é' * 5000)"))
    assert judgement.results[0].stdout == "é" * 4096 + "[...]"
    long = judge.judge(ADD, Program("raise ValueError('x' * 100000 + 'end')")).results[0].stderr
    assert long.startswith("Traceback")
    assert long.endswith("end\n")
    assert len(long) < 5000


def test_timings_do_not_count_for_equality(judge: Judge) -> None:
    first, second = judge.judge(ADD, RIGHT), judge.judge(ADD, RIGHT)
    assert first == second
    assert first.cpu_seconds > 0


def test_time_factor_stretches_limits() -> None:
    slow = Program("import time\ntime.sleep(2)\n" + RIGHT.source)
    with Judge() as strict, Judge(time_factor=100) as generous:
        assert strict.judge(QUICK, slow).verdict is Verdict.TIME_LIMIT
        assert generous.judge(QUICK, slow, limit=1).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf"), "2", True])
def test_an_invalid_time_factor_is_refused(factor: object) -> None:
    with pytest.raises(UsageError, match="time_factor: expected a number above 0"):
        Judge(time_factor=factor)  # type: ignore[arg-type]


def test_arguments_of_the_wrong_type_are_refused(judge: Judge) -> None:
    with pytest.raises(UsageError, match="isolation"):
        Judge(isolation="docker")
    with pytest.raises(UsageError, match=r"expected program to be of the type Program"):
        judge.judge(ADD, "print(1)")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="roles"):
        judge.judge(ADD, RIGHT, roles=("secret",))  # type: ignore[arg-type]


def test_the_judgement_names_the_isolation(judge: Judge) -> None:
    assert judge.judge(ADD, RIGHT).isolation == "locked"
    with Judge(isolation="none") as open_judge:
        assert open_judge.judge(ADD, RIGHT).isolation == "none"


# --- what is expected stays outside ---------------------------------------------------------------------------------

SECRET = "SECRET-4f1a9c"
SEARCH = f"""
import gc, sys
needle = {SECRET[::-1]!r}[::-1]
found = []
def look(value, depth=0):
    if isinstance(value, str) and needle in value and value is not needle: found.append(value)
    elif isinstance(value, (bytes, bytearray)) and needle.encode() in value: found.append(value)
    elif depth < 6 and isinstance(value, dict): [look(x, depth + 1) for x in list(value.values())]
    elif depth < 6 and isinstance(value, (list, tuple, set)): [look(x, depth + 1) for x in list(value)]
frame = sys._getframe()
while frame: look(dict(frame.f_locals)); look(frame.f_code.co_consts); frame = frame.f_back
for thing in gc.get_objects(): look(thing) if not isinstance(thing, type(sys)) else look(vars(thing))
print(len([x for x in found if x != needle and needle not in str(x)[-200:]]) == 0 and "nothing" or found)
"""


def test_the_expected_output_is_not_in_the_judged_process(judge: Judge) -> None:
    """Search every object and frame, and all memory that the process can read."""
    memory = (
        "import ctypes, sys\n"
        f"needle = {SECRET[::-1]!r}[::-1].encode()\n"
        "hits = 0\n"
        "for line in open('/proc/self/maps'):\n"
        "    pass\n"
    )
    problem = Problem("secret", "", (Test("x\n", SECRET), Test("y\n", SECRET)), time_limit=60)
    judgement = judge.judge(problem, Program(SEARCH), stop_early=False)
    assert [r.stdout for r in judgement.results] == ["nothing\n", "nothing\n"]
    assert judge.judge(problem, Program(memory)).category in ("PermissionError", "FileNotFoundError")


@pytest.mark.parametrize("tests", [1, 2])
def test_a_core_of_the_judged_process_holds_no_expected_output(tests: int) -> None:
    """Search the whole memory of zygote, program and run from outside, while the program sleeps on its first test.

    The only test is run by the process that compiled the program, the first of two by a fork of it.
    """
    problem = Problem("secret", "", (Test("x\n", SECRET), Test("y\n", SECRET))[:tests], time_limit=900)
    seen: list[bool] = []
    with Judge() as judge:
        judge.judge(ADD, RIGHT)
        zygote = judge._sandboxes.program.pid

        def look() -> None:
            wait_until(lambda: len(tree(zygote)) == 2 + tests)
            pids = tree(zygote)
            seen.extend(SECRET.encode() in memory_of(pid) for pid in pids)
            os.kill(pids[-1], signal.SIGKILL)

        thread = threading.Thread(target=look)
        thread.start()
        judge.judge(problem, Program("import time\ntime.sleep(900)"))
        thread.join()
    if not seen:
        pytest.skip("this user may not read the memory of a process that is not dumpable")
    assert seen == [False] * (2 + tests)


def tree(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(found for child in children for found in tree(child))]


def memory_of(pid: int) -> bytes:
    found = []
    try:
        with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            for line in maps:
                bounds, rights, *_ = line.split()
                start, end = (int(bound, 16) for bound in bounds.split("-"))
                if "r" in rights and "[v" not in line:
                    memory.seek(start)
                    found.append(memory.read(min(end - start, 2**28)))
    except OSError:
        return b"".join(found)
    return b"".join(found)


# --- our own failures ---------------------------------------------------------------------------------------------


def killer(judge: Judge, times: int) -> threading.Thread:
    """Kill the judge's zygote a number of times, each time while a program runs in it. Then let it continue."""

    def kill() -> None:
        killed: set[int] = set()

        def next_zygote() -> int:
            sandbox = judge._sandboxes._program
            return sandbox.pid if sandbox is not None and sandbox.pid not in killed and stopped([sandbox.pid]) else 0

        while len(killed) < times:
            wait_until(next_zygote)
            killed.add(zygote := next_zygote())
            os.kill(zygote, signal.SIGKILL)
        if times < ATTEMPTS:
            wait_until(next_zygote)
            resume(stopped([next_zygote()]))

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


STOPS_AND_IS_RIGHT = Program(STOP + RIGHT.source)


def test_a_killed_zygote_is_retried_without_losing_results() -> None:
    with Judge() as judge:
        thread = killer(judge, times=ATTEMPTS - 1)
        judgement = judge.judge(ADD, STOPS_AND_IS_RIGHT, limit=1)
        thread.join()
    assert judgement.verdict is Verdict.ACCEPTED


def test_a_program_that_brings_down_every_sandbox_has_a_runtime_error() -> None:
    with Judge() as judge:
        thread = killer(judge, times=ATTEMPTS)
        judgement = judge.judge(ADD, STOPS_AND_IS_RIGHT, limit=1)
        thread.join()
    assert (judgement.verdict, judgement.category) == (Verdict.RUNTIME_ERROR, "lost")


KILLS_ITS_ZYGOTE = """
import os, signal
given = input()
if given == "2 3":
    above = open(f"/proc/{os.getppid()}/status").read()
    os.kill(int(above.partition("PPid:")[2].split()[0]), signal.SIGKILL)
    signal.pause()  # until this process is killed too: else it may end first
print(sum(map(int, given.split())))
"""


def test_a_program_that_brings_down_sandboxes_keeps_earlier_results() -> None:
    """A program that does so on a hidden test has passed the shown ones, so its episode ends."""
    problem = replace(ADD, public_tests=(Test("1 2\n", "3\n"),), private_tests=(Test("2 3\n", "5\n"),))
    with Judge(isolation="none") as judge:  # under the lock it cannot kill it
        judgement = judge.judge(problem, Program(KILLS_ITS_ZYGOTE), gate=1)
    assert [(result.role, result.index, result.verdict, result.category) for result in judgement.results] == [
        ("public", 0, Verdict.ACCEPTED, None),
        ("private", 0, Verdict.RUNTIME_ERROR, "lost"),
    ]


def test_our_own_failure_gives_no_verdict_despite_earlier_results() -> None:
    """A wrong answer before the interruption is kept as a result, but is not the verdict."""
    with Judge(interrupt=iter([False, True]).__next__) as judge:
        judgement = judge.judge(ADD, Program("print('wrong')"), stop_early=False)
    assert (judgement.verdict, judgement.category) == (Verdict.NO_VERDICT, "stopped")
    assert [result.verdict for result in judgement.results] == [Verdict.WRONG_ANSWER, Verdict.NO_VERDICT]


def test_no_verdict_if_no_sandbox_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys._base_executable", "/bin/false")
    with Judge() as judge:
        judgement = judge.judge(ADD, RIGHT)
    assert judgement.verdict is Verdict.NO_VERDICT
    assert "did not start" in (judgement.category or "")
    assert judgement.total == 5


def test_a_closed_judge_starts_again(judge: Judge) -> None:
    judge.close()
    assert judge.judge(ADD, RIGHT).verdict is Verdict.ACCEPTED


def test_no_verdict_outranks_a_wrong_answer() -> None:
    broken = replace(ADD, checker=CheckerSpec("python", source="def check(input, output, expected): return 1 // 0"))
    with Judge() as judge:
        judgement: Judgement = judge.judge(broken, Program("print(input().split()[0])"), stop_early=False)
    assert judgement.verdict is Verdict.NO_VERDICT
    assert "ZeroDivisionError" in (judgement.category or "")


def test_the_sandbox_can_be_used_by_itself() -> None:
    with Sandbox() as sandbox, sandbox.load(RIGHT) as loaded:
        assert loaded.run(b"20 22\n").stdout == b"42\n"


def test_a_malformed_test_gives_no_verdict(judge: Judge) -> None:
    unreadable = Problem(
        "f", "", (Test("f(1)", "1"), Test("f(", "1")), function=FunctionSpec("f"), checker=CheckerSpec("value")
    )
    judgement = judge.judge(unreadable, Program("def f(x): return x"))
    assert judgement.verdict is Verdict.NO_VERDICT
    assert "expected" in (judgement.category or "")
