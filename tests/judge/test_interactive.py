"""Interactive problems: verdicts, who is at fault, and that no program gains by breaking the interaction."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rlef_env.judge import Judge, JudgePool, Verdict
from rlef_env.judge.runners.base import RunOutcome
from rlef_env.judge.runners.interactive import interaction_verdict, interactive_runner
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import CheckerSpec, InteractorSpec, Problem, Solution, Test
from rlef_env.sandbox import Execution, Limits, Program, Status

WELL = Execution(Status.EXITED, exit_code=0)
CRASH = Execution(Status.EXITED, exit_code=1, stderr=b"Traceback (most recent call last):\nValueError: x\n")
SEGFAULT = Execution(Status.SIGNALED, signal=11)
SIGPIPE = Execution(Status.SIGNALED, signal=13)
PIPE_BROKE = Execution(Status.EXITED, exit_code=1, stderr=b"Traceback (most recent call last):\nBrokenPipeError: x\n")
PIPE_BROKE_IN_RUST = Execution(
    Status.EXITED, exit_code=101, stderr=b"failed printing to stdout: Broken pipe (os error 32)\n"
)
PIPE_BROKE_IN_JAVASCRIPT = Execution(Status.EXITED, exit_code=1, stderr=b"Error: write EPIPE\n  errno: -32\n")
SPUN = Execution(Status.TIME_LIMIT, cpu_seconds=10, wall_seconds=10)
SLEPT = Execution(Status.TIME_LIMIT, cpu_seconds=0, wall_seconds=10)
FLOODED = Execution(Status.OUTPUT_LIMIT)
GREEDY = Execution(Status.MEMORY_LIMIT)
FORBIDDEN = Execution(Status.SECURITY_VIOLATION)
NOT_COMPILED = Execution(Status.COMPILE_ERROR, stderr=b"SyntaxError: invalid syntax\n")

ACCEPTED, WRONG, CRASHED, TIME = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR, Verdict.TIME_LIMIT
NONE = Verdict.NO_VERDICT


@pytest.mark.parametrize(
    ("program", "answer", "left", "sound", "broken"),
    [
        (WELL, True, True, ACCEPTED, ACCEPTED),
        (WELL, True, False, ACCEPTED, ACCEPTED),
        (WELL, False, True, WRONG, WRONG),
        (WELL, False, False, WRONG, WRONG),
        (WELL, None, True, WRONG, NONE),
        (WELL, None, False, WRONG, NONE),
        (CRASH, True, True, CRASHED, CRASHED),
        (CRASH, True, False, CRASHED, CRASHED),
        (CRASH, False, True, WRONG, WRONG),  # the program read the end of its input
        (CRASH, False, False, CRASHED, CRASHED),  # so the interactor read the end of its input
        (CRASH, None, True, WRONG, NONE),
        (CRASH, None, False, CRASHED, CRASHED),
        (SEGFAULT, True, True, CRASHED, CRASHED),
        (SEGFAULT, None, False, CRASHED, CRASHED),
        (SIGPIPE, True, True, ACCEPTED, ACCEPTED),  # the interactor had read enough
        (SIGPIPE, False, True, WRONG, WRONG),
        (SIGPIPE, None, True, WRONG, NONE),
        (PIPE_BROKE, True, True, ACCEPTED, ACCEPTED),
        (PIPE_BROKE, False, True, WRONG, WRONG),
        (PIPE_BROKE, None, True, WRONG, NONE),
        (PIPE_BROKE_IN_RUST, True, True, ACCEPTED, ACCEPTED),
        (PIPE_BROKE_IN_JAVASCRIPT, True, True, ACCEPTED, ACCEPTED),
        (SPUN, True, True, TIME, TIME),
        (SPUN, True, False, TIME, TIME),
        (SPUN, False, True, WRONG, WRONG),
        (SPUN, False, False, TIME, TIME),
        (SPUN, None, False, TIME, TIME),
        (SPUN, None, True, WRONG, NONE),
        (SLEPT, False, False, TIME, NONE),
        (SLEPT, None, False, TIME, NONE),
        (SLEPT, True, True, TIME, NONE),
        (SLEPT, False, True, WRONG, WRONG),
        (FLOODED, None, False, Verdict.OUTPUT_LIMIT, Verdict.OUTPUT_LIMIT),
        (FLOODED, True, False, Verdict.OUTPUT_LIMIT, Verdict.OUTPUT_LIMIT),
        (GREEDY, None, False, Verdict.MEMORY_LIMIT, Verdict.MEMORY_LIMIT),
        (FORBIDDEN, True, True, Verdict.SECURITY_VIOLATION, Verdict.SECURITY_VIOLATION),
        (FORBIDDEN, False, True, Verdict.SECURITY_VIOLATION, Verdict.SECURITY_VIOLATION),
        (FORBIDDEN, None, True, Verdict.SECURITY_VIOLATION, Verdict.SECURITY_VIOLATION),
        (NOT_COMPILED, None, True, Verdict.COMPILE_ERROR, Verdict.COMPILE_ERROR),
    ],
)
def test_the_verdict_of_each_kind_of_interaction(
    program: Execution, answer: bool | None, left: bool, sound: Verdict, broken: Verdict
) -> None:
    assert interaction_verdict(program, answer, left, lambda: None)[0] is sound
    assert interaction_verdict(program, answer, left, lambda: "broken")[0] is broken


GUESS = """
import sys
secret, most = int(open(sys.argv[1]).read()), int(open(sys.argv[2]).read())
for _ in range(most):
    line = sys.stdin.readline()
    guess = int(line)
    if guess == secret:
        print("right", flush=True)
        open(sys.argv[3] + "judgemessage.txt", "w").write("found")
        sys.exit(42)
    print("higher" if guess < secret else "lower", flush=True)
sys.exit(43)
"""
SOLUTION = """
low, high = 1, 1000
while True:
    middle = (low + high) // 2
    print(middle, flush=True)
    said = input()
    if said == "right":
        break
    if said == "higher":
        low = middle + 1
    else:
        high = middle - 1
"""
PROBLEM = Problem("guess", "Guess the number.", (Test("617", "10"),), interactor=InteractorSpec(GUESS))
WITH_SOLUTION = replace(PROBLEM, solutions=(Solution(SOLUTION),))
LIMITS = Limits(cpu_seconds=60, memory_bytes=256 * 2**20, output_bytes=2**20)
QUICK = Limits(cpu_seconds=0.5, idle_seconds=0.3, memory_bytes=256 * 2**20, output_bytes=2**20)


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Sandboxes]:
    both = Sandboxes()
    yield both
    both.close()


def judged(
    sandboxes: Sandboxes,
    source: str,
    problem: Problem = WITH_SOLUTION,
    language: str = "python",
    limits: Limits = LIMITS,
) -> list[RunOutcome]:
    tests = [test for _, _, test in problem.tests()]
    with interactive_runner(sandboxes, problem, Program(source, language), limits, tests) as run:
        return [run(test) for test in tests]


def verdict(sandboxes: Sandboxes, source: str, problem: Problem = WITH_SOLUTION, **options: object) -> Verdict:
    (outcome,) = judged(sandboxes, source, problem, **options)  # type: ignore[arg-type]
    return outcome.verdict


def test_an_interaction(sandboxes: Sandboxes) -> None:
    problem = replace(PROBLEM, private_tests=(Test("1", "10"), Test("1000", "10"), Test("617", "3")))
    outcomes = judged(sandboxes, SOLUTION, problem)
    assert [outcome.verdict for outcome in outcomes] == [ACCEPTED, ACCEPTED, ACCEPTED, WRONG]
    assert outcomes[1].stdout.startswith(b"500\n250\n")


@pytest.mark.parametrize("with_solution", [True, False])
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", WRONG),
        ("import os\nos._exit(0)", WRONG),
        ("import os\nos._exit(42)", CRASHED),
        ("print(42)\n" * 20, WRONG),
        ("print('right', flush=True)", WRONG),
        ("print('nonsense', flush=True)\ninput()", WRONG),
        ("import sys\nsys.stdout.buffer.write(b'\\xff' * 9 + b'\\n')\nsys.stdout.flush()\ninput()", WRONG),
        ("print('9' * 5000, flush=True)\ninput()", WRONG),
        ("import os\nos.close(1)\ninput()", WRONG),
        ("import os\nos.close(0)\nprint(1, flush=True)", WRONG),
        ("import os\nos.close(0)\nos.close(1)", WRONG),
        ("import os\nos.dup2(0, 1)\nos.write(1, b'617\\n')", None),
        ("import os\nos.write(0, b'x')", CRASHED),
        ("1/0", CRASHED),
        ("print(1, flush=True)\ninput()\n1/0", CRASHED),
        ("import os, signal\nos.kill(os.getpid(), 9)", CRASHED),
        ("while True: pass", TIME),
        ("import time\ntime.sleep(900)", TIME),
        ("input()", TIME),
        ("import sys\nwhile True: print('0' * 60000)", None),
        ("x = bytearray(2**29)", Verdict.MEMORY_LIMIT),
        ("import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)", Verdict.SECURITY_VIOLATION),
        ("def", Verdict.COMPILE_ERROR),
        (SOLUTION + "\nraise SystemExit(3)", CRASHED),
        (SOLUTION + "\ninput()", CRASHED),
        (SOLUTION + "\nwhile True: pass", TIME),
        (SOLUTION + "\nprint('bye', flush=True)", ACCEPTED),
        (
            SOLUTION.replace(", flush=True", "")
            .replace("input()", "sys.stdin.readline()")
            .replace("low,", "import sys\nlow,"),
            TIME,
        ),
        ("for number in range(1000): print(number, flush=True)", WRONG),
    ],
)
def test_no_program_gains_by_breaking_the_interactor(
    sandboxes: Sandboxes, source: str, expected: Verdict | None, with_solution: bool
) -> None:
    limits = QUICK if expected in (TIME, None) else LIMITS
    got = verdict(sandboxes, source, WITH_SOLUTION if with_solution else PROBLEM, limits=limits)
    if expected is None:
        assert got not in (ACCEPTED, NONE)
    else:
        assert got is expected


def broken(source: str) -> Problem:
    return replace(WITH_SOLUTION, interactor=InteractorSpec(source))


KILLED = "import os\nos.kill(os.getpid(), 9)"
TRACED = "import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)"


@pytest.mark.parametrize("source", ["1/0", "import sys\nsys.exit(1)", "import sys\nsys.exit(0)", "def", KILLED, TRACED])
@pytest.mark.parametrize("with_solution", [True, False])
def test_a_broken_interactor_is_no_verdict(sandboxes: Sandboxes, source: str, with_solution: bool) -> None:
    problem = broken(source) if with_solution else replace(PROBLEM, interactor=InteractorSpec(source))
    assert verdict(sandboxes, SOLUTION, problem) is NONE
    assert verdict(sandboxes, "1", problem) is NONE


def test_a_stored_solution_that_does_not_compile_is_no_control(sandboxes: Sandboxes) -> None:
    problem = replace(broken("1/0"), solutions=(Solution("print(("),))
    assert verdict(sandboxes, SOLUTION, problem) is NONE
    assert verdict(sandboxes, SOLUTION, replace(problem, interactor=InteractorSpec(GUESS))) is ACCEPTED


def test_an_interactor_that_hangs_is_no_verdict(sandboxes: Sandboxes) -> None:
    assert verdict(sandboxes, SOLUTION, broken("import time\ntime.sleep(900)"), limits=QUICK) is NONE
    assert verdict(sandboxes, "def", broken("def")) is Verdict.COMPILE_ERROR


def test_an_interactor_that_floods_does_not_fill_the_memory(sandboxes: Sandboxes) -> None:
    flood = "import sys\nwhile True: sys.stdout.write('x' * 60000)"
    assert verdict(sandboxes, "import sys\nfor line in sys.stdin.buffer: pass", broken(flood), limits=QUICK) in (
        NONE,
        Verdict.MEMORY_LIMIT,
    )


def test_testlib_interactors(sandboxes: Sandboxes) -> None:
    source = GUESS.replace("sys.argv[2]", "sys.argv[3]").replace('sys.argv[3] + "judgemessage.txt"', "sys.argv[2]")
    source = source.replace("exit(42)", "exit(0)").replace("exit(43)", "exit(1)")
    problem = replace(WITH_SOLUTION, interactor=InteractorSpec(source, protocol="testlib"))
    assert verdict(sandboxes, SOLUTION, problem) is ACCEPTED
    assert verdict(sandboxes, "for i in range(10): print(i, flush=True)", problem) is WRONG
    assert (
        verdict(sandboxes, SOLUTION, replace(problem, interactor=InteractorSpec("exit(3)", protocol="testlib"))) is NONE
    )


def test_flags_are_arguments(sandboxes: Sandboxes) -> None:
    source = "import sys\nsys.exit(42 if sys.argv[4:] == ['a', 'b c'] else 43)"
    problem = replace(PROBLEM, interactor=InteractorSpec(source, flags=("a", "b c")))
    assert verdict(sandboxes, "pass", problem) is ACCEPTED


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_an_interactor_in_cpp(sandboxes: Sandboxes) -> None:
    source = """
        #include <fstream>
        #include <iostream>
        int main(int, char **argv) {
            std::ifstream in(argv[1]), answer(argv[2]);
            int secret, most, guess;
            in >> secret; answer >> most;
            while (most-- && std::cin >> guess) {
                if (guess == secret) { std::cout << "right" << std::endl; return 42; }
                std::cout << (guess < secret ? "higher" : "lower") << std::endl;
            }
            return 43;
        }
    """
    problem = replace(PROBLEM, interactor=InteractorSpec(source, "cpp"))
    assert verdict(sandboxes, SOLUTION, problem) is ACCEPTED
    assert verdict(sandboxes, "print(1, flush=True)\ninput()", problem) is WRONG
    assert verdict(sandboxes, "print('x', flush=True)\ninput()", problem) is WRONG


def test_a_broken_interactor_gives_no_verdict_in_a_pool_either() -> None:
    broken = replace(WITH_SOLUTION, interactor=InteractorSpec(GUESS.replace("if guess", "guess / 0\n    if guess")))
    with JudgePool(1) as pool:
        assert pool.judge(WITH_SOLUTION, Program(SOLUTION)).verdict is ACCEPTED
        assert pool.judge(WITH_SOLUTION, Program("print('x')")).verdict is WRONG
        assert pool.judge(broken, Program(SOLUTION)).verdict is NONE


@pytest.mark.parametrize(
    "problem",
    [PROBLEM, Problem("p", "", (Test("", ""),), checker=CheckerSpec("python", (), "def check(*_): return 1"))],
)
def test_no_place_for_a_scratch_folder_is_no_fault_of_the_programs(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    problem = replace(problem, time_limit=60.0)
    with Judge() as judge:
        judgement = judge.judge(problem, Program(SOLUTION if problem.interactor else ""))
    needs_one = problem.interactor is not None
    assert (judgement.verdict is NONE) is needs_one
