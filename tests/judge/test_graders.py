"""Programs in the style of each source are judged by the rules of its grader: starter code as given, nothing imported.

What each grader adds was read at the address in ``rlef_env.problems.graders``; no grader runs here. Those of
LiveCodeBench, APPS, TACO and SandboxFusion were once run on the programs of FUNCTIONS and READERS: all verdicts agree.
"""

from __future__ import annotations

import ast
import base64
import builtins
import json
import pickle
import sys
import zlib
from collections.abc import Iterator
from typing import Any, Final

import pytest

from rlef_env.judge import Judge, Judgement, Verdict
from rlef_env.problems import CheckerSpec, FunctionSpec, InteractorSpec, Problem, Test, problem_from_row
from rlef_env.problems.graders import GRADERS
from rlef_env.sandbox import Program

RIGHT, WRONG, CRASH = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


# --- rows of each source: a function that counts the most frequent value, and a program that adds two lines ---------

START: Final = "class Solution:\n    def most(self, nums: List[int]) -> int:\n        "
CALLS: Final = [([[1, 2, 2]], 2), ([[5]], 5), ([[7, 7, 3, 3, 3]], 3)]
STREAMS: Final = [("2\n3\n", "5\n"), ("10\n-4\n", "6\n")]


def lines_of(arguments: list[Any]) -> str:
    return "\n".join(json.dumps(argument) for argument in arguments)


def columns(calls: bool, wrapped: bool = False, text: bool = False) -> dict[str, Any]:
    if not calls:
        return {"inputs": [given for given, _ in STREAMS], "outputs": [wanted for _, wanted in STREAMS]}
    inputs = [lines_of(given) if text else given for given, _ in CALLS]
    results = [[wanted] if wrapped else wanted for _, wanted in CALLS]
    return {"inputs": inputs, "outputs": [json.dumps(each) for each in results] if text else results, "fn_name": "most"}


def records(calls: bool, **more: Any) -> list[dict[str, Any]]:
    if not calls:
        return [{"input": given, "output": wanted, "testtype": "stdin"} for given, wanted in STREAMS]
    return [
        {"input": lines_of(given), "output": json.dumps(wanted), "testtype": "functional", **more}
        for given, wanted in CALLS
    ]


def live_code_bench(calls: bool) -> dict[str, Any]:
    tests = records(calls)
    packed = zlib.compress(pickle.dumps(json.dumps(tests[1:])))
    return {
        "question_id": "q", "question_content": "Do it.", "platform": "leetcode",
        "contest_date": "2024-05-01T00:00:00", "starter_code": START if calls else "",
        "public_test_cases": json.dumps(tests[:1]), "private_test_cases": base64.b64encode(packed).decode(),
        "metadata": json.dumps({"func_name": "most"} if calls else {}),
    }  # fmt: skip


def apps(calls: bool) -> dict[str, Any]:
    tests = json.dumps(columns(calls, wrapped=True))
    return {"problem_id": 1, "question": "Do it.", "input_output": tests, "starter_code": START if calls else ""}


def taco(calls: bool) -> dict[str, Any]:
    return {key: value for key, value in apps(calls).items() if key != "problem_id"}


def prime(calls: bool) -> dict[str, Any]:
    truth = json.dumps(columns(calls, text=True))
    prompt = [{"role": "user", "content": "Do it."}]
    return {"data_source": "taco", "ability": "code", "prompt": prompt, "reward_model": {"ground_truth": truth}}


def deep_coder_prepared(calls: bool) -> dict[str, Any]:
    truth = json.dumps(records(calls, metadata={"func_name": "most"}))
    return prime(calls) | {"data_source": "lcbv5", "reward_model": {"ground_truth": truth}}


def deep_coder(calls: bool) -> dict[str, Any]:
    return {"problem": "Do it.", "tests": records(calls), "metadata": {"func_name": "most" if calls else None}}


def prime_intellect(calls: bool) -> dict[str, Any]:
    cases = [{"type": "stdin_stdout", "input": given, "output": wanted, "fn_name": None} for given, wanted in STREAMS]
    if calls:
        cases = [
            {"type": "function_call", "input": given, "output": [wanted], "fn_name": "most"} for given, wanted in CALLS
        ]
    return {"problem_id": "p", "prompt": "Do it.", "verification_info": {"language": "python", "test_cases": cases}}


def nemo_gym(calls: bool) -> dict[str, Any]:
    request = {"input": [{"role": "user", "content": "Do it."}]}
    tests = columns(calls, text=True)
    return {"responses_create_params": request, "verifier_metadata": {"unit_tests": tests}}


def common_oj(calls: bool) -> dict[str, Any]:
    packed = zlib.compress(pickle.dumps({"input_output": json.dumps(columns(calls, text=True))}))
    return {"id": 1, "content": "Do it.", "test": base64.b64encode(packed).decode(), "labels": ""}


SOURCES: Final = {
    "livecodebench": live_code_bench,
    "apps": apps,
    "taco": taco,
    "prime": prime,
    "deep_coder": deep_coder,
    "deep_coder_prepared": deep_coder_prepared,
    "prime_intellect": prime_intellect,
    "nemo_gym": nemo_gym,
    "sandboxfusion_livecodebench": common_oj,
}
FUNCTIONS: Final = [
    (START + "return max(nums, key=nums.count)\n", RIGHT),
    ("class Solution:\n    def most(self, nums):\n        return Counter(nums).most_common(1)[0][0]\n", RIGHT),
    ("class Solution:\n    def most(self, nums: List[int]) -> int:\n        seen = collections.defaultdict(int)\n"
     "        for n in nums:\n            seen[n] += 1\n        return max(seen, key=seen.get)\n", RIGHT),
    ("class Solution:\n    @lru_cache\n    def of(self, n):\n        return math.gcd(n, 0)\n    def most(self, nums):\n"
     "        heap = [(-nums.count(n), self.of(n)) for n in nums]\n        heapq.heapify(heap)\n"
     "        return heappop(heap)[1]\n", RIGHT),
    ("def most(nums, k):\n    return max(nums, key=lambda n: nums.count(n) * k)\n"  # a helper with the method's name
     "class Solution:\n    def most(self, nums):\n        return most(nums, 1)\n", RIGHT),
    ("def most(nums):\n    return max(nums, key=nums.count)\n", RIGHT),  # without the class
    ("class Solution:\n    def most(self, nums):\n        return tuple(nums)\n", WRONG),
    (START + "return nums[0]\n", WRONG),
    ("class Solution:\n    pass\ndef most(nums):\n    return max(nums, key=nums.count)\n", CRASH),  # class first
    ("class Solution:\n    def most(self, nums):\n        return unknown(nums)\n", CRASH),
    ("", CRASH),
]  # fmt: skip
READERS: Final = [
    ("print(sum(map(int, sys.stdin.read().split())))\n", RIGHT),
    ("numbers = [int(line) for line in sys.stdin]\nprint(list(itertools.accumulate(numbers))[-1])\n", RIGHT),
    ("gap = collections.Counter(a=int(input()))\ngap['a'] += int(input())\nprint(gap['a'])\n", RIGHT),
    (
        "def gcd(a, b):\n    return a + b\nprint(gcd(int(input()), int(input())))\n",
        RIGHT,
    ),  # its own function takes precedence
    ("print(math.floor(math.fabs(int(input()))))\n", WRONG),
    ("print(unknown(stdin))\n", CRASH),
]


@pytest.mark.parametrize(("program", "verdict"), FUNCTIONS)
@pytest.mark.parametrize("source", SOURCES)
def test_functions_in_the_style_of_each_source(judge: Judge, source: str, program: str, verdict: Verdict) -> None:
    problem = problem_from_row(SOURCES[source](True))
    assert problem.function == FunctionSpec("most")
    assert GRADERS[problem.grader].calls_solution
    assert judge.judge(problem, Program(program)).verdict is verdict


@pytest.mark.parametrize(("program", "verdict"), READERS)
@pytest.mark.parametrize("source", SOURCES)
def test_stdin_programs_in_the_style_of_each_source(judge: Judge, source: str, program: str, verdict: Verdict) -> None:
    problem = problem_from_row(SOURCES[source](False))
    assert problem.function is None
    assert judge.judge(problem, Program(program)).verdict is verdict


@pytest.mark.parametrize("grader", ["livecodebench", "apps", "taco", "prime", "deep_coder", "prime_intellect"])
def test_the_standard_streams_have_names(judge: Judge, grader: str) -> None:
    program = Program("stdout.write(stdin.readline() + stdin.read())\n")
    assert judge.judge(reading("1 2", grader, "1\n2\n"), program).verdict is RIGHT


# --- what is done with it, for all sources alike --------------------------------------------------------------------


def calling(name: str, calls: list[tuple[str, str]], grader: str = "livecodebench") -> Problem:
    tests = tuple(Test(f"{name}({given})", wanted) for given, wanted in calls)
    return Problem("p", "", tests, checker=CheckerSpec("value"), function=FunctionSpec(name), grader=grader)


def reading(output: str, grader: str = "livecodebench", given: str = "") -> Problem:
    return Problem("p", "", (Test(given, output),), checker=CheckerSpec("tokens"), grader=grader)


def error_of(judgement: Judgement) -> str:
    assert judgement.verdict is CRASH, judgement
    return judgement.results[0].stderr


def bound_by(grader: str) -> dict[str, Any]:
    """Return the names that the imports bind in front of a program, as in the original grader."""
    names: dict[str, Any] = {}
    for statement in ast.parse(GRADERS[grader].imports).body:
        if ast.unparse(statement) not in ("import numpy as np", "import pandas as pd"):
            exec(compile(ast.Module([statement], []), "imports", "exec"), names)
    return names


DESCRIBE: Final = (
    "def described(value):\n"
    "    return [type(value).__name__, getattr(value, '__module__', None), getattr(value, '__name__', None)]\n"
)


@pytest.mark.parametrize("grader", GRADERS)
def test_a_program_has_the_imports_of_the_grader(judge: Judge, grader: str) -> None:
    space: dict[str, Any] = {}
    exec(DESCRIBE, space)
    expected = {
        name: space["described"](value) for name, value in bound_by(grader).items() if not name.startswith("__")
    }
    source = (
        DESCRIBE + "names = eval(input())\nprint({name: described(eval(name)) for name in names} == eval(input()))\n"
    )
    own = set(vars(sys)) | {"credits", "license"}  # pytest has its own streams and hooks, and runs with `site`
    expected = {name: each for name, each in expected.items() if name not in own}
    problem = reading("True", grader, f"{list(expected)!r}\n{expected!r}\n")
    assert len(expected) > 30
    assert judge.judge(problem, Program(source)).verdict is RIGHT


@pytest.mark.parametrize("grader", GRADERS)
def test_every_import_works_but_for_numpy_and_pandas_and_hides_no_builtin(grader: str) -> None:
    names = bound_by(grader)
    assert {name for name, value in names.items() if getattr(builtins, name, value) is not value} == set()
    assert {"List", "Tuple", "Counter", "deque", "defaultdict", "heapq", "math", "lru_cache", "sys"} <= names.keys()


@pytest.mark.parametrize(
    ("name", "arguments", "result"), [("gcd", "4, 6", "2"), ("ceil", "1", "1"), ("sqrt", "4", "2.0")]
)
def test_a_function_that_the_program_does_not_define_is_not_found_among_the_imports(
    judge: Judge, name: str, arguments: str, result: str
) -> None:
    problem = calling(name, [(arguments, result)])
    assert "NameError" in error_of(judge.judge(problem, Program("pass\n")))
    assert (
        judge.judge(problem, Program(f"from math import {name}\n")).verdict is RIGHT
    )  # imported by the program itself
    assert judge.judge(problem, Program(f"{name} = {name}\n")).verdict is RIGHT


def test_line_numbers_in_errors_are_those_of_the_program(judge: Judge) -> None:
    source = "import math\n\n\ndef f():\n    return 1 // 0\n"
    assert '"solution.py", line 5, in f\n' in error_of(judge.judge(calling("f", [("", "1")]), Program(source)))
    assert '"solution.py", line 7, in <module>\n' in error_of(judge.judge(reading("1"), Program(source + "\nf()\n")))
    wrong = judge.judge(reading("1"), Program("x = 1\nif\n"))
    assert wrong.verdict is Verdict.COMPILE_ERROR
    assert "line 2" in wrong.results[0].stderr


def test_builtins_are_unchanged_and_can_be_replaced_by_a_program(judge: Judge) -> None:
    own = "print(pow(2, 3, 5), abs(-1), open is io.open, 'Counter' in globals())\n"
    assert judge.judge(reading("3 1 True False"), Program(own)).verdict is RIGHT
    replaced = "import builtins\nbuiltins.Counter = len\nprint(Counter('ab'), [].__len__())\n"
    assert judge.judge(reading("2 0"), Program(replaced)).verdict is RIGHT
    assert judge.judge(reading("2"), Program("print(Counter('aa')['a'])\n")).verdict is RIGHT  # in the next run


def test_without_a_grader_nothing_is_added(judge: Judge) -> None:
    assert "NameError" in error_of(judge.judge(reading("1", grader=""), Program("print(Counter([1])[1])\n")))
    helper = "def f(n):\n    return n\nclass Solution:\n    def f(self, n):\n        return -n\n"
    assert judge.judge(calling("f", [("1", "1")], grader=""), Program(helper)).verdict is RIGHT
    counting = "class Solution:\n    n = 0\n    def f(self):\n        self.n += 1\n        return self.n\n"
    assert judge.judge(calling("f", [("", "1"), ("", "1")], grader=""), Program(counting)).verdict is RIGHT
    assert judge.judge(calling("f", [("", "1"), ("", "2")]), Program(counting)).verdict is RIGHT  # one Solution()


def test_a_solution_that_cannot_be_constructed_fails_every_call(judge: Judge) -> None:
    source = "class Solution:\n    def __init__(self, n):\n        pass\n    def f(self):\n        return 1\n"
    judgement = judge.judge(calling("f", [("", "1"), ("", "1")]), Program(source), stop_early=False)
    assert [(each.verdict, each.category) for each in judgement.results] == [(CRASH, "TypeError")] * 2


DEEP: Final = "def f(n):\n    return 0 if n == 0 else 1 + f(n - 1)\n"
CACHED: Final = "@lru_cache(None)\n" + DEEP


@pytest.mark.parametrize(
    ("grader", "source", "depth", "verdict"),
    [
        ("livecodebench", DEEP, 49_990, RIGHT),
        ("livecodebench", DEEP, 50_010, CRASH),
        ("livecodebench", CACHED, 24_000, RIGHT),  # two frames per call, and the processor's stack
        ("prime", DEEP, 100_000, RIGHT),
        ("apps", DEEP, 900, RIGHT),
        ("apps", DEEP, 1_010, CRASH),
        ("", DEEP, 1_010, CRASH),
    ],
)
def test_the_recursion_limit_of_each_source(
    judge: Judge, grader: str, source: str, depth: int, verdict: Verdict
) -> None:
    called = judge.judge(calling("f", [(str(depth), str(depth))], grader), Program(source))
    read = judge.judge(reading(str(depth), grader), Program(source + f"print(f({depth}))\n"))
    assert (called.verdict, read.verdict) == (verdict, verdict)
    if verdict is CRASH:
        assert (called.results[0].category, read.results[0].category) == ("RecursionError", "RecursionError")


def test_a_program_may_set_its_own_recursion_limit(judge: Judge) -> None:
    lower = "sys.setrecursionlimit(500)\n" + DEEP
    assert judge.judge(calling("f", [("600", "600")]), Program(lower)).results[0].category == "RecursionError"


def test_asserts_have_the_imports_too(judge: Judge) -> None:
    problem = problem_from_row(
        prime(True) | {"reward_model": {"ground_truth": json.dumps(
            {"fn_name": "half", "assert_case": ["assert isclose(half(1), 0.5)", "assert half(4) == 2"]}
        )}}
    )  # fmt: skip
    assert [test.output for _, _, test in problem.tests()] == ["", "2"]
    assert judge.judge(problem, Program("def half(n):\n    return n / 2\n")).verdict is RIGHT
    assert judge.judge(problem, Program("def half(n):\n    return n // 2\n")).verdict is WRONG


def test_numpy_is_among_the_imports_where_the_judge_has_it() -> None:
    pytest.importorskip("numpy")
    problem = calling("f", [("", "3")], "apps")
    source = Program("def f():\n    return np.array([1, 2]).sum()\n")
    with Judge(numpy=True) as judge:
        assert judge.judge(problem, source).verdict is RIGHT
    with Judge() as judge:
        assert judge.judge(problem, source).results[0].category == "NameError"


def test_an_unknown_grader_has_no_verdict(judge: Judge) -> None:
    judgement = judge.judge(reading("1", grader="nobody"), Program("print(1)\n"))
    assert judgement.verdict is Verdict.NO_VERDICT
    assert "grader: expected one of livecodebench, " in (judgement.category or "")


# --- whole numbers of any length ------------------------------------------------------------------------------------

LONG: Final = "7" * 6000


@pytest.mark.parametrize(
    "source",
    [
        f"print({LONG})\n",  # the compiler reads it
        f"print(int('{LONG}'))\n",
        "print(sum(7 * 10**n for n in range(6000)))\n",
        "print(f'{int(input()):d}')\n",
        "import json\nprint(json.loads(input()))\n",
    ],
)
def test_programs_read_and_write_numbers_of_any_length(judge: Judge, source: str) -> None:
    problem = Problem("p", "", (Test(LONG, LONG),), checker=CheckerSpec("tokens"))
    assert judge.judge(problem, Program(source)).verdict is RIGHT


def test_functions_take_and_return_numbers_of_any_length(judge: Judge) -> None:
    digits = "def f(n):\n    return str(n ** 5000)\n"
    assert judge.judge(calling("f", [("10", repr("1" + "0" * 5000))], ""), Program(digits)).verdict is RIGHT
    assert (
        judge.judge(calling("f", [("10", hex(10**5000))], ""), Program("def f(n):\n    return n ** 5000\n")).verdict
        is RIGHT
    )
    decimal = calling("f", [("7" * 6000, "[" + "7" * 6000 + "]"), ("x=" + "7" * 6000, "{1: " + "7" * 6000 + "}")], "")
    assert judge.judge(decimal, Program("def f(n=0, x=0):\n    return {1: x} if x else [n]\n")).verdict is RIGHT
    wrong = judge.judge(calling("f", [("10", "1")], ""), Program("def f(n):\n    return n ** 5000\n"))
    assert (wrong.verdict, wrong.results[0].stdout[:2]) == (WRONG, "0x")
    code = Problem(
        "p", "", (Test("assert len(str(f(10))) == 5001\nassert f(2) == 2**5000\n", ""),), function=FunctionSpec("f"),
        checker=CheckerSpec("value"),
    )  # fmt: skip
    assert judge.judge(code, Program("def f(n):\n    return n ** 5000\n")).verdict is RIGHT


def test_interactive_programs_read_and_write_numbers_of_any_length(judge: Judge) -> None:
    interactor = InteractorSpec("import sys\nprint(9 * 10**5000)\nsys.exit(42 if input() == str(10**5001) else 43)\n")
    problem = Problem("p", "", (Test("1\n", "1\n"),), interactor=interactor)
    program = Program("print(int(input()) + 10**5000, flush=True)\n")
    assert judge.judge(problem, program).verdict is RIGHT
