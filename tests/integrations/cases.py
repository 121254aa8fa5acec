"""Programs that every installed system must judge and reward alike: the right and a wrong one of several problems.

A test of an adapter is parametrized over ``CASES``, plays a case in its system on the data set that ``write_dataset``
makes, and compares verdict and reward with those of the case. ``LOST`` is for a case whose judge has no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rlef_env.judge import Verdict
from rlef_env.problems import CheckerSpec, FunctionSpec, InteractorSpec, Problem, Test
from rlef_env.problems.writing import write_jsonl

__all__ = ["CASES", "PROBLEMS", "Case", "fenced", "write_dataset"]


@dataclass(frozen=True, slots=True)
class Case:
    """A program, and what it gets when it is the last response of an episode with the reward ``rlef``."""

    problem_id: str
    program: str
    verdict: Verdict
    reward: float

    def __str__(self) -> str:
        return f"{self.problem_id}-{self.verdict.value}"


INTERACTOR = """\
import sys
secret = int(open(sys.argv[1]).read())
print("higher" if secret > 5 else "lower", flush=True)
sys.exit(42 if input().strip() == str(secret) else 43)
"""

PROBLEMS = (
    Problem(
        "text",
        "Read two numbers, and print their sum.",
        (Test("1 2\n", "3\n"),),
        (Test("20 22\n", "42\n"), Test("-5 5\n", "0\n")),
        checker=CheckerSpec("tokens"),
    ),
    Problem(
        "any-order",
        "Read n, and print any two positive whole numbers whose sum is n.",
        (Test("5\n", "2 3\n"),),
        (Test("9\n", "4 5\n"),),
        checker=CheckerSpec(
            "python",
            source="def check(input, output, expected):\n"
            "    words = output.split()\n"
            "    if len(words) != 2 or not all(len(word) < 9 and word.isdecimal() for word in words):\n"
            "        return False\n"
            "    return min(map(int, words)) > 0 and sum(map(int, words)) == int(input)\n",
        ),
    ),
    Problem(
        "function",
        "Write a function `double(x)` that returns twice x.",
        (Test("double(2)", "4"),),
        (Test("double([1])", "[1, 1]"), Test("double(-1)", "-2")),
        checker=CheckerSpec("value"),
        function=FunctionSpec("double"),
    ),
    Problem(
        "interactive",
        "Read a line, higher or lower; print 7 if it is higher, else 3.",
        (Test("7", "7"),),
        (Test("3", "3"),),
        interactor=InteractorSpec(INTERACTOR),
    ),
)

CASES = (
    Case("text", "print(sum(map(int, input().split())))", Verdict.ACCEPTED, 1.0),
    Case("text", "print(3)", Verdict.WRONG_ANSWER, -1.0),
    Case("any-order", "n = int(input())\nprint(1, n - 1)", Verdict.ACCEPTED, 1.0),
    Case("any-order", "print(2, 3, 0)", Verdict.WRONG_ANSWER, -1.0),
    Case("function", "def double(x):\n    return x * 2", Verdict.ACCEPTED, 1.0),
    Case("function", "def double(x):\n    return abs(x) * 2 if x == x * 1 else x", Verdict.RUNTIME_ERROR, -1.0),
    Case("interactive", "print(7 if input() == 'higher' else 3, flush=True)", Verdict.ACCEPTED, 1.0),
    Case("interactive", "input()\nprint(7, flush=True)", Verdict.WRONG_ANSWER, -1.0),
)


def write_dataset(path: Path) -> str:
    """Write the problems as a data set, and return its name for ``load_dataset``."""
    write_jsonl(path, PROBLEMS)
    return str(path)


def fenced(program: str) -> str:
    """Return a chat model's response that holds the program."""
    return f"Here it is:\n```python\n{program}\n```"
