"""One real example, or more, of each category: a problem, and the responses of an episode."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.envs import CodeEnv
from rlef_env.episodes import Episode
from rlef_env.problems import CheckerSpec, Dataset, FunctionSpec, Problem, Test


@dataclass(frozen=True)
class Example:
    """Responses to a problem, of which the last one fails in a way that the category names."""

    category: str
    problem: Problem
    responses: tuple[str, ...]


def stdio(
    name: str,
    public: dict[str, str],
    hidden: dict[str, str] | None = None,
    seconds: float = 5.0,
    checker: CheckerSpec = CheckerSpec(),  # noqa: B008 - a constant
) -> Problem:
    """Return a problem: input -> output of public and of hidden tests."""
    return Problem(
        id=name,
        statement=name,
        public_tests=tuple(Test(f"{given}\n", f"{output}\n") for given, output in public.items()),
        private_tests=tuple(Test(f"{given}\n", f"{output}\n") for given, output in (hidden or {}).items()),
        time_limit=seconds,
        memory_limit=64 * 2**20,
        checker=checker,
    )


def calls(name: str, public: dict[str, str], hidden: dict[str, str]) -> Problem:
    """Return a problem whose tests call a function ``f``: call -> value."""
    tests, hidden_tests = (tuple(Test(call, value) for call, value in each.items()) for each in (public, hidden))
    function, checker = FunctionSpec("f"), CheckerSpec("value")
    return Problem(name, name, tests, hidden_tests, time_limit=5.0, function=function, checker=checker)


def fenced(program: str) -> str:
    """Return a response with a program."""
    return f"```python\n{program}\n```"


SUM = stdio("sum", {"1 2": "3", "10 5": "15"}, {"-4 2": "-2"})
LOWER = stdio("maximum of a list", {"3\n5 9 2": "9", "2\n8 7": "8"}, {"3\n-5 -2 -9": "-2"})
LISTS = stdio("squares", {"4": "1\n4\n9\n16", "3": "1\n4\n9"})
HALF = stdio("half", {"7": "3.50", "9": "4.50"}, checker=CheckerSpec("tokens"))
SLOW = stdio("sum of 1 to n", {"10": "55", "20": "210"}, {"100000000000": "5000000000050000000000"}, seconds=0.3)
WORDS = stdio("even or odd", {"3": "ODD", "4": "EVEN"}, {"17": "ODD", "18": "EVEN"})
PAIR = calls("pair", {"f(1, 2)": "[1, 2]", "f(4, 3)": "[3, 4]"}, {"f(5, 4)": "[4, 5]"})
BROKEN = Problem(
    "broken", "", (Test("1\n", "1\n"),), checker=CheckerSpec("python", source="raise ValueError('broken')")
)
READ = "a, b = map(int, input().split())"


def of(category: str, problem: Problem, *programs: str) -> Example:
    """Return an example whose responses are programs."""
    return Example(category, problem, tuple(map(fenced, programs)))


EXAMPLES = (
    # no verdict, no program
    of("no_verdict", BROKEN, "print(1)"),
    Example("empty_response", SUM, (" \n",)),
    Example("unfinished_response", SUM, ("Here it is:\n```python\nprint(sum(map(int, inp",)),
    Example("unfinished_response", SUM, ("<think>First I read the two numbers, then",)),
    Example("no_program", SUM, ("I cannot solve this.",)),
    of("repeated_program", SUM, f"{READ}\nprint(a - b)", f"{READ}\n\n# another try\nprint(a - b)  "),
    # compile
    of("other_language", SUM, "#include <iostream>\nint main() { return 0; }"),
    of("unfinished_program", SUM, f"{READ}\nprint(max(a, b"),
    of("unfinished_program", SUM, f"{READ}\nif a > b:"),
    of("indentation_error", SUM, f"{READ}\nif a > b:\nprint(a)\nprint(b)"),
    of("syntax_error", SUM, f"{READ}\nprint a + b"),
    of("compile_error", SUM, "x = " + "-" * 100_000 + "1"),
    # the answers of the examples
    of("hard_coded", SUM, f"{READ}\nif a == 1 and b == 2:\n    print(3)\nif a == 10 and b == 5:\n    print(15)"),
    of("hard_coded", SUM, "print({'1 2': 3, '10 5': 15}[input()])"),
    of("hard_coded", stdio("constant", {"5": "25"}, {"6": "36"}), "print(25)"),
    of("hard_coded", PAIR, "def f(*a):\n    return {a == (1, 2): [1, 2], a == (4, 3): [3, 4]}[True]"),
    # input
    of("ignores_input", SUM, "print(1)"),
    of("ignores_input", SUM, "n = input()\nprint(7)"),
    of("reads_input_wrongly", SUM, "a = int(input())\nb = int(input())\nprint(a + b)"),
    of("reads_input_wrongly", SUM, "a = input()\nb = input()\nprint(a + b)"),
    of("reads_input_wrongly", SUM, "a, b, c = map(int, input().split())\nprint(a + b)"),
    of("missing_function", PAIR, "def g(a, b):\n    return sorted([a, b])"),
    of("wrong_arguments", PAIR, "def f(pair):\n    return sorted(pair)"),
    # crashes
    of("recursion", SUM, "def add(a, b):\n    return add(a + 1, b - 1)\nprint(add(*map(int, input().split())))"),
    of("index_error", SUM, f"{READ}\nprint([a, b][2])"),
    of("key_error", SUM, f"{READ}\nprint({{a: b}}[b])"),
    of("value_error", SUM, f"{READ}\nprint([a].index(b))"),
    of("type_error", SUM, "print(sum(input().split()))"),
    of("attribute_error", SUM, f"{READ}\nprint(a.b)"),
    of("name_error", SUM, f"{READ}\nprint(c)"),
    of("import_error", SUM, "import sympyy\nprint(input())"),
    of("zero_division", SUM, f"{READ}\nprint(a // (b - b))"),
    of("assertion_error", SUM, f"{READ}\nassert a > b + 100"),
    of("system_error", SUM, f"{READ}\nprint(open('/answers.txt').read())"),
    of("other_exception", SUM, f"class Impossible(Exception): pass\n{READ}\nraise Impossible('never')"),
    of("exit_status", SUM, f"import sys\n{READ}\nsys.exit(3)"),
    of("signal", SUM, f"import os\n{READ}\nos.abort()"),
    # limits
    of("endless_loop", SLOW, "n = int(input())\nwhile n: pass"),
    of("time_grows", SLOW, "s = 0\nfor i in range(1, int(input()) + 1):\n    s += i\nprint(s)"),
    of("idle_time", SLOW, "import time\nn = int(input())\ntime.sleep(1000)"),
    of("time_limit", stdio("large", {"1" * 90: "1"}, seconds=0.3), "n = input()\nwhile n: pass"),
    of("memory_limit", SUM, f"{READ}\nx = bytearray(10**9)"),
    of("output_limit", SUM, f"{READ}\nwhile True: print('x' * 10**6)"),
    of("security_violation", SUM, f"import ctypes\n{READ}\nctypes.CDLL(None).ptrace(0, 0, 0, 0)"),
    # the form of the output
    of("empty_output", SUM, READ),
    of("format_only", SUM, f"{READ}\nprint('The sum is:', a + b)"),
    of("format_only", SUM, "a, b = map(int, input('Two numbers: ').split())\nprint(a + b)"),
    of("format_only", LOWER, "n = int(input())\nprint([max(map(int, input().split()))])"),
    of("format_only", WORDS, "print('odd.' if int(input()) % 2 else 'even.')"),
    of("format_only", HALF, "print(int(input()) / 2)"),
    of("format_only", LISTS, "print(','.join(str(i * i) for i in range(1, int(input()) + 1)))"),
    of("wrong_type", SUM, f"{READ}\nprint(print)"),
    of("wrong_type", SUM, f"def add(a, b):\n    a + b\n{READ}\nprint(add(a, b))"),
    of("wrong_type", LOWER, "n = int(input())\na = list(map(int, input().split()))\nprint(sum(a) / 7)"),
    of("wrong_type", WORDS, "print(int(input()) % 2)"),
    of("wrong_type", PAIR, "def f(a, b):\n    return tuple(sorted((a, b)))"),
    of("extra_output", SUM, f"{READ}\nprint(a + b)\nprint(a - b)"),
    of("extra_output", LISTS, "for i in range(1, int(input()) + 1):\n    print(i * i)\n    print(-i)"),
    of("partial_output", LISTS, "for i in range(1, int(input()) // 2 + 1):\n    print(i * i)"),
    of("wrong_order", LISTS, "for i in range(int(input()), 0, -1):\n    print(i * i)"),
    # wrong answers
    of("off_by_one", SUM, f"{READ}\nprint(a + b + 1)"),
    of("off_by_one", LISTS, "for i in range(1, int(input())):\n    print(i * i)"),
    of("off_by_one", PAIR, "def f(a, b):\n    return [min(a, b), max(a, b) - 1]"),
    of("wrong_on_large", SLOW, "n = int(input())\nprint(n * (n + 1) // 2 % 10**9)"),
    of("wrong_on_edge", LOWER, "n = int(input())\nbest = 0\nfor x in map(int, input().split()):\n"
       "    best = max(best, x)\nprint(best)"),
    of("wrong_on_hidden", WORDS, "print('ODD' if input() in '13579' else 'EVEN')"),
    of("wrong_answer", SUM, f"{READ}\nprint(a * b + 100)"),
)  # fmt: skip


def played(examples: tuple[Example, ...] = EXAMPLES) -> list[Episode]:
    """Return the episode of each example, judged by the real judge."""
    by_id = {example.problem.id: example.problem for example in examples}
    episodes = []
    with CodeEnv(dataset=Dataset("examples", "Examples", tuple(by_id.values())), on_no_verdict="truncate") as env:
        for example in examples:
            env.reset(seed=0, options={"problem_id": example.problem.id})
            for response in example.responses:
                env.step(response)
            episodes.append(env.episode)
    return episodes
